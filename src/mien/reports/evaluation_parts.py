"""Parts that several sections of an evaluation page use: legends, and tables that open on demand."""

from dataclasses import replace

from mien.reports.html_page import escape
from mien.reports.html_table import html_table
from mien.reports.printed_cells import PrintedTable

MOST_ROWS = 120
"""Rows of a table on the page; the Markdown report holds all."""


def legend(keys: list[tuple[str, str]]) -> str:
    """Return what marks stand for: pairs of a mark's class and its meaning."""
    items = "".join(f'<li><i class="key {kind}"></i>{escape(text)}' for kind, text in keys)
    return f'<ul class="legend">{items}</ul>'


def details(table: PrintedTable, *, opened: bool = False) -> str:
    """Return a table that opens on demand; with very many rows, the first ones."""
    if not table.rows:
        return ""
    state, title = " open" if opened else "", escape(table.title.split(",")[0])
    return f'<details class="rows"{state}><summary>{title} in numbers</summary>{first_rows(table)}</details>'


def first_rows(table: PrintedTable) -> str:
    """Return a table of at most `MOST_ROWS` rows, and a line that says how many more there are."""
    rest = len(table.rows) - MOST_ROWS
    note = f'<p class="note">{rest:,} more rows are in the Markdown report.</p>' if rest > 0 else ""
    return html_table(replace(table, rows=table.rows[:MOST_ROWS])) + note


def left_out(every: int, shown_ones: int) -> str:
    """Return a line that says that not all corpora are drawn, or nothing."""
    if every <= shown_ones:
        return ""
    return (
        f'<p class="note">The first {shown_ones} of {every} corpora are drawn, to keep the page small; all '
        "numbers are in the Markdown report.</p>"
    )
