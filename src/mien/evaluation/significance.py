"""Tests of the difference between two systems on the same items."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError
from mien.evaluation.intervals import difference_of
from mien.evaluation.resampling import (
    BLOCK_NUMBERS,
    CountScore,
    Score,
    as_numbers,
    check_draws,
    check_items,
    check_units,
    defined,
    resample,
    resample_counts,
    score_or_nan,
    unit_rows,
)

STAR_LEVELS = (0.05, 0.02, 0.01)
TIE = 1e-10  # share of the largest value within which sums in another order count as equal


class Comparison(NamedTuple):
    """Hold the outcome of a two-sided test of two systems.

    Attributes:
        difference: score(first) - score(second).
        p: 0 to 1; with random draws never below 1 / (1 + draws).
        draws: number of swaps or resamples compared with the difference.
        exact: whether these were all there are, so that `p` carries no chance.
        undefined: number of draws without a score; each counts against a difference.
    """

    difference: float
    p: float
    draws: int
    exact: bool
    undefined: int


def permutation_test(
    score: Score,
    truth: ArrayLike,
    *,
    first: ArrayLike,
    second: ArrayLike,
    cluster: ArrayLike | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Return how probable so large a difference is if it did not matter which system is which.

    The two predictions of each item are swapped at random; with `cluster`, those of a whole speaker
    or dialogue together. Swap speakers whenever a system may suit some speakers better: the test by
    item then finds differences that the next speakers will not show. n speakers cannot give less than
    2 / 2**n, so 5 speakers never reach 5 %.

    Items or clusters on which both systems agree change nothing and are left out of the enumeration;
    if no more swaps than `draws` remain, all are tried (up to 14 with the default). Swapping
    everything only turns the sign, so half of the 2**n swaps suffice.

    Args:
        score: takes (truth, prediction), any metric.
        truth: `(items, ...)`.
        first: `(items, ...)`, predictions of the first system, in any form the score takes.
        second: `(items, ...)`, predictions of the second system.
        cluster: `(items,)` names of what is swapped whole; None swaps single items.
        draws: number of random swaps, at least 1.
        seed: seeds the swaps.

    Returns:
        The difference and its p-value; equal predictions give p = 1.

    Raises:
        DataError: unequal lengths, missing or infinite values, an item without a cluster.
        UndefinedScore: fewer than 2 items or clusters, or no score on the items as they are.
        ConfigError: fewer than 1 draw.

    Example:
        >>> truth = np.array(list("aabbaabbab"))
        >>> wrong = np.array(list("bbaabbaaba"))
        >>> test = permutation_test(lambda t, p: np.mean(t == p), truth, first=truth, second=wrong)
        >>> test.difference, test.p == 2 / 2**10, test.exact
        (1.0, True, True)

    Source:
        E. Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989, chapter 2; (1 + count) /
        (1 + draws): B. Phipson, G. Smyth, Permutation P-values Should Never Be Zero, 2010.
    """
    target, one, other = check_items(truth, first, second)
    check_draws(draws)
    rows = unit_rows(cluster, items=len(target))
    differing = [unit for unit in rows if (one[unit] != other[unit]).any()]
    exact = is_exact(len(differing), draws)
    rows = differing if exact else rows
    difference = score(target, one) - score(target, other)
    unit_of = np.full(len(target), -1)
    for number, unit in enumerate(rows):
        unit_of[unit] = number
    values = []
    for swap in _swaps(len(rows), exact=exact, draws=draws, seed=seed, block=1):
        # Items whose unit was left out have unit -1, the appended one, which is never swapped.
        swapped = np.append(swap[0], False)[unit_of].reshape(-1, *[1] * (one.ndim - 1))
        pair = np.where(swapped, other, one), np.where(swapped, one, other)
        values.append(score_or_nan(score, target, pair[0]) - score_or_nan(score, target, pair[1]))
    return _compare(difference, np.array(values), exact=exact)


