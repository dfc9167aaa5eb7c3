"""Functionals: one number for a whole clip from a descriptor of each of its frames."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray


class Segments(NamedTuple):
    """Hold how a clip falls into stretches of one kind, (clips,) each.

    Attributes:
        count: stretches.
        mean: mean length in frames.
        deviation: standard deviation of the lengths.
        longest: in frames.
        shortest: in frames.
    """

    count: NDArray[np.float32]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    longest: NDArray[np.float32]
    shortest: NDArray[np.float32]


def moments(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, skip_zeros: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and coefficient of variation of each column over each clip.

    Args:
        values: (N, D), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        skip_zeros: leave out values that are 0, which stand for frames without voice.

    Returns:
        Mean and standard deviation divided by the mean (negative where the mean is), (clips, D) each; 0 where
        no frame is left.
    """
    mean = np.zeros((starts.size - 1, values.shape[1]), dtype=np.float32)
    spread = np.zeros_like(mean)
    _moments(np.ascontiguousarray(values), starts, skip_zeros, mean, spread)
    return mean, spread


@njit(cache=True, nogil=True)
def _moments(values, starts, skip_zeros, mean, spread):
    columns = values.shape[1]
    total, squares, count = np.empty(columns), np.empty(columns), np.empty(columns)
    for clip in range(starts.size - 1):
        total[:], squares[:], count[:] = 0, 0, 0
        for row in range(starts[clip], starts[clip + 1]):
            for column in range(columns):
                value = np.float64(values[row, column])
                total[column] += value
                count[column] += not (skip_zeros and value == 0)
        for column in range(columns):
            total[column] /= max(count[column], 1)
        for row in range(starts[clip], starts[clip + 1]):
            for column in range(columns):
                value = np.float64(values[row, column])
                if not (skip_zeros and value == 0):
                    squares[column] += (value - total[column]) ** 2
        for column in range(columns):
            mean[clip, column] = total[column]
            if total[column] != 0:
                spread[clip, column] = np.sqrt(squares[column] / count[column]) / total[column]


def percentiles(
    contour: NDArray[np.float32], starts: NDArray[np.int64], shares: tuple[float, ...]
) -> NDArray[np.float32]:
    """Return percentiles of a contour over each clip, linearly interpolated.

    Args:
        contour: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        shares: which, from 0 to 1.

    Returns:
        (clips, shares); 0 for a clip without frames.
    """
    found = np.zeros((starts.size - 1, len(shares)), dtype=np.float32)
    for clip, (begin, end) in enumerate(pairwise(starts)):
        if end > begin:
            found[clip] = np.quantile(contour[begin:end], shares)
    return found


def without_zeros(
    contour: NDArray[np.float32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return a contour without the frames that are 0, and where each clip begins then."""
    kept = contour != 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return contour[kept], before[starts].astype(np.int64)


def segments(inside: NDArray[np.bool_], starts: NDArray[np.int64]) -> Segments:
    """Return number, mean length and spread of the stretches of frames that are inside something.

    A stretch is as long as from its first frame to its last, stretches shorter than two frames so measured
    are left out, and a single frame of the other kind does not end one: openSMILE's ways.

    Args:
        inside: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
    """
    found = Segments(*(np.zeros(starts.size - 1, dtype=np.float32) for _ in range(5)))
    _segments(inside, starts, *found)
    return found


@njit(cache=True, nogil=True)
def _segments(inside, starts, count, mean, deviation, longest, shortest):
    for clip in range(starts.size - 1):
        begin, end = starts[clip], starts[clip + 1]
        lengths = np.empty((end - begin) // 2 + 1)
        number, first = 0, -1
        for row in range(begin, end + 1):
            # a single frame of the other kind does not end a stretch
            open_now = row < end and (inside[row] or (first >= 0 and row + 1 < end and inside[row + 1]))
            if open_now and first < 0:
                first = row
            elif not open_now and first >= 0:
                length = row - first - 1
                if length > 1:
                    lengths[number] = length
                    number += 1
                first = -1
        if number:
            count[clip] = number
            mean[clip], deviation[clip] = lengths[:number].mean(), lengths[:number].std()
            longest[clip], shortest[clip] = lengths[:number].max(), lengths[:number].min()
