"""The tables that mien's rooms hand to each other: check, read, write."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from mien.core.errors import DataError, InputError
from mien.core.files import write_atomically
from mien.core.nearest import did_you_mean
from mien.core.schema import (
    DOUBT_COLUMNS,
    FAILURE_COLUMNS,
    FILE_COLUMNS,
    PREDICTION_KEYS,
    RELATION_COLUMNS,
    SCHEMA,
    SEGMENT_COLUMNS,
    column,
    prediction_columns,
)

__all__ = [
    "DOUBT_COLUMNS",
    "FAILURE_COLUMNS",
    "FILE_COLUMNS",
    "PREDICTION_KEYS",
    "RELATION_COLUMNS",
    "SCHEMA",
    "SEGMENT_COLUMNS",
    "check_predictions",
    "check_relations",
    "check_segments",
    "column",
    "empty_predictions",
    "from_audformat",
    "prediction_columns",
    "read_table",
    "to_audformat",
    "write_table",
]

SUM_TOLERANCE = 1e-3
"""How far the probabilities of one segment may be from summing to 1."""

_NULLS = ("", "nan", "NaN", "NA", "N/A", "null", "None", "<NA>")


def check_segments(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a segment table with the right types, or say what is wrong with it.

    Args:
        frame: at least `segment`, `file`, `start`, `end` (seconds). `turn`, `speaker` and `text` are
            added as null where they are missing; further columns stay as they are.

    Raises:
        DataError: a column is missing or of another type, a segment occurs twice, or a segment starts
            before 0 or ends before it starts.
    """
    _require(frame, ("segment", "file", "start", "end"), "a segment table")
    table = frame.copy()
    for name in SEGMENT_COLUMNS:
        if name not in table:
            table[name] = pd.NA
    table = _typed(table, SEGMENT_COLUMNS)
    _check_keys(table, ["segment"])
    _check_times(table)
    return table[[*SEGMENT_COLUMNS, *(name for name in table if name not in SEGMENT_COLUMNS)]]


def check_predictions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a prediction table with the right types, or say what is wrong with it.

    Args:
        frame: a table with the columns of `prediction_columns`.

    Raises:
        DataError: a column is missing or of another type, a key (segment, source, model) occurs twice,
            a segment ends before it starts, a probability lies outside [0, 1], the probabilities of a
            segment do not sum to 1 within 1e-3, or a number is NaN. Doubt may be NaN only in a table without
            categories.
    """
    _require(frame, (*PREDICTION_KEYS, *DOUBT_COLUMNS, "abstain"), "a prediction table")
    table = _typed(frame.copy(), [str(name) for name in frame])
    _check_keys(table, ["segment", "source", "model"])
    _check_times(table)
    names = [str(name) for name in table]
    probabilities = [name for name in names if name.startswith("p.")]
    for name in names:
        may_be_null = name in ("start", "end") or (name in DOUBT_COLUMNS and not probabilities)
        if table[name].dtype == "float64" and not may_be_null:
            _refuse(table, ~np.isfinite(table[name]), f"no finite `{name}`", "a number")
    for name in probabilities:
        _refuse(table, (table[name] < 0) | (table[name] > 1), f"`{name}` outside [0, 1]", "a probability")
    if probabilities:
        total = table[probabilities].sum(axis=1)
        _refuse(
            table,
            (total - 1).abs() > SUM_TOLERANCE,
            "probabilities that do not sum to 1",
            "a sum of 1 ± 0.001",
        )
    return table


def check_relations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a relation table with the right types, or say what is wrong with it.

    One row is one relation from a segment to another, such as from an emotion to its cause.

    Args:
        frame: `from`, `to` (null where the other end is in no segment), `kind`, `span` (words of `to` that
            are meant, null for all or none) and `p`, how sure it is, 0 to 1. Further columns stay as they
            are.

    Raises:
        DataError: a column is missing or of another type, `from` or `kind` is null, `p` is no probability, or
            a relation occurs twice.
    """
    _require(frame, RELATION_COLUMNS, "a relation table")
    table = _typed(frame.copy(), RELATION_COLUMNS)
    for name in ("from", "kind"):
        if table[name].isna().any():
            raise DataError(f"Got a relation without `{name}`, expected one in every row; name it.")
    improbable = ~table["p"].between(0, 1)
    if improbable.any():
        row = table.loc[improbable].iloc[0]
        raise DataError(f"Got p {row['p']} from `{row['from']}`, expected 0 to 1; correct the table.")
    twice = table.duplicated(["from", "to", "kind", "span"])
    if twice.any():
        row = table.loc[twice].iloc[0]
        raise DataError(
            f"Got `{row['kind']}` from `{row['from']}` to `{row['to']}` twice, expected each once; drop the "
            "copy."
        )
    return table[[*RELATION_COLUMNS, *(name for name in table if name not in RELATION_COLUMNS)]]


