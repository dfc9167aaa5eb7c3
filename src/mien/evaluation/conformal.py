"""Sets of categories and intervals that hold the truth as often as asked."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.calibration import check_probabilities
from mien.evaluation.dimension_metrics import paired_values
from mien.evaluation.resampling import as_numbers, check_items

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Method = Literal["lac", "aps"]

METHODS = ("lac", "aps")


class SetScores(NamedTuple):
    """Hold how good sets of categories are.

    Attributes:
        coverage: share of sets that hold the true category.
        mean_size: mean number of categories in a set.
        empty: share of sets without any category.
        worst_category: least coverage of the clips of one true category.
    """

    coverage: float
    mean_size: float
    empty: float
    worst_category: float


class CrossFitted(NamedTuple):
    """Hold sets whose limits were fitted on other folds.

    Attributes:
        sets: bool `(clips, K)`.
        hit: bool `(clips,)`, whether the set holds the truth.
        reason: why limits are infinite; empty where none is.
    """

    sets: Flags
    hit: Flags
    reason: str


@dataclass(frozen=True)
class ConformalSets:
    """Hold the limits that turn probabilities into sets of categories.

    Attributes:
        method: `lac` or `aps`.
        alpha: share of sets that may miss the truth.
        limits: for each category, the greatest score with which it joins a set; infinite where there were too
            few clips, so that the category is always in the set.
        reason: why limits are infinite; empty where none is.
    """

    method: Method
    alpha: float
    limits: tuple[float, ...]
    reason: str = ""

    def predict(self, probabilities: ArrayLike, *, seed: int = 0) -> Flags:
        """Return which categories are in each clip's set.

        Args:
            probabilities: `(clips, K)`, rows sum to 1.
            seed: of the randomization of `aps`; unlike the one used for fitting.

        Returns:
            bool `(clips, K)`; with `aps`, and with `lac` for flat probabilities, a row may be empty.

        Raises:
            DataError: other categories than at fitting, or rows that are no probabilities.
        """
        chances = np.asarray(probabilities, dtype=np.float64)
        if chances.ndim != 2 or chances.shape[1] != len(self.limits):
            raise DataError(f"Got probabilities {chances.shape}, expected (clips, {len(self.limits)}).")
        _, chances = check_probabilities(np.zeros(len(chances), dtype=np.int64), chances)
        return np.asarray(_scores(chances, self.method, seed=seed) <= np.array(self.limits))


@dataclass(frozen=True)
class ConformalInterval:
    """Hold the half width of intervals around predictions of a dimension.

    Attributes:
        alpha: share of intervals that may miss the truth.
        half_width: in the dimension's unit, or in multiples of the doubt; infinite with too few clips.
        by_doubt: whether the width grows with the doubt.
        reason: why the width is infinite; empty where it is not.
    """

    alpha: float
    half_width: float
    by_doubt: bool
    reason: str = ""

    def predict(self, prediction: ArrayLike, *, doubt: ArrayLike | None = None) -> tuple[Floats, Floats]:
        """Return the lower and upper ends, each `(clips,)`.

        Args:
            prediction: `(clips,)`, any unit.
            doubt: `(clips,)`, above 0; needed where it was fitted with doubt.

        Raises:
            DataError: doubt missing or given in vain, not above 0, or NaN.
        """
        values = as_numbers(prediction)
        if (doubt is not None) != self.by_doubt:
            got = "no doubt" if doubt is None else "doubt"
            raise DataError(f"Got {got}, unlike at fitting, expected the same; pass it to both or to none.")
        width = self.half_width * (1.0 if doubt is None else _scale(doubt, like=values))
        return values - width, values + width


def fit_sets(
    probabilities: ArrayLike,
    truth: ArrayLike,
    *,
    alpha: float = 0.1,
    method: Method = "lac",
    by_category: bool = False,
    seed: int = 0,
) -> ConformalSets:
    """Find limits so that sets hold the true category with probability 1 - alpha or more.

    True for new clips that are exchangeable with these. Clips of new speakers are not: report
    `compare_coverage`. `lac` gives the smallest sets; `aps` covers easy and hard clips more evenly, as far as
    the probabilities are calibrated, with larger sets.

    Args:
        probabilities: `(clips, K)`, rows sum to 1; of clips that nothing else was fitted on.
        truth: int `(clips,)`, from 0 to K - 1.
        alpha: share of sets that may miss the truth, between 0 and 1.
        method: `lac` (1 less the category's probability) or `aps` (probability of the categories before it,
            and a random part of its own).
        by_category: the promise holds within each true category; wants clips of each.
        seed: of the randomization of `aps`.

    Returns:
        The limits; with too few clips they are infinite, and `reason` says how many are needed.

    Raises:
        ConfigError: unknown method, or alpha out of range.
        DataError: shapes that do not fit, or rows that are no probabilities.

    Source:
        V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, 2005; `lac`: M. Sadinle,
        J. Lei, L. Wasserman, JASA 114, 2019; `aps`: Y. Romano, M. Sesia, E. Candès, NeurIPS 2020, eq. 5-9,
        where sets may be empty; by category: V. Vovk, Conditional validity of inductive conformal predictors,
        ACML 2012.
    """
    labels, chances = check_probabilities(truth, probabilities)
    if method not in METHODS:
        raise ConfigError(f"Got method `{method}`, expected one of {', '.join(METHODS)}.")
    true = _scores(chances, method, seed=seed)[np.arange(len(labels)), labels]
    categories = chances.shape[1]
    groups = [true[labels == k] for k in range(categories)] if by_category else [true]
    limits = [_limit(scores, alpha) for scores in groups]
    short = [(len(scores), k) for k, scores in enumerate(groups) if math.isinf(limits[k])]
    where = ", ".join(f"{count} of category {k}" if by_category else f"{count}" for count, k in short)
    reason = _too_few(where, alpha) if short else ""
    return ConformalSets(method, alpha, tuple(limits if by_category else limits * categories), reason)


def judge_sets(sets: ArrayLike, truth: ArrayLike) -> SetScores:
    """Return coverage and size of sets.

    Args:
        sets: bool `(clips, K)`.
        truth: int `(clips,)`, from 0 to K - 1.

    Raises:
        DataError: no clips, or shapes that do not fit.
    """
    inside, labels = np.asarray(sets, dtype=bool), np.asarray(truth)
    if inside.ndim != 2 or len(inside) == 0 or labels.shape != inside.shape[:1]:
        raise DataError(
            f"Got sets {inside.shape} and truth {labels.shape}, expected (clips, K) and (clips,)."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= inside.shape[1]:
        raise DataError(f"Got a label outside 0 to {inside.shape[1] - 1}, expected a category's number.")
    hit = inside[np.arange(len(labels)), labels]
    return SetScores(
        coverage=float(hit.mean()),
        mean_size=float(inside.sum(axis=1).mean()),
        empty=float((~inside.any(axis=1)).mean()),
        worst_category=float(min(hit[labels == k].mean() for k in np.unique(labels))),
    )


def fit_interval(
    truth: ArrayLike, prediction: ArrayLike, *, alpha: float = 0.1, doubt: ArrayLike | None = None
) -> ConformalInterval:
    """Find the half width of intervals that hold a dimension's true value with probability 1 - alpha or more.

    Args:
        truth: `(clips,)`, any unit.
        prediction: `(clips,)`, same unit, for clips that nothing else was fitted on.
        alpha: share of intervals that may miss the truth, between 0 and 1.
        doubt: `(clips,)`, above 0, e.g. the predicted standard deviation; intervals then are wide where doubt
            is.

    Returns:
        The width; infinite with too few clips, and `reason` says how many are needed.

    Raises:
        ConfigError: alpha out of range.
        DataError: unequal lengths, NaN, or doubt that is not above 0.

    Example:
        >>> fit_interval([0.1, 0.2, 0.3], [0.0, 0.0, 0.0], alpha=0.25).half_width
        0.3

    Source:
        J. Lei et al., Distribution-Free Predictive Inference for Regression, JASA 113, 2018, sections 2.2 and
        5.2.
    """
    true, values = paired_values(truth, prediction)
    scores = np.abs(true - values) / (1.0 if doubt is None else _scale(doubt, like=values))
    width = _limit(scores, alpha)
    reason = _too_few(str(len(scores)), alpha) if math.isinf(width) else ""
    return ConformalInterval(alpha, width, doubt is not None, reason)


def compare_coverage(
    probabilities: ArrayLike,
    truth: ArrayLike,
    *,
    folds: ArrayLike,
    alpha: float = 0.1,
    method: Method = "lac",
    by_category: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Return coverage with calibration clips of the same speakers and of other speakers.

    Fits on all folds but one, judges on that one. Conformal sets are promised for exchangeable clips, and
    between speakers clips are not: the first row shows the promise where it holds, the second what it is
    worth for somebody new, where nothing is guaranteed. Look at `lowest`: a mean over speakers hides those
    whom the sets fail.

    Args:
        probabilities: `(clips, K)`, rows sum to 1.
        truth: int `(clips,)`, from 0 to K - 1.
        folds: `(clips,)`, name of each clip's fold; no speaker in two of them.
        alpha: as in `fit_sets`.
        method: as in `fit_sets`.
        by_category: as in `fit_sets`.
        seed: of the mixing and of `aps`.

    Returns:
        Two rows: `speakers` (`mixed`: the clips dealt to folds of the same sizes by chance; `apart`: the
        folds), `n`, `folds`, `target`, `coverage`, `lowest` and `highest` (coverage of one fold),
        `mean_size`, `empty`, `worst_category`, `note`.

    Raises:
        ConfigError: as in `fit_sets`.
        DataError: as in `fit_sets`.
        UndefinedScore: one fold.
    """
    names = check_items(truth, folds)[1]
    dealt = {"mixed": np.random.default_rng(seed).permutation(names), "apart": names}
    rows = []
    for speakers, parts in dealt.items():
        fitted = cross_fit_sets(
            probabilities, truth, folds=parts, alpha=alpha, method=method, by_category=by_category, seed=seed
        )
        single = pd.Series(fitted.hit).groupby(parts).mean()
        row = {"speakers": speakers, "n": len(names), "folds": len(single), "target": 1 - alpha}
        scores = judge_sets(fitted.sets, truth)
        row |= {"coverage": scores.coverage, "lowest": single.min(), "highest": single.max()}
        notes = [_PROMISE[speakers], fitted.reason] if fitted.reason else [_PROMISE[speakers]]
        rows.append(row | scores._asdict() | {"note": "; ".join(notes)})
    return pd.DataFrame(rows)


