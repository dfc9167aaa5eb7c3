"""What an evaluation says in plain sentences, each derived from its numbers."""

from typing import Any

import pandas as pd

from mien.reports.evaluation_numbers import has_limit, is_share, known, shown
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.plain_words import NO_BREAK, count, listed


def headline(tables: EvaluationTables) -> tuple[str, str]:
    """Return what the model can do and what it cannot, one sentence each."""
    return _can(tables), _cannot(tables)


def with_unit(value: Any, metric: str) -> str:
    """Return a value with its unit, for a sentence.

    Example:
        >>> with_unit(0.712, "uar").replace(NO_BREAK, " "), with_unit(0.65, "ccc")
        ('71.2 %', '.650')
    """
    return shown(value, metric) + (f"{NO_BREAK}%" if is_share(metric) and known(value) else "")


def spoken_interval(row: "pd.Series[Any]", metric: str) -> str:
    """Return the 95 % interval by speaker in words."""
    return f"{shown(row['low'], metric)} to {shown(row['high'], metric)}"


def _can(tables: EvaluationTables) -> str:
    rows = tables.headline.dropna(subset=["value"])
    model = str(tables.summary["model"])
    if not len(rows):
        return f"No score of {model} has a value on these data."
    if not rows["chance"].notna().any():
        return f"For {_whom(tables)}, {_reached(rows, f'the {{}} of {model}')}."
    better = rows[rows["low"] > rows["chance"]]
    if not len(better):
        return f"{model} cannot be told from guessing here: {_reached(rows, 'its {}')}{_guessing(rows)}."
    where = "" if len(rows) == 1 else f" in {_each(len(better), len(rows))}"
    above = _places(rows, "low", "floor")
    beaten = f", and it is above {_floor(tables)} in {listed(above)}" if above else ""
    subject = f"For {_whom(tables)}, {model} does better than guessing{where}"
    return f"{subject}: {_reached(better, 'its {}')}{_guessing(better)}{beaten}."


def _whom(tables: EvaluationTables) -> str:
    held_out = str(tables.summary.get("held_out") or "")
    return "speakers it has never heard" if "speaker" in held_out.lower() else "the people judged here"


def _each(some: int, every: int) -> str:
    return f"all {every} corpora" if some == every else f"{some} of {every} corpora"


def _reached(rows: pd.DataFrame, subject: str) -> str:
    """Return the lowest and the highest score; `subject` names the metric in place of its braces."""
    metric, title = str(rows["metric"].iloc[0]), str(rows["title"].iloc[0])
    ordered = rows.sort_values("value", kind="stable")
    told = [
        f"{with_unit(row['value'], metric)} in {row['corpus']} (95{NO_BREAK}% interval "
        f"{spoken_interval(row, metric)})"
        for _, row in ordered.iloc[[0, -1] if len(ordered) > 1 else [0]].iterrows()
    ]
    name = subject.format(title[0].lower() + title[1:] if title[1:2].islower() else title)
    return f"{name} is {told[0]}" if len(told) == 1 else f"{name} goes from {told[0]} to {told[1]}"


def _guessing(rows: pd.DataFrame) -> str:
    metric = str(rows["metric"].iloc[0])
    low, high = shown(rows["chance"].min(), metric), with_unit(rows["chance"].max(), metric)
    return f"; guessing gives {high if high.startswith(low) else f'{low} to {high}'}"


def _floor(tables: EvaluationTables) -> str:
    name = tables.summary.get("floor")
    return f"the floor ({name})" if name else "the floor"


def _places(rows: pd.DataFrame, larger: str, smaller: str) -> list[str]:
    """Return the corpora in which one column is above another."""
    return [str(name) for name in rows.loc[rows[larger] > rows[smaller], "corpus"]]


def _cannot(tables: EvaluationTables) -> str:
    parts = [*_floors_not_beaten(tables), *_goals_missed(tables), *_goals_not_shown(tables)]
    judged = int(tables.goals["met"].notna().sum())
    if not parts:
        met = (
            f"it meets all {count(judged, 'goal')} that were judged" if judged else "no goals were set for it"
        )
        parts = [f"{met}; that says nothing about speech unlike that of {listed(tables.corpora)}"]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _floors_not_beaten(tables: EvaluationTables) -> list[str]:
    rows = tables.headline.dropna(subset=["value", "low", "high", "floor"])
    below, above = _places(rows, "floor", "high"), _places(rows, "low", "floor")
    same = [str(name) for name in rows["corpus"] if name not in (*below, *above)]
    said = [f"it is below {_floor(tables)} in {listed(below)}"] if below else []
    return said + ([f"it cannot be told from {_floor(tables)} in {listed(same)}"] if same else [])


def _goals_missed(tables: EvaluationTables) -> list[str]:
    judged = tables.goals[tables.goals["met"].notna()]
    missed = judged[~judged["met"].astype(bool)]
    return (
        [f"it misses {len(missed)} of {count(len(judged), 'goal')}: {_named(missed)}"] if len(missed) else []
    )


def _goals_not_shown(tables: EvaluationTables) -> list[str]:
    """Return the goals that have a value, and an interval that leaves open whether they are met."""
    goals = tables.goals[tables.goals["goal"].map(has_limit).astype(bool)]
    left_open = goals[goals["met"].isna() & goals["value"].notna()]
    return [f"these data cannot tell whether it meets {_named(left_open)}"] if len(left_open) else []


def _named(goals: pd.DataFrame) -> str:
    """Return goals with the corpora in which they are meant."""
    names = [
        f"{identity} ({what}) in {listed([str(one) for one in part['corpus']])}"
        for (identity, what), part in goals.groupby(["id", "what"], sort=False)
    ]
    return "; ".join(names)
