"""`mien.extract`: recordings in, descriptors out, one table."""

import logging
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, InputError
from mien.core.optional import require
from mien.core.registry import find
from mien.core.tables import write_table
from mien.features.clips import Clip
from mien.features.describe import Finished, Work
from mien.features.feature_table import join_parts, read_features, schema
from mien.features.run_pieces import ALONE, Crew, Heard, run_pieces, told_when_full
from mien.signals.inputs import arrays_among, gather

Given = str | Path | pd.DataFrame | NDArray[Any]

WARM_UP_HZ = 16000
LOGGER = logging.getLogger(__name__)


class Written(NamedTuple):
    """Say what became of a run whose table lies on disk.

    Attributes:
        out: the table.
        rows: their number.
        columns: of descriptors.
        files: those that have rows, in order.
        failures: segment or file → one line that says why and what to do.
    """

    out: Path
    rows: int
    columns: tuple[str, ...]
    files: tuple[str, ...]
    failures: dict[str, str]


def extract_table(
    name: str,
    given: Given | Iterable[Given],
    *,
    rate_hz: int | None = None,
    level: str = "functionals",
    descriptors: Sequence[str] | None = None,
    functionals: Sequence[str] | None = None,
    workers: int = 1,
    on: str = "processes",
    address: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> pd.DataFrame:
    """Describe recordings by a set of expert descriptors.

    Use it for models that people can read, for small data and for statistics; vectors of trained encoders
    (`embed`) recognize more. Files are described at their own rate, channels mixed to one. Where the table
    is too long for memory, use `extract_to_file`.

    Args:
        name: a feature set, such as `egemaps`.
        given: recordings, folders, tables (CSV, Parquet or frame) with column `file` and optionally `start`,
            `end` (seconds) and `segment`; or arrays (samples,) or (channels, samples) in [-1, 1]. One or
            several.
        rate_hz: sampling rate of arrays in Hz.
        level: `functionals` for one row per segment, `lld` for one per frame.
        descriptors: those wanted, such as `Loudness` and `mfcc1_delta`; by default all, without deltas. What
            they do not need is not computed.
        functionals: those wanted of each descriptor, such as `mean`, `p50` and `slope`; by default the set's.
        workers: processes for files.
        on: `processes` of this machine, or `ray`.
        address: of a Ray cluster; by default RAY_ADDRESS, else a Ray on this machine for the while.
        out: Parquet or CSV file to write; a run that was stopped goes on where it was.
        overwrite: replace an earlier file.

    Returns:
        Columns `segment`, `file`, `start`, `end` (seconds) and one per descriptor, file by file in the order
        of the input, the same whatever the workers. What cannot be described is in `attrs["failures"]`,
        name → reason; the rest is not held up by it.

    Raises:
        ConfigError: an unknown set, level or name, arrays without a rate, or `out` exists.
        InputError: nothing is given, a table has no usable columns, or the disk is full.
        MissingExtra: scipy, numba or Ray is not installed.

    Example:
        >>> table = extract_table("egemaps", np.zeros(16000, np.float32), rate_hz=16000)
        >>> table.shape, float(table["VoicedSegmentsPerSec"].iloc[0])
        ((1, 92), 0.0)
    """
    items = [given] if isinstance(given, str | Path | pd.DataFrame | np.ndarray) else list(given)
    arrays = arrays_among(items, rate_hz=rate_hz)
    asked: dict[str, Any] = {"level": level, "descriptors": descriptors, "functionals": functionals}
    crew = Crew(workers, on, address)
    if rate_hz is None and out is not None:
        written = extract_to_file(name, items, out, **asked, crew=crew, overwrite=overwrite)
        table, failures = read_features(written.out, written.columns), written.failures
    elif rate_hz is None:
        work = _plan(name, **asked)
        done, failures = _run(work, items, crew)
        found = [schema(work.columns).empty_table(), *(one.table for one in done)]
        table = pa.concat_tables(found).to_pandas()
    else:
        target = None if out is None else check_out(Path(out), overwrite=overwrite)
        failures = {}
        clips = [_as_clip(one, at, rate_hz) for at, one in enumerate(arrays, 1)]
        table = _plan(name, **asked).describe_clips(clips, failures).to_pandas()
        if target is not None:
            write_table(table, target)
    table.attrs["failures"] = failures
    return table


def extract_to_file(
    name: str,
    given: Given | Iterable[Given],
    out: str | Path,
    *,
    level: str = "functionals",
    descriptors: Sequence[str] | None = None,
    functionals: Sequence[str] | None = None,
    crew: Crew = ALONE,
    overwrite: bool = False,
    heard: Heard | None = None,
) -> Written:
    """Do what `extract_table` does, with memory that does not grow with the number of files.

    Finished pieces are kept beside `out`, each whole, until all are joined: the same call goes on with a run
    that was stopped, even by kill -9. A worker that dies takes no file with it but the one at fault.

    Args:
        name: a feature set, such as `egemaps`.
        given: recordings, folders and tables.
        out: Parquet or CSV file to write.
        level: as in `extract_table`, and so are `descriptors` and `functionals`.
        descriptors: those wanted.
        functionals: those wanted of each.
        crew: who works.
        overwrite: replace an earlier file.
        heard: called with the finished pieces and their number.

    Returns:
        What became of it; the table is on disk.

    Raises:
        ConfigError: an unknown set, level or name, or `out` exists.
        InputError: nothing is given, a table has no usable columns, or the disk is full.
        MissingExtra: scipy, numba or Ray is not installed.
    """
    target = check_out(Path(out), overwrite=overwrite)
    parts = target.with_name(f".{target.name}.parts")
    work = _plan(name, level=level, descriptors=descriptors, functionals=functionals, parts=parts)
    done, failures = _run(work, given, crew, heard)
    with told_when_full(parts):
        join_parts([one.part for one in done if one.part is not None], target, work.columns)
    shutil.rmtree(parts, ignore_errors=True)
    files = dict.fromkeys(file for one in done for file in one.files)
    return Written(target, sum(one.rows for one in done), work.columns, tuple(files), failures)


def _plan(
    name: str,
    *,
    level: str,
    descriptors: Sequence[str] | None,
    functionals: Sequence[str] | None,
    parts: Path | None = None,
) -> Work:
    """Check what is asked before any recording is touched."""
    require("numba", "descriptors")
    card = find("features", name).CARD
    if level not in card["levels"]:
        raise ConfigError(f"Got level `{level}` of `{name}`, expected one of {', '.join(card['levels'])}.")
    from mien.features.choice import choose

    return Work(name, level, choose(card, level, descriptors=descriptors, functionals=functionals), parts)


def check_out(path: Path, *, overwrite: bool) -> Path:
    """Return a path that a table can be written to; refuse it before any work is done.

    Args:
        path: ending in .parquet or .csv.
        overwrite: whether it may exist.

    Raises:
        ConfigError: another ending, or it exists.
        InputError: its folder does not exist.
    """
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigError(f"Got --out `{path}`, expected a file ending in .parquet or .csv.")
    if not path.parent.is_dir():
        raise InputError(f"Got --out `{path}`, but its folder does not exist; create `{path.parent}` first.")
    if path.exists() and not overwrite:
        raise ConfigError(f"Got --out `{path}`, which exists; choose another, or replace it by --overwrite.")
    return path


def _run(
    work: Work, given: Any, crew: Crew, heard: Heard | None = None
) -> tuple[list[Finished], dict[str, str]]:
    """Describe what paths and tables name."""
    found = gather(given)
    for remark in found.notes:
        LOGGER.info("%s", remark)
    if crew.workers > 1 or crew.on != "processes":
        # compiled here once, so that no worker has to
        silence = np.zeros(WARM_UP_HZ, np.float32)
        work.describe_clips([_as_clip(silence, 1, WARM_UP_HZ)], {})
    results, failures = run_pieces(work, found.jobs, crew, heard)
    return results, found.failures | failures


def _as_clip(array: NDArray[Any], number: int, rate_hz: int) -> Clip:
    mono = array.mean(axis=0) if array.ndim == 2 else array
    if mono.ndim != 1:
        raise DataError(f"Got an array of shape {array.shape}, expected (samples,) or (channels, samples).")
    return Clip(f"array-{number}", f"array-{number}", 0.0, np.ascontiguousarray(mono, np.float32), rate_hz)
