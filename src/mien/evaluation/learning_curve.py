"""Judge how a score grows with the number of labels, and sum the curve up in one number."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.intervals import Interval, bootstrap
from mien.evaluation.resampling import Score
from mien.evaluation.seeds import seed_bootstrap

CURVE_COLUMNS = ("labels", "value", "low", "high", "sd", "draws", "n", "speakers", "note")


def area_under_learning_curve(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the mean height of a learning curve over the logarithm of the number of labels.

    Use it to compare ways to choose or to use labels by one number: each doubling of the labels counts the
    same. Areas over different ranges of labels may not be compared.

    Args:
        labels: `(counts,)`, rising, at least 1.
        scores: `(counts,)`, in any unit.

    Returns:
        The area under the straight lines between the points, divided by its width: in the unit of the
        scores, and equal to their common value where they do not differ.

    Raises:
        DataError: fewer than 2 counts, counts that do not rise, other lengths, or a score that is no number.

    Example:
        >>> area_under_learning_curve([25, 50, 100], [0.4, 0.6, 0.8])
        0.6
        >>> area_under_learning_curve([25, 50, 800], [0.5, 0.8, 0.8])
        0.77

    Source:
        I. Guyon et al., Results of the Active Learning Challenge, JMLR W&CP 16, 2011, section 2.3, without
        its scaling to chance and perfection.
    """
    counts, values = np.asarray(labels, float), np.asarray(scores, float)
    if counts.shape != values.shape or counts.ndim != 1 or len(counts) < 2:
        raise DataError(
            f"Got {counts.size} counts and {values.size} scores, expected one score per count and at least 2."
        )
    if counts[0] < 1 or not (np.diff(counts) > 0).all():
        raise DataError(f"Got counts {counts.tolist()}, expected numbers of labels that rise; sort them.")
    if not np.isfinite(values).all():
        raise DataError("Got a score that is no number, expected one per count; leave that count out.")
    place = np.log2(counts)
    return round(float(np.trapezoid(values, place) / (place[-1] - place[0])), 12)


def judge_learning_curve(
    score: Score,
    truth: ArrayLike,
    predictions: ArrayLike,
    *,
    labels: Sequence[int],
    speaker: ArrayLike | None,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[pd.DataFrame, Interval | None]:
    """Score a learning curve point by point and as a whole.

    With several draws of the labels, intervals are over speakers and draws at once.

    Args:
        score: takes (truth, prediction).
        truth: `(items,)`.
        predictions: `(counts, draws of the labels, items)`, of the same items for every count.
        labels: `(counts,)`, how many labels each was learned from, rising.
        speaker: `(items,)` who speaks; None resamples items.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        A frame with `CURVE_COLUMNS`: the mean score over draws, its 95 % interval, the standard deviation
        between draws (null with one), and the reason where something is missing; and the area under the
        curve with its interval, None where a point has no value.

    Raises:
        DataError: other lengths.
    """
    answers, target = np.asarray(predictions), np.asarray(truth)
    if answers.ndim != 3 or answers.shape[0] != len(labels) or answers.shape[2] != len(target):
        raise DataError(
            f"Got predictions of shape {answers.shape}, expected ({len(labels)}, draws, {len(target)}), that "
            "is (counts, draws of the labels, items)."
        )
    about = {"draws": answers.shape[1], "n": len(target), "speakers": None}
    if speaker is not None:
        about["speakers"] = len(np.unique(np.asarray(speaker)))
    rows = []
    for count, said in zip(labels, answers, strict=True):
        found, note = _interval(score, target, said, speaker, draws=draws, seed=seed)
        each = [_or_nan(score, target, one) for one in said]
        point = {
            "labels": count,
            "value": found.value if found else None,
            "low": found.low if found else None,
            "high": found.high if found else None,
            "sd": float(np.std(each, ddof=1)) if len(each) > 1 else None,
            "note": note,
        }
        rows.append({**point, **about})
    table = pd.DataFrame(rows, columns=list(CURVE_COLUMNS))
    if len(labels) < 2 or table["value"].isna().any():
        return table, None

    def area(true: NDArray[np.generic], said: NDArray[np.generic]) -> float:
        return area_under_learning_curve(labels, [score(true, one) for one in said.T])

    whole, _ = _interval(area, target, answers.transpose(1, 2, 0), speaker, draws=draws, seed=seed)
    return table, whole


def _interval(
    score: Score,
    truth: NDArray[np.generic],
    said: NDArray[np.generic],
    speaker: ArrayLike | None,
    *,
    draws: int,
    seed: int,
) -> tuple[Interval | None, str]:
    """Return the mean over draws of the labels with its interval, or None and the reason."""
    options = {"cluster": speaker, "draws": draws, "seed": seed}
    try:
        if len(said) == 1:
            return bootstrap(score, truth, said[0], **options), ""  # type: ignore[arg-type]
        return seed_bootstrap(score, truth, predictions=said, **options), ""  # type: ignore[arg-type]
    except UndefinedScore as reason:
        return None, str(reason)


def _or_nan(score: Score, truth: NDArray[np.generic], said: NDArray[np.generic]) -> float:
    try:
        return float(score(truth, said))
    except UndefinedScore:
        return float("nan")
