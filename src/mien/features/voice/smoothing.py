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


class Smoother:
    """Smooth a contour while frames still come: `smooth` of one recording, piece by piece.

    A frame is given when the next one is known. Pieces of any number of frames give the same as the whole at
    once.

    Args:
        columns: of the contour.
        voiced_only: leave zeros out, and keep them.

    Example:
        >>> smoother = Smoother(1)
        >>> smoother.push(np.array([[0], [3], [6]], np.float32)).tolist(), smoother.finish().tolist()
        ([[1.0], [3.0]], [[5.0], [6.0]])
    """

    def __init__(self, columns: int, *, voiced_only: bool = False) -> None:
        self._voiced_only = voiced_only
        self._last = np.zeros((0, columns), np.float32)
        self._given = 0

    def push(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the smoothed frames that are known now, (rows, columns), after those given before.

        Args:
            values: (frames, columns), the next ones.
        """
        if not len(values):
            return values
        longer = np.concatenate([self._last, values])
        first, self._given = self._given, min(1, len(longer) - 1)
        self._last = longer[-2:].copy()
        return self._smooth(longer)[first : len(longer) - 1]

    def finish(self) -> NDArray[np.float32]:
        """Return the last frame and the one more that `smooth` adds, (2, columns); none without frames."""
        return self._smooth(self._last)[self._given :]

    def _smooth(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(values)
        found = np.zeros((count + 1 if count else 0, values.shape[1]), np.float32)
        _smooth(values, np.array([0, count]), self._voiced_only, found, np.array([0, count + 1]))
        return found


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
