"""How well a contour's values can be told from those before: linear prediction."""

import numpy as np
from numba import njit

ORDER = 5
NAMES = ("lpgain", *(f"lpc{k}" for k in range(ORDER)))


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _echo(values, lag):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(lag, values.size):
        total += np.float64(values[i]) * np.float64(values[i - lag])
    return total


@njit(cache=True, nogil=True)
def describe_prediction(values, out):  # type: ignore[no-untyped-def]
    """Write the mean squared error of a predictor of order 5 and its coefficients, their signs turned.

    Args:
        values: (n,).
        out: (6,), as in `NAMES`; 0 where all values are.

    Source:
        J. Makhoul, Linear prediction: a tutorial review, Proceedings of the IEEE 63(4), 1975.
    """
    echo = np.zeros(ORDER + 1)
    for lag in range(min(ORDER + 1, values.size)):
        echo[lag] = _echo(values, lag)
    error = echo[0]
    if error <= 0:
        return
    taps, before = np.zeros(ORDER), np.zeros(ORDER)
    for k in range(ORDER):
        reflected = -echo[k + 1]
        for j in range(k):
            reflected -= taps[j] * echo[k - j]
        reflected /= error
        for j in range(k):
            before[j] = taps[j]
        for j in range(k):
            taps[j] = before[j] + reflected * before[k - 1 - j]
        taps[k] = reflected
        error *= 1 - reflected * reflected
        if error <= 0:
            break
    out[0] = error / values.size
    for k in range(ORDER):
        out[1 + k] = taps[k]
