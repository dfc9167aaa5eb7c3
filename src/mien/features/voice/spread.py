"""How the values of a contour lie: percentiles, moments, places of the extremes, time above levels."""

import numpy as np
from numba import njit

SHARES = (0.25, 0.5, 0.75, 0.01, 0.99)
LEVELS = (0.25, 0.5, 0.75, 0.9)
EXTREMES = ("range", "maxPos", "minPos")
PERCENTILES = (
    *(f"quartile{k}" for k in (1, 2, 3)),
    *(f"iqr{pair}" for pair in ("1-2", "2-3", "1-3")),
    "percentile1.0",
    "percentile99.0",
    "pctlrange0-1",
)
MOMENTS = ("stddev", "skewness", "kurtosis")
TIMES = (*(f"upleveltime{round(100 * level)}" for level in LEVELS), "risetime", "leftctime")


@njit(cache=True, nogil=True)
def describe_extremes(values, out):  # type: ignore[no-untyped-def]
    """Write the range of a contour (n,) and where its maximum and minimum lie, as shares of its length."""
    highest, lowest = values.argmax(), values.argmin()
    out[0] = values[highest] - values[lowest]
    out[1], out[2] = highest / values.size, lowest / values.size


@njit(cache=True, nogil=True)
def describe_percentiles(ordered, out):  # type: ignore[no-untyped-def]
    """Write quartiles, their ranges, percentiles 1 and 99 and their range, of values in order (n,)."""
    found = np.empty(5, dtype=np.float32)
    for k in range(5):
        place = SHARES[k] * (ordered.size - 1)
        below = int(place)
        part = place - below
        above = min(below + 1, ordered.size - 1)
        found[k] = (1 - part) * ordered[below] + part * ordered[above]
    out[0], out[1], out[2] = found[0], found[1], found[2]
    out[3], out[4], out[5] = found[1] - found[0], found[2] - found[1], found[2] - found[0]
    out[6], out[7], out[8] = found[3], found[4], found[4] - found[3]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def describe_moments(values, out):  # type: ignore[no-untyped-def]
    """Write standard deviation, skewness and kurtosis (3 for a normal distribution) of a contour (n,)."""
    mean = 0.0
    for value in values:
        mean += value
    mean /= values.size
    second = third = fourth = 0.0
    for value in values:
        away = value - mean
        square = away * away
        second += square
        third += square * away
        fourth += square * square
    second, third, fourth = second / values.size, third / values.size, fourth / values.size
    out[0] = np.sqrt(second)
    if second > 0:
        out[1], out[2] = third / second**1.5, fourth / second**2


@njit(cache=True, nogil=True)
def describe_times(values, lowest, size, out):  # type: ignore[no-untyped-def]
    """Write which shares of a contour (n,) lie above four levels of its range, rise, and turn upwards."""
    n = values.size
    for k in range(4):
        count, level = 0, lowest + LEVELS[k] * size
        for value in values:
            count += value > level
        out[k] = count / n
    rising = turning = 0
    for i in range(1, n):
        rising += values[i] > values[i - 1]
    for i in range(2, n):
        turning += values[i] - values[i - 1] > values[i - 1] - values[i - 2]
    out[4] = rising / max(n - 1, 1)
    out[5] = turning / max(n - 2, 1)


@njit(cache=True, nogil=True)
def describe_means(values, out):  # type: ignore[no-untyped-def]
    """Write mean, flatness, mean of the positive values and root of the mean square of a contour (n,).

    Flatness is the geometric mean of the absolute values, without those that are 0, over their mean; 1 where
    all are 0.
    """
    n = values.size
    total = absolute = logs = squares = positive = 0.0
    heard = above = 0
    for value in values:
        total += value
        absolute += abs(value)
        squares += np.float64(value) * value
        if value != 0:
            logs += np.log(np.float64(abs(value)))
            heard += 1
        if value > 0:
            positive += value
            above += 1
    out[0] = total / n
    out[1] = np.exp(logs / heard) / (absolute / n) if heard else 1.0
    out[2] = positive / max(above, 1)
    out[3] = np.sqrt(squares / n)
