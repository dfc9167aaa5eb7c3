"""Resample people within groups: every group's scores under the same draws."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.nearest import did_you_mean
from mien.evaluation.answers import categories_of
from mien.evaluation.intervals import interval_of
from mien.evaluation.metrics import confusion_by_group
from mien.evaluation.resampling import (
    CountScore,
    Resampled,
    Score,
    draw_units,
    score_or_nan,
    times_picked,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

AGE_BANDS = ((0, "under 18"), (18, "18–29"), (30, "30–44"), (45, "45–59"), (60, "60 and over"))
"""First year of each band, and its name."""
NOT_STATED = "not stated"
LEAST_DRAWS = 100
WHOLE_CORPORA = "the groups are whole corpora: whatever else differs between these counts too"


@dataclass(frozen=True)
class Answers:
    """Hold what scores are computed from, each `(items,)`.

    Attributes:
        truth: labels.
        prediction: labels.
        confidence: probability of the predicted label; None where the table has no probabilities.
        person: number of the speaker.
        unit: number of what is drawn whole: the speaker, or the item where groups are single speakers.
    """

    truth: NDArray[Any]
    prediction: NDArray[Any]
    confidence: Floats | None
    person: Rows
    unit: Rows

    def at(self, rows: Rows) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return truth and prediction of some items."""
        return self.truth[rows], self.prediction[rows]


@dataclass(frozen=True)
class Measure:
    """Say how a metric is computed.

    Attributes:
        of_items: takes (truth, prediction).
        of_counts: takes counts of confusions `(draws, classes, classes)` and gives `(draws,)`, where the
            metric needs no more than these; much faster.
    """

    of_items: Score
    of_counts: CountScore | None = None


@dataclass(frozen=True)
class Limits:
    """Say which groups are judged, and how often they are resampled."""

    min_speakers: int = 2
    min_items: int = 1
    draws: int = LEAST_DRAWS
    seed: int = 0


@dataclass(frozen=True)
class Group:
    """Hold one group and what resampling made of it.

    Attributes:
        name: as the table names it.
        rows: its items, positions among the answers.
        speakers: number of speakers.
        units: number of things that are drawn, as in `Answers.unit`.
        values: metric → value.
        reasons: metric → why it has no value.
        draws: metric → `(draws,)`, NaN where a resample has no value.
    """

    name: str
    rows: Rows
    speakers: int
    units: int
    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    draws: dict[str, Floats] = field(default_factory=dict)

    def interval(self, metric: str) -> tuple[float | None, float | None, str]:
        """Return the 95 % interval of a metric and a note; None, None and the reason where there is none."""
        if metric in self.reasons:
            return None, None, self.reasons[metric]
        if self.units < 2:
            return None, None, "no interval: one item"
        try:
            found = interval_of(Resampled(self.values[metric], self.draws[metric], self.units))
        except UndefinedScore as reason:
            return None, None, str(reason)
        note = f"{found.undefined} of {found.draws} resamples have no value" if found.undefined else ""
        return found.low, found.high, note


@dataclass(frozen=True)
class Comparison:
    """Hold the groups of one attribute in one corpus.

    Attributes:
        corpus: its name, or `all`.
        attribute: its name.
        groups: by name, those that are not stated last.
        answers: what the groups' rows point into.
        remark: what else differs between the groups, or empty.
    """

    corpus: str
    attribute: str
    groups: list[Group]
    answers: Answers
    remark: str


