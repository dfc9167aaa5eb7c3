"""Move words to the middle of their frames: Lloyd's algorithm."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.features.bags.assignment import nearest, squared_distances

MOST_ROUNDS = 100
LEAST_GAIN = 1e-4
"""Share of the squared distance that a round must take off for another one to follow."""


def refine(frames: NDArray[np.float32], words: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move words until their squared distances to the frames fall no more.

    A word that no frame is nearest to moves to the frame that is farthest from its own.

    Args:
        frames: (rows, D).
        words: (K, D) to begin with, K at most the number of rows.

    Returns:
        (K, D).

    Source:
        S. P. Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 28(2), 1982.
    """
    before = np.inf
    for _ in range(MOST_ROUNDS):
        found = nearest(frames, words)
        squared = squared_distances(frames, words, found)[:, 0]
        now = float(squared.sum(dtype=np.float64))
        if not before - now > LEAST_GAIN * before and np.isfinite(before):
            break
        before = now
        sums, counts = _sums(frames, found[:, 0], len(words))
        alone = np.flatnonzero(counts == 0)
        sums[alone] = frames[np.argsort(-squared, kind="stable")[: alone.size]]
        words = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
    return words


@njit(cache=True, nogil=True)
def _sums(frames, found, count):
    """Return the sum (count, D) and the number (count,) of the frames of each word."""
    sums = np.zeros((count, frames.shape[1]))
    counts = np.zeros(count, np.int64)
    for row in range(frames.shape[0]):
        counts[found[row]] += 1
        for d in range(frames.shape[1]):
            sums[found[row], d] += frames[row, d]
    return sums, counts
