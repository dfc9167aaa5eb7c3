"""Read tables of frames or of text: which rows belong to which segment, and columns without gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.nearest import did_you_mean
from mien.features.described import Described

Given = pd.DataFrame | Described
KEYS = ("segment", "file", "start", "end", "turn", "speaker", "text")
MOST_NAMED = 5


@dataclass(frozen=True)
class FrameTable:
    """Hold a table whose rows of one segment stand together.

    Attributes:
        rows: the table.
        starts: (segments + 1,), segment s has the rows `starts[s]` to `starts[s + 1]`.
        segments: their names, each once.
    """

    rows: pd.DataFrame
    starts: NDArray[np.int64]
    segments: tuple[str, ...]

    def numbers(self, columns: Sequence[str]) -> NDArray[np.float32]:
        """Return columns of numbers, (rows, columns).

        Raises:
            DataError: a value is missing, infinite, or no number.
        """
        try:
            values = self.rows[list(columns)].to_numpy(np.float32)
        except (ValueError, TypeError) as error:
            raise DataError(f"Got columns that are not all numbers, expected frames. ({error})") from error
        wrong = ~np.isfinite(values)
        if wrong.any():
            row, column = (int(place[0]) for place in np.nonzero(wrong))
            raise DataError(
                f"Got {values[row, column]} in `{columns[column]}` of `{self._segment_of(row)}`, and "
                f"{int(wrong.any(axis=1).sum())} of {len(values)} frames with such values; expected "
                "numbers in every frame: leave these frames out or fill them."
            )
        return values

    def texts(self, column: str) -> list[str]:
        """Return a column of text, empty where it is null.

        Raises:
            DataError: a value is not text.
        """
        values = self.rows[column]
        wrong = values[values.notna() & ~values.map(lambda one: isinstance(one, str))]
        if len(wrong):
            segment = self._segment_of(int(self.rows.index.get_loc(wrong.index[0])))
            raise DataError(
                f"Got {wrong.iloc[0]!r} in `{column}` of `{segment}`, expected text; write it as text."
            )
        return values.fillna("").tolist()

    def times(self) -> NDArray[np.float64]:
        """Return when each row begins, in seconds.

        Raises:
            DataError: there is no column `start`, it has gaps, or goes back within a segment.
        """
        if "start" not in self.rows:
            raise DataError(
                f"Got columns {_named(self.rows.columns)}, expected `start` in seconds for windows; add it."
            )
        times = pd.to_numeric(self.rows["start"], errors="coerce").to_numpy(np.float64)
        back = np.diff(times) < 0
        back[self.starts[1:-1] - 1] = False
        wrong = np.flatnonzero(~np.isfinite(times) | np.append(False, back))
        if wrong.size:
            raise DataError(
                f"Got `start` {times[wrong[0]]:g} in `{self._segment_of(int(wrong[0]))}`, expected seconds "
                "that do not fall within a segment; sort the rows by time and fill gaps."
            )
        return times

    def keys(self) -> pd.DataFrame:
        """Return a row per segment: `segment`, and where the table has them `file`, `start` and `end`."""
        first = self.rows.iloc[self.starts[:-1]]
        found = {"segment": np.array(self.segments, dtype=object)}
        if "file" in self.rows:
            found["file"] = first["file"].to_numpy()
        for name, extreme in (("start", np.minimum), ("end", np.maximum)):
            if name in self.rows:
                found[name] = extreme.reduceat(self.rows[name].to_numpy(np.float64), self.starts[:-1])
        return pd.DataFrame(found)

    def _segment_of(self, row: int) -> str:
        return self.segments[int(np.searchsorted(self.starts, row, side="right")) - 1]


def read_tables(given: Given | Iterable[Given]) -> list[FrameTable]:
    """Return tables that speak of the same segments, in the order of the first.

    Args:
        given: one table or several. A frame has a column `segment`, or else `file`, and a row per frame or
            utterance; rows of one segment may be apart. Arrays come as `Described`.

    Raises:
        DataError: a table is empty, names no segments, or they differ between tables.
    """
    items = [given] if isinstance(given, pd.DataFrame | Described) else list(given)
    if not items:
        raise DataError("Got no table, expected one or several; give frames.")
    first, *others = [_read(item) for item in items]
    return [first, *(_like(first, other, number) for number, other in enumerate(others, 2))]


def table_with(tables: Sequence[FrameTable], columns: Sequence[str]) -> int:
    """Return the number of the table that has all of some columns.

    Raises:
        DataError: none has; the message names what is missing.
    """
    lacks = [[name for name in columns if name not in table.rows] for table in tables]
    for number, lacking in enumerate(lacks):
        if not lacking:
            return number
    least = min(range(len(tables)), key=lambda number: len(lacks[number]))
    known = [str(name) for name in tables[least].rows.columns]
    raise DataError(
        f"Got no column {_named(lacks[least])}, expected the {len(columns)} that this codebook is for; "
        f"describe the recordings by the same set.{did_you_mean(lacks[least][0], known)}"
    )


def has_numbers(rows: pd.DataFrame) -> bool:
    """Tell whether a table has a column of numbers besides its keys."""
    return bool(_descriptors(rows))


def number_columns(tables: Sequence[FrameTable]) -> tuple[str, ...]:
    """Return the columns of numbers, but the keys, of the one table that has any.

    Raises:
        DataError: no table has any, or several have.
    """
    filled = [columns for columns in (_descriptors(table.rows) for table in tables) if columns]
    if len(filled) != 1:
        raise DataError(
            f"Got {len(filled)} tables with columns of numbers, expected one; name the `columns` of each "
            "codebook."
        )
    return filled[0]


def _descriptors(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(name) for name in rows.select_dtypes("number").columns if name not in KEYS)


def _read(given: Given) -> FrameTable:
    rows = _from_described(given) if isinstance(given, Described) else given
    name = next((name for name in ("segment", "file") if name in rows), None)
    if name is None or rows.empty:
        raise DataError(
            f"Got {len(rows)} rows with columns {_named(rows.columns)}, expected frames with a column "
            "`segment` or `file`; make them by `mien extract … --level lld`."
        )
    if rows[name].isna().any():
        raise DataError(f"Got rows without `{name}`, expected one in each; fill or leave out these rows.")
    codes, names = pd.factorize(rows[name])
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        rows, codes = rows.iloc[order], codes[order]
    starts = np.searchsorted(codes, np.arange(len(names) + 1))
    return FrameTable(rows, starts.astype(np.int64), tuple(str(one) for one in names))


def _from_described(given: Described) -> pd.DataFrame:
    counts = np.diff(given.starts)
    if (counts == 0).any():
        raise DataError(f"Got no frames of array {int(np.argmin(counts)) + 1}, expected some; leave it out.")
    rows = pd.DataFrame(given.values, columns=list(given.columns))
    rows.insert(0, "segment", np.repeat([f"array-{number + 1}" for number in range(counts.size)], counts))
    if given.hop_s is not None:
        inside = np.arange(int(given.starts[-1])) - np.repeat(given.starts[:-1], counts)
        rows.insert(1, "start", given.hop_s * inside)
        rows.insert(2, "end", rows["start"] + (given.window_s or given.hop_s))
    return rows


def _like(first: FrameTable, other: FrameTable, number: int) -> FrameTable:
    """Return a table with its segments in the order of the first."""
    differing = sorted(set(first.segments) ^ set(other.segments))
    if differing:
        where = "1" if differing[0] in first.segments else str(number)
        raise DataError(
            f"Got `{differing[0]}` in table {where} alone, and {len(differing)} such segments; expected "
            "the same in all. Give a row with null text where nothing was said, or leave the segment out."
        )
    place = {name: at for at, name in enumerate(other.segments)}
    order = np.array([place[name] for name in first.segments])
    counts = np.diff(other.starts)[order]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.arange(starts[-1]) + np.repeat(other.starts[:-1][order] - starts[:-1], counts)
    return FrameTable(other.rows.iloc[rows], starts, first.segments)


def _named(columns: Iterable[Any]) -> str:
    listed = [f"`{name}`" for name in columns]
    more = len(listed) - MOST_NAMED
    return ", ".join(listed[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
