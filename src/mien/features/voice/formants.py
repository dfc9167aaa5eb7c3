"""Formants: resonances of the vocal tract, as roots of a linear predictor."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mien.features.voice.compiled import kernel, loose, part

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
    predictors, real, imaginary = np.zeros((3, len(frames), ORDER))
    lags, before = np.zeros(ORDER + 1, np.float32), np.zeros(ORDER)
    _predict(short, np.zeros(short.shape[1] + ORDER, np.float32), lags, before, predictors)
    angles = 2 * np.pi * (np.arange(ORDER) + 0.3) / ORDER
    begin = 0.9 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lanes = np.empty((3 * ORDER + 7, _LANES))
    _roots(-predictors, begin, *np.split(lanes, [ORDER, 2 * ORDER, 3 * ORDER]), real, imaginary)
    return _resonances(real, imaginary, count)


@kernel
def _predict(frames, padded, lags, before, found):  # type: ignore[no-untyped-def]
    """Write the coefficients of each frame's predictor, (n, ORDER); zeros stay where the frame is silent.

    Lags are summed in float32, sample by sample: the fit is so ill-conditioned that openSMILE's own rounding
    shows in its formants.
    """
    n, length = frames.shape
    for row in range(n):
        for k in range(length):
            padded[ORDER + k] = frames[row, k]
        for lag in range(ORDER + 1):
            lags[lag] = 0
        for k in range(ORDER, length + ORDER):
            sample = padded[k]
            for lag in range(ORDER + 1):
                lags[lag] += sample * padded[k - lag]
        error = np.float64(lags[0])
        if error <= 0:
            continue
        for order in range(ORDER):
            reflected = -np.float64(lags[order + 1])
            for k in range(order):
                reflected -= found[row, k] * lags[order - k]
            reflected /= error
            for k in range(order):
                before[k] = found[row, k]
            for k in range(order):
                found[row, k] = before[k] + reflected * before[order - 1 - k]
            found[row, order] = reflected
            error *= 1 - reflected * reflected
            if error <= 0:
                break


@loose
def _roots(predictors, begin, c, re, im, work, real, imaginary):  # type: ignore[no-untyped-def]
    """Write the roots of z^ORDER + c1 z^(ORDER - 1) + …, real and imaginary parts (n, ORDER).

    Aberth's iteration, many frames in step so that the processor's lanes are full.
    """
    n = predictors.shape[0]
    for first in range(0, n, _LANES):
        for k in range(ORDER):
            for lane in range(_LANES):
                row = first + lane
                c[k, lane] = predictors[row if row < n else n - 1, k]
                re[k, lane], im[k, lane] = begin[k, 0], begin[k, 1]
        for _ in range(_ROUNDS):
            for lane in range(_LANES):
                work[6, lane] = 0
            for k in range(ORDER):
                _improve(c, re, im, k, work)
            most = 0.0
            for lane in range(_LANES):
                most = max(most, work[6, lane])
            if most < _STILL:
                break
        for row in range(first, n if n < first + _LANES else first + _LANES):
            for k in range(ORDER):
                real[row, k], imaginary[row, k] = re[k, row - first], im[k, row - first]


@part
def _improve(c, re, im, k, work):  # type: ignore[no-untyped-def]
    """Move root k of every lane: by Newton's step, away from the other roots."""
    for lane in range(_LANES):
        work[0, lane] = 1.0
        for row in range(1, 6):
            work[row, lane] = 0.0
    for j in range(ORDER):
        for lane in range(_LANES):
            x, y, pr, pi = re[k, lane], im[k, lane], work[0, lane], work[1, lane]
            slope = work[2, lane] * x - work[3, lane] * y + pr
            work[3, lane] = work[2, lane] * y + work[3, lane] * x + pi
            work[2, lane] = slope
            work[0, lane] = pr * x - pi * y + c[j, lane]
            work[1, lane] = pr * y + pi * x
    for j in range(ORDER):
        if j == k:
            continue
        for lane in range(_LANES):
            x, y = re[k, lane] - re[j, lane], im[k, lane] - im[j, lane]
            size = 1 / (x * x + y * y + _TINY)
            work[4, lane] += x * size
            work[5, lane] -= y * size
    for lane in range(_LANES):
        # the step is p / (p' - p s)
        pr, pi, sr, si = work[0, lane], work[1, lane], work[4, lane], work[5, lane]
        x = work[2, lane] - (pr * sr - pi * si)
        y = work[3, lane] - (pr * si + pi * sr)
        size = 1 / (x * x + y * y + _TINY)
        step_r = (pr * x + pi * y) * size
        step_i = (pi * x - pr * y) * size
        re[k, lane] -= step_r
        im[k, lane] -= step_i
        work[6, lane] = max(work[6, lane], step_r * step_r + step_i * step_i)


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
