"""Choose frames as words: at random, or far from each other."""

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError

MOST_AT_ONCE = 128
ROWS_AT_ONCE = 2048
SAME = np.float32(1e-5)
"""Frames whose squared distance is below this share of their squared length are taken for the same."""


def any_frames(
    frames: NDArray[np.float32], count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Choose different frames at random.

    Args:
        frames: (rows, D).
        count: how many, 1 or more.
        generator: of the random numbers.

    Returns:
        (count, D).

    Raises:
        DataError: there are fewer different frames.
    """
    chosen: dict[bytes, int] = {}
    for row in generator.permutation(len(frames)):
        chosen.setdefault(frames[row].tobytes(), int(row))
        if len(chosen) == count:
            return frames[list(chosen.values())]
    raise _too_few(len(chosen), count)


def distant_frames(
    frames: NDArray[np.float32], count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Choose frames one by one, each with a chance that grows as its squared distance to the words so far.

    Candidates are drawn several at once by the distances before, and each is kept with the probability that
    its distance has left of itself since: the same distribution, by a few large matrix products.

    Args:
        frames: (rows, D).
        count: how many, 1 or more.
        generator: of the random numbers.

    Returns:
        (count, D), in the order in which they were chosen.

    Raises:
        DataError: there are fewer different frames.

    Source:
        D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007, section 2.
    """
    moved = frames - frames.mean(axis=0)
    squares = np.einsum("nd,nd->n", moved, moved)
    chosen = [int(generator.integers(len(frames)))]
    left = np.full(len(frames), np.inf, np.float32)
    _approach(left, moved, squares, chosen)
    while len(chosen) < count:
        heap = np.cumsum(left, dtype=np.float64)
        if not heap[-1] > 0:
            raise _too_few(len(chosen), count)
        drawn = min(len(chosen), MOST_AT_ONCE)
        candidates = np.searchsorted(heap, generator.random(drawn) * heap[-1], side="right")
        kept = _thin(candidates, moved, left, generator)[: count - len(chosen)]
        _approach(left, moved, squares, kept)
        chosen += kept
    return frames[chosen]


def _thin(
    candidates: NDArray[np.int64],
    frames: NDArray[np.float32],
    left: NDArray[np.float32],
    generator: np.random.Generator,
) -> list[int]:
    """Keep each candidate with the share of its squared distance that the ones kept before it have left."""
    drawn = frames[candidates].astype(np.float64)
    between = ((drawn[:, None] - drawn[None]) ** 2).sum(axis=2)
    kept: list[int] = []
    for place, (row, chance) in enumerate(zip(candidates, generator.random(len(candidates)), strict=True)):
        now = min([float(left[row]), *between[place, kept]])
        if now > 0 and chance * float(left[row]) < now:
            kept.append(place)
    return candidates[kept].tolist()


def _approach(
    left: NDArray[np.float32], frames: NDArray[np.float32], squares: NDArray[np.float32], chosen: list[int]
) -> None:
    """Lower the squared distances to the nearest word, in place, by new words."""
    words = frames[chosen]
    for begin in range(0, len(frames), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        scores = frames[part] @ words.T
        scores -= 0.5 * squares[chosen]
        found = squares[part] - 2 * scores.max(axis=1)
        found[found < SAME * squares[part]] = 0
        np.minimum(left[part], found, out=left[part])
    left[chosen] = 0


def _too_few(found: int, wanted: int) -> DataError:
    return DataError(
        f"Got {found} different frames, expected at least the {wanted} words; ask for fewer words, or give "
        "more frames."
    )
