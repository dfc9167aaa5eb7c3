"""`embed`: recordings or texts in, one vector per segment out."""

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mien import __version__
from mien.core.errors import ConfigError, InputError
from mien.core.optional import require
from mien.core.tables import FILE_COLUMNS
from mien.nets.embedded_segment import EmbeddedSegment, check_pooling
from mien.nets.embeddings import Embeddings, Rows, write_failures
from mien.prediction.options import read_options
from mien.prediction.watcher import Watcher

if TYPE_CHECKING:
    from mien.nets.embedder import Embedder, Task

Given = str | Path | pd.DataFrame | NDArray[Any]
Keyed = tuple[dict[str, Any], EmbeddedSegment]

PACKAGES = ("numpy", "pandas", "pyarrow", "torch", "transformers", "av", "soundfile", "soxr")
MOST_NAMED = 100
"""Inputs that the file names; of more, only their number is kept."""

VOICE_KEYS = {"segment": pa.string(), "file": pa.string(), "start": pa.float64(), "end": pa.float64()}
VOICE_KEYS |= {"speaker": pa.string()}
TEXT_KEYS = {**VOICE_KEYS, "text": pa.string()}


def embed(
    name: str,
    given: Given | Iterable[Given],
    *,
    rate_hz: int | None = None,
    layer: str | int = "last",
    pooling: str = "mean",
    segments: str = "whole",
    window_s: float | None = None,
    hop_s: float | None = None,
    batch_s: float = 60.0,
    device: str = "cpu",
    licence: str | None = None,
    download: bool = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    watcher: Watcher | None = None,
) -> Embeddings:
    """Turn recordings or texts into vectors of an encoder, one row per segment.

    Use it for features of your own models, for search and for plots. To recognize affect, use `analyze`.

    Args:
        name: an encoder: a public name (`whisper-tiny`, `minilm`, `voice-embedding`), `hf:<owner>/<name>`, a
            folder, or a component, which has random weights.
        given: for an encoder of voice: recordings, folders, tables (CSV, Parquet or frame) with column `file`
            and optionally `start`, `end` (seconds), `segment`, `speaker`, `text`; or arrays `(samples,)` or
            `(channels, samples)` in [-1, 1]. For an encoder of words: sentences, text files with one text per
            line, or tables with column `text`. One or several.
        rate_hz: sampling rate of arrays in Hz.
        layer: `last`, `mix` (the mean of all layers), or a layer's number; 0 is the embedding.
        pooling: `mean`, `statistics` (mean and standard deviation) or `none` (a row per frame).
        segments: `whole` does not cut, `vad` cuts at pauses in speech, `windows` cuts equal lengths. Segments
            listed in a table are taken as they are. Of a segment longer than 15 s, parts are heard alone.
        window_s: with `windows`: length in seconds; default 3.
        hop_s: with `windows`: time between starts in seconds; default the window length.
        batch_s: most padded audio of a batch, in seconds; of texts, 50 word pieces are a second.
        device: `cpu`, `cuda`, or `auto` for a GPU where there is one.
        licence: `open` refuses weights that may not be used commercially.
        download: fetch a hub checkpoint that is not on this machine.
        out: Parquet file; what failed goes to `<name>.failures.csv` beside it. None writes nothing.
        overwrite: replace an earlier file.
        watcher: hears about progress.

    Returns:
        Table with keys and columns `e.0` …, in the order of the input. What cannot be embedded is in
        `failures`; the rest is not held up by it.

    Raises:
        ConfigError: an unknown encoder or option, or `out` exists.
        InputError: a table without usable columns, or `out` cannot be written.
        MissingExtra: torch is not installed.
        WeightsError: the weights are not there or damaged, or the licence refuses them.

    Example:
        >>> found = embed("minilm", ["What a lovely day!", "He slammed the door."])
        >>> found.values.shape
        (2, 384)
    """
    options = read_options(segments, window_s=window_s, hop_s=hop_s)
    check_pooling(pooling)
    target = None if out is None else _check_out(Path(out), overwrite=overwrite)
    require("torch", "train")
    from mien.nets.embedder import Embedder, Task

    embedder = Embedder(name, layer=layer, batch_s=batch_s, device=device, licence=licence, download=download)
    items = [given] if isinstance(given, str | Path | pd.DataFrame | np.ndarray) else list(given)
    asked = {"layer": str(layer), "pooling": pooling, **options.as_dict(), "batch_s": batch_s}
    task = Task(embedder, pooling, options, watcher or Watcher())
    prepare = _prepare_texts if embedder.modality == "words" else _prepare_recordings
    work = prepare(items, task, rate_hz=rate_hz)
    run = _describe_run(embedder, asked, items)
    return _carry_out(work, task, run, out=target)


