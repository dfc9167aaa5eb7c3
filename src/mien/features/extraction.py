"""`mien.extract`: recordings in, descriptors out, one table."""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mien import __version__
from mien.core.errors import ConfigError, DataError, InputError, MienError
from mien.core.files import write_atomically
from mien.core.optional import require
from mien.core.registry import find
from mien.core.tables import write_table
from mien.core.workers import spread
from mien.features.described import Described
from mien.signals.decode import decode
from mien.signals.inputs import arrays_among, gather
from mien.signals.jobs import Job, chunks

Given = str | Path | pd.DataFrame | NDArray[Any]

KEYS = ("segment", "file", "start", "end")
BATCH_S = 60.0
"""Audio that is described at once: enough to share the work, little enough to stay in memory."""
WARM_UP = 16000
LOGGER = logging.getLogger(__name__)


class Clip(NamedTuple):
    """Hold one segment that is to be described.

    Attributes:
        segment: its name.
        file: where it is from.
        start: in that file, in seconds.
        samples: mono, (samples,).
        rate_hz: of the samples.
    """

    segment: str
    file: str
    start: float
    samples: NDArray[np.float32]
    rate_hz: int


class Rows(NamedTuple):
    """Hold what became of some jobs.

    Attributes:
        table: keys and descriptors.
        failures: segment or file → one line that says why and what to do.
    """

    table: pd.DataFrame
    failures: dict[str, str]


