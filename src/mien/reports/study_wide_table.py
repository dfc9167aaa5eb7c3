"""The table of a study on a page: every column, sortable by its heading, corpus by corpus."""

from collections.abc import Sequence
from itertools import groupby

from mien.reports.code_spans import html_sentence
from mien.reports.evaluation_numbers import NOTHING, known
from mien.reports.html_page import escape, shortened
from mien.reports.html_table import footnotes, note_link
from mien.reports.printed_cells import Cell, Notes, Row
from mien.reports.study_blocks import Block, blocks, condition_signs, only_metric, sign_of
from mien.reports.study_columns import DIFFERENCE, Column, columns_with_values, falls, titled
from mien.reports.study_tables import StudyTables

KEY = "systems"
LONGEST_NAME = 90


def wide_table(tables: StudyTables) -> str:
    """Return one table: a body per corpus, a row per system, best first, with groups of columns.

    A heading sorts every corpus by itself, since scores of two corpora cannot be compared; what has no value
    stays last. The script of the page makes headings into buttons.

    Args:
        tables: what to show.
    """
    columns = columns_with_values(tables.rows)
    signs, notes = condition_signs(tables), Notes()
    bodies = "".join(_body(block, columns, tables, signs=signs, notes=notes) for block in blocks(tables))
    return (
        '<div class="scroll wide" role="region" tabindex="0" aria-label="All systems and columns">'
        '<table class="sortable"><caption class="hidden">All systems on all corpora; headings sort'
        f"</caption><thead>{_head(columns, only_metric(tables))}</thead>{bodies}</table></div>"
        f"{_signs(signs)}{footnotes(tuple(notes.texts), KEY)}"
    )


def _head(columns: Sequence[Column], metric: str | None) -> str:
    groups = "".join(
        f'<th scope="colgroup" colspan="{len(list(own))}">{escape(name)}'
        for name, own in groupby(columns, key=lambda one: one.group)
    )
    titles = "".join(
        f'<th scope="col" class="n{_first(columns, place)}" data-first="{one.better or "more"}" '
        f'title="{escape(one.meaning)}">{escape(titled(one, metric))}'
        if one.name != "chosen"
        else f'<th scope="col" title="{escape(one.meaning)}">{escape(one.title)}'
        for place, one in enumerate(columns)
    )
    return f'<tr><td>{groups}</tr><tr><th scope="col" data-first="name">System{titles}</tr>'


def _body(
    block: Block, columns: Sequence[Column], tables: StudyTables, *, signs: dict[str, str], notes: Notes
) -> str:
    title = f"{block.title[0].upper()}{block.title[1:]}"
    heading = (
        f'<tr class="corpus"><th scope="rowgroup" colspan="{len(columns) + 1}"><div><b>{escape(block.corpus)}'
        f"</b> {escape(title)}, {escape(block.sizes)}{' · rough' if block.few else ''}</div></tr>\n"
    )
    rows = "".join(
        _row(row, block, columns, reference=str(tables.summary["reference"]), signs=signs, notes=notes)
        for row in block.ordered
    )
    turned = ' data-falls="1"' if falls(block.metric) else ""
    return f"<tbody{turned}>{heading}{rows}</tbody>\n"


def _row(
    row: Row, block: Block, columns: Sequence[Column], *, reference: str, signs: dict[str, str], notes: Notes
) -> str:
    """Return a row; one without a score says why in place of its numbers."""
    name = str(row["system"])
    sign = sign_of(row, signs)
    raised = f'<sup title="{escape(row["condition"])}">{sign}</sup>' if sign else ""
    told = f'<span title="{escape(name)}">{escape(shortened(name, LONGEST_NAME))}</span>{raised}'
    told += "<small>reference</small>" if name == reference else ""
    if not known(row["value"]):
        why = f"{NOTHING} no score: {html_sentence(str(row['note']))}"
        return f'<tr><th scope="row">{told}<td class="why" colspan="{len(columns)}"><div>{why}</div></tr>\n'
    note = note_link(Cell("", notes.number(row["note"])), KEY)
    cells = "".join(_cell(one, row, block, start=_first(columns, place)) for place, one in enumerate(columns))
    return f'<tr><th scope="row">{told}{note}{cells}</tr>\n'


def _cell(column: Column, row: Row, block: Block, *, start: str) -> str:
    text = column.read(row, block.metric)
    if column.name == "chosen":
        return f'<td class="chosen" title="{escape(row["chosen"] or "nothing to choose")}">{escape(text)}'
    if not known(row[column.name]):
        return f'<td class="n absent{start}" title="{escape(_why(column, row))}">{escape(text)}'
    value, _, interval = text.partition(" [")
    told = escape(value) + (f" <small>[{escape(interval)}</small>" if interval else "")
    best = column.name == "value" and block.is_best(row)
    if best:
        told = f'<b>{escape(value)}</b><span class="hidden"> best</span> <small>[{escape(interval)}</small>'
    number = f' data-v="{float(row[column.name]):.9g}"'
    return f'<td class="n{" top" if best else ""}{start}"{number}>{told}'


def _why(column: Column, row: Row) -> str:
    """Return why a system with a score has no value in a column."""
    note = str(row["note"] or "")
    if column.group == DIFFERENCE:
        return note or "the reference itself, or nothing to compare with"
    told = "one seed, or nothing left to chance" if column.name == "sd_seeds" else "not measured here"
    return f"{told} ({note})" if note else told


def _first(columns: Sequence[Column], place: int) -> str:
    """Return the class of a column that begins a group."""
    return " start" if place and columns[place].group != columns[place - 1].group else ""


def _signs(signs: dict[str, str]) -> str:
    items = "".join(f"<li><b>{sign}</b> {escape(condition)}" for condition, sign in signs.items())
    dash = f"<li><b>{NOTHING}</b> no value; point at it for the reason"
    return f'<ul class="key-list signs">{items}<li><b class="top">bold</b> best of its corpus{dash}</ul>'
