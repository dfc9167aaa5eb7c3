"""Non-negative matrix factorisation: a spectrogram as bases times activations."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.features.factorisation.divergences import SMALLEST, beta_of
from mien.features.factorisation.updates import Matrix, Problem

QUIET = 1e-8
"""Cells are taken to be at least this share of the mean where the loss asks for their logarithm."""


class Factors(NamedTuple):
    """Hold a factorisation.

    Attributes:
        bases: (F, R), or (length, F, R) of a convolutive one; those that were not fixed sum to 1.
        activations: (R, T).
        costs: at the start and at each check, falling.
        iterations: made.
        converged: True where the cost stood still before `iterations` were made.
    """

    bases: NDArray[np.floating]
    activations: NDArray[np.floating]
    costs: NDArray[np.float64]
    iterations: int
    converged: bool


class Start(NamedTuple):
    """Hold factors to begin with, all above 0 where they are to change.

    Attributes:
        bases: (F, R) or (length, F, R), those that stay fixed first.
        activations: (R, T).
    """

    bases: NDArray[np.floating]
    activations: NDArray[np.floating]


def factorise(
    values: NDArray[np.floating],
    rank: int,
    *,
    loss: str = "kullback-leibler",
    sparsity: float = 0.0,
    fixed: NDArray[np.floating] | None = None,
    length: int = 1,
    start: Start | None = None,
    iterations: int = 200,
    tolerance: float = 1e-4,
    check_every: int = 10,
    seed: int = 0,
) -> Factors:
    """Write a non-negative matrix as the product of bases and activations.

    Use it to find the recurring parts of a spectrogram, or, with `fixed`, how much of known parts is in it.
    The result hangs on the start unless all bases are fixed. Sounds that change as they go ask for `length`.

    Args:
        values: (F, T), not negative, such as magnitudes of F bins in T frames; float32 stays float32.
        rank: bases to find; 0 with `fixed` finds activations alone.
        loss: `euclidean`, `kullback-leibler` (for magnitudes) or `itakura-saito` (for powers).
        sparsity: price of activations, 0 or more, the same at any gain; 0.1 is mild.
        fixed: (F, K) or (length, F, K), bases that stay as they are and come first in the result.
        length: frames of a base, 1 or more: with more, each base is a short spectrogram (convolutive).
        start: factors to begin with instead of random ones.
        iterations: most of them.
        tolerance: stop where the cost falls by less than this share from check to check; 0 never stops.
        check_every: iterations between looks at the cost.
        seed: of the random start.

    Returns:
        The factors; the cost never rises.

    Raises:
        ConfigError: an unknown loss, or a number out of range.
        DataError: values or bases that are negative, not finite or of the wrong shape.

    Example:
        >>> values = np.outer([1.0, 2.0], [1.0, 0.0, 3.0])
        >>> found = factorise(values, 1)
        >>> (found.bases @ found.activations).round(3).tolist()
        [[1.0, 0.0, 3.0], [2.0, 0.0, 6.0]]

    Source:
        See `mien.features.factorisation.updates.Problem`.
    """
    beta = beta_of(loss)
    values = _check(values, "values", dimensions=2)
    _check_numbers(length, iterations, check_every, sparsity)
    held = _flat(fixed, length, like=values)
    known = held.shape[1] // length
    if rank < 0 or rank + known < 1:
        raise ConfigError(f"Got rank {rank} and {known} fixed bases, expected one or more; raise `rank`.")
    mean = values.mean(dtype=np.float64)
    # silence is explained by itself, and comes out as silence
    scale = values.dtype.type(mean or 1)
    scaled = values / scale
    if beta < 1:
        scaled = np.maximum(scaled, QUIET)
    problem = Problem(scaled, loss, sparsity, length)
    if start is None:
        bases, activations = _draw(scaled, held, rank, length=length, seed=seed)
    else:
        bases, activations = _given(start, held, rank, length=length, values=values)
        activations = activations / scale
    free = np.arange(bases.shape[1]).reshape(length, -1)[:, known:].ravel()
    costs, made, converged = [problem.cost(bases, activations)], 0, False
    while made < iterations and not converged:
        count = min(check_every, iterations - made)
        bases, activations = _improve(problem, bases, activations, free=free, count=count)
        made += count
        costs.append(problem.cost(bases, activations))
        converged = 0 < tolerance and costs[-2] - costs[-1] <= tolerance * abs(costs[-2])
    activations = activations * scale * bool(mean)
    bases, activations = _normalize(bases, activations, known, length=length)
    return Factors(bases, activations, np.array(costs) * float(scale) ** beta, made, converged)


def _improve(
    problem: Problem, bases: Matrix, activations: Matrix, *, free: NDArray[np.intp], count: int
) -> tuple[Matrix, Matrix]:
    """Return factors that are so many steps better."""
    for _ in range(count):
        if free.size:
            bases = problem.better_bases(bases, activations, free=free)
        activations = problem.better_activations(bases, activations)
    return bases, activations


def _check_numbers(length: int, iterations: int, check_every: int, sparsity: float) -> None:
    wrong = {"length": length, "check_every": check_every, "iterations": iterations}
    for name, number in wrong.items():
        if number < (name != "iterations"):
            raise ConfigError(f"Got {name}={number}, expected {int(name != 'iterations')} or more.")
    if not 0 <= sparsity < np.inf:
        raise ConfigError(f"Got sparsity={sparsity}, expected 0 or more; 0.1 is mild.")


def _check(array: NDArray[np.floating], name: str, *, dimensions: int) -> Matrix:
    """Return an array of float32 or float64 that is fit for factorisation."""
    found = np.asarray(array)
    found = found if found.dtype == np.float32 else found.astype(np.float64)
    if found.ndim != dimensions or not found.size:
        raise DataError(
            f"Got {name} of shape {found.shape}, expected {dimensions} dimensions and no empty one."
        )
    if not (np.isfinite(found).all() and found.min() >= 0):
        raise DataError(f"Got {name} that are negative or not finite, expected magnitudes or powers.")
    return found


def _flat(bases: NDArray[np.floating] | None, length: int, *, like: Matrix) -> Matrix:
    """Return bases as (F, length K), frame after frame."""
    bins = len(like)
    if bases is None:
        return np.zeros((bins, 0), like.dtype)
    whole = _check(bases, "bases", dimensions=2 if length == 1 and np.ndim(bases) == 2 else 3)
    whole = whole[None] if whole.ndim == 2 else whole
    if whole.shape[:2] != (length, bins):
        raise DataError(
            f"Got bases of {whole.shape[0]} frames and {whole.shape[1]} bins, expected {length} and {bins}, "
            "as `length` and the values say."
        )
    return whole.transpose(1, 0, 2).reshape(bins, -1).astype(like.dtype)


def _draw(scaled: Matrix, held: Matrix, rank: int, *, length: int, seed: int) -> tuple[Matrix, Matrix]:
    """Return random free bases beside the fixed ones, and even activations; their product has the mean 1."""
    bins, frames = scaled.shape
    drawn = np.random.default_rng(seed).uniform(0.1, 1.0, (bins, length, rank))
    drawn /= drawn.sum(axis=(0, 1))
    bases = np.concatenate([held.reshape(bins, length, -1), drawn.astype(scaled.dtype)], axis=2)
    each = bins / max(float(bases.sum(dtype=np.float64)), SMALLEST)
    return bases.reshape(bins, -1), np.full((bases.shape[2], frames), each, scaled.dtype)


def _given(start: Start, held: Matrix, rank: int, *, length: int, values: Matrix) -> tuple[Matrix, Matrix]:
    """Return the factors that were given to begin with."""
    bases = _flat(start.bases, length, like=values)
    activations = _check(start.activations, "activations", dimensions=2).astype(values.dtype)
    columns = held.shape[1] // length + rank
    if bases.shape[1] != length * columns or activations.shape != (columns, values.shape[1]):
        raise DataError(
            f"Got a start of {bases.shape[1] // length} bases and activations {activations.shape}, expected "
            f"{columns} and {(columns, values.shape[1])}, fixed bases included."
        )
    return bases, activations


def _normalize(bases: Matrix, activations: Matrix, known: int, *, length: int) -> tuple[Matrix, Matrix]:
    """Return bases (F, R) or (length, F, R), the free ones of sum 1, and activations that make up for it."""
    whole = bases.reshape(len(bases), length, -1).transpose(1, 0, 2)
    sums = whole.sum(axis=(0, 1))
    sums[:known] = 1
    sums[sums == 0] = 1
    whole = whole / sums
    return (whole[0] if length == 1 else whole), activations * sums[:, None]
