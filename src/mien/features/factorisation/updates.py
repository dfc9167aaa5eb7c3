"""Multiplicative steps that lower the cost of a factorisation, of which some bases may stay fixed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.features.factorisation.divergences import SMALLEST, beta_of, divergence

Matrix = NDArray[np.floating]


def stack(activations: Matrix, length: int) -> Matrix:
    """Return activations (R, T) above copies that come 1 to `length` - 1 frames later, (length R, T)."""
    if length == 1:
        return activations
    rank, frames = activations.shape
    stacked = np.zeros((length, rank, frames), activations.dtype)
    for lag in range(min(length, frames)):
        stacked[lag, :, lag:] = activations[:, : frames - lag]
    return stacked.reshape(length * rank, frames)


def unstack(stacked: Matrix, length: int) -> Matrix:
    """Return the sum of the copies in (length R, T), each moved back to where it came from, (R, T)."""
    if length == 1:
        return stacked
    parts = stacked.reshape(length, -1, stacked.shape[1])
    total = parts[0].copy()
    for lag in range(1, min(length, stacked.shape[1])):
        total[:, :-lag] += parts[lag, :, lag:]
    return total


@dataclass(frozen=True)
class Problem:
    """Hold what is to be explained, and lower the cost of an explanation.

    The cost is the divergence of the model, bases times activations, plus `penalty` times the sum of all
    activations as they would be if each base had the Euclidean norm 1, so that large bases do not make
    activations cheap. No step raises it.

    Attributes:
        values: (F, T), not negative, of mean 1.
        loss: a key of `LOSSES`.
        penalty: price of activations, 0 or more.
        length: frames of a base. Bases are (F, length R): the first frames of all, then the second ones.

    Source:
        Steps: Févotte and Idier 2011, section 4.1. Norms within the cost: J. Le Roux, F. Weninger, J.
        Hershey, Sparse NMF: half-baked or well done?, MERL TR2015-023. Length: P. Smaragdis, Non-negative
        matrix factor deconvolution, ICA 2004. Under a penalty, bases take smaller steps than theirs, which
        are sure to lower the cost: norms, and all else that is linear in a base, are bounded by squares.
    """

    values: Matrix
    loss: str
    penalty: float
    length: int

    def cost(self, bases: Matrix, activations: Matrix) -> float:
        """Return divergence and penalty."""
        fit = divergence(self.values, self._model(bases, stack(activations, self.length)), loss=self.loss)
        return fit + self.penalty * float(self._norms(bases) @ activations.sum(axis=1, dtype=np.float64))

    def better_bases(self, bases: Matrix, activations: Matrix, *, free: NDArray[np.intp]) -> Matrix:
        """Return bases of which the free columns are one step better."""
        stacked = stack(activations, self.length)
        moving, moved = stacked[free].T, bases[:, free]
        if self.loss == "euclidean":
            pull, push = self.values @ moving, bases @ (stacked @ moving)
        else:
            up, down = self._weights(self._model(bases, stacked))
            pull = up @ moving
            push = moving.sum(axis=0) if down is None else down @ moving
        power = 1 / max(2 - beta_of(self.loss), 1)
        if self.penalty:
            price = activations.sum(axis=1) / np.maximum(self._norms(bases), SMALLEST)
            push = push + self.penalty * np.tile(price, self.length)[free] * moved
            power = 1 / (3 - beta_of(self.loss))
        better = bases.copy()
        better[:, free] = moved * _step(pull, push, power)
        return better

    def better_activations(self, bases: Matrix, activations: Matrix) -> Matrix:
        """Return activations that are one step better."""
        stacked = stack(activations, self.length)
        if self.loss == "euclidean":
            pull, push = bases.T @ self.values, (bases.T @ bases) @ stacked
        else:
            up, down = self._weights(self._model(bases, stacked))
            pull = bases.T @ up
            push = np.broadcast_to(bases.sum(axis=0)[:, None], pull.shape) if down is None else bases.T @ down
        push = unstack(push, self.length) + self.penalty * self._norms(bases)[:, None]
        return activations * _step(unstack(pull, self.length), push, 1 / max(2 - beta_of(self.loss), 1))

    def _model(self, bases: Matrix, stacked: Matrix) -> Matrix:
        """Return what bases and stacked activations say, (F, T), above 0."""
        product = bases @ stacked
        return np.maximum(product, SMALLEST, out=product)

    def _weights(self, model: Matrix) -> tuple[Matrix, Matrix | None]:
        """Return how much each cell asks its factors to grow, and to shrink; None is 1 everywhere."""
        if self.loss == "kullback-leibler":
            return self.values / model, None
        down = 1 / model
        return self.values * down * down, down

    def _norms(self, bases: Matrix) -> Matrix:
        """Return the Euclidean norm of each base over bins and frames, (R,)."""
        return np.sqrt((bases * bases).sum(axis=0).reshape(self.length, -1).sum(axis=0))


def _step(pull: Matrix, push: Matrix, power: float) -> Matrix:
    # 0 over 0 leaves a factor where it is
    ratio = np.divide(pull, push, out=np.ones_like(pull), where=push > 0)
    if power == 0.5:
        return np.sqrt(ratio, out=ratio)
    return ratio if power == 1 else ratio ** pull.dtype.type(power)
