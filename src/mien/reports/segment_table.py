"""The segment table of a report: every value of the timeline in numbers."""

import math

import numpy as np
import pandas as pd

from mien.reports.affect_summary import abstained, doubt_shares
from mien.reports.columns import Columns, find_columns, values_of
from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import clock, doubt_word


def segment_table(table: pd.DataFrame, *, name: str, most: int) -> str:
    """Return the table of one recording's first segments, each row a place to listen to.

    Args:
        table: prediction rows of one file.
        name: how the page calls the recording.
        most: most rows to show; the text says what is left out.
    """
    rows = table.sort_values("start", kind="stable").head(most)
    columns = find_columns(table)
    speakers = "speaker" in table and table["speaker"].nunique() > 1
    left_out = ""
    if len(table) > len(rows):
        left_out = (
            f'<p class="note">The first {len(rows):,} of {len(table):,} segments. All of them, in every '
            "column, are in <code>predictions.csv</code>, or in <code>affect.table</code> from Python.</p>"
        )
    body = "".join(_rows(rows, columns, speakers))
    return f"""{left_out}<div class="scroll" role="region" tabindex="0"
aria-label="Segments of {escape(name)}">
<table class="segments"><caption class="hidden">Segments of {escape(name)}: percent per category,
dimensions,
doubt</caption><thead><tr>{_head(columns, speakers)}</tr></thead><tbody>
{body}</tbody></table></div>"""


def _head(columns: Columns, speakers: bool) -> str:
    cells = ['<th scope="col">Time']
    cells += ['<th scope="col">Speaker'] if speakers else []
    cells += ['<th scope="col">Strongest'] if columns.categories else []
    cells += [
        f'<th scope="col" class="n"><abbr title="percent">{escape(name)} %</abbr>'
        for name in columns.categories
    ]
    cells += [f'<th scope="col" class="n">{escape(name)}<small>derived</small>' for name in columns.derived]
    cells += [f'<th scope="col" class="n">{escape(name)}' for name in columns.dimensions]
    cells += ['<th scope="col">Doubt'] if columns.categories else []
    return "".join(cells)


def _rows(rows: pd.DataFrame, columns: Columns, speakers: bool) -> list[str]:
    p = values_of(rows, (f"p.{name}" for name in columns.categories))
    values = values_of(rows, [*(f"{name}.derived" for name in columns.derived), *columns.dimensions])
    doubt, withheld = doubt_shares(rows), abstained(rows)
    starts, ends = rows["start"].to_numpy(float), rows["end"].to_numpy(float)
    named = rows["speaker"].fillna("").astype(str).tolist() if speakers else []
    drawn = []
    for index in range(len(rows)):
        span = f"{clock(starts[index], tenths=True)}–{clock(ends[index], tenths=True)}"
        cells = [f'<th scope="row"><button type="button" aria-label="Play {span}">{span}</button>']
        cells += [f"<td>{escape(shortened(named[index], 24))}"] if speakers else []
        if columns.categories:
            cells.append(_strongest(p[index], columns.categories, withheld=bool(withheld[index])))
        cells += [f'<td class="n h{min(int(share * 10), 9)}">{share * 100:.0f}' for share in p[index]]
        cells += [f'<td class="n">{_signed(value)}' for value in values[index]]
        if columns.categories:
            cells.append(f"<td>{doubt_word(doubt[index])}")
        drawn.append(f'<tr data-s="{starts[index]:.2f}" data-e="{ends[index]:.2f}">{"".join(cells)}\n')
    return drawn


def _strongest(p: np.ndarray, categories: tuple[str, ...], *, withheld: bool) -> str:
    best = int(np.argmax(p))
    if withheld:
        return '<td><i class="dot hatch"></i>abstains'
    return f'<td><i class="dot c{best}"></i>{escape(categories[best])}'


def _signed(value: float) -> str:
    """Return a dimension's value with a true minus sign."""
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else "–"
