"""The leaderboard of frozen encoders as Markdown and as a page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.html_page import escape, html_page, page_part
from mien.reports.html_table import html_table
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records

COLUMNS = (
    *("encoder", "task", "metric", "score", "low", "high", "chance", "above_chance", "n", "units"),
    *("status", "note"),
)
"""Columns of the table of cells."""

FEW_UNITS = 6
TITLE = "Frozen encoders, one small head per task"
READING = (
    "Scores in percent, with a 95 % interval over speakers, sources or clips. Each score is of all held-out "
    "clips together. Mean above chance is the mean over tasks of (score − chance) / (1 − chance); a cell "
    "that failed counts as 0 there and as last in the rank."
)
LIMITS = (
    "That one encoder is better than another because its mean is higher: tasks are few, and intervals wide.",
    "How well an encoder does when it is trained further: here it is frozen.",
    "Anything about emotion in everyday speech: the emotion tasks are acted, or confounded with who speaks.",
)


def hear_markdown(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    tasks: pd.DataFrame,
    skipped: Mapping[str, str],
    settings: Mapping[str, Any],
) -> str:
    """Return the leaderboard as GitHub-flavored Markdown; the same tables give the same bytes.

    Args:
        cells: with `COLUMNS`, a row per encoder and task.
        summary: a row per encoder, best first: `encoder`, `mean_above_chance`, `mean_rank`, `tasks`.
        tasks: a row per task.
        skipped: task → why it was not run.
        settings: version, grid, seed and command.
    """
    parts = [f"# {TITLE}", escape_markdown(_method(settings))]
    if settings.get("command"):
        parts.append(f"Made by:\n\n```bash\n{settings['command']}\n```")
    for table in _tables(cells, summary, tasks):
        parts += [f"## {table.title}", escape_markdown(table.reading), markdown_table(table)]
    if skipped:
        left_out = "\n".join(f"- {name}: {escape_markdown(reason)}" for name, reason in skipped.items())
        parts += ["## Not run", left_out]
    parts += ["## What may not be concluded", "\n".join(f"- {one}" for one in LIMITS)]
    return "\n\n".join(part for part in parts if part) + "\n"


def hear_html(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    tasks: pd.DataFrame,
    skipped: Mapping[str, str],
    settings: Mapping[str, Any],
) -> str:
    """Return the leaderboard as one page; arguments as in `hear_markdown`."""
    sections = [
        (table.key, table.title, f'<p class="read">{escape(table.reading)}</p>{html_table(table)}')
        for table in _tables(cells, summary, tasks)
    ]
    if skipped:
        items = "".join(f"<li>{escape(name)}: {escape(reason)}" for name, reason in skipped.items())
        sections.append(("skipped", "Not run", f"<ul>{items}</ul>"))
    limits = "".join(f"<li>{escape(one)}" for one in LIMITS)
    sections.append(("limits", "What may not be concluded", f"<ul>{limits}</ul>"))
    command = escape(settings.get("command", ""))
    return html_page(
        title=TITLE,
        kicker="Benchmark of representations",
        lead=f'<p class="read">{escape(_method(settings))}</p><pre><code>{command}</code></pre>',
        nav="".join(f'<li><a href="#{key}">{escape(title)}</a>' for key, title, _ in sections),
        body="".join(
            f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{escape(title)}</h2>{text}'
            "</section>\n"
            for key, title, text in sections
        ),
        footer="<p>Written by mien. This page is complete in itself: it opens offline and sends nothing "
        "anywhere.</p>",
        style=page_part("evaluation.css"),
    )


def _method(settings: Mapping[str, Any]) -> str:
    return (
        f"mien {settings['mien']}; head of 0 to 3 hidden layers, {settings['grid']} settings drawn at random "
        f"and chosen on validation in the first fold, seed {settings['seed']}; embeddings frozen and "
        "standardized by the training part; each fold tests once, the next one validates."
    )


def _tables(cells: pd.DataFrame, summary: pd.DataFrame, tasks: pd.DataFrame) -> list[PrintedTable]:
    return [_board(cells, summary), _scores(cells, summary), _facts(tasks)]


def _board(cells: pd.DataFrame, summary: pd.DataFrame) -> PrintedTable:
    """Return one row per encoder, one column per task."""
    names = list(dict.fromkeys(cells["task"]))
    score = {(row["encoder"], row["task"]): row["score"] for row in records(cells)}
    rows = [
        (
            str(row["encoder"]),
            _percent(row["mean_above_chance"]),
            f"{row['mean_rank']:.2f}",
            *(_percent(score.get((row["encoder"], name))) for name in names),
        )
        for row in records(summary)
    ]
    head = "encoder | # mean above chance | # mean rank | " + " | ".join(f"# {name}" for name in names)
    return printed("board", "Leaderboard", head.replace("# ", "#"), rows, Notes(), reading=READING)


def _scores(cells: pd.DataFrame, summary: pd.DataFrame) -> PrintedTable:
    """Return one row per task and encoder, with interval."""
    place = {name: number for number, name in enumerate(summary["encoder"])}
    order = {name: number for number, name in enumerate(dict.fromkeys(cells["task"]))}
    listed = sorted(records(cells), key=lambda row: (order[row["task"]], place[row["encoder"]]))
    notes = Notes()
    rows = []
    for row in listed:
        known = row["low"] is not None
        interval = f"[{_percent(row['low'])}, {_percent(row['high'])}]" if known else "–"
        note = row["note"]
        if known and row["units"] < FEW_UNITS:
            note = "fewer than 6 units: the interval is too short"
        score = Cell("failed" if row["status"] == "failed" else _percent(row["score"]), notes.number(note))
        units = "–" if row["units"] is None else str(int(row["units"]))
        rows.append(
            (
                row["task"],
                row["encoder"],
                row["metric"],
                score,
                interval,
                _percent(row["chance"]),
                str(row["n"]),
                units,
            )
        )
    head = "task | encoder | metric | #score | #95 % interval | #chance | #clips | #units"
    reading = "Units are what the interval draws: speakers, sources or, where these are not known, clips."
    return printed("scores", "All scores", head, rows, notes, reading=reading)


def _facts(tasks: pd.DataFrame) -> PrintedTable:
    notes = Notes()
    rows = [
        (
            Cell(str(row["task"]), notes.number(row["note"])),
            *(str(row[name]) for name in ("asks", "kind", "metric", "labels", "clips", "groups", "folds")),
            f"{row['seconds']:g}",
            str(row["licence"]),
        )
        for row in records(tasks)
    ]
    head = "task | asks | kind | metric | #labels | #clips | #groups | #folds | #most seconds | licence"
    reading = "Groups (speakers, recordings or sources) are never in two folds."
    return printed("tasks", "Tasks", head, rows, notes, reading=reading)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"