def cross_fit_sets(
    probabilities: ArrayLike,
    truth: ArrayLike,
    *,
    folds: ArrayLike,
    alpha: float = 0.1,
    method: Method = "lac",
    by_category: bool = False,
    seed: int = 0,
) -> CrossFitted:
    """Return each clip's set, with limits fitted on all folds but its own.

    Args:
        probabilities: `(clips, K)`, rows sum to 1.
        truth: int `(clips,)`, from 0 to K - 1.
        folds: `(clips,)`, name of each clip's fold.
        alpha: as in `compare_coverage`.
        method: as there.
        by_category: as there.
        seed: of `aps`.

    Raises:
        ConfigError: as in `fit_sets`.
        DataError: as in `fit_sets`.
        UndefinedScore: one fold.
    """
    labels, chances = check_probabilities(truth, probabilities)
    names = check_items(labels, folds)[1]
    if len(np.unique(names)) < 2:
        raise UndefinedScore("Got 1 fold, expected at least 2: one to judge on, the others to fit on.")
    fit = partial(fit_sets, alpha=alpha, method=method, by_category=by_category)
    sets, reasons = np.zeros(chances.shape, dtype=bool), []
    for number, fold in enumerate(np.unique(names)):
        here = names == fold
        fitted = fit(chances[~here], labels[~here], seed=seed + 2 * number + 1)
        sets[here] = fitted.predict(chances[here], seed=seed + 2 * number)
        reasons += [fitted.reason] if fitted.reason else []
    return CrossFitted(sets, sets[np.arange(len(labels)), labels], "; ".join(dict.fromkeys(reasons)))


