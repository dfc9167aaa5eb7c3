"""Intervals of raters' agreement, by resampling what was rated."""

from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.core.ratings import RatingArrays, rating_arrays
from mien.evaluation.agreement import Level, krippendorff_alpha
from mien.evaluation.intervals import Interval, bootstrap_counts
from mien.evaluation.rater_correlation import Measure, correlation_table, rest_mean

Numbers = NDArray[np.float64]


def alpha_interval(ratings: pd.DataFrame, *, level: Level, draws: int = 1000, seed: int = 0) -> Interval:
    """Return Krippendorff's alpha with its 95 % interval over segments.

    Segments are drawn anew, raters stay: the interval says what other material of the same kind would give
    with the same people. All moments of a trace stay together. Ranks of the ordinal alpha are those of all
    ratings in every draw.

    Args:
        ratings: ratings table of one target.
        level: as in `krippendorff_alpha`.
        draws: number of resamples.
        seed: seeds them.

    Raises:
        ConfigError: as `krippendorff_alpha`, or no draw.
        DataError: as `krippendorff_alpha`.
        UndefinedScore: as `krippendorff_alpha`, or there is a single segment.

    Source:
        As `krippendorff_alpha`, which for categories is interval alpha of indicators. Resampling of units:
        A. F. Hayes, K. Krippendorff, Communication Methods and Measures 1, 2007, there of pairs of ratings.
    """
    arrays = rating_arrays(ratings)
    paired = arrays.counts[arrays.item] >= 2
    unfit = level not in get_args(Level) or (level != "nominal" and arrays.categories)
    if unfit or len(np.unique(arrays.value[paired])) < 2:
        krippendorff_alpha(ratings, level=level)  # raises, with the reason
    _, item = np.unique(arrays.item[paired], return_inverse=True)
    places = _places(arrays.value[paired], level)
    number = np.bincount(item).astype(np.float64)
    squares = np.bincount(item, (places**2).sum(axis=1))
    sums = np.stack([np.bincount(item, column) for column in places.T], axis=1)
    observed = (number * squares - (sums**2).sum(axis=1)) / (number - 1)
    counts = np.column_stack([number, observed, squares, sums])
    segment = arrays.items["segment"].to_numpy()[np.unique(arrays.item[paired])]
    return bootstrap_counts(_alpha, _by_segment(counts, segment), draws=draws, seed=seed)


def one_against_rest_interval(
    ratings: pd.DataFrame, *, measure: Measure = "pearson", draws: int = 1000, seed: int = 0
) -> Interval:
    """Return how well one rater agrees with the mean of the others, with its 95 % interval over segments.

    The value is that of `one_against_rest` with every rating of an item drawn equally often, so it needs no
    chance.

    Args:
        ratings: ratings table of one target; numbers. Raters may be unnamed.
        measure: `pearson` or `ccc`.
        draws: number of resamples of the segments.
        seed: seeds them.

    Raises:
        DataError: not such a table.
        UndefinedScore: fewer than 3 items with two ratings, constant ratings, or a single segment.
    """
    arrays = rating_arrays(ratings)
    arrays.need_numbers("one rater against the rest")
    rest, known = rest_mean(arrays)
    middle = float(arrays.value.mean())
    x, y = arrays.value - middle, rest - middle
    share = known / np.maximum(arrays.counts, 1)[arrays.item]
    parts = (np.ones_like(x), x, y, x * x, y * y, x * y)
    counts = np.stack([arrays.sum_by_item(part * share) for part in parts], axis=1)
    several = arrays.counts >= 2

    def correlation(total: NDArray[Any]) -> pd.DataFrame:
        count, sum_x, sum_y, square_x, square_y, product = total.T
        return correlation_table(count, (sum_x, sum_y), (square_x, square_y, product))

    def score(total: NDArray[Any]) -> NDArray[Any]:
        return correlation(total)[measure].to_numpy(dtype=np.float64)

    reason = correlation(counts[several].sum(axis=0, keepdims=True))["note"].iloc[0]
    if pd.notna(reason):
        raise UndefinedScore(f"No agreement: {reason}.")

    segment = arrays.items["segment"].to_numpy()[several]
    return bootstrap_counts(score, _by_segment(counts[several], segment), draws=draws, seed=seed)


def same_answer_share(arrays: RatingArrays) -> float:
    """Return how often two raters of one item give the same answer, 0 to 1, every item counting alike.

    Args:
        arrays: categories, or numbers of few values; items with a single rating do not count.

    Raises:
        UndefinedScore: no item has two ratings.

    Example:
        >>> table = pd.DataFrame({"segment": ["a"] * 3, "target": "t", "rater": ["x", "y", "z"],
        ...                       "value": ["joy", "joy", "fear"]})
        >>> round(same_answer_share(rating_arrays(table)), 3)
        0.333
    """
    _, code = np.unique(arrays.value, return_inverse=True)
    votes = pd.Series(1, index=pd.MultiIndex.from_arrays([arrays.item, code])).groupby(level=[0, 1]).sum()
    number = arrays.counts.astype(np.float64)
    same = (votes * (votes - 1)).groupby(level=0).sum().to_numpy(dtype=np.float64)
    several = number >= 2
    if not several.any():
        raise UndefinedScore("No item has two ratings, so there are no two answers to compare.")
    return float((same[several] / (number * (number - 1))[several]).mean())


def _places(value: Numbers, level: Level) -> Numbers:
    """Return where each rating lies, `(ratings, width)`, so that its level's differences are distances."""
    values, code, occurrences = np.unique(value, return_inverse=True, return_counts=True)
    if level == "nominal":
        return np.eye(len(values))[code]
    scale = values if level == "interval" else np.cumsum(occurrences) - occurrences / 2
    return np.asarray((scale - np.average(scale, weights=occurrences))[code][:, None], dtype=np.float64)


def _alpha(total: NDArray[Any]) -> NDArray[Any]:
    number, observed, squares, sums = total[:, 0], total[:, 1], total[:, 2], total[:, 3:]
    expected = number * squares - (sums**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # rounding leaves all-alike ratings with a trace of expected difference
        found = 1 - (number - 1) * observed / expected
    return np.where(expected > 1e-12 * number * squares, found, np.nan)


def _by_segment(counts: Numbers, segment: NDArray[np.object_]) -> Numbers:
    """Add up counts of items, `(items, width)`, over each segment."""
    _, code = np.unique(segment.astype(str), return_inverse=True)
    return np.stack([np.bincount(code, column) for column in counts.T], axis=1).astype(np.float64)
