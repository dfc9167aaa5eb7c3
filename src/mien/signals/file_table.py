"""Read a table of files or segments: which columns it may have, and what they mean."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mien.core.errors import InputError
from mien.core.nearest import nearest
from mien.signals.jobs import Job, ListedSegments

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet")
KNOWN_COLUMNS = ("file", "start", "end", "segment", "speaker")
ALIASES = {
    "file": ("path", "filename", "file_name", "filepath", "file_path", "wav", "audio", "recording", "media"),
    "start": ("begin", "onset", "start_s", "start_time", "starttime", "begin_time", "from", "tmin", "t0"),
    "end": ("stop", "offset", "end_s", "end_time", "endtime", "stop_time", "to", "tmax", "t1"),
    "segment": ("segment_id", "utterance", "utterance_id", "utt_id"),
    "speaker": ("spk", "speaker_id", "spk_id", "speakerid"),
}


class _Cells(NamedTuple):
    """Hold what the known columns say of each row; times that are no numbers are `odd`, by column and row."""

    starts: list[float]
    ends: list[float]
    odd: dict[str, dict[int, object]]
    names: list[str | None]
    speakers: list[str | None]


def jobs_of_table(frame: pd.DataFrame, *, folder: Path, origin: str) -> tuple[list[Job], dict[str, str]]:
    """Return the files that a table names, with their segments if it has times.

    Args:
        frame: column `file` (relative to `folder` or to the working folder), optionally `start` and `end` in
            seconds (empty: from the beginning, to the end), `segment` (unique) and `speaker`. Other columns
            are left alone.
        folder: where the table lies.
        origin: the table's name, for messages.

    Returns:
        The jobs in the order of first mention, and file → reason for those that cannot be analyzed.

    Raises:
        InputError: no rows, no column `file`, an alias of a known column, or a segment named twice.
    """
    _check_columns(frame, origin)
    if frame.empty:
        raise InputError(f"Got no rows in `{origin}`, expected one per file or segment; fill the table.")
    if frame["file"].isna().any():
        row = int(np.flatnonzero(frame["file"].isna())[0]) + 1
        raise InputError(f"Got no file in row {row} of `{origin}`, expected a path; fill column `file`.")
    if "segment" in frame and frame["segment"].dropna().duplicated().any():
        twice = frame["segment"].dropna()[frame["segment"].dropna().duplicated()].iloc[0]
        raise InputError(f"Got segment `{twice}` twice in `{origin}`, expected unique names; rename one.")
    cells = _cells(frame)
    jobs: list[Job] = []
    failures: dict[str, str] = {}
    codes, names = pd.factorize(frame["file"].astype(str))
    order = np.argsort(codes, kind="stable")
    by_file = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    for name, rows in zip(names.tolist(), by_file, strict=True):
        path = _locate(name, folder)
        if path is None:
            failures[name] = f"Got no file `{name}` (named in `{origin}`), expected one; correct the table."
            continue
        try:
            listed = _listed(cells, rows.tolist(), name) if {"start", "end"} & set(frame.columns) else None
        except InputError as error:
            failures[name] = str(error)
            continue
        speakers = {cells.speakers[row] for row in rows}
        speaker = speakers.pop() if listed is None and len(speakers) == 1 else None
        jobs.append(Job(name, path, path.stat().st_size, listed, speaker))
    return jobs, failures


def _check_columns(frame: pd.DataFrame, origin: str) -> None:
    """Refuse columns that look like a known one under another name."""
    columns = [str(name) for name in frame.columns]
    for wanted in KNOWN_COLUMNS:
        if wanted in columns:
            continue
        for name in columns:
            lowered = name.strip().lower()
            if lowered == wanted or lowered in ALIASES[wanted] or _misspelt(lowered, wanted, columns):
                raise InputError(f"Got column `{name}` in `{origin}`, expected `{wanted}`; rename it.")
    if "file" not in columns:
        shown = ", ".join(columns[:8]) or "none"
        raise InputError(f"Got columns {shown} in `{origin}`, expected `file`; add a column with the paths.")


def _misspelt(name: str, wanted: str, columns: Iterable[str]) -> bool:
    """Say whether a column is a near miss of a known name, as `strat` of `start`."""
    close = nearest(name, [wanted], count=1)
    return bool(close) and sorted(name) == sorted(wanted) and name not in set(columns) & set(KNOWN_COLUMNS)


def _locate(file: str, folder: Path) -> Path | None:
    """Return where a table's file lies: beside the table, else in the working folder."""
    for path in (folder / file, Path(file)):
        if path.is_file():
            return path
    return None


def _cells(frame: pd.DataFrame) -> _Cells:
    """Read the known columns once: a table may have a file per row, and pandas is slow with single rows."""
    (starts, odd_starts), (ends, odd_ends) = (
        _seconds(frame, "start", empty=0.0),
        _seconds(frame, "end", empty=float("nan")),
    )
    return _Cells(
        starts,
        ends,
        {"start": odd_starts, "end": odd_ends},
        _texts(frame, "segment"),
        _texts(frame, "speaker"),
    )


def _listed(cells: _Cells, rows: Sequence[int], file: str) -> ListedSegments:
    """Return one file's segments, in the order of the table."""
    for column, odd in cells.odd.items():
        for row in rows:
            if row in odd:
                raise InputError(f"Got `{odd[row]}` as {column} of `{file}`, expected seconds; correct it.")
    for row in rows:
        start, end = cells.starts[row], cells.ends[row]
        if start < 0 or not np.isfinite(start) or np.isinf(end) or end <= start:
            raise InputError(
                f"Got a segment from {start:g} to {end:g} s of `{file}`, expected 0 <= start < end; "
                "correct it."
            )
    starts, ends, names, speakers = (
        tuple(column[row] for row in rows)
        for column in (cells.starts, cells.ends, cells.names, cells.speakers)
    )
    return ListedSegments(starts, ends, names, speakers)


def _seconds(frame: pd.DataFrame, column: str, *, empty: float) -> tuple[list[float], dict[int, object]]:
    """Return a column's numbers, and row → value where it is not a number."""
    if column not in frame:
        return [empty] * len(frame), {}
    numbers = pd.to_numeric(frame[column], errors="coerce")
    odd = np.flatnonzero(numbers.isna() & frame[column].notna())
    return numbers.astype(float).fillna(empty).tolist(), {int(row): frame[column].iloc[row] for row in odd}


def _texts(frame: pd.DataFrame, column: str) -> list[str | None]:
    if column not in frame:
        return [None] * len(frame)
    absent = frame[column].isna()
    return [
        None if no else str(value) for value, no in zip(frame[column].tolist(), absent.tolist(), strict=True)
    ]
