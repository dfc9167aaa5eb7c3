"""Keep what is finished: one Parquet shard per chunk of files, complete or not there at all."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mien.core.files import write_atomically
from mien.core.tables import column

FILES_KEY = b"mien.files"
ROWS_AT_ONCE = 20_000

FileRow = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Say where one file's rows stand: from row `offset` of the shard at `path`; `row` is its status."""

    path: Path
    offset: int
    row: FileRow


@dataclass(frozen=True)
class Shard:
    """Point to one shard and the files it holds.

    Attributes:
        path: of the Parquet file.
        files: rows of files.csv, in the order of the shard's predictions.
    """

    path: Path
    files: tuple[FileRow, ...]


def arrow_schema(columns: Sequence[str]) -> pa.Schema:
    """Return the one schema that every shard of a table with these columns has."""
    arrow = {"string": pa.string(), "float64": pa.float64(), "bool": pa.bool_()}
    return pa.schema([pa.field(name, arrow[column(name).dtype]) for name in columns])


def write_shard(folder: Path, predictions: pd.DataFrame, files: Sequence[FileRow]) -> Path:
    """Write predictions and the status of their files as one unit, renamed into place when whole.

    Args:
        folder: of the shards.
        predictions: rows of `files`, in their order.
        files: rows of files.csv; also those without predictions.

    Returns:
        The shard's path; its name depends on the files alone, so repeating a chunk replaces it.
    """
    names = "\n".join(row["file"] for row in files)
    path = folder / f"{hashlib.sha256(names.encode()).hexdigest()[:16]}.parquet"
    schema = arrow_schema(list(predictions.columns))
    table = pa.Table.from_pandas(predictions, schema=schema, preserve_index=False)
    table = table.replace_schema_metadata({FILES_KEY: json.dumps(list(files)).encode()})
    with write_atomically(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return path


def read_shards(folder: Path) -> list[Shard]:
    """Return the finished shards of a folder; anything half-written is not among them."""
    found = []
    for path in sorted(folder.glob("[!.]*.parquet")):
        metadata = pq.read_schema(path).metadata or {}
        if FILES_KEY in metadata:
            found.append(Shard(path, tuple(json.loads(metadata[FILES_KEY]))))
    return found


def adopt_complete_run(folder: Path, parts: Path) -> None:
    """Make the predictions of a complete run a shard again, so that new files can join them."""
    whole = folder / "predictions.parquet"
    if any(parts.glob("[!.]*.parquet")) or not whole.is_file():
        return
    with write_atomically(parts / "complete.parquet") as temporary:
        shutil.copyfile(whole, temporary)


def choose(shards: Sequence[Shard], signatures: Mapping[str, str]) -> dict[str, Place]:
    """Return, for each file, the place of its rows; where several shards hold it, the one to trust.

    Args:
        shards: finished ones, of this and earlier attempts.
        signatures: file → signature of what is to be analyzed now; a row with another one is stale.

    Returns:
        File → place; a finished file is preferred to a failed one.
    """
    found: dict[str, Place] = {}
    for shard in shards:
        offset = 0
        for row in shard.files:
            file = row["file"]
            fresh = row.get("signature") == signatures.get(file, row.get("signature"))
            if fresh and (file not in found or found[file].row["status"] == "failed"):
                found[file] = Place(shard.path, offset, row)
            offset += row["segments"]
    return found


def ordered_tables(places: Iterable[Place]) -> Iterator[pa.Table]:
    """Yield the rows of the places in their order, some 20,000 rows at a time."""
    opened: tuple[Path, pa.Table] | None = None
    waiting: list[pa.Table] = []
    rows = 0
    for place in places:
        count = place.row["segments"]
        if not count:
            continue
        if opened is None or opened[0] != place.path:
            opened = (place.path, pq.read_table(place.path).replace_schema_metadata(None))
        waiting.append(opened[1].slice(place.offset, count))
        rows += count
        if rows >= ROWS_AT_ONCE:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def assemble(places: Sequence[Place], columns: Sequence[str], *, folder: Path) -> None:
    """Write predictions.parquet and predictions.csv from the shards, in bounded memory.

    The Parquet file carries the file rows as well, so that it is itself a shard for a later resume.

    Args:
        places: of the files, in the order their rows shall have.
        columns: of the prediction table.
        folder: where the two files go.
    """
    schema = arrow_schema(columns)
    files = json.dumps([place.row for place in places]).encode()
    with (
        write_atomically(folder / "predictions.parquet") as parquet_path,
        write_atomically(folder / "predictions.csv") as csv_path,
        pq.ParquetWriter(
            parquet_path, schema.with_metadata({FILES_KEY: files}), compression="zstd"
        ) as parquet,
        csv_path.open("w", encoding="utf-8", newline="") as csv,
    ):
        csv.write(",".join(columns) + "\n")
        for table in ordered_tables(places):
            parquet.write_table(table)
            table.to_pandas().to_csv(csv, header=False, index=False, lineterminator="\n")
