"""Judge a student beside its teacher, and write it as a model folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien import __version__
from mien.core.files import sha256_of
from mien.prediction.doubt import split_doubt
from mien.prediction.model_card import read_summary
from mien.prediction.onnx_predictor import OnnxPredictor
from mien.training.distill_run import RATE_HZ, DistillRun
from mien.training.export import export_onnx
from mien.training.export_folder import ExportOptions, export_model
from mien.training.finish_run import ABSTAIN_SHARE, flat_toml
from mien.training.model_card import licence_text
from mien.training.onnx_contract import describe_contract, write_contract
from mien.training.quantization_report import quantization_section
from mien.training.quantize import LayerError
from mien.training.supervised import Supervised
from mien.training.teacher_and_student import answer_table, compare_with_teacher, comparison_lines
from mien.training.tuned_net import TunedNet


def ship_student(
    run: DistillRun, net: Supervised, out: Path, *, seconds: float
) -> tuple[pd.DataFrame, list[LayerError]]:
    """Write model.onnx, model.toml, CARD.md, LICENSE, recipe.toml, run.json and `held-out/`.

    Args:
        run: the distillation.
        net: the student, trained.
        out: the model folder.
        seconds: that it has taken so far.

    Returns:
        The comparison with the teacher on held-out clips, and what 8 bit did to each layer.
    """
    desk = run.work / "model"
    shutil.rmtree(desk, ignore_errors=True)
    desk.mkdir()
    _write_float(run, net, desk)
    layers: list[LayerError] = []
    if run.settings.quantize_aware:
        desk, layers = _write_int8(run, desk)
    compared = _compare(run, desk, out / "held-out")
    _write_card(run, desk, compared)
    plain = run.settings.model_dump(mode="json")
    inner = {name: value for name, value in plain.items() if isinstance(value, dict)}
    top = {name: value for name, value in plain.items() if name not in inner}
    (out / "recipe.toml").write_text(flat_toml(top, inner), encoding="utf-8")
    about = {
        "command": " ".join(["mien", *sys.argv[1:]]),
        "mien": __version__,
        "seconds": round(seconds, 1),
        "skipped": [list(one) for one in run.pool.skipped],
    }
    (out / "run.json").write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding="utf-8")
    # the summary comes last: a folder with it is a whole model
    for name in ("model.onnx", "LICENSE", "CARD.md", "model.toml"):
        shutil.move(desk / name, out / name)
    return compared, layers


def _write_float(run: DistillRun, net: Supervised, folder: Path) -> None:
    summary, path = run.teacher.summary, folder / "model.onnx"
    names = {"categories": list(summary.categories), "dimensions": list(summary.dimensions)}
    whole = TunedNet(net, run.scales)
    export_onnx(whole, path, temperature=1.0, dimensions=summary.dimensions, squash=False)
    shelf = "open" if {summary.shelf, run.facts.shelf} <= {"open"} else "research"
    stated = {**names, "rate_hz": RATE_HZ, "licence": summary.licence, "shelf": shelf}
    write_contract(path, describe_contract(path, **stated))
    parameters = sum(weight.numel() for weight in net.parameters())
    about = _summary(run) | stated | {"sha256": sha256_of(path), "parameters": parameters}
    about["size_mb"] = round(path.stat().st_size / 1e6, 2)
    (folder / "model.toml").write_text(flat_toml(about, {}), encoding="utf-8")
    (folder / "CARD.md").write_text(f"# {run.settings.name}\n", encoding="utf-8")
    credits = [
        f"{summary.name} (teacher): {summary.licence}.",
        f"{run.facts.name} (encoder): {run.facts.licence}.",
    ]
    (folder / "LICENSE").write_text(
        licence_text(
            summary.licence, credits, why="A student keeps the licence of its teacher. It was made of:"
        ),
        encoding="utf-8",
    )


def _summary(run: DistillRun) -> dict[str, Any]:
    """Return what model.toml says beside what the weights themselves say."""
    summary, learned = run.teacher.summary, ~run.held_out
    labelled = int((run.labels[learned] >= 0).sum())
    return {
        "name": run.settings.name,
        "title": f"{summary.title or summary.name}, answered by a smaller network",
        "source": "voice",
        "min_duration_s": summary.min_duration_s,
        "max_duration_s": summary.max_duration_s,
        "trained_on": list(summary.trained_on),
        "languages": list(summary.languages),
        "summary": f"{run.settings.net.encoder} that learned to answer as {summary.name} does, on "
        f"{int(learned.sum())} clips, {labelled or 'none'} of them labelled.",
        "limits": [f"Errs where {summary.name} errs, and more.", *summary.limits],
        "members": summary.members,
    }


def _write_int8(run: DistillRun, folder: Path) -> tuple[Path, list[LayerError]]:
    files = sorted(set(run.pool.table["file"][~run.held_out]))
    target = run.work / "int8"
    shutil.rmtree(target, ignore_errors=True)
    # however much 8 bit changed: the card shows these very weights beside the teacher
    options = ExportOptions(quantize="int8", name=run.settings.name, force=True)
    done = export_model(folder, target, calibration=files, options=options)
    section = quantization_section(
        done.layers, done.comparison, done.clips, of="the network in float", judged=True,
        how=f"{done.summary.quantization}, after {run.settings.training.aware_epochs} epochs in 8 bit",
    )  # fmt: skip
    (target / "CARD.md").write_text(f"# {run.settings.name}\n{section}", encoding="utf-8")
    return target, done.layers


def _compare(run: DistillRun, folder: Path, held_out: Path) -> pd.DataFrame:
    """Let the model as it is written answer for held-out clips, and store both sides' answers."""
    rows, summary = np.flatnonzero(run.held_out), run.teacher.summary
    student = OnnxPredictor(read_summary(folder)).predict([run.clips.read(int(row)) for row in rows])
    table = run.pool.table.iloc[rows].assign(corpus="held-out")
    names = {"categories": summary.categories}
    sides = {
        "teacher": answer_table(table, run.teacher_outputs(rows), model=summary.name, **names),
        "student": answer_table(table, student, model=run.settings.name, **names),
    }
    held_out.mkdir(exist_ok=True)
    for side, answers in sides.items():
        answers.to_parquet(held_out / f"{side}.parquet", index=False)
    if summary.categories:
        level = float(np.quantile(sum(split_doubt(student.p)), 1 - ABSTAIN_SHARE))
        with (folder / "model.toml").open("a", encoding="utf-8") as file:
            file.write(f"abstain_above = {level:.4f}\n")
    return compare_with_teacher(sides["teacher"], sides["student"], dimensions=summary.dimensions)


def _write_card(run: DistillRun, folder: Path, compared: pd.DataFrame) -> None:
    summary, teacher = read_summary(folder), run.teacher.summary
    _, _, rest = summary.card.partition("\n")
    who = "speakers" if run.pool.by_speaker else "files (who speaks is not known, so voices may be shared)"
    limits = "\n".join(f"- {line}" for line in summary.limits)
    text = f"""# {summary.name}

{summary.summary}

- **Answers**: {", ".join((*summary.categories, *summary.dimensions))}; {summary.members} members.
- **Takes**: 16-kHz samples, {summary.min_duration_s} to {summary.max_duration_s:.0f} s at once.
- **Size**: {summary.parameters:,} parameters, {summary.size_mb} MB; its teacher has {teacher.size_mb} MB.
- **Shelf and licence**: {summary.shelf}, {summary.licence}, as its teacher.

## How alike student and teacher are

On {int(run.held_out.sum())} clips of {who} that the student did not learn from. Whether the teacher did is
written in the teacher's card: scores of either that are better than there are not to be believed.

{chr(10).join(comparison_lines(compared))}

## Limits

{limits}
{rest}"""
    (folder / "CARD.md").write_text(text, encoding="utf-8")
