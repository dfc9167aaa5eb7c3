"""Scores that follow from sums over items, so that thousands of resamples take one product."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.nearest import did_you_mean
from mien.evaluation.answers import categories_of
from mien.evaluation.dimension_metrics import ccc_from_moments, moments_by_group
from mien.evaluation.metrics import confusion_by_group
from mien.evaluation.proper_scores import log_losses
from mien.evaluation.resampling import CountScore
from mien.evaluation.score_table import OF_COUNTS

Counts = NDArray[np.float64]
OF_CHANCES = {"brier": "Brier score", "nll": "negative log-likelihood in nats"}
OF_VALUES = {"ccc": "concordance correlation", "rmse": "root mean square error", "mae": "mean absolute error"}


class SummedScore(NamedTuple):
    """Hold one score and how to count what it needs.

    Attributes:
        metric: short name, e.g. `uar` or `valence.ccc`.
        title: in words.
        rises: whether more is better.
        linear: whether the score of all seeds' counts together is the mean of their scores.
        score: sums `(..., counts)` → `(...,)`, NaN where it has no value.
        counts: answers and all labels → `(items, ...)`.
    """

    metric: str
    title: str
    rises: bool
    linear: bool
    score: CountScore
    counts: Callable[[pd.DataFrame, Sequence[str]], Counts]


def find_score(metric: str, answers: pd.DataFrame) -> SummedScore:
    """Return a score by its name.

    Args:
        metric: `uar`, `accuracy`, `macro_f1`, `weighted_f1`, `brier`, `nll`, or `<dimension>.ccc`, `.rmse`
            or `.mae` of a dimension with a column of predictions and one `<dimension>.truth`.
        answers: tells which dimensions there are.

    Raises:
        ConfigError: no such score.
    """
    dimension, _, last = metric.rpartition(".")
    if metric in OF_COUNTS:
        title, score = OF_COUNTS[metric]
        linear = metric in ("uar", "accuracy")
        return SummedScore(metric, title, True, linear, nan_where_undefined(score, 2), _confusions)
    if metric in OF_CHANCES:
        count = _squared_errors if metric == "brier" else _log_losses
        return SummedScore(metric, OF_CHANCES[metric], False, True, _mean_of_sums, count)
    if last in OF_VALUES and f"{dimension}.truth" in answers and dimension in answers:
        return _dimension_score(metric, dimension, last)
    known = [*OF_COUNTS, *OF_CHANCES]
    known += [
        f"{name}.{kind}" for name in answers for kind in OF_VALUES if f"{name}.truth" in answers.columns
    ]
    raise ConfigError(
        f"Got metric `{metric}`, expected one of {', '.join(known)}.{did_you_mean(metric, known)}"
    )


def nan_where_undefined(score: Callable[[Any], Any], axes: int) -> CountScore:
    """Return a score of many sums that gives NaN where it has no value, in place of raising.

    Args:
        score: sums `(..., counts)` → `(...,)`; raises `UndefinedScore` if any has no value.
        axes: number of axes that `counts` has.
    """

    def each(sums: NDArray[Any]) -> NDArray[Any]:
        try:
            return np.asarray(score(sums), dtype=np.float64)
        except UndefinedScore:
            if sums.ndim == axes:
                return np.asarray(np.nan)
            return np.stack([each(one) for one in sums])

    return each


def _dimension_score(metric: str, dimension: str, kind: str) -> SummedScore:
    def moments(answers: pd.DataFrame, _: Sequence[str]) -> Counts:
        return moments_by_group(*_values(answers, dimension), group=np.arange(len(answers)))

    def errors(answers: pd.DataFrame, _: Sequence[str]) -> Counts:
        truth, value = _values(answers, dimension)
        return _with_ones((value - truth) ** 2 if kind == "rmse" else np.abs(value - truth))

    title = f"{dimension} {OF_VALUES[kind]}"
    if kind == "ccc":
        return SummedScore(metric, title, True, False, nan_where_undefined(ccc_from_moments, 1), moments)
    if kind == "rmse":
        return SummedScore(metric, title, False, False, _root_of_mean, errors)
    return SummedScore(metric, title, False, True, _mean_of_sums, errors)


def _values(answers: pd.DataFrame, dimension: str) -> tuple[Counts, Counts]:
    if dimension not in answers or answers[dimension].isna().any():
        raise DataError(f"Got a system without `{dimension}` for some items, expected a value for each.")
    truth, value = (answers[name].to_numpy(dtype=float) for name in (f"{dimension}.truth", dimension))
    return truth, value


def _confusions(answers: pd.DataFrame, labels: Sequence[str]) -> Counts:
    truth, prediction = (answers[name].to_numpy(object) for name in ("truth", "prediction"))
    return confusion_by_group(truth, prediction, labels=labels, group=np.arange(len(answers)))


def _log_losses(answers: pd.DataFrame, _: Sequence[str]) -> Counts:
    return _with_ones(log_losses(*_chances(answers)))


def _squared_errors(answers: pd.DataFrame, _: Sequence[str]) -> Counts:
    place, chances = _chances(answers)
    return _with_ones(((chances - np.eye(chances.shape[1])[place]) ** 2).sum(axis=1))


def _chances(answers: pd.DataFrame) -> tuple[NDArray[np.int64], Counts]:
    """Return the place of each true category, and the probabilities of all."""
    labels = categories_of(answers)
    place = pd.Index(labels).get_indexer(pd.Index(answers["truth"]))
    if (place < 0).any():
        name = answers["truth"].iloc[int(np.argmin(place))]
        raise DataError(f"Got a system without `p.{name}`, expected a probability for every true category.")
    chances = answers[[f"p.{label}" for label in labels]].to_numpy(dtype=float)
    return place.astype(np.int64), chances


def _with_ones(values: Counts) -> Counts:
    return np.stack([values, np.ones(len(values))], axis=1)


def _root_of_mean(sums: NDArray[Any]) -> NDArray[Any]:
    # Sums that lost all they held may end a rounding error below 0.
    return np.asarray(np.sqrt(np.maximum(_mean_of_sums(sums), 0)))


def _mean_of_sums(sums: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])
