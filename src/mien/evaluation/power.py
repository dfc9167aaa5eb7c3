"""What a test on so many units can find, and what it must miss."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from mien.core.errors import ConfigError, UndefinedScore
from mien.evaluation.resampling import CountScore, as_numbers, check_draws, check_units
from mien.evaluation.significance import is_exact, same_shape

ROUNDING = 1e-12  # share of the largest value within which differences count as equal


def minimum_detectable_difference(
    differences: ArrayLike, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest true mean difference that a test on as many units would probably find.

    Print it beside a difference that is not significant: "no difference" means little if 5 points
    could not have been seen. Units must be independent: pass one difference per speaker, not per item,
    where speakers differ.

    Args:
        differences: `(units,)`, score of the first minus score of the second system, per item or speaker.
        alpha: level of the two-sided paired test, 0 to 1.
        power: probability of finding the difference, from alpha to 1.

    Returns:
        A difference above 0, in the unit of the differences.

    Raises:
        DataError: missing or infinite differences.
        UndefinedScore: fewer than 2 units, or all differences equal: there is no spread to judge by.
        ConfigError: `alpha` or `power` out of range.

    Example:
        >>> round(minimum_detectable_difference([0.02, -0.05, 0.06, 0.01, -0.03, 0.04, 0.0, 0.03]), 3)
        0.042

    Source:
        J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 2 (noncentral t).
    """
    values = as_numbers(differences)
    if not 0 < alpha < power < 1:
        raise ConfigError(f"Got alpha {alpha} and power {power}, expected 0 < alpha < power < 1.")
    units = values.size
    if units < 2 or np.ptp(values) <= ROUNDING * np.abs(values).max():
        raise UndefinedScore(f"Got {units} differences without spread, expected at least 2 that differ.")
    bound = stats.t.isf(alpha / 2, units - 1)

    def missing_power(shift: float) -> float:
        far, near = stats.nct.sf([bound, -bound], units - 1, shift)
        return float(power - far - (1 - near))

    most = 1.0
    while missing_power(most) > 0:
        most *= 2
    return float(optimize.brentq(missing_power, 0, most) * values.std(ddof=1) / np.sqrt(units))


def leave_one_out_differences(score: CountScore, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return each unit's own share in the difference of two systems, for `minimum_detectable_difference`.

    Use it where a score of one speaker alone has no value or another meaning, e.g. UAR of speakers who do
    not express every category. These are the jackknife's pseudo-values: what the difference gains by a
    unit, scaled so that their mean is the difference (where the score is a mean of units, exactly).

    Args:
        score: as in `permutation_test_counts`.
        first: `(units, ...)`, counts of the first system.
        second: as `first`, of the second system.

    Returns:
        `(units,)`, in the unit of the score.

    Raises:
        DataError: counts of different shapes, missing or infinite.
        UndefinedScore: fewer than 2 units, or no score without one of them.

    Example:
        >>> right_and_all = [[2, 2], [1, 2], [1, 2]], [[1, 2], [1, 2], [0, 2]]
        >>> leave_one_out_differences(lambda c: c[:, 0] / c[:, 1], *right_and_all).round(6).tolist()
        [0.5, 0.0, 0.5]

    Source:
        J. Tukey, Bias and Confidence in Not-quite Large Samples, 1958 (jackknife).
    """
    one, other = same_shape(first, second)
    units = len(one)
    whole = score(one.sum(axis=0)[None]) - score(other.sum(axis=0)[None])
    without = score(one.sum(axis=0) - one) - score(other.sum(axis=0) - other)
    if not np.isfinite(without).all():
        raise UndefinedScore("Got a unit without which there is no score, expected none; collect more units.")
    return np.asarray(units * whole - (units - 1) * without, dtype=np.float64)


def smallest_p(units: int, *, draws: int = 10_000) -> float:
    """Return the smallest p-value that a permutation test of so many units can give.

    Use it before a study: with 5 speakers even a system that is better for each of them gets 2 / 2**5.

    Args:
        units: number of items or clusters that are swapped whole, at least 2.
        draws: number of random swaps where not all are tried.

    Raises:
        UndefinedScore: fewer than 2 units.
        ConfigError: fewer than 1 draw.

    Example:
        >>> smallest_p(5), smallest_p(6), smallest_p(40, draws=999)
        (0.0625, 0.03125, 0.001)
    """
    check_units(units, "units")
    check_draws(draws)
    return 2.0 ** (1 - units) if is_exact(units, draws) else 1 / (1 + draws)