_PROMISE = {
    "mixed": "guaranteed on average: clips are exchangeable",
    "apart": "measured, not guaranteed: clips of different speakers are not exchangeable",
}


def _scores(chances: Floats, method: Method, *, seed: int) -> Floats:
    """Return how strange each category would be as the truth, `(clips, K)`."""
    if method == "lac":
        return np.asarray(1.0 - chances)
    order = np.argsort(-chances, axis=1, kind="stable")
    ordered = np.take_along_axis(chances, order, axis=1)
    part = np.random.default_rng(seed).random((len(chances), 1))
    found = np.empty_like(chances)
    np.put_along_axis(found, order, np.cumsum(ordered, axis=1) - (1.0 - part) * ordered, axis=1)
    return found


def _limit(scores: Floats, alpha: float) -> float:
    """Return the score that a new one stays below with probability 1 - alpha or more."""
    if not 0 < alpha < 1:
        raise ConfigError(f"Got alpha {alpha}, expected more than 0 and less than 1, e.g. 0.1.")
    # rounded, since 0.9 · 10 must not become 9.000000000000002 and then 10
    rank = math.ceil(round((len(scores) + 1) * (1 - alpha), 9))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf


def _too_few(got: str, alpha: float) -> str:
    least = math.ceil(round(1 / alpha, 9)) - 1
    return f"too few clips to promise {1 - alpha:g}: got {got}, expected at least {least}"


def _scale(doubt: ArrayLike, *, like: Floats) -> Floats:
    values = as_numbers(doubt)
    if values.shape != like.shape or (values <= 0).any():
        raise DataError(
            f"Got doubt {values.shape} from {values.min(initial=np.inf):g}, expected {like.shape} above 0; "
            "add what no interval should be narrower than."
        )
    return values
