"""Draw items or whole clusters again, and score every draw."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore

Score = Callable[..., float]
CountScore = Callable[[NDArray[Any]], NDArray[Any]]

BLOCK_NUMBERS = 2_000_000  # weights, counts or drawn units held at once on the fast path: 16 MB


class Resampled(NamedTuple):
    """Hold a score on all items and on resamples of them.

    Attributes:
        value: the score on all items.
        values: `(draws,)`, NaN where the score is undefined.
        units: number of items or clusters that were resampled.
    """

    value: float
    values: NDArray[np.float64]
    units: int


def resample(
    score: Score, *arrays: ArrayLike, cluster: ArrayLike | None = None, draws: int = 1000, seed: int = 0
) -> Resampled:
    """Return a score on all items and on resamples; arguments as in `intervals.bootstrap`."""
    items = check_items(*arrays)
    check_draws(draws)
    rows = unit_rows(cluster, items=len(items[0]))
    value = defined(float(score(*items)))
    values = np.full(draws, np.nan)
    generator = np.random.default_rng(seed)
    for number in range(draws):
        drawn = generator.integers(len(rows), size=len(rows))
        chosen = drawn if cluster is None else np.concatenate([rows[i] for i in drawn])
        values[number] = score_or_nan(score, *(array[chosen] for array in items))
    return Resampled(value, values, len(rows))


def resample_counts(score: CountScore, counts: ArrayLike, *, draws: int = 1000, seed: int = 0) -> Resampled:
    """Return a score on all counts and on resamples; arguments as in `intervals.bootstrap_counts`."""
    table = as_numbers(counts)

    def of_weights(weights: NDArray[np.float64]) -> NDArray[Any]:
        return score((weights @ table.reshape(len(table), -1)).reshape(-1, *table.shape[1:]))

    width = table[0].size if len(table) else 1
    return resample_weights(of_weights, len(table), draws=draws, seed=seed, width=width)


def resample_weights(
    score: CountScore, units: int, *, draws: int = 1000, seed: int = 0, width: int = 1
) -> Resampled:
    """Return a score of how often each unit is drawn, for all units once and for resamples.

    Equal seeds draw the same units as `resample` does, with clusters in sorted order.

    Args:
        score: takes weights `(draws, units)`, gives `(draws,)`; not finite where it has no value.
        units: number of items or clusters, at least 2.
        draws: number of resamples, at least 1.
        seed: seeds the resampling.
        width: numbers that the score holds per draw, so that a block of draws fits into memory.

    Raises:
        ConfigError: no draws.
        UndefinedScore: fewer than 2 units, or no score on all of them.
    """
    check_draws(draws)
    check_units(units, "clusters")
    value = defined(float(score(np.ones((1, units)))[0]))
    values = np.full(draws, np.nan)
    generator = np.random.default_rng(seed)
    for place, picked in draw_units([np.arange(units)], draws, generator, width=width):
        values[place] = score(times_picked(picked, units))
    values[~np.isfinite(values)] = np.nan
    return Resampled(value, values, units)


def draw_units(
    strata: Sequence[NDArray[np.int64]], draws: int, generator: np.random.Generator, *, width: int = 1
) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Yield places of draws and the units that these pick, `(draws, units)`; each stratum keeps its size.

    Args:
        strata: the numbers of the units that are exchanged among each other.
        draws: number of resamples.
        generator: where chance comes from.
        width: numbers held per draw, if more than units.
    """
    block = max(1, BLOCK_NUMBERS // max(sum(map(len, strata)), width))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        picked = np.hstack([generator.choice(one, (size, len(one))) for one in strata])
        yield slice(start, start + size), picked


def times_picked(picked: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return how often each of `count` units is picked, `(draws, count)`."""
    cells = (picked + count * np.arange(len(picked))[:, None]).ravel()
    return np.bincount(cells, minlength=count * len(picked)).reshape(-1, count).astype(np.float64)


def score_or_nan(score: Score, *arrays: NDArray[Any]) -> float:
    """Return the score, or NaN where it is undefined: the mark of the resamples that are counted."""
    try:
        value = float(score(*arrays))
    except UndefinedScore:
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def as_items(values: ArrayLike) -> NDArray[Any]:
    """Return an array with items along its first axis; DataError for missing or infinite entries."""
    array = np.asarray(values)
    if array.ndim == 0:
        raise DataError("Got a single value, expected an array with one row per item.")
    bad = ~np.isfinite(array) if array.dtype.kind in "fc" else pd.isna(array)
    if bad.any():
        raise DataError(
            f"Got {int(bad.sum())} missing or infinite values among {array.size}, expected none; "
            "leave those items out of every array and say so."
        )
    return array


def as_numbers(values: ArrayLike) -> NDArray[np.float64]:
    """Return `as_items` as float64; DataError for text."""
    array = as_items(values)
    if array.dtype.kind not in "biuf":
        raise DataError(f"Got values of type {array.dtype}, expected numbers.")
    return array.astype(np.float64)


def check_items(*arrays: ArrayLike) -> list[NDArray[Any]]:
    """Return the arguments as arrays of one length without missing values.

    Raises:
        DataError: no array, unequal lengths, missing or infinite values.
    """
    items = [as_items(array) for array in arrays]
    lengths = [len(array) for array in items]
    if not lengths or len(set(lengths)) > 1:
        raise DataError(f"Got arrays of {lengths or 'no'} items, expected at least one, all equally long.")
    return items


def unit_rows(cluster: ArrayLike | None, *, items: int) -> list[NDArray[np.intp]]:
    """Return the row numbers of each item or, in sorted order, of each cluster.

    Raises:
        DataError: another number of cluster names than items, or an item without one.
        UndefinedScore: fewer than 2 items or clusters.
    """
    if cluster is None:
        check_units(items, "items")
        return list(np.arange(items)[:, None])
    names = np.asarray(cluster)
    if names.shape != (items,):
        raise DataError(f"Got cluster names of shape {names.shape}, expected ({items},), one per item.")
    if pd.isna(names).any():
        raise DataError(
            f"Got {int(pd.isna(names).sum())} items without a cluster, expected a name for each; "
            "name the speakers or resample items (`cluster=None`)."
        )
    number = pd.factorize(names, sort=True)[0]
    order = np.argsort(number, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    check_units(len(rows) if items else 0, "clusters")
    return rows


def check_draws(draws: int) -> None:
    """Raise ConfigError unless there is at least 1 draw."""
    if draws < 1:
        raise ConfigError(f"Got {draws} draws, expected at least 1, e.g. 1000.")


def check_units(units: int, name: str) -> None:
    """Raise UndefinedScore unless there are at least 2 units to draw or swap."""
    if units < 2:
        raise UndefinedScore(f"Got {units} {name}, expected at least 2 to resample or swap them.")


def defined(value: float) -> float:
    """Return a score of all items; UndefinedScore where it is no finite number."""
    if not np.isfinite(value):
        raise UndefinedScore(
            "Got no finite score on all items, expected one; see the score's own conditions."
        )
    return value
