"""Formants: resonances of the vocal tract, as roots of a linear predictor."""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

TARGET_HZ = 11000
ORDER = 11
LOW_HZ = 50.0
HIGH_HZ = 5450.0
_LANES = 16
_ROUNDS = 30
_STILL = 1e-14
_TINY = 1e-30


@lru_cache(maxsize=8)
def resampler(frame: int, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return the matrix that takes windowed frames to 11 kHz, (frame, samples at 11 kHz).

    The frame stands in the middle of a Fourier transform of `size`; of its spectrum as many bins are kept as
    the new frame has pairs of samples, which for 20 ms ends at 3.4 kHz. The new frame is as long as the old
    one but begins where the transform does. Both are openSMILE's ways, kept because its numbers are wanted.

    Args:
        frame: samples of a frame.
        size: samples of the Fourier transform.
        rate_hz: of the recording.
    """
    ratio = TARGET_HZ / rate_hz
    count = int(frame * ratio)
    kept = np.arange(count // 2)
    times = np.arange(frame) + (size - frame) // 2
    new_times = np.arange(count) / ratio
    apart = new_times[None, :] - times[:, None]  # (frame, count)
    matrix = np.zeros(apart.shape)
    for number in kept:
        matrix += np.cos(2 * np.pi * number * apart / size)
    return np.ascontiguousarray(matrix * 2 / size, dtype=np.float32)


def formants(
    frames: NDArray[np.float32], *, size: int, rate_hz: int, count: int = 3
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return frequencies and bandwidths of the lowest formants, (n, count) each, in Hz; 0 where none is.

    A predictor of order 11 is fitted to each frame, resampled to 11 kHz, by the autocorrelation method; its
    complex roots between 50 and 5450 Hz are the formants.

    Args:
        frames: windowed frames (n, samples).
        size: samples of the Fourier transform.
        rate_hz: of the recording.
        count: how many formants, from the lowest.

    Source:
        L. R. Rabiner and R. W. Schafer, Digital Processing of Speech Signals, 1978, chapter 8; roots by
        O. Aberth, Iteration methods for finding all zeros of a polynomial simultaneously, 1973.
    """
    short = frames @ resampler(frames.shape[1], size, rate_hz)
    predictors = _predict(short)
    real, imaginary = _roots(-predictors)
    return _resonances(real, imaginary, count)


@njit(cache=True, nogil=True)
def _predict(frames):
    """Return the coefficients of each frame's predictor, (n, ORDER), zeros where the frame is silent.

    Lags are summed in float32, sample by sample: the fit is so ill-conditioned that openSMILE's own rounding
    shows in its formants.
    """
    n, length = frames.shape
    found = np.zeros((n, ORDER))
    padded = np.zeros(length + ORDER, dtype=np.float32)
    lags = np.empty(ORDER + 1, dtype=np.float32)
    before = np.empty(ORDER)
    for row in range(n):
        padded[ORDER:] = frames[row]
        lags[:] = 0
        for k in range(ORDER, length + ORDER):
            sample = padded[k]
            for lag in range(ORDER + 1):
                lags[lag] += sample * padded[k - lag]
        error = np.float64(lags[0])
        if error <= 0:
            continue
        coefficients = found[row]
        for order in range(ORDER):
            reflected = -lags[order + 1]
            for k in range(order):
                reflected -= coefficients[k] * lags[order - k]
            reflected /= error
            for k in range(order):
                before[k] = coefficients[k]
            for k in range(order):
                coefficients[k] = before[k] + reflected * before[order - 1 - k]
            coefficients[order] = reflected
            error *= 1 - reflected * reflected
            if error <= 0:
                break
    return found


@njit(cache=True, nogil=True, fastmath=True)
def _roots(predictors):
    """Return the roots of z^ORDER + c1 z^(ORDER - 1) + …, real and imaginary parts (n, ORDER).

    Aberth's iteration, many frames in step so that the processor's lanes are full.
    """
    n = predictors.shape[0]
    real, imaginary = np.zeros((n, ORDER)), np.zeros((n, ORDER))
    c = np.empty((ORDER, _LANES))
    re, im = np.empty((ORDER, _LANES)), np.empty((ORDER, _LANES))
    work, moved = np.empty((6, _LANES)), np.empty(_LANES)
    for first in range(0, n, _LANES):
        lanes = min(_LANES, n - first)
        for k in range(ORDER):
            angle = 2 * np.pi * (k + 0.3) / ORDER
            for lane in range(_LANES):
                c[k, lane] = predictors[first + min(lane, lanes - 1), k]
                re[k, lane], im[k, lane] = 0.9 * np.cos(angle), 0.9 * np.sin(angle)
        for _ in range(_ROUNDS):
            moved[:] = 0
            for k in range(ORDER):
                _improve(c, re, im, k, work, moved)
            if moved.max() < _STILL:
                break
        for lane in range(lanes):
            for k in range(ORDER):
                real[first + lane, k], imaginary[first + lane, k] = re[k, lane], im[k, lane]
    return real, imaginary


@njit(cache=True, nogil=True, fastmath=True)
def _improve(c, re, im, k, work, moved):
    """Move root k of every lane: by Newton's step, away from the other roots."""
    pr, pi, dr, di, sr, si = work
    for lane in range(_LANES):
        pr[lane], pi[lane], dr[lane], di[lane] = 1.0, 0.0, 0.0, 0.0
        sr[lane], si[lane] = 0.0, 0.0
    for j in range(ORDER):
        for lane in range(_LANES):
            x, y = re[k, lane], im[k, lane]
            slope = dr[lane] * x - di[lane] * y + pr[lane]
            di[lane] = dr[lane] * y + di[lane] * x + pi[lane]
            dr[lane] = slope
            value = pr[lane] * x - pi[lane] * y + c[j, lane]
            pi[lane] = pr[lane] * y + pi[lane] * x
            pr[lane] = value
    for j in range(ORDER):
        if j == k:
            continue
        for lane in range(_LANES):
            x, y = re[k, lane] - re[j, lane], im[k, lane] - im[j, lane]
            size = 1 / (x * x + y * y + _TINY)
            sr[lane] += x * size
            si[lane] -= y * size
    for lane in range(_LANES):
        # the step is p / (p' - p s)
        x = dr[lane] - (pr[lane] * sr[lane] - pi[lane] * si[lane])
        y = di[lane] - (pr[lane] * si[lane] + pi[lane] * sr[lane])
        size = 1 / (x * x + y * y + _TINY)
        step_r = (pr[lane] * x + pi[lane] * y) * size
        step_i = (pi[lane] * x - pr[lane] * y) * size
        re[k, lane] -= step_r
        im[k, lane] -= step_i
        moved[lane] = max(moved[lane], step_r * step_r + step_i * step_i)


def _resonances(
    real: NDArray[np.float64], imaginary: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the frequencies and bandwidths of the roots above the real axis, lowest first."""
    hz = np.arctan2(imaginary, real) * TARGET_HZ / (2 * np.pi)
    # a root outside the unit circle counts as its mirror image inside
    wide = 0.5 * np.abs(np.log(np.maximum(real**2 + imaginary**2, 1e-30))) * TARGET_HZ / np.pi
    hz[(hz < LOW_HZ) | (hz > HIGH_HZ) | (imaginary < 1e-5)] = np.inf
    order = np.argsort(hz, axis=1)[:, :count]
    hz, wide = np.take_along_axis(hz, order, axis=1), np.take_along_axis(wide, order, axis=1)
    none = np.isinf(hz)
    hz[none], wide[none] = 0, 0
    return hz.astype(np.float32), wide.astype(np.float32)
