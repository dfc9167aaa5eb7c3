"""Find the nearest words of frames: matrix products in single precision, close calls decided in double."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK_CELLS = 1 << 18
"""Frames times words whose scores are held at once: few enough to stay in the cache."""
CHUNK = 64


def nearest(frames: NDArray[np.float32], words: NDArray[np.float32], keep: int = 1) -> NDArray[np.int32]:
    """Return the nearest words of each frame, the nearest first.

    The distance is Euclidean. The result is that of double precision, also where single precision cannot
    tell two words apart.

    Args:
        frames: (rows, D).
        words: (K, D).
        keep: 1 to K.

    Returns:
        (rows, keep) of 0 to K - 1; of words at the same distance, those that come first.

    Example:
        >>> nearest(np.float32([[0.1], [2.8]]), np.float32([[3], [0], [1]]), 2).tolist()
        [[1, 2], [0, 2]]
    """
    # distances do not change when all moves, and single precision is finest around 0
    centre = words.mean(axis=0)
    found, close = _search(frames - centre, words - centre, keep)
    if close.any():
        centre = centre.astype(np.float64)
        found[close], _ = _search(frames[close] - centre, words - centre, keep)
    return found


def squared_distances(
    frames: NDArray[np.float32], words: NDArray[np.float32], found: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return the squared distance of each frame to each of its words.

    Args:
        frames: (rows, D).
        words: (K, D).
        found: (rows, n) of words.

    Returns:
        (rows, n).
    """
    return np.asarray(_squared(frames, words, found))


def _search(
    frames: NDArray[np.floating], words: NDArray[np.floating], keep: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the nearest words, and which frames have two words too close to tell their order or choice.

    The score of a word is x·c - |c|²/2: the higher, the nearer.
    """
    rows, columns = frames.shape
    # the last row, times a column of ones, takes half the squared length off
    table = np.vstack([words.T, -0.5 * np.einsum("kd,kd->k", words, words)[None]])
    block = max(1, BLOCK_CELLS // len(words))
    one = np.ones((block, columns + 1), frames.dtype)
    scores = np.empty((block, len(words)), frames.dtype)
    found, close = np.empty((rows, keep), np.int32), np.zeros(rows, np.bool_)
    # what rounding can do to a score, per length of frame times length of word
    slack = 2 * (columns + 2) * float(np.finfo(np.float32).eps) if frames.dtype == np.float32 else -1.0
    for begin in range(0, rows, block):
        count = min(block, rows - begin)
        one[:count, :columns] = frames[begin : begin + count]
        np.matmul(one[:count], table, out=scores[:count])
        part = slice(begin, begin + count)
        _highest(scores[:count], one[:count, :columns], slack, found[part], close[part])
    return found, close


@njit(cache=True, nogil=True)
def _highest(scores, frames, slack, found, close):
    """Write the words of the highest scores of each row, and where rounding may have chosen them."""
    keep, count = found.shape[1], scores.shape[1]
    best = np.empty(keep + 1, scores.dtype)
    at = np.empty(keep + 1, np.int32)
    for row in range(scores.shape[0]):
        best[:] = -np.inf
        whole = count // CHUNK * CHUNK
        for begin in range(0, whole, CHUNK):
            # a chunk of this size is compared in a few steps, and few chunks have anything to keep
            least, higher = best[keep], np.int32(0)
            for j in range(begin, begin + CHUNK):
                higher |= np.int32(scores[row, j] > least)
            if higher:
                for j in range(begin, begin + CHUNK):
                    if scores[row, j] > best[keep]:
                        _insert(best, at, scores[row, j], j)
        for j in range(whole, count):
            if scores[row, j] > best[keep]:
                _insert(best, at, scores[row, j], j)
        found[row] = at[:keep]
        if slack >= 0:
            close[row] = _is_close(best, frames[row], slack)


@njit(cache=True, nogil=True)
def _insert(best, at, score, word):
    """Put a score at its place among the highest, behind those that equal it."""
    place = best.size - 1
    while place > 0 and best[place - 1] < score:
        best[place], at[place] = best[place - 1], at[place - 1]
        place -= 1
    best[place], at[place] = score, word


@njit(cache=True, nogil=True)
def _is_close(best, frame, slack):
    """Tell whether any two neighbours among the highest scores lie within what rounding can do."""
    squared = 0.0
    for value in frame:
        squared += float(value) * float(value)
    length = np.sqrt(squared)
    for place in range(best.size - 1):
        if best[place + 1] == -np.inf:
            return False
        # a word at this distance is at most this long
        reach = length + np.sqrt(max(squared - 2 * float(best[place]), 0.0))
        if float(best[place]) - float(best[place + 1]) <= slack * reach * (length + 0.5 * reach):
            return True
    return False


@njit(cache=True, nogil=True)
def _squared(frames, words, found):
    out = np.empty(found.shape, np.float32)
    for row in range(found.shape[0]):
        for place in range(found.shape[1]):
            word, total = found[row, place], 0.0
            for d in range(frames.shape[1]):
                total += (float(frames[row, d]) - float(words[word, d])) ** 2
            out[row, place] = total
    return out
