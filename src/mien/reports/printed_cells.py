"""Cells, footnotes and columns of a printed table, ready to be set in any format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mien.reports.evaluation_numbers import known

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """Hold one formatted cell.

    Attributes:
        text: what it says.
        note: number of its footnote, 0 without one.
        mark: `met`, `missed`, `ok`, `warning`, `fail` or empty.
    """

    text: str
    note: int = 0
    mark: str = ""


@dataclass(frozen=True)
class PrintedTable:
    """Hold one table, ready to be set in any format.

    Attributes:
        key: short name, unique in a report.
        title: what it shows.
        columns: headings.
        numeric: which columns hold numbers.
        rows: cells, as many as columns.
        notes: footnotes, the first numbered 1.
        reading: how to read it and what may not be concluded; empty where the reading guide suffices.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    reading: str = ""


@dataclass
class Notes:
    """Number footnotes; the same words share a number."""

    texts: list[str] = field(default_factory=list)

    def number(self, note: Any) -> int:
        """Return a note's number; 0 for none."""
        text = str(note).strip() if known(note) else ""
        if not text:
            return 0
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def records(table: pd.DataFrame) -> Iterable[Row]:
    """Yield rows with None for what is null."""
    for row in table.to_dict("records"):
        yield {str(name): value if known(value) else None for name, value in row.items()}


def printed(
    key: str,
    title: str,
    columns: str,
    rows: Iterable[tuple[Cell | str, ...]],
    notes: Notes,
    *,
    reading: str = "",
) -> PrintedTable:
    """Return a table; headings are separated by `|`, those of numbers begin with `#`."""
    names = [name.strip() for name in columns.split("|")]
    cells = tuple(tuple(Cell(one) if isinstance(one, str) else one for one in row) for row in rows)
    titles, numeric = tuple(name.lstrip("#") for name in names), tuple(name.startswith("#") for name in names)
    return PrintedTable(key, title, titles, numeric, cells, tuple(notes.texts), reading)
