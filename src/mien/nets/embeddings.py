"""The table of embeddings: gathered row by row, in memory or straight into a Parquet file."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mien.core.files import write_atomically
from mien.core.tables import FAILURE_COLUMNS, write_table
from mien.nets.embedded_segment import EmbeddedSegment
from mien.prediction.model_card import ModelSummary

RUN_KEY = b"mien.run"
GROUP_VALUES = 4_000_000
"""Numbers that wait in memory before they go to the file."""


class Embeddings:
    """Hold the embeddings of segments and how they were made.

    Attributes:
        files: one row per file or table: status, segments, duration in seconds, notes.
        model: what the encoder is, and who may use it.
        run: versions, options and inputs, as in the file.
        out: the Parquet file that was written, if any.
    """

    def __init__(
        self, rows: pa.Table | Path, files: pd.DataFrame, *, model: ModelSummary, run: dict[str, Any]
    ) -> None:
        self._rows = rows
        self.files, self.model, self.run = files, model, run
        self.out = rows if isinstance(rows, Path) else None

    @property
    def table(self) -> pd.DataFrame:
        """Return keys and values `e.0` …; where there is a file, read from it anew."""
        rows = pq.read_table(self._rows) if isinstance(self._rows, Path) else self._rows
        return rows.to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)

    @property
    def values(self) -> NDArray[np.float32]:
        """Return the embeddings alone, float32 `(rows, W)`."""
        table = self.table
        return table[[name for name in table if name.startswith("e.")]].to_numpy(np.float32)

    @property
    def failures(self) -> pd.DataFrame:
        """Return file and reason of what could not be embedded."""
        return failures_of(self.files)

    def __repr__(self) -> str:
        return (
            f"<Embeddings: {self.run['counts']['rows']} rows of {self.run['width']} values, "
            f"{len(self.failures)} failed; model {self.model.name}>"
        )


def failures_of(files: pd.DataFrame) -> pd.DataFrame:
    """Return file and reason of the rows of a file table that failed."""
    failed = files[files["status"] == "failed"].rename(columns={"note": "reason"})
    return failed[list(FAILURE_COLUMNS)].reset_index(drop=True)


class Rows:
    """Take embedded segments in order; close to get a table or a whole file.

    Args:
        keys: key columns, in order, with their types.
        width: values per row.
        place: where every frame is a row of its own, the column that says when (`time`, seconds) or which
            (`token`, from 0) it is; None where rows are pooled.
        out: the Parquet file; None keeps all in memory.
        run: what the file says of itself.
    """

    def __init__(
        self,
        keys: dict[str, pa.DataType],
        width: int,
        *,
        place: str | None,
        out: Path | None,
        run: dict[str, Any],
    ) -> None:
        self._width, self._place, self._out, self._keys = width, place, out, keys
        placed = {} if place is None else {place: pa.float64() if place == "time" else pa.int64()}
        values = {f"e.{number}": pa.float32() for number in range(width)}
        self._schema = pa.schema({**keys, **placed, **values}.items())
        self._schema = self._schema.with_metadata({RUN_KEY: json.dumps(run, ensure_ascii=False).encode()})
        self._waiting: list[tuple[dict[str, Any], EmbeddedSegment]] = []
        self._ready: list[pa.Table] = []
        self._size, self.count = 0, 0
        self._stack = ExitStack()
        self._writer = None

    def __enter__(self) -> "Rows":
        if self._out is not None:
            path = self._stack.enter_context(write_atomically(self._out))
            self._writer = self._stack.enter_context(pq.ParquetWriter(path, self._schema, compression="zstd"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    def add(self, keys: dict[str, Any], segment: EmbeddedSegment) -> None:
        """Take one segment with its keys."""
        self._waiting.append((keys, segment))
        self._size += self._width * (1 if self._place is None else segment.frames)
        if self._size >= GROUP_VALUES:
            self._settle()

    def finish(self) -> pa.Table:
        """Settle what waits; return the table, without rows where they went to a file."""
        self._settle()
        return pa.concat_tables([self._schema.empty_table(), *self._ready])

    def _settle(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not waiting:
            return
        rows = [segment.rows() for _, segment in waiting]
        times = [len(one) for one in rows]
        columns: list[Any] = []
        for name, kind in self._keys.items():
            key = np.repeat(np.array([keys[name] for keys, _ in waiting], dtype=object), times)
            columns.append(pa.array(key, kind, from_pandas=True))
        if self._place is not None:
            places = np.concatenate([segment.times() for _, segment in waiting])
            columns.append(pa.array(places).cast(self._schema.field(self._place).type))
        values = np.concatenate(rows)
        columns += [pa.array(np.ascontiguousarray(values[:, number])) for number in range(self._width)]
        table = pa.Table.from_arrays(columns, schema=self._schema)
        self.count += len(values)
        if self._writer is None:
            self._ready.append(table)
        else:
            self._writer.write_table(table)


def write_failures(files: pd.DataFrame, out: Path) -> None:
    """Write `<name>.failures.csv` beside a file of embeddings; remove an old one where nothing failed."""
    path, failures = out.with_suffix(".failures.csv"), failures_of(files)
    if len(failures):
        write_table(failures, path)
    else:
        path.unlink(missing_ok=True)
