"""Read a table of files or segments: which columns it may have, and what they mean."""

from collections.abc import Iterable
from pathlib import Path

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
    jobs: list[Job] = []
    failures: dict[str, str] = {}
    for file, rows in frame.groupby(frame["file"].astype(str), sort=False):
        name = str(file)
        path = _locate(name, folder)
        if path is None:
            failures[name] = f"Got no file `{name}` (named in `{origin}`), expected one; correct the table."
            continue
        try:
            listed = _listed(rows, name) if {"start", "end"} & set(frame.columns) else None
        except InputError as error:
            failures[name] = str(error)
            continue
        speakers = set(_texts(rows, "speaker"))
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


def _listed(rows: pd.DataFrame, file: str) -> ListedSegments:
    """Return one file's segments, in the order of the table."""
    starts = _seconds(rows, "start", file, empty=0.0)
    ends = _seconds(rows, "end", file, empty=float("nan"))
    for start, end in zip(starts, ends, strict=True):
        if start < 0 or not np.isfinite(start) or np.isinf(end) or end <= start:
            raise InputError(
                f"Got a segment from {start:g} to {end:g} s of `{file}`, expected 0 <= start < end; "
                "correct it."
            )
    return ListedSegments(starts, ends, _texts(rows, "segment"), _texts(rows, "speaker"))


def _seconds(rows: pd.DataFrame, column: str, file: str, *, empty: float) -> tuple[float, ...]:
    if column not in rows:
        return (empty,) * len(rows)
    numbers = pd.to_numeric(rows[column], errors="coerce")
    wrong = rows[column][numbers.isna() & rows[column].notna()]
    if len(wrong):
        raise InputError(f"Got `{wrong.iloc[0]}` as {column} of `{file}`, expected seconds; correct it.")
    return tuple(float(value) for value in numbers.fillna(empty))


def _texts(rows: pd.DataFrame, column: str) -> tuple[str | None, ...]:
    if column not in rows:
        return (None,) * len(rows)
    return tuple(None if pd.isna(value) else str(value) for value in rows[column])
