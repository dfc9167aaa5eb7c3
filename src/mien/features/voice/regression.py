"""Lines and parabolas through contours, and the centre of a contour in time."""

import numpy as np
from numba import njit

NAMES = ("linregc1", "linregc2", "linregerrQ", "qregc1", "qregc2", "qregc3", "qregerrQ", "centroid")
GENTLE, SPARE = 0.1, 0.01
"""Slopes up to this share of the range per frame stay as they are; steeper ones are pressed together."""


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _sums(values, lowest, size):  # type: ignore[no-untyped-def]
    """Return sums over a contour scaled to 0 to 1, y, yt, ytt and yy, and of its own sizes, |x| and |x| t."""
    scale = 1 / size if size > 0 else 0.0
    y = yt = ytt = yy = weight = moment = 0.0
    for i in range(values.size):
        t = np.float64(i)
        value = np.float64(values[i])
        high = (value - lowest) * scale
        y, yt, ytt, yy = y + high, yt + high * t, ytt + high * t * t, yy + high * high
        weight, moment = weight + abs(value), moment + abs(value) * t
    return y, yt, ytt, yy, weight, moment


@njit(cache=True, nogil=True)
def _limit(slope, size):  # type: ignore[no-untyped-def]
    """Press a slope, in ranges per frame, together where it is steeper than a tenth, as openSMILE does."""
    raw, free = abs(slope) * size, GENTLE * size
    if raw <= free or size <= 0:
        return slope
    room = free + SPARE
    pressed = free + room * np.tanh((np.sqrt(1 + raw - free) - 1) * 2 / room)
    return pressed / size if slope > 0 else -pressed / size


@njit(cache=True, nogil=True)
def describe_regression(values, lowest, size, per_frame, out):  # type: ignore[no-untyped-def]
    """Write line, parabola, their mean squared errors and the centroid of a contour (n,).

    Args:
        values: (n,).
        lowest: of them.
        size: highest less lowest; the contour is scaled to 0 to 1 by both.
        per_frame: slopes are multiplied by this: 1 for ranges per frame, 100 for ranges per second.
        out: (8,), as in `NAMES`; 0 for less than two values.
    """
    n = values.size
    if n < 2:
        return
    y, yt, ytt, yy, weight, moment = _sums(values, lowest, size)
    middle = (n - 1) / 2
    # around the middle, powers of time are orthogonal to odd ones
    second = n * (n * n - 1.0) / 12
    fourth = second * (3.0 * n * n - 7) / 20
    slope = (yt - middle * y) / second
    height = y / n
    error = yy - n * height**2 - slope**2 * second
    out[0] = per_frame * _limit(slope, size)
    out[1] = height - slope * middle
    out[2] = max(error, 0.0) / n
    if n > 2:
        bend = (ytt - 2 * middle * yt + middle**2 * y - second * height) / (fourth - second**2 / n)
        start = height - bend * second / n - slope * middle + bend * middle**2
        out[3] = per_frame**2 * bend
        out[4] = per_frame * _limit(slope - 2 * bend * middle, size)
        out[5] = start
        out[6] = max(error - bend**2 * (fourth - second**2 / n), 0.0) / n
    if weight > 0:
        out[7] = moment / weight / n