def permutation_test_counts(
    score: CountScore, first: ArrayLike, second: ArrayLike, *, draws: int = 10_000, seed: int = 0
) -> Comparison:
    """Return the permutation test of a score that depends on sums only, all swaps at once.

    Use it for counts that add up over units, one row per unit that is swapped whole: right or wrong
    per item, a confusion matrix or the moments of CCC per speaker. Equals `permutation_test` with the
    same seed and the units in sorted order, unless the few units that differ are enumerated by one only.

    Args:
        score: takes summed counts `(draws, ...)`, gives `(draws,)`; NaN where it has no value.
        first: `(units, ...)`, counts of the first system, finite.
        second: as `first`, of the second system on the same units.
        draws: number of random swaps, at least 1.
        seed: seeds the swaps.

    Returns:
        The difference and its p-value.

    Raises:
        DataError: counts of different shapes, missing or infinite.
        UndefinedScore: fewer than 2 units, or no score on the counts as they are.
        ConfigError: fewer than 1 draw.

    Example:
        >>> test = permutation_test_counts(lambda right: right / 6, [1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1])
        >>> test.p == (1 + 1 + 6 + 6) / 2**6
        True
    """
    one, other = same_shape(first, second)
    check_draws(draws)
    gap = (other - one).reshape(len(one), -1)
    differing = (gap != 0).any(axis=1)
    exact = is_exact(int(differing.sum()), draws)
    gap = gap[differing] if exact else gap
    sums = one.sum(axis=0), other.sum(axis=0)
    difference = float((score(sums[0][None]) - score(sums[1][None]))[0])
    block = max(1, BLOCK_NUMBERS // max(1, *gap.shape))
    parts = []
    for swap in _swaps(len(gap), exact=exact, draws=draws, seed=seed, block=block):
        moved = (swap.astype(np.float64) @ gap).reshape(-1, *one.shape[1:])
        parts.append(score(sums[0] + moved) - score(sums[1] - moved))
    return _compare(difference, np.concatenate(parts), exact=exact)


def bootstrap_test(
    score: Score,
    truth: ArrayLike,
    *,
    first: ArrayLike,
    second: ArrayLike,
    cluster: ArrayLike | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Return the p-value of a difference from resamples, shifted to where there is none.

    Many papers report it; prefer `permutation_test`. At the 5 % level this one called 10 % of equal
    pairs different with 10 speakers and 6 % with 24 (the permutation test 5 %; 2,000 simulations).

    Args:
        score: takes (truth, prediction).
        truth: `(items, ...)`.
        first: `(items, ...)`, predictions of the first system.
        second: `(items, ...)`, predictions of the second system.
        cluster: `(items,)` names of what is drawn whole; None draws single items.
        draws: number of resamples, at least 1.
        seed: seeds the resampling.

    Returns:
        The difference and its p-value, never `exact`.

    Raises:
        DataError: as in `permutation_test`.
        UndefinedScore: as in `permutation_test`.
        ConfigError: fewer than 1 draw.

    Source:
        B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 16.4.
    """
    found = resample(difference_of(score), truth, first, second, cluster=cluster, draws=draws, seed=seed)
    return _compare(found.value, found.values - found.value, exact=False)


def bootstrap_test_counts(
    score: CountScore, first: ArrayLike, second: ArrayLike, *, draws: int = 10_000, seed: int = 0
) -> Comparison:
    """Return the `bootstrap_test` of a score that depends on sums only, all resamples at once.

    Args:
        score: as in `permutation_test_counts`.
        first: `(units, ...)`, counts of the first system, one row per item or speaker that is drawn whole.
        second: as `first`, of the second system on the same units.
        draws: number of resamples, at least 1.
        seed: seeds the resampling.

    Returns:
        The difference and its p-value, never `exact`.

    Raises:
        DataError: counts of different shapes, missing or infinite.
        UndefinedScore: fewer than 2 units, or no score on the counts as they are.
        ConfigError: fewer than 1 draw.
    """
    both = np.stack(same_shape(first, second), axis=1)
    found = resample_counts(lambda c: score(c[:, 0]) - score(c[:, 1]), both, draws=draws, seed=seed)
    return _compare(found.value, found.values - found.value, exact=False)


def stars(p: float) -> str:
    """Return the marks of a p-value: * up to 5 %, ** up to 2 %, *** up to 1 %.

    Args:
        p: 0 to 1.

    Raises:
        DataError: `p` is missing or not from 0 to 1.

    Example:
        >>> stars(0.05), stars(0.015), stars(0.2)
        ('*', '**', '')
    """
    if not 0 <= p <= 1:
        raise DataError(f"Got p = {p}, expected 0 to 1.")
    return "*" * sum(p <= level for level in STAR_LEVELS)


def same_shape(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts of two systems; DataError for unlike shapes, UndefinedScore below 2 units."""
    one, other = as_numbers(first), as_numbers(second)
    if one.shape != other.shape:
        raise DataError(f"Got counts of shapes {one.shape} and {other.shape}, expected one shape for both.")
    check_units(len(one), "units")
    return one, other


def is_exact(units: int, draws: int) -> bool:
    """Return whether all 2 ** (units - 1) swaps are no more than the draws."""
    return units <= draws.bit_length()


def _swaps(units: int, *, exact: bool, draws: int, seed: int, block: int) -> Iterator[NDArray[np.bool_]]:
    """Yield `(<= block, units)`, True = swapped: every swap up to its mirror image, or random ones."""
    total = 2 ** max(units - 1, 0) if exact else draws
    generator = np.random.default_rng(seed)
    for start in range(0, total, block):
        size = min(block, total - start)
        if exact:
            yield (np.arange(start, start + size)[:, None] >> np.arange(units)) & 1 == 1
        else:
            yield generator.integers(2, size=(size, units)) == 1


def _compare(difference: float, values: NDArray[Any], *, exact: bool) -> Comparison:
    sizes = np.abs(values[np.isfinite(values)])
    undefined = len(values) - len(sizes)
    # An undefined draw counts as extreme: it may hide a difference, never make one.
    extreme = undefined + int((sizes >= abs(difference) - TIE * sizes.max(initial=0)).sum())
    p = extreme / len(values) if exact else (1 + extreme) / (1 + len(values))
    return Comparison(defined(float(difference)), p, len(values), exact, undefined)
