"""Judge groups of people: score, error and calibration per group, and the worst gap."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mien.core.errors import UndefinedScore
from mien.evaluation.calibration import calibration_interval, debiased_calibration_error
from mien.evaluation.group_resampling import (
    Answers,
    Comparison,
    Floats,
    Group,
    Limits,
    Measure,
    compare_groups,
)
from mien.evaluation.metrics import (
    accuracy,
    accuracy_from_counts,
    macro_f1,
    macro_f1_from_counts,
    recall_from_counts,
    unweighted_average_recall,
    weighted_f1,
    weighted_f1_from_counts,
)
from mien.evaluation.resampling import CountScore, Score

NORMAL_975 = float(stats.norm.ppf(0.975))
FROM_COUNTS: dict[Score, CountScore] = {
    unweighted_average_recall: recall_from_counts,
    accuracy: accuracy_from_counts,
    macro_f1: macro_f1_from_counts,
    weighted_f1: weighted_f1_from_counts,
}
"""Scores that need no more than counts of confusions: resampled a hundred times faster."""
ERROR_RATE = Measure(
    lambda truth, prediction: 1 - accuracy(truth, prediction), lambda counts: 1 - accuracy_from_counts(counts)
)


def group_scores(
    table: pd.DataFrame,
    score: Score,
    attributes: Sequence[str | tuple[str, ...]],
    *,
    min_speakers: int = 4,
    min_items: int = 30,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return score, error rate and calibration error per group of people, with 95 % intervals.

    Use it to see for whom a model works less well; to say how far groups lie apart, use `worst_gap`. Groups
    are judged within each corpus. An attribute that only differs between corpora, such as language, is
    judged over all of them, and the note says so. Groups that are too small are listed with a note in place
    of numbers: the score of two people says nothing about a group.

    Intervals resample whole speakers and are widened where these are few. Groups of the attribute `speaker`
    are one person each; their intervals resample items.

    Args:
        table: one row per item: `corpus`, `speaker`, `truth`, `prediction`, `p.<category>` and the
            attributes; `age` in years is put into bands.
        score: takes (truth, prediction), returns a number; raises `UndefinedScore` where there is none.
        attributes: columns; a tuple of columns stands for their intersections.
        min_speakers: fewest speakers of a group that is judged, at least 2.
        min_items: fewest items of a group that is judged.
        draws: number of resamples, at least 100.
        seed: seeds the resampling.

    Returns:
        Frame `corpus, attribute, group, metric, value, low, high, n, speakers, note`. Metrics are the score's
        name, `error_rate` and `ece`. Value, low and high are null where the note says why.

    Raises:
        ConfigError: an option is out of range or an attribute is no column.
        DataError: no items, columns missing, or items without corpus, speaker, truth or prediction.
    """
    name = _name_of(score)
    measures = {name: _measure_of(score), "error_rate": ERROR_RATE}
    rows = []
    for found in compare_groups(table, attributes, measures, Limits(min_speakers, min_items, draws, seed)):
        for one in found.groups:
            judged = {metric: (one.values.get(metric), *one.interval(metric)) for metric in measures}
            judged["ece"] = _calibration(one, found.answers)
            for metric, (value, low, high, note) in judged.items():
                said = "; ".join(part for part in (note, found.remark) if part)
                row = (found.corpus, found.attribute, one.name, metric, value, low, high)
                rows.append((*row, len(one.rows), one.speakers, said))
    names = ["corpus", "attribute", "group", "metric", "value", "low", "high", "n", "speakers", "note"]
    return pd.DataFrame(rows, columns=names).astype({name: float for name in ("value", "low", "high")})


