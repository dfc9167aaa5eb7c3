"""Answer where sure, abstain where not: what it gains, and what can be promised."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, binomtest

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.metrics import recall_from_counts
from mien.evaluation.resampling import Resampled, as_numbers, check_items, resample_weights

Floats = NDArray[np.float64]

CANDIDATES = 20
"""Thresholds that `fit_guarantee` looks at: 5 %, 10 % … 100 % of the clips answered."""


@dataclass(frozen=True)
class Guarantee:
    """Hold a threshold of doubt below which answers are wrong at most so often.

    Attributes:
        threshold: answer where doubt is less; infinite answers everything, -infinite nothing.
        target: share of errors among the answers that may not be exceeded.
        delta: probability with which the promise may fail all the same.
        coverage: share of answered clips, of those that it was fitted on.
        risk: share of errors among these; null where nothing is answered.
        bound: upper bound of the risk of the threshold, or the lowest that was found if above `target`.
        clips: number of clips that it was fitted on.
        reason: why the target is not attainable; empty where it is.
    """

    threshold: float
    target: float
    delta: float
    coverage: float
    risk: float | None
    bound: float
    clips: int
    reason: str = ""

    def answers(self, doubt: ArrayLike) -> NDArray[np.bool_]:
        """Return where to answer, bool of the same shape as `doubt`."""
        return np.asarray(as_numbers(doubt) < self.threshold)


def risk_coverage(doubt: ArrayLike, correct: ArrayLike) -> pd.DataFrame:
    """Return the share of errors among the surest clips, for every share of clips that can be answered.

    Args:
        doubt: `(clips,)`, higher for less sure; any unit.
        correct: bool `(clips,)`.

    Returns:
        Frame with `threshold` (answer where doubt is at most this), `answered` (clips), `coverage` and `risk`
        (0 to 1), rising; clips of equal doubt are answered together.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.

    Source:
        R. El-Yaniv, Y. Wiener, On the foundations of noise-free selective classification, JMLR 11, 2010.
    """
    values, errors = _doubt_and_errors(doubt, correct)
    thresholds, place, size = np.unique(values, return_inverse=True, return_counts=True)
    answered, wrong = np.cumsum(size), np.cumsum(np.bincount(place, weights=errors))
    columns = {"threshold": thresholds, "answered": answered, "coverage": answered / len(values)}
    return pd.DataFrame({**columns, "risk": wrong / answered})


def area_under_risk_coverage(doubt: ArrayLike, correct: ArrayLike) -> float:
    """Return the mean risk over all coverages (AURC), from 0 (best) to 1.

    It falls with better ordering and with better accuracy: compare models of unequal accuracy by
    `excess_area_under_risk_coverage`.

    Args:
        doubt: `(clips,)`, higher for less sure; any unit. Within equal doubt the order is left to chance, and
            the expected area is returned.
        correct: bool `(clips,)`.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.

    Example:
        >>> round(area_under_risk_coverage([0.1, 0.2, 0.9, 0.8], [True, True, False, True]), 6)
        0.0625

    Source:
        Y. Geifman, G. Uziel, R. El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers,
        ICLR 2019, section 2.
    """
    once = np.ones((1, np.size(doubt)))
    return float(areas_under_risk_coverage(doubt, correct, weights=once)[0])


def areas_under_risk_coverage(doubt: ArrayLike, correct: ArrayLike, *, weights: Floats) -> Floats:
    """Return the AURC of many resamples at once.

    Args:
        doubt: `(clips,)`, as in `area_under_risk_coverage`.
        correct: bool `(clips,)`.
        weights: `(draws, clips)`, how often each clip is drawn: whole numbers, not all 0.

    Returns:
        `(draws,)`, from 0 to 1.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.
    """
    values, errors = _doubt_and_errors(doubt, correct)
    order = np.argsort(values, kind="stable")
    first = np.flatnonzero(np.diff(values[order], prepend=-np.inf))
    drawn = weights[:, order]
    size, wrong = (np.add.reduceat(part, first, axis=1) for part in (drawn, drawn * errors[order]))
    answered, found = np.cumsum(size, axis=1), np.cumsum(wrong, axis=1)
    share = np.divide(wrong, size, out=np.zeros_like(wrong), where=size > 0)
    # Within equal doubt errors come at an even pace: at place k risk is share + (before - share · start) / k.
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, int(answered[:, -1].max()) + 1)))
    start = answered - size
    pace = harmonic[answered.astype(np.int64)] - harmonic[start.astype(np.int64)]
    area = share * size + (found - wrong - share * start) * pace
    return np.asarray(area.sum(axis=1) / answered[:, -1], dtype=np.float64)


def resampled_area(
    doubt: ArrayLike,
    correct: ArrayLike,
    *,
    cluster: ArrayLike,
    less: ArrayLike | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Resampled:
    """Return the AURC with its resamples of clusters, as `resample` draws them.

    Args:
        doubt: `(clips,)`, as in `area_under_risk_coverage`.
        correct: bool `(clips,)`.
        cluster: `(clips,)` names of what is drawn whole, e.g. speakers.
        less: `(clips,)`, another doubt whose AURC is subtracted, draw by draw.
        draws: number of resamples.
        seed: seeds the resampling.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.
        UndefinedScore: one cluster.
    """
    values, hits, names = check_items(as_numbers(doubt), correct, cluster)
    unit = np.unique(names, return_inverse=True)[1]

    def area(weights: Floats) -> Floats:
        drawn = weights[:, unit]
        found = areas_under_risk_coverage(values, hits, weights=drawn)
        return found if less is None else found - areas_under_risk_coverage(less, hits, weights=drawn)

    return resample_weights(area, int(unit.max(initial=-1)) + 1, draws=draws, seed=seed, width=len(unit))


def excess_area_under_risk_coverage(doubt: ArrayLike, correct: ArrayLike) -> float:
    """Return how far the AURC lies above that of the best possible order (E-AURC), from 0 (best).

    Args:
        doubt: `(clips,)`, as in `area_under_risk_coverage`.
        correct: bool `(clips,)`.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.

    Source:
        Geifman, Uziel, El-Yaniv, ICLR 2019, section 2, with the exact best area instead of its limit.
    """
    hits = np.asarray(correct, dtype=np.float64)
    return area_under_risk_coverage(doubt, correct) - area_under_risk_coverage(1 - hits, correct)


def gain_of_abstaining(
    truth: ArrayLike, prediction: ArrayLike, *, doubt: ArrayLike, share: float = 0.2
) -> float:
    """Return what unweighted average recall gains where the most doubtful clips get no answer.

    This is mien's goal U4, which wants 0.04 from a share of 20 %.

    Args:
        truth: `(clips,)` categories.
        prediction: `(clips,)` categories.
        doubt: `(clips,)`, higher for less sure. Of clips with equal doubt at the cut, each counts in part, so
            that the order of the rows does not matter.
        share: clips without an answer, 0 to less than 1.

    Returns:
        Recall of the answered clips less recall of all, from -1 to 1.

    Raises:
        ConfigError: `share` out of range.
        DataError: no clips, unequal lengths, NaN or infinite doubt.
        UndefinedScore: a category has no answered clip left, so that recalls cannot be compared.

    Example:
        >>> truth, prediction = ["a", "a", "b", "b"], ["a", "b", "b", "b"]
        >>> gain_of_abstaining(truth, prediction, doubt=[0.1, 0.9, 0.2, 0.3], share=0.25)
        0.25
    """
    if not 0 <= share < 1:
        raise ConfigError(f"Got a share of {share}, expected 0 to less than 1, e.g. 0.2.")
    labels, answers, values = check_items(truth, prediction, as_numbers(doubt))
    weights = _answered(values, (1 - share) * len(values))
    names, codes = np.unique(np.concatenate([labels, answers]), return_inverse=True)
    cells = codes[: len(labels)] * len(names) + codes[len(labels) :]
    both = [np.bincount(cells, weights=w, minlength=len(names) ** 2) for w in (np.ones(len(values)), weights)]
    before, after = (counts.reshape(len(names), len(names)) for counts in both)
    lost = names[(before.sum(axis=1) > 0) & (after.sum(axis=1) <= 0)]
    if len(lost):
        raise UndefinedScore(
            f"Got no answered clip of `{lost[0]}` when abstaining on {share:.0%}, expected one of each "
            "category; abstain on fewer."
        )
    return float(recall_from_counts(after) - recall_from_counts(before))


def fit_guarantee(
    doubt: ArrayLike, correct: ArrayLike, *, risk: float = 0.2, delta: float = 0.05
) -> Guarantee:
    """Find the threshold of doubt that answers most clips and errs at most in a share `risk` of the answers.

    The promise holds with probability 1 - delta for new clips like these. Clips of new speakers are not:
    see `judge_guarantee` for what is left of it.

    Args:
        doubt: `(clips,)`, higher for less sure; clips that nothing else was fitted on.
        correct: bool `(clips,)`.
        risk: share of errors among the answers that may not be exceeded, between 0 and 1.
        delta: probability with which the promise may fail, between 0 and 1.

    Returns:
        The guarantee; where no threshold can promise so much, one that answers nothing and says why.

    Raises:
        ConfigError: `risk` or `delta` out of range.
        DataError: no clips, unequal lengths, NaN or infinite doubt, hits that are neither true nor false.

    Source:
        Y. Geifman, R. El-Yaniv, Selective Classification for Deep Neural Networks, NeurIPS 2017, algorithm 1
        (SGR). Departure: the paper's binary search chooses its next threshold by the errors that it saw and
        pays for the steps taken only; we test `CANDIDATES` fixed coverages and pay for all of them.
    """
    for name, value in (("risk", risk), ("delta", delta)):
        if not 0 < value < 1:
            raise ConfigError(f"Got {name} {value}, expected more than 0 and less than 1.")
    values, errors = _doubt_and_errors(doubt, correct)
    clips, ordered = len(values), np.append(np.sort(values), np.inf)
    # Given the doubt of the next clip, those below it are a fair sample of what the threshold answers.
    thresholds = ordered[[math.ceil(clips * step / CANDIDATES) for step in range(1, CANDIDATES + 1)]]
    answered = np.array([(values < threshold).sum() for threshold in thresholds])
    wrong = np.array([errors[values < threshold].sum() for threshold in thresholds])
    bounds = _upper_bounds(wrong, answered, delta=delta / CANDIDATES)
    kept = np.flatnonzero(bounds <= risk)
    if not len(kept):
        return _not_attainable(answered, bounds, target=risk, delta=delta)
    best = int(kept[-1])
    return Guarantee(
        threshold=float(thresholds[best]),
        target=risk,
        delta=delta,
        coverage=float(answered[best] / clips),
        risk=float(wrong[best] / answered[best]),
        bound=float(bounds[best]),
        clips=clips,
    )


def judge_guarantee(
    doubt: ArrayLike, correct: ArrayLike, *, folds: ArrayLike, risk: float = 0.2, delta: float = 0.05
) -> pd.DataFrame:
    """Fit a guarantee on all folds but one, judge it on that one, for each fold.

    Pass folds without common speakers to see how far the promise carries to new voices, and random folds to
    see it where it is meant to hold.

    Args:
        doubt: `(clips,)`, higher for less sure.
        correct: bool `(clips,)`.
        folds: `(clips,)`, name of each clip's fold.
        risk: as in `fit_guarantee`.
        delta: as in `fit_guarantee`.

    Returns:
        One row per fold: `fold`, `threshold`, `bound`, `clips`, `answered`, `coverage`, `risk` (null where
        nothing is answered), `kept` (risk at most the target, or nothing answered), `note`.

    Raises:
        ConfigError: `risk` or `delta` out of range.
        DataError: as in `fit_guarantee`.
        UndefinedScore: one fold.
    """
    values, hits, names = check_items(as_numbers(doubt), correct, folds)
    if len(np.unique(names)) < 2:
        raise UndefinedScore("Got 1 fold, expected at least 2: one to judge on, the others to fit on.")
    rows = []
    for fold in np.unique(names):
        here = names == fold
        found = fit_guarantee(values[~here], hits[~here], risk=risk, delta=delta)
        answered = found.answers(values[here])
        count, wrong = int(answered.sum()), int((~hits[here][answered].astype(bool)).sum())
        rows.append(
            {
                "fold": fold,
                "threshold": found.threshold,
                "bound": found.bound,
                "clips": int(here.sum()),
                "answered": count,
                "coverage": count / int(here.sum()),
                "risk": wrong / count if count else None,
                "kept": wrong <= risk * count,
                "note": found.reason or _broken(wrong, count, target=risk),
            }
        )
    return pd.DataFrame(rows).astype({"risk": "float64"})


def _doubt_and_errors(doubt: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    values, hits = check_items(as_numbers(doubt), correct)
    if values.ndim != 1 or len(values) == 0 or hits.shape != values.shape:
        raise DataError(f"Got shapes {values.shape} and {hits.shape}, expected twice (clips,), not empty.")
    if not np.isin(hits, (0, 1)).all():
        raise DataError("Got hits other than true and false, expected `prediction == truth`.")
    return values, 1.0 - hits


def _answered(doubt: Floats, mass: float) -> Floats:
    """Return how much of each clip counts when `mass` clips are answered, the surest first."""
    _, place, size = np.unique(doubt, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    return np.asarray(np.clip((mass - before) / size, 0.0, 1.0)[place], dtype=np.float64)


def _upper_bounds(wrong: Floats, answered: NDArray[np.int64], *, delta: float) -> Floats:
    """Return the one-sided bounds of Clopper and Pearson; 1 where nothing is answered."""
    bounds = beta.ppf(1 - delta, wrong + 1, np.maximum(answered - wrong, 1e-9))
    return np.where(answered > wrong, bounds, 1.0)


def _not_attainable(answered: NDArray[np.int64], bounds: Floats, *, target: float, delta: float) -> Guarantee:
    best, clips = int(bounds.argmin()), int(answered[-1])
    reason = (
        f"not attainable: the lowest risk that {clips} clips can promise with probability {1 - delta:g} is "
        f"{bounds[best]:.3f}, answering {answered[best] / clips:.0%}"
    )
    return Guarantee(-math.inf, target, delta, 0.0, None, float(bounds[best]), clips, reason)


def _broken(wrong: int, answered: int, *, target: float) -> str:
    """Say whether a risk above the target can be chance."""
    if wrong <= target * answered:
        return ""
    p = float(binomtest(wrong, answered, target, alternative="greater").pvalue)
    return f"risk above {target:g}, " + ("within chance" if p > 0.05 else f"beyond chance (p = {p:.2g})")
