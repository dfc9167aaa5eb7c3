"""Smooth contours over three frames, clip by clip."""

import numpy as np
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
    return _mean_of_three(values, starts, voiced_only=voiced_only), longer


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
        return _mean_of_three(values, np.array([0, len(values)]), voiced_only=self._voiced_only)


def _mean_of_three(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, voiced_only: bool
) -> NDArray[np.float32]:
    """Return the smoothed frames of all clips, with one frame more per clip."""
    counts = np.diff(starts)
    clips = np.repeat(np.arange(counts.size), np.where(counts > 0, counts + 1, 0))
    first, last = starts[:-1][clips], starts[1:][clips] - 1
    at = np.arange(clips.size) - (np.cumsum(counts > 0) - (counts > 0))[clips]
    here = values[np.minimum(at, last)]
    total, near = values[np.maximum(at - 1, first)], values[np.minimum(at + 1, last)]
    if not voiced_only:
        total += here
        total += near
        total /= np.float32(3)
        return total
    heard = here != 0
    count = (total != 0).astype(np.float32)
    count += heard
    count += near != 0
    total += here
    total += near
    np.divide(total, count, out=total, where=heard)
    total[~heard] = 0
    return total