def extract_table(
    name: str,
    given: Given | Iterable[Given],
    *,
    rate_hz: int | None = None,
    level: str = "functionals",
    workers: int = 1,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> pd.DataFrame:
    """Describe recordings by a set of expert descriptors.

    Use it for models that people can read, for small data and for statistics; vectors of trained encoders
    (`embed`) recognize more. Files are described at their own rate, channels mixed to one.

    Args:
        name: a feature set, such as `egemaps`.
        given: recordings, folders, tables (CSV, Parquet or frame) with column `file` and optionally `start`,
            `end` (seconds) and `segment`; or arrays (samples,) or (channels, samples) in [-1, 1]. One or
            several.
        rate_hz: sampling rate of arrays in Hz.
        level: `functionals` for one row per segment, `lld` for one per frame.
        workers: processes for files.
        out: Parquet or CSV file to write; a run that was stopped goes on where it was.
        overwrite: replace an earlier file.

    Returns:
        Columns `segment`, `file`, `start`, `end` (seconds) and one per descriptor, in the order of the input.
        What cannot be described is in `attrs["failures"]`, name → reason; the rest is not held up by it.

    Raises:
        ConfigError: an unknown set or level, arrays without a rate, or `out` exists.
        InputError: nothing is given, or a table has no usable columns.
        MissingExtra: scipy or numba is not installed.

    Example:
        >>> table = extract_table("egemaps", np.zeros(16000, np.float32), rate_hz=16000)
        >>> table.shape, float(table["VoicedSegmentsPerSec"].iloc[0])
        ((1, 92), 0.0)
    """
    require("numba", "descriptors")
    component = find("features", name)
    if level not in component.CARD["levels"]:
        levels = ", ".join(component.CARD["levels"])
        raise ConfigError(f"Got level `{level}` of `{name}`, expected one of {levels}.")
    target = None if out is None else _check_out(Path(out), overwrite=overwrite)
    items = [given] if isinstance(given, str | Path | pd.DataFrame | np.ndarray) else list(given)
    arrays = arrays_among(items, rate_hz=rate_hz)
    if rate_hz is not None:
        rows = describe(component, [_as_clip(one, at, rate_hz) for at, one in enumerate(arrays, 1)], level)
        if target is not None:
            write_table(rows.table, target)
    else:
        rows = _extract_files(name, items, level=level, workers=workers, out=target)
    table = rows.table
    table.attrs["failures"] = rows.failures
    return table


def _as_clip(array: NDArray[Any], number: int, rate_hz: int) -> Clip:
    mono = array.mean(axis=0) if array.ndim == 2 else array
    if mono.ndim != 1:
        raise DataError(f"Got an array of shape {array.shape}, expected (samples,) or (channels, samples).")
    return Clip(f"array-{number}", f"array-{number}", 0.0, np.ascontiguousarray(mono, np.float32), rate_hz)


def _check_out(path: Path, *, overwrite: bool) -> Path:
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigError(f"Got --out `{path}`, expected a file ending in .parquet or .csv.")
    if path.exists() and not overwrite:
        raise ConfigError(f"Got --out `{path}`, which exists; choose another, or replace it by --overwrite.")
    return path


def _extract_files(name: str, items: Sequence[Given], *, level: str, workers: int, out: Path | None) -> Rows:
    """Describe what the paths and tables name, chunk by chunk; finished chunks of a stopped run are kept."""
    found = gather([item for item in items if not isinstance(item, np.ndarray)])
    for note in found.notes:
        LOGGER.info("%s", note)
    parts = None if out is None else out.with_name(f".{out.name}.parts")
    groups = chunks(found.jobs)
    work = partial(_describe_chunk, name=name, level=level, parts=parts)
    if workers > 1:
        # compiled here once, so that no worker has to
        find("features", name).extract([np.zeros(WARM_UP, np.float32)], rate_hz=16000)
    done: dict[int, Rows] = {}
    for number, result in spread(work, groups, workers=workers):
        if isinstance(result, BaseException):
            if not isinstance(result, MienError):
                raise result
            result = Rows(_empty(), {job.file: str(result) for job in groups[number]})
        done[number] = result
    failures = dict(found.failures)
    for number in range(len(groups)):
        failures |= done[number].failures
    tables = [done[number].table for number in range(len(groups)) if len(done[number].table)]
    table = pd.concat(tables, ignore_index=True) if tables else _empty()
    if out is not None and parts is not None:
        write_table(table, out)
        for shard in parts.glob("*.parquet"):
            shard.unlink()
        if parts.is_dir():
            parts.rmdir()
    return Rows(table, failures)


def _empty() -> pd.DataFrame:
    return pd.DataFrame({"segment": [], "file": [], "start": [], "end": []})


def _describe_chunk(jobs: tuple[Job, ...], *, name: str, level: str, parts: Path | None) -> Rows:
    """Describe the segments of some files, or read what an earlier run has described of them."""
    if parts is None:
        return _describe_jobs(jobs, name=name, level=level)
    words = [__version__, name, level, *(word for job in jobs for word in (job.file, job.signature))]
    shard = parts / f"{hashlib.sha256(chr(10).join(words).encode()).hexdigest()[:16]}.parquet"
    if shard.is_file():
        stored = pq.read_table(shard)
        return Rows(stored.to_pandas(), json.loads(stored.schema.metadata[b"mien.failures"]))
    rows = _describe_jobs(jobs, name=name, level=level)
    parts.mkdir(parents=True, exist_ok=True)
    stored = pa.Table.from_pandas(rows.table, preserve_index=False)
    stored = stored.replace_schema_metadata(
        {**(stored.schema.metadata or {}), b"mien.failures": json.dumps(rows.failures).encode()}
    )
    with write_atomically(shard) as temporary:
        pq.write_table(stored, temporary)
    return rows


def _describe_jobs(jobs: Sequence[Job], *, name: str, level: str) -> Rows:
    component, failures = find("features", name), {}
    tables: list[pd.DataFrame] = []
    waiting: list[Clip] = []
    for clip in _clips(jobs, failures):
        if waiting and clip.rate_hz != waiting[0].rate_hz:
            tables.append(_flush(component, waiting, level, failures))
        waiting.append(clip)
        if sum(one.samples.size for one in waiting) >= BATCH_S * clip.rate_hz:
            tables.append(_flush(component, waiting, level, failures))
    tables.append(_flush(component, waiting, level, failures))
    filled = [table for table in tables if len(table)]
    return Rows(pd.concat(filled, ignore_index=True) if filled else _empty(), failures)


def _clips(jobs: Sequence[Job], failures: dict[str, str]) -> Iterator[Clip]:
    """Yield the segments of some files; a file that cannot be read becomes a failure."""
    for job in jobs:
        try:
            signal = decode(job.path, mono=True)
        except (InputError, OSError) as error:
            failures[job.file] = " ".join(str(error).split())
            continue
        samples, rate_hz = signal.samples[0], signal.rate_hz
        if job.listed is None:
            yield Clip(job.path.stem, job.file, 0.0, samples, rate_hz)
            continue
        listed = job.listed
        for number, (start, end, said) in enumerate(
            zip(listed.starts, listed.ends, listed.names, strict=True)
        ):
            last = samples.size if np.isnan(end) else min(round(end * rate_hz), samples.size)
            part = samples[round(start * rate_hz) : last]
            yield Clip(said or f"{job.path.stem}-{number}", job.file, start, part, rate_hz)


def _flush(component: ModuleType, waiting: list[Clip], level: str, failures: dict[str, str]) -> pd.DataFrame:
    """Describe what waits, and forget it."""
    rows = describe(component, waiting, level)
    failures.update(rows.failures)
    waiting.clear()
    return rows.table


def describe(component: ModuleType, clips: Sequence[Clip], level: str) -> Rows:
    """Describe clips of one rate by one call of a feature set; those that are too short become failures.

    Args:
        component: from `registry.find("features", …)`.
        clips: of one rate.
        level: one of the levels in its card.
    """
    least_s = component.CARD["min_duration_s"]
    failures, kept = {}, []
    for clip in clips:
        seconds = clip.samples.size / clip.rate_hz
        if seconds < least_s:
            failures[clip.segment] = (
                f"Got {seconds:.3f} s in `{clip.segment}` of `{clip.file}`, expected at least {least_s:g} s; "
                "leave it out or join it with its neighbour."
            )
        else:
            kept.append(clip)
    if not kept:
        return Rows(_empty(), failures)
    found = component.extract([clip.samples for clip in kept], rate_hz=kept[0].rate_hz, level=level)
    return Rows(_as_table(found, kept), failures)


def _as_table(found: Described, clips: Sequence[Clip]) -> pd.DataFrame:
    """Return keys and values as one frame."""
    counts = np.diff(found.starts)
    whole = np.array([clip.start for clip in clips])
    if found.hop_s is None:
        start = whole
        end = start + np.array([clip.samples.size / clip.rate_hz for clip in clips])
    else:
        inside = np.arange(int(found.starts[-1])) - np.repeat(found.starts[:-1], counts)
        start = np.repeat(whole, counts) + found.hop_s * inside
        end = start + (found.window_s or found.hop_s)
    keys = {
        "segment": np.repeat([clip.segment for clip in clips], counts),
        "file": np.repeat([clip.file for clip in clips], counts),
        "start": start,
        "end": end,
    }
    values = pd.DataFrame(found.values, columns=list(found.columns))
    return pd.concat([pd.DataFrame(keys), values], axis=1)