def check_answers(table: pd.DataFrame, limits: Limits, attributes: Sequence[str] = ()) -> None:
    """Refuse options out of range and tables from which people cannot be judged.

    Raises:
        ConfigError: an option is out of range or an attribute is no column.
        DataError: no items, columns missing, or items without corpus, speaker, truth or prediction.
    """
    for name, least in (("min_speakers", 2), ("min_items", 1), ("draws", LEAST_DRAWS)):
        value = getattr(limits, name)
        if value < least:
            raise ConfigError(f"Got {name} {value}, expected at least {least}; pass a larger number.")
    known = [str(name) for name in table]
    for name in attributes:
        if name not in known:
            raise ConfigError(
                f"Got attribute `{name}`, expected one of the columns {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
    if not len(table):
        raise DataError("Got no items, expected at least one; pass answers.")
    for name in ("corpus", "speaker", "truth", "prediction"):
        lost = int(table[name].isna().sum()) if name in known else len(table)
        if lost:
            raise DataError(
                f"Got {lost} of {len(table)} items without {name}, expected it for each; fill it in or leave "
                "these items out."
            )


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """Return a generator that depends on what is judged, and not on what else is judged with it."""
    return np.random.default_rng([seed, zlib.crc32("\n".join(names).encode())])


def compare_groups(
    table: pd.DataFrame,
    attributes: Sequence[str | tuple[str, ...]],
    measures: Mapping[str, Measure],
    limits: Limits,
) -> Iterator[Comparison]:
    """Yield the groups of each attribute with their values and draws, corpus by corpus.

    Attributes are judged within each corpus, or over all where they only differ between corpora. Speakers
    that belong to the same groups are exchanged among each other, so a group keeps its number of speakers,
    and a speaker who is in two groups is drawn for both at once.

    Args:
        table: answers with the attributes as columns.
        attributes: columns; a tuple stands for intersections.
        measures: metric → its value on some of the answers.
        limits: smallest groups, draws and seed.

    Raises:
        ConfigError: an option is out of range or an attribute is no column.
        DataError: no items, columns missing, or items without corpus, speaker, truth or prediction.
    """
    parts = [(name,) if isinstance(name, str) else tuple(name) for name in attributes]
    check_answers(table, limits, [name for names in parts for name in names])
    corpora = table["corpus"].astype(str)
    for names in parts:
        groups, attribute = _group_names(table, names), " × ".join(names)
        across = _differ_only_between(groups, corpora)
        for corpus in ["all"] if across else sorted(corpora.unique()):
            rows = ((corpora == corpus) | across).to_numpy(dtype=bool)
            answers = _answers_of(table[rows], by_item="speaker" in names)
            found = _groups(groups[rows].to_numpy(dtype=object), answers)
            for one in found:
                why_not = _why_not(one, limits, single="speaker" in names)
                _measure(one, answers, measures, draws=limits.draws, why_not=why_not)
            judged = [one for one in found if one.values]
            generator = generator_for(limits.seed, corpus, attribute)
            for place, picked in draw_units(_alike(judged, answers.unit), limits.draws, generator):
                weights = times_picked(picked, int(answers.unit.max()) + 1)
                for one in judged:
                    _measure_draws(one, answers, measures, picked=picked, weights=weights, place=place)
            yield Comparison(corpus, attribute, found, answers, WHOLE_CORPORA if across else "")


def _group_names(table: pd.DataFrame, names: Sequence[str]) -> "pd.Series[str]":
    """Return each item's group: its attributes' values, ages in bands, `not stated` where one is null."""
    columns = [_age_bands(table[name]) if name == "age" else table[name] for name in names]
    stated = np.all([column.notna().to_numpy(dtype=bool) for column in columns], axis=0)
    text = columns[0].astype(str)
    for column in columns[1:]:
        text = text + ", " + column.astype(str)
    return text.where(stated, NOT_STATED)


def _age_bands(age: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return bands of ages in years; ages that are words already stay."""
    if not pd.api.types.is_numeric_dtype(age):
        return age
    starts = [float(start) for start, _ in AGE_BANDS]
    bands = pd.cut(age.astype(float), [*starts, np.inf], right=False, labels=[name for _, name in AGE_BANDS])
    return bands.astype(object)


def _differ_only_between(groups: "pd.Series[str]", corpora: "pd.Series[str]") -> bool:
    """Tell whether there are several groups, but each corpus has only one."""
    pairs = pd.DataFrame({"group": groups, "corpus": corpora})[groups != NOT_STATED].drop_duplicates()
    return pairs["group"].nunique() > 1 and not pairs["corpus"].duplicated().any()


def _answers_of(table: pd.DataFrame, *, by_item: bool) -> Answers:
    names = [f"p.{name}" for name in categories_of(table)]
    person = pd.factorize(table["corpus"].astype(str) + "\n" + table["speaker"].astype(str))[0]
    return Answers(
        truth=table["truth"].to_numpy(dtype=object),
        prediction=table["prediction"].to_numpy(dtype=object),
        confidence=table[names].to_numpy(dtype=float).max(axis=1) if names else None,
        person=person,
        unit=np.arange(len(table)) if by_item else person,
    )


def _groups(names: NDArray[Any], answers: Answers) -> list[Group]:
    ordered = sorted(set(names), key=lambda name: (name == NOT_STATED, name))
    members = [(str(name), np.flatnonzero(names == name)) for name in ordered]
    return [
        Group(name, rows, len(np.unique(answers.person[rows])), len(np.unique(answers.unit[rows])))
        for name, rows in members
    ]


def _why_not(group: Group, limits: Limits, *, single: bool) -> str:
    """Return why a group is not judged, or an empty string."""
    if group.name == NOT_STATED:
        return "not stated for these items"
    if not single and group.speakers < limits.min_speakers:
        return f"too few speakers: {group.speakers}, fewer than {limits.min_speakers}"
    if len(group.rows) < limits.min_items:
        return f"too few items: {len(group.rows)}, fewer than {limits.min_items}"
    return ""


def _measure(
    group: Group, answers: Answers, measures: Mapping[str, Measure], *, draws: int, why_not: str
) -> None:
    """Fill in a group's values, or the reasons why it has none."""
    for metric, measure in measures.items():
        try:
            if why_not:
                raise UndefinedScore(why_not)
            group.values[metric] = float(measure.of_items(*answers.at(group.rows)))
            group.draws[metric] = np.full(draws, np.nan)
        except UndefinedScore as reason:
            group.reasons[metric] = str(reason)


def _alike(groups: Sequence[Group], unit: Rows) -> list[Rows]:
    """Return the units that belong to the same groups, and so are exchanged among each other."""
    member = np.zeros((int(unit.max()) + 1, len(groups)), dtype=bool)
    for place, group in enumerate(groups):
        member[unit[group.rows], place] = True
    kinds = np.unique(member, axis=0, return_inverse=True)[1].reshape(-1)
    return [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]


def _measure_draws(
    group: Group,
    answers: Answers,
    measures: Mapping[str, Measure],
    *,
    picked: Rows,
    weights: Floats,
    place: slice,
) -> None:
    """Fill in a group's draws at a place: each time the people whom the other groups have too."""
    unit, counts = answers.unit[group.rows], None
    rows, size = group.rows[np.argsort(unit, kind="stable")], np.bincount(unit, minlength=weights.shape[1])
    for metric, values in group.draws.items():
        measure = measures[metric]
        if measure.of_counts is not None:
            counts = _drawn_counts(group, answers, weights) if counts is None else counts
            values[place] = measure.of_counts(counts)
        else:
            drawn = (answers.at(_rows_of(one, rows, size)) for one in picked)
            values[place] = [score_or_nan(measure.of_items, *pair) for pair in drawn]


def _drawn_counts(group: Group, answers: Answers, weights: Floats) -> Floats:
    """Return the confusions of a group in every draw, `(draws, classes, classes)`."""
    truth, prediction = answers.at(group.rows)
    labels, unit = sorted({*truth, *prediction}), answers.unit[group.rows]
    own = confusion_by_group(truth, prediction, labels=labels, group=unit)
    summed: Floats = weights[:, np.unique(unit)] @ own.reshape(len(own), -1)
    return summed.reshape(-1, len(labels), len(labels))


def _rows_of(picked: Rows, rows: Rows, size: Rows) -> Rows:
    """Return the rows of picked units; `rows` are sorted by unit, `size` counts each unit's rows."""
    first = np.cumsum(size) - size
    length = size[picked]
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    found: Rows = rows[np.repeat(first[picked], length) + within]
    return found
