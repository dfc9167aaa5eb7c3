"""A study corpus by corpus: rows that may be compared, the best among them, and conditions apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mien.reports.evaluation_numbers import known, shown
from mien.reports.plain_words import count
from mien.reports.printed_cells import Row, records
from mien.reports.study_columns import falls
from mien.reports.study_tables import StudyTables

FEW_SPEAKERS = 6
"""Below so many, an interval over speakers is rough."""
SIGNIFICANT = 0.05
SIGNS = ("†", "‡", "§", "¶")
"""Marks of conditions, doubled where there are more."""


@dataclass(frozen=True, eq=False)
class Block:
    """Hold what may be compared: the systems of one corpus, by one metric.

    Attributes:
        corpus: its name.
        metric: short name.
        title: metric in words.
        rows: one per system, null as None, in the order of the study.
    """

    corpus: str
    metric: str
    title: str
    rows: Sequence[Row]

    @property
    def scored(self) -> list[Row]:
        """Return the rows with a score, best first."""
        there = [row for row in self.rows if known(row["value"])]
        return sorted(there, key=lambda row: float(row["value"]), reverse=not falls(self.metric))

    @property
    def ordered(self) -> list[Row]:
        """Return all rows, best first, those without a score last."""
        return self.scored + [row for row in self.rows if not known(row["value"])]

    def is_best(self, row: Row) -> bool:
        """Return whether no other score is better, as far as it is printed."""
        best = self.scored[:1]
        return bool(best) and shown(row["value"], self.metric) == shown(best[0]["value"], self.metric)

    @property
    def sizes(self) -> str:
        """Return segments and speakers, as a range where systems differ."""
        n, people = (self._range(name) for name in ("n", "speakers"))
        if not n:
            return "no scores"
        return f"n = {n}" + (f", {people} speaker{'' if people == '1' else 's'}" if people else "")

    @property
    def few(self) -> str:
        """Return a warning where an interval over speakers is rough, or nothing."""
        people = [int(row["speakers"]) for row in self.scored if known(row["speakers"])]
        if not people or min(people) >= FEW_SPEAKERS:
            return ""
        return (
            f"{self.corpus} has {count(min(people), 'speaker')}: an interval over fewer than {FEW_SPEAKERS} "
            "is rough, and often too short."
        )

    def _range(self, name: str) -> str:
        values = [int(row[name]) for row in self.scored if known(row[name])]
        if not values:
            return ""
        return f"{min(values):,}" + (f"–{max(values):,}" if max(values) > min(values) else "")


def blocks(tables: StudyTables) -> list[Block]:
    """Return a study's rows by corpus and metric; a row without a score stands with its corpus' first metric.

    Args:
        tables: the study.
    """
    found = []
    for corpus, part in tables.rows.groupby("corpus", sort=False):
        metrics = [str(one) for one in part["metric"].dropna().unique() if str(one)]
        metrics = metrics or [str(tables.summary["metric"])]
        own = part["metric"].where(part["metric"].isin(metrics), metrics[0])
        for metric in metrics:
            chosen = part[own == metric]
            titles = [str(one) for one in chosen["title"].dropna() if str(one)]
            title = titles[0] if titles else metric
            found.append(Block(str(corpus), metric, title, list(records(chosen))))
    return found


def by_metric(tables: StudyTables) -> dict[str, list[Block]]:
    """Return the blocks of each metric; scores of two metrics never share a table's column or a scale."""
    found: dict[str, list[Block]] = {}
    for block in blocks(tables):
        found.setdefault(block.metric, []).append(block)
    return found


def only_metric(tables: StudyTables) -> str | None:
    """Return the metric of all rows, or None where there are several."""
    metrics = list(by_metric(tables))
    return metrics[0] if len(metrics) == 1 else None


def condition_signs(tables: StudyTables) -> dict[str, str]:
    """Return each condition with the sign that marks its systems."""
    conditions = [str(one) for one in tables.rows["condition"].dropna().unique() if str(one)]
    return {
        one: SIGNS[place % len(SIGNS)] * (1 + place // len(SIGNS)) for place, one in enumerate(conditions)
    }


def sign_of(row: Row, signs: dict[str, str]) -> str:
    """Return the sign of a row's condition, or nothing."""
    return signs.get(str(row["condition"]), "")


def system_numbers(tables: StudyTables) -> dict[str, int]:
    """Return each system's place in the study, from 1: its number and color in drawings."""
    return {name: place for place, name in enumerate(tables.systems, start=1)}


def all_ends(rows: Sequence[Row]) -> "pd.Series[float]":
    """Return scores and ends of intervals together, for a scale that holds them all."""
    ends = [row[name] for row in rows for name in ("value", "low", "high") if known(row[name])]
    return pd.Series(ends, dtype=float)