def empty_predictions(columns: Iterable[str]) -> pd.DataFrame:
    """Return a prediction table without rows, its columns of the right types."""
    return pd.DataFrame({name: pd.Series(dtype=column(name).dtype) for name in columns})


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table from CSV (comma, semicolon or tab) or Parquet.

    Known text columns stay text: speaker `03` keeps its zero.

    Raises:
        InputError: the file is missing, of another kind, or cannot be parsed.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(
            f"Got `{source}`, which does not exist, expected a CSV or Parquet file; check the path."
        )
    try:
        if source.suffix.lower() == ".parquet":
            return pd.read_parquet(source)
        if source.suffix.lower() in (".csv", ".tsv"):
            return _read_csv(source)
    except (ValueError, OSError) as error:
        raise InputError(
            f"Got `{source}`, which cannot be parsed; save it again, CSV as UTF-8. ({error})"
        ) from error
    raise InputError(
        f"Got `{source}`, expected a name ending in .csv, .tsv or .parquet; rename or convert it."
    )


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table whole or not at all, as CSV or Parquet by the suffix of `path`.

    Raises:
        InputError: another suffix, or the folder is missing or cannot be written.
        OSError: writing failed, for example on a full disk.
    """
    target = Path(path)
    if target.suffix not in (".csv", ".parquet"):
        raise InputError(f"Got `{target}`, expected a name ending in .csv or .parquet; rename it.")
    with write_atomically(target) as temporary:
        if target.suffix == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            frame.to_csv(temporary, index=False, lineterminator="\n")


def to_audformat(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a segment or prediction table into audformat's form.

    Args:
        frame: a table with `file`, `start`, `end` in seconds; a null end means the end of the file.

    Returns:
        The other columns, with a MultiIndex (`file`, `start`, `end`) whose times are timedelta64[ns].

    Raises:
        DataError: a column is missing, or a row has no file.
    """
    _require(frame, ("file", "start", "end"), "a table of segments of files")
    if frame["file"].isna().any():
        raise DataError("Got a row without a file, expected recordings only; drop rows of pure text first.")
    # whole nanoseconds first: pandas would cut the rest off where we want it rounded
    times = [
        pd.to_timedelta((frame[name].astype("float64") * 1e9).round(), unit="ns").astype("timedelta64[ns]")
        for name in ("start", "end")
    ]
    index = pd.MultiIndex.from_arrays(
        [frame["file"].astype("string"), *times], names=["file", "start", "end"]
    )
    return frame.drop(columns=["file", "start", "end"]).set_index(index)


def from_audformat(frame: pd.DataFrame | pd.Index) -> pd.DataFrame:
    """Turn audformat's table or index into a segment table.

    Args:
        frame: a table or index by (`file`, `start`, `end`) with timedeltas, or by `file` alone for whole
            files. Columns stay; without a column `segment`, segments are named `<file>#<number>`.

    Raises:
        DataError: the index has other levels, or the result is not a segment table.
    """
    table = frame.copy() if isinstance(frame, pd.DataFrame) else pd.DataFrame(index=frame)
    levels = list(table.index.names)
    if levels not in (["file"], ["file", "start", "end"]):
        raise DataError(
            f"Got an index of {levels}, expected file, or file, start and end; set the index first."
        )
    table = table.reset_index()
    for name, default in (("start", 0.0), ("end", np.nan)):
        table[name] = table[name].dt.total_seconds() if name in levels else default
    if "segment" not in table:
        number = table.groupby("file").cumcount()
        table["segment"] = table["file"].astype("string") + "#" + number.astype("string")
    return check_segments(table)


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV in UTF-8 with the separator that its first line uses most."""
    with path.open(encoding="utf-8-sig") as stream:
        header = stream.readline()
    separator = max(",;\t", key=header.count)
    names = [name.strip().strip('"') for name in header.split(separator)]
    texts = {name: "string" for name in names if name in SCHEMA and SCHEMA[name].dtype == "string"}
    # `NA` may be somebody's name or words: in text, only nothing is null
    nulls = {name: [""] if name in texts else list(_NULLS) for name in names}
    return pd.read_csv(
        path, sep=separator, dtype=texts, na_values=nulls, keep_default_na=False, encoding="utf-8-sig"
    )


def _require(frame: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Refuse a table that lacks one of the columns."""
    columns = [str(name) for name in frame]
    for name in names:
        if name not in columns:
            raise DataError(
                f"Got {what} without `{name}`, expected the columns {', '.join(names)}; add it."
                f"{did_you_mean(name, columns)}"
            )


def _typed(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Give the named columns their types."""
    for name in names:
        dtype = column(name).dtype
        if str(table[name].dtype) == dtype:  # by name: pandas calls its two kinds of text equal
            continue
        try:
            table[name] = table[name].astype(dtype)  # type: ignore[call-overload]
        except (TypeError, ValueError) as error:
            raise DataError(
                f"Got `{name}` that is not {dtype}, expected {column(name).meaning}. ({error})"
            ) from error
    return table


def _check_keys(table: pd.DataFrame, keys: list[str]) -> None:
    """Refuse null and repeated keys."""
    for name in keys:
        if table[name].isna().any():
            raise DataError(f"Got a row without `{name}`, expected one in every row; name it.")
    twice = table.duplicated(keys)
    if twice.any():
        key = ", ".join(f"{name} `{table.loc[twice, name].iloc[0]}`" for name in keys)
        raise DataError(f"Got {key} twice, expected each once; drop or rename the copy.")


def _check_times(table: pd.DataFrame) -> None:
    """Refuse segments that start before 0 or end before they start."""
    _refuse(table, table["start"] < 0, "a start before 0", "seconds from the start of the file")
    _refuse(table, table["end"] < table["start"], "an end before its start", "end ≥ start, in seconds")


def _refuse(table: pd.DataFrame, bad: "pd.Series[bool]", got: str, expected: str) -> None:
    """Raise DataError naming the first segment where `bad` holds."""
    if bad.any():
        segment = table.loc[bad, "segment"].iloc[0]
        raise DataError(f"Got {got} in segment `{segment}`, expected {expected}; correct the table.")
