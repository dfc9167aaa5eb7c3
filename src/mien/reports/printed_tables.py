"""Evaluation tables as printed: columns, formatted cells and footnotes, the same in every format."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from mien.reports.evaluation_doubt_tables import doubt_tables
from mien.reports.evaluation_numbers import (
    NOTHING,
    between,
    has_limit,
    is_share,
    known,
    percent_points,
    shown,
    shown_goal,
    whole,
)
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.printed_cells import Cell, Notes, PrintedTable, Row, printed, records

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Points of a risk-coverage curve that are printed."""
METRIC_TITLES = {"error_rate": "Error rate", "ece": "Calibration error"}


def printed_tables(tables: EvaluationTables) -> list[PrintedTable]:
    """Return every table of a report that has rows, in the order of the report."""
    every = [
        score_table(tables),
        goal_table(tables),
        *confusion_tables(tables),
        reliability_table(tables),
        risk_table(tables),
        *doubt_tables(tables),
        group_table(tables),
        gap_table(tables),
        strip_table(tables),
        overlap_table(tables),
    ]
    return [one for one in every if one.rows]


def metric_title(tables: EvaluationTables, metric: str) -> str:
    """Return how a metric is called, with its unit."""
    titles = dict(zip(tables.scores["metric"], tables.scores["title"], strict=True))
    name = titles.get(metric) or METRIC_TITLES.get(metric) or metric.replace("_", " ")
    return f"{name} (%)" if is_share(metric) else str(name)


def score_table(tables: EvaluationTables) -> PrintedTable:
    """Return all scores with both intervals."""
    notes, rows = Notes(), []
    for row in records(tables.scores):
        metric = str(row["metric"])
        value, low, high, low_item, high_item, chance, floor = (
            shown(row[name], metric)
            for name in ("value", "low", "high", "low_item", "high_item", "chance", "floor")
        )
        told = Cell(
            f"{value} {between(low, high)}" if known(row["value"]) else value, notes.number(row["note"])
        )
        counts = (whole(row["n"]), whole(row["speakers"]))
        title = metric_title(tables, metric)
        rows.append((str(row["corpus"]), title, told, between(low_item, high_item), *counts, chance, floor))
    columns = (
        "Corpus | Score | #Value [95 % by speaker] | #95 % by item | #n | #Speakers | #Guessing | #Floor"
    )
    return printed("scores", "Scores", columns, rows, notes)


def goal_table(tables: EvaluationTables) -> PrintedTable:
    """Return what was aimed at and whether it was reached."""
    notes, rows = Notes(), []
    order = tables.goals.groupby(["id", "what"], sort=False, dropna=False).ngroup()
    for row in records(tables.goals.iloc[np.argsort(order.to_numpy(), kind="stable")]):
        goal, what = str(row["goal"] or ""), str(row["what"])
        value, low, high = (shown_goal(row[name], goal, what) for name in ("value", "low", "high"))
        told = f"{value} {between(low, high)}" if known(row["low"]) else value
        mark = ("met" if row["met"] else "missed") if known(row["met"]) else ""
        word = mark or _open_word(goal, known(row["value"]))
        result = Cell(word, notes.number(row["note"]), mark)
        goal = re.sub(r"(?<![\d.])0\.", ".", goal)
        rows.append((str(row["id"]), what, str(row["corpus"]), told, goal, result))
    return printed("goals", "Goals", "Id | What | Corpus | #Value [95 %] | #Goal | Result", rows, notes)


def _open_word(goal: str, judged: bool) -> str:
    """Return what is said of a goal that is neither met nor missed."""
    if not judged:
        return "not judged"
    return "not shown" if has_limit(goal) else "reported"


def confusion_tables(tables: EvaluationTables) -> list[PrintedTable]:
    """Return per corpus how often each category was taken for each, in percent of its items."""
    found = []
    for corpus, part in by_corpus(tables.confusion):
        counts = confusion_counts(part)
        rows = [
            (str(name), *(percent_points(one / own.sum()) for one in own), whole(own.sum()))
            for name, own in counts.iterrows()
        ]
        columns = " | ".join(["True, as predicted:", *(f"#{name}" for name in counts.columns), "#n"])
        title = f"Confusions in {corpus}, percent of each true category"
        found.append(printed(f"confusion-{corpus}", title, columns, rows, Notes()))
    return found


def confusion_counts(part: pd.DataFrame) -> pd.DataFrame:
    """Return counts of one corpus, true categories in rows.

    The columns begin with the rows' categories; categories that were only predicted follow, others are left
    out.
    """
    counts = part.pivot_table(
        index="truth", columns="prediction", values="count", aggfunc="sum", fill_value=0
    )
    true = [name for name in counts.index if counts.loc[name].sum() > 0]
    only_predicted = [name for name in counts.columns if name not in true and counts[name].sum() > 0]
    return counts.reindex(index=true, columns=[*true, *only_predicted], fill_value=0).astype(int)


