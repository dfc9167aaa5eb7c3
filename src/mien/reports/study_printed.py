"""A study as two tables of a paper: systems by corpora, and everything else that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mien.reports.evaluation_numbers import NOTHING, between, is_share, known, shown
from mien.reports.printed_cells import Cell, Notes, PrintedTable, Row
from mien.reports.study_blocks import (
    Block,
    by_metric,
    condition_signs,
    only_metric,
    sign_of,
)
from mien.reports.study_columns import Column, columns_with_values, titled
from mien.reports.study_tables import StudyTables
from mien.reports.study_words import interval_words, protocol_sentences, star_words


@dataclass(frozen=True)
class PaperCell:
    """Hold the score of one system on one corpus.

    Attributes:
        value: as printed.
        interval: in brackets; empty where there is no score.
        stars: against the reference.
        best: whether no other score of the corpus is better.
        note: number of a footnote, 0 for none.
    """

    value: str
    interval: str = ""
    stars: str = ""
    best: bool = False
    note: int = 0


class PaperRow(NamedTuple):
    """Hold one system: its name, the sign of its condition, whether it is the reference, and its cells."""

    system: str
    sign: str
    is_reference: bool
    cells: Sequence[PaperCell]


@dataclass(frozen=True)
class PaperTable:
    """Hold systems as rows and corpora as columns, all by one metric.

    Attributes:
        key: of the metric.
        title: metric with its unit.
        corpora: names with their sizes.
        rows: one per system.
        notes: footnotes.
        caption: protocol, intervals, tests.
    """

    key: str
    title: str
    corpora: Sequence[tuple[str, str]]
    rows: Sequence[PaperRow]
    notes: Sequence[str]
    caption: str


def paper_tables(tables: StudyTables) -> list[PaperTable]:
    """Return one table of systems by corpora per metric.

    Args:
        tables: the study.
    """
    return [_paper_table(metric, own, tables) for metric, own in by_metric(tables).items()]


def other_table(
    tables: StudyTables, groups: Sequence[str] = (), *, key: str = "columns", filled: bool = False
) -> PrintedTable:
    """Return what was measured besides the score, one row per corpus and system.

    Args:
        tables: the study.
        groups: of columns; all but the score by default.
        key: of the table.
        filled: leave out rows without any value; the table of scores says why they have none.
    """
    columns = other_columns(tables, groups)
    signs, notes = condition_signs(tables), Notes()
    rows = []
    for metric, own in by_metric(tables).items():
        for block in own:
            for row in block.rows:
                name = f"{row['system']}{sign_of(row, signs)}"
                cells = [column.read(row, metric) for column in columns]
                if filled and set(cells) == {NOTHING}:
                    continue
                named = Cell(name, notes.number(row["note"]))
                rows.append((Cell(block.corpus), named, *(Cell(one) for one in cells)))
    only = only_metric(tables)
    titles = ("Corpus", "System", *(titled(one, only) for one in columns))
    numeric = (False, False, *(one.name != "chosen" for one in columns))
    return PrintedTable(key, "Everything else", titles, numeric, tuple(rows), tuple(notes.texts))


def other_columns(tables: StudyTables, groups: Sequence[str] = ()) -> list[Column]:
    """Return the columns besides score and size that have any value, of some groups or all."""
    there = [one for one in columns_with_values(tables.rows) if one.name not in ("value", "n", "speakers")]
    return [one for one in there if not groups or one.group in groups]


def condition_words(signs: dict[str, str]) -> str:
    """Return what the signs of conditions stand for."""
    return " ".join(f"{sign} {condition}." for condition, sign in signs.items())


def _paper_table(metric: str, own: Sequence[Block], tables: StudyTables) -> PaperTable:
    signs, notes = condition_signs(tables), Notes()
    rows = []
    for system in tables.systems:
        found = [next((row for row in block.rows if row["system"] == system), None) for block in own]
        if not any(found):
            continue
        sign = next((sign_of(row, signs) for row in found if row and row["condition"]), "")
        cells = [_paper_cell(row, block, notes) for row, block in zip(found, own, strict=True)]
        rows.append(PaperRow(system, sign, system == tables.summary["reference"], cells))
    title = own[0].title + (" (%)" if is_share(metric) else "")
    few = [block.few for block in own if block.few]
    caption = [
        f"{title[0].upper()}{title[1:]} of {len(rows)} systems on {len(own)} corpora."
        if len(own) > 1
        else f"{title[0].upper()}{title[1:]} of {len(rows)} systems on {own[0].corpus}.",
        f"Protocol: {'; '.join(protocol_sentences(tables.summary))}.",
        *[interval_words(tables.summary), star_words(tables.summary), condition_words(signs), *few],
    ]
    corpora = [(block.corpus, block.sizes) for block in own]
    told = " ".join(one for one in caption if one)
    return PaperTable(metric, title, corpora, rows, tuple(notes.texts), told)


def _paper_cell(row: Row | None, block: Block, notes: Notes) -> PaperCell:
    if row is None:
        return PaperCell(NOTHING, note=notes.number("not run here"))
    if not known(row["value"]):
        return PaperCell(NOTHING, note=notes.number(row["note"]))
    value, low, high = (shown(row[name], block.metric) for name in ("value", "low", "high"))
    note = notes.number(row["note"]) if not known(row["low"]) else 0
    return PaperCell(value, between(low, high), str(row["stars"] or ""), block.is_best(row), note)
