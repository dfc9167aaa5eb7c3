"""What is left of a model's score on degraded recordings, as Markdown and JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.files import write_atomically
from mien.reports.evaluation_numbers import between, known, percent_points, plain_number, shown_goal, whole
from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records

LEVELS = (1, 2, 3, 4, 5)
HOW_TO_READ = (
    "Unweighted average recall (UAR) in percent per level; the last column is the mean of the levels over "
    "that on clean clips, with its 95 % interval over speakers, paired. The table of rungs says what the "
    "levels are."
)


def write_robustness(
    rungs: pd.DataFrame,
    conditions: pd.DataFrame,
    goals: pd.DataFrame,
    *,
    summary: Mapping[str, Any],
    folder: str | Path,
) -> list[Path]:
    """Write `robustness.md` and `robustness.json`.

    Args:
        rungs: as `mien.evaluation.robustness.judge_robustness` gives them, like the next two.
        conditions: one row per corpus and condition.
        goals: rows of goal U6.
        summary: `title`, and facts that a reader must know: protocol, what was held out, command …
        folder: it must exist.

    Returns:
        The two files.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    plain = {"summary": dict(summary)} | {
        name: json.loads(table.to_json(orient="records"))
        for name, table in (("goals", goals), ("conditions", conditions), ("rungs", rungs))
    }
    texts = {
        "robustness.md": robustness_markdown(rungs, conditions, goals, summary=summary),
        "robustness.json": json.dumps(plain, indent=1, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        with write_atomically(Path(folder) / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [Path(folder) / name for name in texts]


def robustness_markdown(
    rungs: pd.DataFrame, conditions: pd.DataFrame, goals: pd.DataFrame, *, summary: Mapping[str, Any]
) -> str:
    """Return the report as Markdown; arguments as for `write_robustness`."""
    facts = [
        f"- {name.replace('_', ' ')}: {escape_markdown(str(value))}"
        for name, value in summary.items()
        if name not in ("title", "command")
    ]
    parts = [f"# {escape_markdown(str(summary['title']))}", "\n".join(facts)]
    if "command" in summary:
        parts.append(f"Made by:\n\n```bash\n{summary['command']}\n```")
    for table in (goal_rows(goals), *level_tables(rungs, conditions)):
        parts.append(f"## {escape_markdown(table.title)}\n\n{markdown_table(table)}")
        if table.reading:
            parts.append(table.reading)
    every = rung_rows(rungs)
    folded = f"<details><summary>{len(every.rows)} rows</summary>\n\n{markdown_table(every)}\n\n</details>"
    parts.append(f"## {every.title}\n\n{folded}")
    return "\n\n".join(parts) + "\n"


def goal_rows(goals: pd.DataFrame) -> PrintedTable:
    """Return goal U6 per corpus, and the worst condition."""
    notes, rows = Notes(), []
    for row in records(goals):
        goal = str(row["goal"])
        value, low, high = (shown_goal(row[name], "≥ .85", "") for name in ("value", "low", "high"))
        mark = ("met" if row["met"] else "missed") if known(row["met"]) else ""
        word = mark or ("reported" if goal == "reported" and known(row["value"]) else "not judged")
        told = f"{value} {between(low, high)}" if known(row["low"]) else value
        result = Cell(word, notes.number(row["note"]), mark)
        rows.append(
            (str(row["id"]), str(row["what"]), str(row["corpus"]), told, goal.replace("0.", "."), result)
        )
    return printed("goals", "Goals", "Id | What | Corpus | #Value [95 %] | #Goal | Result", rows, notes)


def level_tables(rungs: pd.DataFrame, conditions: pd.DataFrame) -> list[PrintedTable]:
    """Return one table per corpus: recall at each level of each condition, and the mean over clean."""
    found = []
    for corpus, part in rungs.groupby("corpus", sort=False):
        at = {(row["condition"], row["level"]): row["uar"] for row in records(part)}
        clean = next(iter(records(part[part["level"] == 0])))
        notes, rows = Notes(), []
        for row in records(conditions[conditions["corpus"] == corpus]):
            levels = (percent_points(at.get((row["condition"], level))) for level in LEVELS)
            share, low, high = (plain_number(row[name]) for name in ("ratio", "low", "high"))
            told = Cell(f"{share} {between(low, high)}", notes.number(row["note"]))
            rows.append((str(row["condition"]), *levels, told))
        columns = " | ".join(["Condition", *(f"#Level {level}" for level in LEVELS), "#Share [95 %]"])
        bounds = between(percent_points(clean["low"]), percent_points(clean["high"]))
        title = (
            f"{corpus}: {percent_points(clean['uar'])} {bounds} clean, {whole(clean['n'])} clips, "
            f"{whole(clean['speakers'])} speakers"
        )
        found.append(printed(f"levels-{corpus}", title, columns, rows, notes, reading=HOW_TO_READ))
    return found


def rung_rows(rungs: pd.DataFrame) -> PrintedTable:
    """Return every rung with its severity, recall and share of clean."""
    notes, rows = Notes(), []
    for row in records(rungs):
        severity = f"{row['severity']:g}" if known(row["severity"]) else ""
        uar, low, high = (percent_points(row[name]) for name in ("uar", "low", "high"))
        share, least, most = (plain_number(row[name]) for name in ("ratio", "ratio_low", "ratio_high"))
        rows.append(
            (
                *(str(row["corpus"]), str(row["condition"]), str(row["level"]), severity),
                str(row["unit"] or ""),
                Cell(f"{uar} {between(low, high)}", notes.number(row["note"])),
                f"{share} {between(least, most)}" if row["level"] else "",
            )
        )
    columns = "Corpus | Condition | #Level | #Severity | Unit | #UAR % [95 %] | #Share of clean [95 %]"
    return printed("rungs", "Rungs", columns, rows, notes)