def reliability_table(tables: EvaluationTables) -> PrintedTable:
    """Return how often the model was right at each level of confidence."""
    rows = []
    for row in records(tables.reliability):
        confidence, right, low, high = (
            percent_points(row[name]) for name in ("confidence", "accuracy", "low", "high")
        )
        told = f"{right} {between(low, high)}"
        rows.append((str(row["corpus"]), str(row["bin"]), confidence, told, whole(row["count"])))
    columns = "Corpus | Bin | #Confidence | #Right [95 %] | #n"
    return printed("reliability", "Confidence and share that is right, percent", columns, rows, Notes())


def risk_table(tables: EvaluationTables) -> PrintedTable:
    """Return the error rate among the answers that the model is surest of, at round shares of answers."""
    rows = []
    for corpus, part in by_corpus(tables.risk_coverage):
        curve = part.sort_values("coverage", kind="stable")
        for coverage in COVERAGES:
            if float(curve["coverage"].min()) <= coverage <= float(curve["coverage"].max()) + 1e-9:
                risk, ideal = (
                    percent_points(at_coverage(curve, coverage, name)) for name in ("risk", "ideal")
                )
                rows.append((corpus, f"{100 * coverage:.0f}", risk, ideal))
    columns = "Corpus | #Answered | #Wrong | #Ideal"
    return printed("risk", "Errors among the surest answers, percent", columns, rows, Notes())


def at_coverage(curve: pd.DataFrame, coverage: float, name: str) -> float | None:
    """Return a column of one corpus' curve, sorted by coverage, at a share of answers; None if unknown."""
    there = curve.dropna(subset=[name])
    if not len(there):
        return None
    places, values = (there[column].to_numpy(dtype=float) for column in ("coverage", name))
    return float(np.interp(coverage, places, values))


def group_table(tables: EvaluationTables, *, without: tuple[str, ...] = ()) -> PrintedTable:
    """Return each group's scores, one column per metric; some metrics can be left out."""
    notes, rows = Notes(), []
    metrics = [str(name) for name in tables.groups["metric"].unique() if name not in without]
    keys = ["corpus", "attribute", "group"]
    for key, part in tables.groups.groupby(keys, sort=False, dropna=False):
        own = {str(row["metric"]): row for row in records(part)}
        first = next(iter(own.values()))
        cells = [_metric_cell(own.get(metric), notes) for metric in metrics]
        rows.append((*(str(name) for name in key), whole(first["n"]), whole(first["speakers"]), *cells))
    titles = " | ".join(f"#{metric_title(tables, metric)} [95 %]" for metric in metrics)
    columns = f"Corpus | Attribute | Group | #n | #Speakers | {titles}"
    return printed("groups", "Groups of people", columns, rows, notes)


def gap_table(tables: EvaluationTables) -> PrintedTable:
    """Return the largest gap between groups per corpus and attribute."""
    notes, rows = Notes(), []
    by_chance = "by_chance" in tables.gaps
    for row in records(tables.gaps):
        metric = str(row["metric"])
        gap, low, high = (shown(row[name], metric) for name in ("gap", "low", "high"))
        there = known(row["gap"])
        told = Cell(f"{gap} {between(low, high)}" if there else gap, notes.number(row["note"]))
        chance = (shown(row["by_chance"], metric),) if by_chance else ()
        ends = (str(row["best"]), str(row["worst"])) if there else ("–", "–")
        rows.append((str(row["corpus"]), str(row["attribute"]), told, *chance, *ends))
    chance = " | #Usual by chance" if by_chance else ""
    columns = f"Corpus | Attribute | #Largest gap [95 %]{chance} | Best | Worst"
    return printed("gaps", "Largest gaps between groups", columns, rows, notes)


def strip_table(tables: EvaluationTables) -> PrintedTable:
    """Return every speaker's own score."""
    notes, rows = Notes(), []
    metric = str(tables.headline["metric"].iloc[0])
    for row in records(tables.strip):
        value = Cell(shown(row["value"], metric), notes.number(row.get("note")))
        rows.append((str(row["corpus"]), str(row["speaker"]), str(row["sex"]), value, whole(row["n"])))
    columns = f"Corpus | Speaker | Sex | #{metric_title(tables, metric)} | #n"
    return printed("strip", "Speakers", columns, rows, notes)


def overlap_table(tables: EvaluationTables) -> PrintedTable:
    """Return what training and test have in common."""
    notes, rows = Notes(), []
    for row in records(tables.overlap):
        verdict = str(row["verdict"])
        mark = verdict if verdict in ("ok", "warning", "fail") else ""
        shared = whole(row["shared"]) if isinstance(row["shared"], int | float) else str(row["shared"])
        shared = NOTHING if verdict == "unchecked" else shared
        rows.append((str(row["check"]), shared, Cell(verdict, notes.number(row["note"]), mark)))
    return printed("overlap", "Overlap of training and test", "Check | #Shared | Verdict", rows, notes)


def by_corpus(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each corpus' name and rows, in the order in which they appear."""
    for corpus, part in table.groupby("corpus", sort=False):
        yield str(corpus), part


def _metric_cell(row: Row | None, notes: Notes) -> Cell:
    if row is None:
        return Cell("–")
    metric = str(row["metric"])
    value, low, high = (shown(row[name], metric) for name in ("value", "low", "high"))
    told = f"{value} {between(low, high)}" if known(row["value"]) else value
    return Cell(told, notes.number(row["note"]))
