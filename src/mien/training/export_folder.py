"""Make a model folder out of a run or a model: checked, with its contract, and smaller if wanted."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.errors import ConfigError, WeightsError
from mien.core.files import sha256_of
from mien.core.nearest import did_you_mean
from mien.core.onnx import OnnxSession
from mien.prediction.model_card import ModelSummary, read_summary, shipped
from mien.prediction.onnx_predictor import OnnxPredictor
from mien.training.calibration_clips import (
    CalibrationClips,
    made_up_clips,
    network_inputs,
    read_calibration,
)
from mien.training.onnx_contract import describe_contract, write_contract
from mien.training.quantization_report import MOST_CHANGED, Comparison, compare_models, quantization_section
from mien.training.quantize import LayerError, quantize_int8

QUANTIZE = ("none", "int8", "int8-dynamic")


@dataclass(frozen=True)
class ExportOptions:
    """Say how a model is exported.

    Attributes:
        quantize: `none`; `int8` (activation ranges from the calibration clips where some are given, else from
            each run); `int8-dynamic` (ranges from each run in any case).
        keep_above_db: a layer whose own rounding leaves less than this ratio stays float, in dB.
        reduce_range: use 7 bits for weights, for processors without VNNI.
        most_clips: most calibration clips to read.
        force: write the model even if its answers changed too much.
        name: of the exported model; by default that of the source, with `-int8` where it is quantized.
    """

    quantize: str = "none"
    keep_above_db: float = 20.0
    reduce_range: bool = False
    most_clips: int = 200
    force: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if self.quantize not in QUANTIZE:
            raise ConfigError(
                f"Got quantize `{self.quantize}`, expected one of {', '.join(QUANTIZE)}."
                f"{did_you_mean(self.quantize, QUANTIZE)}"
            )


@dataclass(frozen=True)
class Exported:
    """Say what was written and how it differs from what it was made of.

    Attributes:
        folder: the model folder.
        summary: what it says of itself.
        comparison: with the model that it was made of.
        clips: what it was compared on.
        layers: what was done to each layer; empty without quantization.
    """

    folder: Path
    summary: ModelSummary
    comparison: Comparison
    clips: CalibrationClips
    layers: list[LayerError] = field(default_factory=list)


def export_model(
    source: str | Path,
    out: str | Path | None = None,
    *,
    calibration: Iterable[str | Path] = (),
    options: ExportOptions | None = None,
) -> Exported:
    """Write a model folder that states its contract and answers as its source does.

    Args:
        source: a run folder with `model/`, a model folder, or the name of a shipped model.
        out: the new folder; by default `<name>` or `<name>-int8` in the current one.
        calibration: recordings and folders of them.
        options: how; by default a plain copy with its contract.

    Returns:
        The folder with model.onnx, model.toml, CARD.md and LICENSE, and the comparison.

    Raises:
        ConfigError: no such model, or the new folder exists.
        InputError: the calibration recordings are not there or cannot be read.
        WeightsError: the source's weights are damaged or not float32, or too many answers changed.
    """
    options = options or ExportOptions()
    before = OnnxPredictor(read_summary(find_model(source)))
    name = options.name or before.summary.name + ("" if options.quantize == "none" else "-int8")
    target = _check_target(Path(out) if out is not None else Path(name))
    paths = list(calibration)
    read = (
        read_calibration(paths, before.summary, most=options.most_clips)
        if paths
        else made_up_clips(before.summary)
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as desk:
        folder = Path(desk) / "model"
        done = _write(before, folder, name=name, read=read, options=options)
        shutil.move(folder, target)
    return Exported(target, read_summary(target), done[0], read, done[1])


def find_model(source: str | Path) -> Path:
    """Return the model folder of a run, a model folder or a shipped name.

    Raises:
        ConfigError: there is none.

    Example:
        >>> find_model("voice-small").name
        'voice-small'
    """
    models = {model.name: model.folder for model in shipped()}
    folder = models.get(str(source))
    if folder is not None:
        return folder
    for candidate in (Path(source) / "model", Path(source)):
        if (candidate / "model.toml").is_file():
            return candidate
    if Path(source).is_dir():
        raise ConfigError(
            f"Got `{source}`, in which there is no model (no model.toml, no model/), expected a finished run "
            "or a model folder; run `mien train` to its end."
        )
    raise ConfigError(
        f"Got model `{source}`, expected a run folder, a model folder, or one of {', '.join(models)}."
        f"{did_you_mean(str(source), models)}"
    )


def _write(
    before: OnnxPredictor, folder: Path, *, name: str, read: CalibrationClips, options: ExportOptions
) -> tuple[Comparison, list[LayerError]]:
    """Write all files of the new folder and compare it with its source."""
    origin = before.summary.folder
    if origin is None:
        raise ConfigError(f"Got model `{before.summary.name}` without a folder, expected one on disk.")
    folder.mkdir()
    rows = _write_weights(before.summary, origin / "model.onnx", folder / "model.onnx", read, options)
    how = _words(rows, read, options)
    contract = describe_contract(
        folder / "model.onnx",
        rate_hz=before.summary.rate_hz,
        categories=before.summary.categories,
        dimensions=before.summary.dimensions,
        licence=before.summary.licence,
        shelf=before.summary.shelf,
        quantization=how,
    )
    write_contract(folder / "model.onnx", contract)
    facts = {
        "name": name,
        "sha256": sha256_of(folder / "model.onnx"),
        "size_mb": round((folder / "model.onnx").stat().st_size / 1e6, 2),
        "quantization": how,
    }
    text = (origin / "model.toml").read_text(encoding="utf-8")
    (folder / "model.toml").write_text(replace_facts(text, facts), encoding="utf-8")
    if (origin / "LICENSE").is_file():
        shutil.copy(origin / "LICENSE", folder / "LICENSE")
    comparison = compare_models(before, OnnxPredictor(read_summary(folder)), read.clips)
    _refuse_if_changed(comparison, rows, read, options)
    card = before.summary.card.replace(f"# {before.summary.name}\n", f"# {name}\n", 1)
    if rows:
        was = f", {before.summary.size_mb} MB"
        card = card.replace(was, f", {facts['size_mb']} MB (float: {before.summary.size_mb} MB)", 1)
        card += quantization_section(rows, comparison, read, of=before.summary.name, how=how)
    (folder / "CARD.md").write_text(card, encoding="utf-8")
    return comparison, rows


def _write_weights(
    summary: ModelSummary, source: Path, target: Path, read: CalibrationClips, options: ExportOptions
) -> list[LayerError]:
    if options.quantize == "none":
        shutil.copy(source, target)
        return []
    inputs = OnnxSession(source).inputs
    if set(inputs) != {"samples", "length"}:
        raise WeightsError(
            f"Got inputs {', '.join(inputs)} of `{source}`, expected samples and length; only networks that "
            "take samples can be quantized here."
        )
    rows = quantize_int8(
        source,
        target,
        network_inputs(read.clips, summary),
        ranges=_ranges(read, options),
        keep_above_db=options.keep_above_db,
        reduce_range=options.reduce_range,
    )
    if not any(row.kept != "float" for row in rows):
        raise WeightsError(
            f"Got no layer of `{source}` to quantize ({len(rows)} are large enough), expected one above "
            f"{options.keep_above_db:g} dB; lower --keep-above-db or export with --quantize none."
        )
    return rows


def replace_facts(text: str, facts: dict[str, object]) -> str:
    r"""Return the text of a model.toml with these top-level fields set and all else as it was.

    Args:
        text: of model.toml.
        facts: field → text or number.

    Example:
        >>> replace_facts('name = "a"\n[scores.x]\nname = 1\n', {"name": "b"})
        'name = "b"\n[scores.x]\nname = 1\n'
    """
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if line.startswith("[")), len(lines))
    left = dict(facts)
    for number, line in enumerate(lines[:end]):
        key = line.partition("=")[0].strip()
        if key in left:
            lines[number] = f"{key} = {json.dumps(left.pop(key), ensure_ascii=False)}"
    while end and not lines[end - 1].strip():
        end -= 1
    lines[end:end] = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in left.items()]
    return "\n".join(lines) + "\n"


def _check_target(target: Path) -> Path:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"Got `{target}` to write, which exists; choose another folder with --out.")
    if target.is_dir():
        target.rmdir()
    return target


def _ranges(read: CalibrationClips, options: ExportOptions) -> str:
    return "static" if read.speech and options.quantize == "int8" else "dynamic"


def _words(rows: list[LayerError], read: CalibrationClips, options: ExportOptions) -> str:
    if not rows:
        return "none"
    small = sum(row.kept != "float" for row in rows)
    bits = ", 7-bit weights" if options.reduce_range else ""
    return f"int8, {_ranges(read, options)} ranges{bits}, {small} of {len(rows)} layers"


def _refuse_if_changed(
    comparison: Comparison, rows: list[LayerError], read: CalibrationClips, options: ExportOptions
) -> None:
    """Refuse weights whose answers are others; made-up sounds are too few and too odd to tell."""
    if comparison.changed_share <= MOST_CHANGED or options.force or not read.speech:
        return
    worst = min(rows, key=lambda row: row.own_db, default=None)
    layer = f" The weakest layer is {worst.layer} ({worst.own_db:.1f} dB)." if worst else ""
    raise WeightsError(
        f"Got another top answer for {comparison.changed} of {comparison.clips} clips, expected at most "
        f"{100 * MOST_CHANGED:g} %; raise --keep-above-db, calibrate on more clips like those that the model "
        f"will hear, or write it all the same with --force.{layer}"
    )
