"""Smooth contours over three frames, clip by clip."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


def smooth(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, voiced_only: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the mean over each frame and its two neighbours, with one frame more per clip.

    A clip's first and last value stand in for what is missing at its ends; the frame more is the last value
    again, as openSMILE gives it.

    Args:
        values: (N, D), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        voiced_only: leave zeros out, and keep them.

    Returns:
        (N + clips that have frames, D), and its starts.
    """
    counts = np.diff(starts)
    longer = np.concatenate([[0], np.cumsum(counts + (counts > 0))]).astype(np.int64)
    found = np.zeros((int(longer[-1]), values.shape[1]), dtype=np.float32)
    _smooth(np.ascontiguousarray(values), starts, voiced_only, found, longer)
    return found, longer


@njit(cache=True, nogil=True)
def _smooth(values, starts, voiced_only, found, longer):
    for clip in range(starts.size - 1):
        begin, end, out = starts[clip], starts[clip + 1], longer[clip]
        if end == begin:
            continue
        for row in range(begin, end + 1):
            for column in range(values.shape[1]):
                here = values[min(row, end - 1), column]
                if voiced_only and here == 0:
                    continue
                total, count = np.float32(0), 0
                for near in range(row - 1, row + 2):
                    value = values[min(max(near, begin), end - 1), column]
                    if not voiced_only or value != 0:
                        total += value
                        count += 1
                found[out + row - begin, column] = total / np.float32(count)
