"""Tables of descriptors too long for memory: parts on disk, each whole or absent, joined as a stream."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from mien.core.files import write_atomically
from mien.features.clips import Clip
from mien.features.described import Described

KEYS = ("segment", "file", "start", "end")
ROWS_TOGETHER = 16384
"""Rows of a group of the Parquet file: few groups are quick to read, and memory holds one."""
_FAILURES = b"mien.failures"
_TYPES = (pa.string(), pa.string(), pa.float64(), pa.float64())


class Rows(NamedTuple):
    """Hold what became of some recordings.

    Attributes:
        table: keys and descriptors.
        failures: segment or file → one line that says why and what to do.
    """

    table: pa.Table
    failures: dict[str, str]


def schema(columns: Sequence[str]) -> pa.Schema:
    """Return names and types of a table of descriptors."""
    keys = [pa.field(name, kind) for name, kind in zip(KEYS, _TYPES, strict=True)]
    return pa.schema([*keys, *(pa.field(name, pa.float32()) for name in columns)])


def as_table(found: Described, clips: Sequence[Clip]) -> pa.Table:
    """Return keys and values of clips as a table, a row per clip or frame."""
    counts = np.diff(found.starts)
    whole = np.array([clip.start for clip in clips])
    if found.hop_s is None:
        start = whole
        end = start + np.array([clip.samples.size / clip.rate_hz for clip in clips])
    else:
        inside = np.arange(int(found.starts[-1])) - np.repeat(found.starts[:-1], counts)
        start = np.repeat(whole, counts) + found.hop_s * inside
        end = start + (found.window_s or found.hop_s)
    segment = np.repeat(np.array([clip.segment for clip in clips], dtype=object), counts)
    file = np.repeat(np.array([clip.file for clip in clips], dtype=object), counts)
    values = np.asarray(found.values, dtype=np.float32)
    columns = [np.ascontiguousarray(column) for column in values.T]
    return pa.table([segment, file, start, end, *columns], schema=schema(found.columns))


def write_part(path: Path, rows: Rows) -> None:
    """Write a part, with the failures beside its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = rows.table.replace_schema_metadata({_FAILURES: json.dumps(rows.failures)})
    with write_atomically(path) as temporary:
        pq.write_table(stored, temporary)


def read_part(path: Path, columns: Sequence[str]) -> Rows | None:
    """Return a part that an earlier run wrote; None where there is none with these columns."""
    if not path.is_file():
        return None
    stored = pq.read_table(path)
    failures = json.loads((stored.schema.metadata or {}).get(_FAILURES, b"{}"))
    table = stored.replace_schema_metadata(None)
    return Rows(table, failures) if table.schema == schema(columns) else None


def join_parts(parts: Iterable[Path], target: Path, columns: Sequence[str]) -> None:
    """Join parts, in order, to one file that is whole or absent.

    Args:
        parts: written by `write_part`; a few are in memory at a time.
        target: ending in .parquet or .csv.
        columns: of the descriptors.

    Raises:
        OSError: writing failed, for example on a full disk.
    """
    with write_atomically(target) as temporary:
        with _writer(temporary, schema(columns)) as write:
            for table in _in_groups(parts):
                write(table)


@contextmanager
def _writer(path: Path, wanted: pa.Schema) -> Iterator[Any]:
    if path.suffix.lower() == ".parquet":
        with pq.ParquetWriter(path, wanted) as writer:
            yield writer.write_table
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        wanted.empty_table().to_pandas().to_csv(stream, index=False, lineterminator="\n")
        yield lambda table: table.to_pandas().to_csv(stream, index=False, header=False, lineterminator="\n")


def _in_groups(parts: Iterable[Path]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    for path in parts:
        waiting.append(pq.read_table(path).replace_schema_metadata(None))
        if sum(table.num_rows for table in waiting) >= ROWS_TOGETHER:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def read_features(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table that `join_parts` wrote."""
    if path.suffix.lower() == ".parquet":
        return pq.read_table(path).to_pandas()
    told = csv.ConvertOptions(column_types=schema(columns), strings_can_be_null=False)
    parsing = csv.ParseOptions(newlines_in_values=True)
    return csv.read_csv(path, convert_options=told, parse_options=parsing).to_pandas()