@dataclass
class Work:
    """Hold rows that come one by one, and the file table that is whole when they have come."""

    keys: dict[str, pa.DataType]
    rows: Iterator[Keyed]
    files: list[dict[str, Any]]


def _carry_out(work: Work, task: "Task", run: dict[str, Any], *, out: Path | None) -> Embeddings:
    pooled = task.pooling != "none"
    words = task.embedder.modality == "words"
    place = None if pooled else "token" if words else "time"
    try:
        with Rows(work.keys, run["width"], place=place, out=out, run=run) as rows:
            for keys, segment in work.rows:
                rows.add(keys, segment)
            table = rows.finish()
        files = pd.DataFrame(work.files, columns=list(FILE_COLUMNS))
        if out is not None:
            write_failures(files, out)
    except OSError as error:
        raise InputError(
            f"Got `{out}`, which cannot be written ({error.strerror}), expected room for it; free some."
        ) from error
    run["counts"] = {"rows": rows.count, "failed": int((files["status"] == "failed").sum())}
    return Embeddings(table if out is None else out, files, model=task.embedder.summary, run=run)


def _prepare_recordings(items: Sequence[Given], task: "Task", *, rate_hz: int | None) -> Work:
    from mien.nets.embed_recordings import gather_recordings, recording_rows

    found = gather_recordings(items, rate_hz=rate_hz)
    task.watcher.started(
        task.embedder.summary,
        files=len(found.sources) + len(found.failures),
        size=sum(source.job.size for source in found.sources),
        notes=found.notes,
    )
    work = Work(TEXT_KEYS if found.texts else VOICE_KEYS, iter(()), _failed(found.failures, task.watcher))
    work.rows = recording_rows(found, task, work.files)
    return work


def _prepare_texts(items: Sequence[Given], task: "Task", *, rate_hz: int | None) -> Work:
    from mien.nets.embed_texts import gather_texts, text_rows

    if rate_hz is not None or task.options.segments != "whole":
        raise ConfigError(
            f"Got options of recordings for `{task.embedder.summary.name}`, which reads words; leave out "
            "rate_hz and --segments."
        )
    texts = gather_texts(items)
    origins = {text.origin for text in texts.rows}
    task.watcher.started(task.embedder.summary, files=len(origins) + len(texts.failures), size=0, notes=[])
    work = Work(TEXT_KEYS, iter(()), _failed(texts.failures, task.watcher))
    work.rows = text_rows(texts, task, work.files)
    return work


def _failed(failures: dict[str, str], watcher: Watcher) -> list[dict[str, Any]]:
    """Return file rows of what could not even be begun."""
    nothing = {"status": "failed", "segments": 0, "duration_s": 0.0, "seconds_used": 0.0}
    rows = [{"file": file, **nothing, "note": reason} for file, reason in failures.items()]
    for row in rows:
        watcher.finished(row, size=0)
    return rows


def _check_out(out: Path, *, overwrite: bool) -> Path:
    """Refuse, before any work, a file that may not or cannot be written."""
    if out.suffix != ".parquet":
        raise ConfigError(f"Got `{out}`, expected a name that ends in .parquet; change --out.")
    if out.exists() and not overwrite:
        raise ConfigError(f"Got `{out}`, which exists, expected a new file; add --overwrite or change --out.")
    if not out.parent.is_dir():
        raise InputError(f"Got `{out}`, but its folder does not exist; create `{out.parent}` first.")
    return out


def _describe_run(embedder: "Embedder", asked: dict[str, Any], items: Sequence[Given]) -> dict[str, Any]:
    """Return what the file says of itself: enough to cite it and to make it again."""
    summary, encoder = embedder.summary, embedder.encoder
    return {
        "mien": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {"name": summary.name, "title": summary.title, "sha256": summary.sha256},
        "licence": {"shelf": summary.shelf, "weights": summary.licence},
        "options": {**asked, "device": embedder.device},
        "width": encoder.width * (2 if asked["pooling"] == "statistics" else 1),
        "modality": embedder.modality,
        "frame_rate_hz": encoder.frame_rate_hz,
        "inputs": [
            str(item) if isinstance(item, str | Path) else "<in memory>" for item in items[:MOST_NAMED]
        ],
        "input_count": len(items),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }
