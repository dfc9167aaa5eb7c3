"""How long a contour stays between levels of its range."""

import numpy as np
from numba import njit

LEVELS = (0.25, 0.75)
MOST = 100
SHORTEST = 3
NAMES = ("meanSegLen", "maxSegLen", "minSegLen", "segLenStddev")


@njit(cache=True, nogil=True)
def describe_segments(values, lowest, size, hop_s, out):  # type: ignore[no-untyped-def]
    """Write mean, maximum, minimum and standard deviation of the lengths of a contour's segments in seconds.

    A segment ends where the mean over three frames crosses a quarter or three quarters of the range; what
    follows the last crossing is none. Crossings that come within three frames of the one before, or a
    hundredth of the contour, are passed over. In contours of 500 frames and more the first segment is longer
    by half of what the hundredth exceeds three: openSMILE's way.

    Args:
        values: (n,).
        lowest: of them.
        size: highest less lowest.
        hop_s: seconds from one value to the next.
        out: (4,), as in `NAMES`; 0 where nothing is crossed.
    """
    n = values.size
    shortest = max(SHORTEST, n // MOST)
    low, high = lowest + LEVELS[0] * size, lowest + LEVELS[1] * size
    last = -1 - (shortest - SHORTEST) // 2
    count, total, squares, longest, least = 0, 0.0, 0.0, 0, n + shortest
    before = np.float64(values[0])
    for i in range(1, n):
        here = np.float64(values[i]) + values[i - 1]
        here = (here + values[i - 2]) / 3 if i > 1 else here / 2
        crossed = (before <= low) != (here <= low) or (before <= high) != (here <= high)
        before = here
        if crossed and i - last >= shortest:
            length = i - last
            last = i
            count += 1
            total, squares = total + length, squares + length * length
            longest, least = max(longest, length), min(least, length)
    if count:
        mean = total / count
        out[0], out[1], out[2] = mean * hop_s, longest * hop_s, least * hop_s
        out[3] = np.sqrt(max(squares / count - mean * mean, 0.0)) * hop_s