def worst_gap(
    table: pd.DataFrame,
    score: Score,
    attributes: Sequence[str | tuple[str, ...]],
    *,
    min_speakers: int = 4,
    min_items: int = 30,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the largest difference between groups per corpus and attribute, with its 95 % interval.

    The largest of several differences is large by chance alone. The interval is therefore simultaneous: it
    holds for all pairs of groups at once, hence also for the pair that was picked for being the worst. An
    interval that includes 0 means that these data do not show a gap, not that there is none. `by_chance` is
    the median of the largest difference that a model without any gap would show on as many such speakers.

    Args:
        table: as for `group_scores`.
        score: takes (truth, prediction), returns a number; higher is better.
        attributes: columns; a tuple of columns stands for their intersections.
        min_speakers: fewest speakers of a group that is compared, at least 2.
        min_items: fewest items of a group that is compared.
        draws: number of resamples, at least 100.
        seed: seeds the resampling.

    Returns:
        Frame `corpus, attribute, metric, gap, low, high, best, worst, by_chance, note`.

    Raises:
        ConfigError: an option is out of range or an attribute is no column.
        DataError: no items, columns missing, or items without corpus, speaker, truth or prediction.

    Source:
        J. Romano, M. Wolf, Exact and Approximate Stepdown Methods for Multiple Hypothesis Testing, JASA 100
        (2005): the largest studentized difference under the bootstrap. Degrees of freedom: B. Welch (1947).
    """
    metric, limits = _name_of(score), Limits(min_speakers, min_items, draws, seed)
    rows = [
        {"corpus": found.corpus, "attribute": found.attribute, "metric": metric} | _gap_row(found, metric)
        for found in compare_groups(table, attributes, {metric: _measure_of(score)}, limits)
    ]
    names = ["corpus", "attribute", "metric", "gap", "low", "high", "best", "worst", "by_chance", "note"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({name: float for name in ("gap", "low", "high", "by_chance")})


def _gap_row(found: Comparison, metric: str) -> dict[str, object]:
    judged = [one for one in found.groups if metric in one.values]
    left_out = [one.name for one in found.groups if metric not in one.values]
    notes = ["left out: " + ", ".join(f"“{name}”" for name in left_out)] if left_out else []
    if len(judged) < 2:
        return {"note": "; ".join(["fewer than two groups that can be judged", *notes])}
    notes += [found.remark] if found.remark else []
    values = np.array([one.values[metric] for one in judged])
    order = np.argsort(values, kind="stable")  # two different groups, also where all are equal
    best, worst = int(order[-1]), int(order[0])
    gap = float(values[best] - values[worst])
    row: dict[str, object] = {"gap": gap, "best": judged[best].name, "worst": judged[worst].name}
    drawn = np.column_stack([one.draws[metric] for one in judged])
    defined = drawn[np.isfinite(drawn).all(axis=1)]
    if 2 * len(defined) < len(drawn) or not np.ptp(defined[:, best] - defined[:, worst]):
        notes.append("no interval: too few resamples have a value, or they do not differ")
    else:
        row |= _gap_interval(defined, np.array([one.units for one in judged]), gap, pair=(best, worst))
    return row | {"note": "; ".join(notes)}


def _gap_interval(
    drawn: Floats, units: NDArray[np.int64], gap: float, *, pair: tuple[int, int]
) -> dict[str, float]:
    """Return an interval of the largest difference that holds for all pairs at once.

    Args:
        drawn: `(draws, groups)`.
        units: `(groups,)`, number of things that were resampled.
        gap: the largest difference.
        pair: the groups that it lies between.
    """
    # A bootstrap of k units spreads too little, by sqrt((k - 1) / k).
    spread = (drawn - drawn.mean(axis=0)) * np.sqrt(units / np.maximum(units - 1, 1))
    furthest, studentized = _largest_differences(spread)
    error = float(np.std(spread[:, pair[0]] - spread[:, pair[1]]))
    variance = spread[:, pair].var(axis=0)
    freedom = variance.sum() ** 2 / (variance**2 / np.maximum(units[list(pair)] - 1, 1)).sum()
    wider = stats.t.ppf(0.975, max(freedom, 1.0)) / NORMAL_975
    half = float(np.quantile(studentized, 0.95)) * error * wider
    return {"low": gap - half, "high": gap + half, "by_chance": float(np.median(furthest))}


def _largest_differences(spread: Floats) -> tuple[Floats, Floats]:
    """Return per draw the largest difference of any two groups, plain and over its standard error.

    Args:
        spread: `(draws, groups)`.
    """
    largest = np.zeros(len(spread))
    studentized = np.zeros(len(spread))
    for place in range(spread.shape[1] - 1):
        apart = np.abs(spread[:, place + 1 :] - spread[:, [place]])
        error = np.std(spread[:, place + 1 :] - spread[:, [place]], axis=0)
        largest = np.maximum(largest, apart.max(axis=1))
        ratio = np.divide(apart, error, out=np.zeros_like(apart), where=error > 0)
        studentized = np.maximum(studentized, ratio.max(axis=1))
    return largest, studentized


def _name_of(score: Score) -> str:
    return str(getattr(score, "__name__", "score"))


def _measure_of(score: Score) -> Measure:
    return Measure(score, FROM_COUNTS.get(score))


def _calibration(group: Group, answers: Answers) -> tuple[float | None, float | None, float | None, str]:
    """Return the debiased calibration error of a judged group, its interval, and a note."""
    if not group.values:
        return None, None, None, next(iter(group.reasons.values()))
    if answers.confidence is None:
        return None, None, None, "no probabilities"
    confidence, person = answers.confidence[group.rows], answers.person[group.rows]
    correct = answers.truth[group.rows] == answers.prediction[group.rows]
    value = None
    try:
        if group.speakers == 1:
            value = debiased_calibration_error(confidence, correct)
            return value, None, None, "no interval: one speaker"
        value = debiased_calibration_error(confidence, correct, speaker=person)
        return value, *calibration_interval(confidence, correct, speaker=person), ""
    except UndefinedScore as reason:
        return value, None, None, str(reason)
