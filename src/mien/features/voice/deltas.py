"""How contours change: regression over five frames."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

MORE = 2
"""Rows more than the contour has, as openSMILE writes them; its last value stands for what follows."""


def deltas(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, voiced_only: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the slope of each contour over two frames to either side, with two rows more per clip.

    Args:
        values: (N, D), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        voiced_only: compare only values that are not 0, which stand for frames without voice. As in openSMILE
            the differences are then divided by a count that grows from frame to frame and column to column,
            so that they fade in the course of a clip: use these columns within one length of clips only.

    Returns:
        (N + 2 clips that have frames, D), per frame, and its starts.

    Source:
        S. Young et al., The HTK Book, section 5.9; the growing count was found by comparing numbers with
        openSMILE 2.6.
    """
    counts = np.diff(starts)
    longer = np.concatenate([[0], np.cumsum(counts + MORE * (counts > 0))]).astype(np.int64)
    found = np.zeros((int(longer[-1]), values.shape[1]), dtype=np.float32)
    _change(np.ascontiguousarray(values), starts, voiced_only, longer, found)
    return found, longer


@njit(cache=True, nogil=True)
def _change(values, starts, voiced_only, longer, found):  # type: ignore[no-untyped-def]
    for clip in range(starts.size - 1):
        begin, last = starts[clip], starts[clip + 1] - 1
        if last < begin:
            continue
        total = 10
        for row in range(longer[clip + 1] - longer[clip]):
            at = begin + row
            out = found[longer[clip] + row]
            one, two = min(at + 1, last), min(at + 2, last)
            back, further = min(max(at - 1, begin), last), min(max(at - 2, begin), last)
            for column in range(values.shape[1]):
                near = values[one, column] - values[back, column]
                far = values[two, column] - values[further, column]
                if voiced_only:
                    if values[one, column] == 0 or values[back, column] == 0:
                        near = np.float32(0)
                    else:
                        total += 1
                    if values[two, column] == 0 or values[further, column] == 0:
                        far = np.float32(0)
                    else:
                        total += 4
                out[column] = (near + 2 * far) / total
