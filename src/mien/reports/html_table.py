"""A printed table as HTML, with footnotes and marks that do not rely on color."""

from mien.reports.code_spans import html_sentence
from mien.reports.html_page import escape
from mien.reports.printed_cells import Cell, PrintedTable

RING = '<circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/>'
CROSS = '<path d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" stroke="currentColor" stroke-width="1.8"/>'
DISC = '<circle cx="8" cy="8" r="7.8" fill="currentColor"/>'
TICK = '<path d="m4.5 8.3 2.4 2.4 4.6-5" fill="none" stroke="var(--page)" stroke-width="1.9"/>'
TRIANGLE = '<path d="M8 1.5 15 14.500H1z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
BANG = '<path d="M8 6v4.500m0 1v1.5" stroke="currentColor" stroke-width="1.7"/>'
ICONS = {
    "met": DISC + TICK,
    "ok": DISC + TICK,
    "missed": RING + CROSS,
    "fail": RING + CROSS,
    "warning": TRIANGLE + BANG,
}
"""Mark → drawing: a full disc with a tick, an open ring with a cross, a triangle."""


def icon(mark: str) -> str:
    """Return the drawing of a mark, or nothing; the word beside it says the same."""
    return f'<svg viewBox="0 0 16 16" aria-hidden="true">{ICONS[mark]}</svg>' if mark in ICONS else ""


def html_table(table: PrintedTable) -> str:
    """Return a table that scrolls on narrow pages, with its footnotes."""
    head = "".join(
        f'<th scope="col"{_numeric(numeric)}>{escape(title)}'
        for title, numeric in zip(table.columns, table.numeric, strict=True)
    )
    above = [""] + [row[0].text for row in table.rows]
    rows = "".join(
        _row(row, table.numeric, table.key, again=row[0].text == last)
        for row, last in zip(table.rows, above, strict=False)
    )
    name = escape(table.title)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}"><table class="plain">'
        f'<caption class="hidden">{name}</caption><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody>'
        f"</table></div>{footnotes(table.notes, table.key)}"
    )


def footnotes(notes: tuple[str, ...], key: str) -> str:
    """Return a table's footnotes as a list."""
    items = "".join(
        f'<li id="{escape(key)}-n{number}">{html_sentence(note)}'
        for number, note in enumerate(notes, start=1)
    )
    return f'<ol class="notes">{items}</ol>' if items else ""


def note_link(cell: Cell, key: str) -> str:
    """Return the raised number that leads to a cell's footnote, or nothing."""
    if not cell.note:
        return ""
    return f'<sup><a href="#{escape(key)}-n{cell.note}" aria-label="note {cell.note}">{cell.note}</a></sup>'


def verdict_cell(cell: Cell, key: str) -> str:
    """Return a cell with its mark, word and footnote."""
    told = f"{icon(cell.mark)}{escape(cell.text)}{note_link(cell, key)}"
    return f'<td class="verdict is-{cell.mark or "open"}">{told}'


def _row(row: tuple[Cell, ...], numeric: tuple[bool, ...], key: str, *, again: bool) -> str:
    """Return one row; rows that go on with what the last one was about stand closer to it."""
    first, *others = row
    cells = f'<th scope="row"{_numeric(numeric[0])}>{escape(first.text)}{note_link(first, key)}'
    for cell, is_number in zip(others, numeric[1:], strict=True):
        if cell.mark:
            cells += verdict_cell(cell, key)
        else:
            cells += f"<td{_numeric(is_number)}>{escape(cell.text)}{note_link(cell, key)}"
    return f"<tr{' class=again' if again else ''}>{cells}</tr>\n"


def _numeric(numeric: bool) -> str:
    return ' class="n"' if numeric else ""
