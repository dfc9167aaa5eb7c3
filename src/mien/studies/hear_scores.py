"""Score the answers to a task, with an interval over speakers where they are known."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.evaluation.event_metrics import onset_score
from mien.evaluation.intervals import Interval, bootstrap, bootstrap_counts
from mien.evaluation.metrics import (
    accuracy,
    accuracy_from_counts,
    confusion_by_group,
    recall_from_counts,
    unweighted_average_recall,
)
from mien.evaluation.ranking_metrics import macro_area_under_roc, mean_average_precision
from mien.studies.hear_task import HearTask

METRICS = {
    "uar": "unweighted average recall",
    "accuracy": "accuracy",
    "map": "mean average precision",
    "auc": "mean area under the ROC curve",
    "onset-f1": "F1 of onsets",
}
"""Key → what it is."""

Rows = NDArray[np.int64]
Probabilities = NDArray[np.float32]

RANKED_DRAWS = 200
"""Resamples of scores that must sort all answers anew each time."""

_SINGLE = {"uar": unweighted_average_recall, "accuracy": accuracy}
_COUNTED = {"uar": recall_from_counts, "accuracy": accuracy_from_counts}
_RANKED = {"map": mean_average_precision, "auc": macro_area_under_roc}


class Scored(NamedTuple):
    """Hold a score and what is known of its doubt.

    Attributes:
        value: the score, 0 to 1.
        low: lower end of the 95 % interval; None without one.
        high: upper end.
        units: speakers, sets or clips that were drawn.
        note: why there is no interval; empty where there is one.
    """

    value: float
    low: float | None
    high: float | None
    units: int
    note: str


def scene_score(task: HearTask, rows: Rows, answers: Probabilities) -> float:
    """Return the score of one head's answers for some clips.

    Args:
        task: of scenes.
        rows: `(N,)`, numbers of clips.
        answers: `(N, K)` probabilities.

    Raises:
        UndefinedScore: the metric has no value on these clips.
    """
    truth = task.targets()[rows]
    if task.metric in _SINGLE:
        return _SINGLE[task.metric](truth.argmax(axis=1), answers.argmax(axis=1))
    return _RANKED[task.metric](truth, answers)


def scene_result(task: HearTask, answered: Sequence[tuple[Rows, Probabilities]]) -> Scored:
    """Return the score over all folds, with its interval.

    Decisions of all folds are scored together. Where a score depends on order, folds are scored alone and
    averaged: two heads need not agree on what a probability of 0.3 means.

    Args:
        task: of scenes.
        answered: rows `(N,)` and probabilities `(N, K)` of each fold.

    Raises:
        UndefinedScore: the metric has no value on these clips.
    """
    rows = np.concatenate([one for one, _ in answered])
    answers = np.concatenate([one for _, one in answered])
    truth, unit = task.targets()[rows], units_of(task, rows)
    if task.metric in _RANKED:
        part = np.repeat(np.arange(len(answered)), [len(one) for one, _ in answered])
        score = _by_part(_RANKED[task.metric])
        return _with_interval(
            score(truth, answers, part),
            lambda: bootstrap(score, truth, answers, part, cluster=unit, draws=RANKED_DRAWS),
            unit,
        )
    true, chosen = truth.argmax(axis=1), answers.argmax(axis=1)
    counts = confusion_by_group(true, chosen, labels=range(len(task.labels)), group=unit)
    value = _SINGLE[task.metric](true, chosen)
    return _with_interval(value, lambda: bootstrap_counts(_COUNTED[task.metric], counts), unit)


def _by_part(score: Callable[..., float]) -> Callable[..., float]:
    """Return a score that is the mean of the score of each fold."""

    def mean(truth: Probabilities, answers: Probabilities, part: Rows) -> float:
        return float(np.mean([score(truth[part == one], answers[part == one]) for one in np.unique(part)]))

    return mean


def event_counts(task: HearTask, rows: Rows, found: pd.DataFrame) -> pd.DataFrame:
    """Return how many onsets of each clip were matched, are true and were predicted.

    Args:
        task: of timestamps.
        rows: numbers of the clips that were heard.
        found: predicted events: `clip`, `start` (s), `label`.

    Returns:
        A row per clip with `matched`, `true`, `predicted`.
    """
    truth = task.events if task.events is not None else pd.DataFrame(columns=["clip", "start", "label"])
    counts = []
    for clip in task.clips["clip"].iloc[rows]:
        one = onset_score(
            truth.loc[truth["clip"] == clip, ["start", "label"]],
            found.loc[found["clip"] == clip, ["start", "label"]],
            tolerance_s=task.tolerance_s,
        )
        counts.append(one.classes[["matched", "true", "predicted"]].sum())
    return pd.DataFrame(counts).reset_index(drop=True)


def event_score(task: HearTask, rows: Rows, found: pd.DataFrame) -> float:
    """Return the F1 of onsets in some clips; arguments as in `event_counts`."""
    clips = set(task.clips["clip"].iloc[rows])
    truth = task.events if task.events is not None else found.iloc[:0]
    columns = ["clip", "start", "label"]
    truth, predicted = (
        one.loc[one["clip"].isin(clips), columns].rename(columns={"clip": "file"}) for one in (truth, found)
    )
    return onset_score(truth, predicted, tolerance_s=task.tolerance_s).f1


def event_result(task: HearTask, rows: Rows, found: pd.DataFrame) -> Scored:
    """Return the F1 of onsets with its interval; arguments as in `event_counts`."""
    unit = units_of(task, rows)
    per_clip = event_counts(task, rows, found).assign(unit=unit)
    counts = per_clip.groupby("unit")[["matched", "true", "predicted"]].sum().to_numpy(np.float64)

    def f1(summed: NDArray[np.float64]) -> NDArray[np.float64]:
        marked = summed[:, 1] + summed[:, 2]
        return np.divide(2 * summed[:, 0], marked, out=np.full(len(summed), np.nan), where=marked > 0)

    return _with_interval(event_score(task, rows, found), lambda: bootstrap_counts(f1, counts), unit)


def units_of(task: HearTask, rows: Rows) -> NDArray[np.object_]:
    """Return what is drawn whole for intervals: speakers or sources, else single clips."""
    clips = task.clips.iloc[rows]
    return clips["clip" if clips["group"].isna().any() else "group"].to_numpy(dtype=object)


def _with_interval(value: float, draw: Callable[[], Interval], unit: NDArray[np.object_]) -> Scored:
    units = len(set(unit))
    try:
        interval = draw()
    except UndefinedScore as reason:
        return Scored(value, None, None, units, f"no interval: {reason}")
    return Scored(value, interval.low, interval.high, units, "")
