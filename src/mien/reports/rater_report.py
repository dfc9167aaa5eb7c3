"""Studies of raters, from their plain tables: as printed tables and as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from mien.reports.code_spans import markdown_sentence
from mien.reports.evaluation_numbers import NOTHING, known, plain_number
from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.printed_cells import Cell, Notes, PrintedTable, Row, printed, records

WORST = 8
"""Raters that are printed, those who agree least first; all are in the JSON file."""

_COLUMNS = {
    "raters": ("rater", "items", "agreement", "bias", "spread", "commonest", "flag"),
    "gold": ("first", "second", "items", "agreement", "differ", "largest"),
    "ceiling": ("score", "against", "value", "note"),
    "disagreement": ("what", "value"),
    "disputed": ("segment", "time", "spread", "raters"),
}
_HEADINGS = {
    "agreement": ("Agreement", "Measure | #Value | #95 % over segments"),
    "raters": (
        "Raters who agree least with the others",
        "Rater | #Items | #Agreement | #Bias | #Spread | #Commonest answer | Flag",
    ),
    "gold": (
        "Gold standards compared",
        "First | Second | #Items | #Agreement | #Items that differ | #Largest difference",
    ),
    "ceiling": ("What no model can exceed", "Score | Against | #Value | How"),
    "disagreement": ("Disagreement within items", "What | #Value"),
    "disputed": ("Items that raters differ on most", "Segment | #At second | #Spread | #Ratings"),
}


def printed_study(tables: Mapping[str, pd.DataFrame]) -> list[PrintedTable]:
    """Return the tables of one study of raters that have rows, ready to be set.

    Args:
        tables: by name, as in `mien.evaluation.rater_study.RaterStudy`.
    """
    return [_printed(name, tables[name]) for name in _HEADINGS if len(tables[name])]


def summary_table(studies: Sequence[tuple[str, Mapping[str, pd.DataFrame]]]) -> PrintedTable:
    """Return one row per study: how many rated, how far they agree, and what that allows a model.

    Args:
        studies: name and tables of each.
    """
    rows = []
    for name, tables in studies:
        counts = tables["counts"].set_index("what")["value"]
        alpha = next(iter(records(tables["agreement"])))
        best = tables["ceiling"].set_index(["score", "against"])["value"]
        models = best[best.index.get_level_values("score").isin(("pearson", "accuracy"))].dropna()
        doubt = best["doubt, pearson"].dropna()
        row = (
            *(_shown(counts[one]) for one in ("segments", "raters", "ratings per item, median")),
            f"{_shown(alpha['value'])} [{_shown(alpha['low'])}, {_shown(alpha['high'])}]",
            f"{models.index[0][0]} {_shown(float(models.iloc[0]))}" if len(models) else NOTHING,
            _shown(float(doubt.iloc[0])) if len(doubt) else NOTHING,
        )
        rows.append((name, *row))
    columns = (
        "Rated | #Segments | #Raters | #Ratings per item | #Alpha [95 %] | #Best that a model can reach | "
        "#Best r of its doubt"
    )
    return printed("summary", "Summary", columns, rows, Notes())


def counts_line(counts: pd.DataFrame) -> str:
    """Return how many items, raters and ratings a study has, in one line."""
    return ", ".join(f"{what}: {_shown(value)}" for what, value in counts[["what", "value"]].to_numpy())


def rater_markdown(
    studies: Sequence[tuple[str, Mapping[str, pd.DataFrame], Sequence[str]]], *, title: str, command: str
) -> str:
    """Return studies of raters as GitHub-flavored Markdown.

    Args:
        studies: name, tables and sentences of each.
        title: heading of the page.
        command: what made it.
    """
    parts = [f"# {escape_markdown(title)}", f"Made by:\n\n```bash\n{command}\n```"]
    parts.append(markdown_table(summary_table([(name, tables) for name, tables, _ in studies])))
    for number, (name, tables, sentences) in enumerate(studies, start=1):
        parts += [f"## {escape_markdown(name)}", counts_line(tables["counts"]) + "."]
        parts.append("\n".join(f"- {markdown_sentence(one)}" for one in sentences))
        for table in printed_study(tables):
            # footnotes are numbered per table of the whole page
            own = replace(table, key=f"{number}-{table.key}")
            parts.append(f"### {table.title}: {escape_markdown(name)}\n\n{markdown_table(own)}")
    return "\n\n".join(parts) + "\n"


def _printed(name: str, table: pd.DataFrame) -> PrintedTable:
    title, headings = _HEADINGS[name]
    columns = _COLUMNS.get(name, ())
    notes = Notes()
    rows = [_row(name, row, notes) for row in records(table.head(WORST) if name == "raters" else table)]
    if "time" in columns and table["time"].isna().all():
        place = columns.index("time")
        headings = " | ".join(one for number, one in enumerate(headings.split(" | ")) if number != place)
        rows = [row[:place] + row[place + 1 :] for row in rows]
    return printed(name, title, headings, rows, notes)


def _row(name: str, row: Row, notes: Notes) -> tuple[Cell | str, ...]:
    if name == "agreement":
        low, high = _shown(row["low"]), _shown(row["high"])
        interval = f"[{low}, {high}]" if known(row["low"]) else NOTHING
        return (str(row["measure"]), Cell(_shown(row["value"]), notes.number(row["note"])), interval)
    cells = [Cell(_shown(row[column])) for column in _COLUMNS[name]]
    if name in ("raters", "gold"):
        cells[0] = Cell(cells[0].text, notes.number(row["note"]))
    return tuple(cells)


def _shown(value: Any) -> str:
    if not known(value):
        return NOTHING
    if isinstance(value, float) and not value.is_integer():
        return plain_number(value)
    return str(value) if isinstance(value, str) else f"{value:,.0f}"
