"""Harmonics of voiced frames: their balance, formant amplitudes and harmonics-to-noise ratio."""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.fft import irfft

MOST_HARMONICS = 100
FORMANT_REACH = 0.2
"""A formant's amplitude is that of the strongest harmonic within this share of its frequency."""
MISSING_DB = -201.0
"""Level of a harmonic that has no peak, and of a formant without pitch, as openSMILE writes it."""
NAMES = ("hnr", "h1_h2", "h1_a3", "a1", "a2", "a3")


def describe_harmonics(
    magnitude: NDArray[np.float32],
    pitch_hz: NDArray[np.float32],
    formant_hz: NDArray[np.float32],
    *,
    rate_hz: int,
) -> NDArray[np.float32]:
    """Describe the harmonics of voiced frames.

    A harmonic is the local maximum of the spectrum nearest to a multiple of the pitch. Levels are relative to
    that of the fundamental. As in openSMILE, H1 is the first harmonic above the fundamental, H2 the second.

    Args:
        magnitude: magnitude spectra (n, bins) of 60-ms frames.
        pitch_hz: (n,), above 0.
        formant_hz: (n, 3), the lowest three formants.
        rate_hz: of the recording.

    Returns:
        (n, 6) in dB: harmonics-to-noise ratio by autocorrelation, H1 less H2, H1 less A3, and the amplitudes
        A1 to A3 of the formants.

    Source:
        F. Eyben et al., The Geneva Minimalistic Acoustic Parameter Set (GeMAPS), IEEE Transactions on
        Affective Computing 7(2), 2016, section 3; details checked against openSMILE 2.6.
    """
    found = np.zeros((len(magnitude), len(NAMES)), dtype=np.float32)
    if len(magnitude):
        echo = irfft(magnitude * magnitude, axis=1, overwrite_x=True)
        _describe(magnitude, echo, pitch_hz, formant_hz, rate_hz, found)
    return found


@njit(cache=True, nogil=True)
def _nearest_peak(values, begin, upwards, most):
    """Return the local maximum above 0 nearest to an index, of two the one above or below; -1: none."""
    step = 1 if upwards else -1
    last = values.size - 2
    for away in range(most + 1):
        for at in (begin + step * away, begin - step * away):
            if 1 <= at <= last and values[at] > max(values[at - 1], values[at + 1], 0):
                return at
    return -1


@njit(cache=True, nogil=True)
def _vertex(values, at):
    """Return place and height of the parabola through a local maximum and its neighbours."""
    left, top, right = np.float64(values[at - 1]), np.float64(values[at]), np.float64(values[at + 1])
    away = 0.5 * (left - right) / (left - 2 * top + right)
    return at + away, top - 0.25 * (left - right) * away


@njit(cache=True, nogil=True)
def _noise_ratio(echo, period):
    """Return the harmonics-to-noise ratio in dB from the autocorrelation of a frame."""
    at = _nearest_peak(echo[: echo.size // 2 + 1], int(period), False, echo.size)
    if at < 0 or echo[0] <= 0:
        return 0.0
    share = np.float64(echo[at]) / np.float64(echo[0])
    return 10 * np.log10(min(max(share / max(1 - share, 1e-10), 1e-10), 1e10))


@njit(cache=True, nogil=True)
def _describe(magnitude, echo, pitch_hz, formant_hz, rate_hz, found):
    """Write the six descriptors of each frame."""
    n, bins = magnitude.shape
    width = rate_hz / (2 * (bins - 1))
    level = np.zeros(MOST_HARMONICS + 1)
    place, strength = np.zeros(MOST_HARMONICS + 1), np.zeros(MOST_HARMONICS + 1)
    for row in range(n):
        spectrum, pitch = magnitude[row], np.float64(pitch_hz[row])
        found[row, 0] = _noise_ratio(echo[row], rate_hz / pitch)
        count, reference = 0, 0.0
        highest = 1.3 * max(formant_hz[row].max(), 4 * pitch)
        for number in range(1, MOST_HARMONICS + 1):
            at = int(number * pitch / width + 0.5)
            if at >= bins - 1 or number * pitch > highest:
                break
            count = number
            at = _nearest_peak(spectrum, at, True, int(pitch / width / 2))
            place[number], strength[number], level[number] = -1, 0, MISSING_DB
            if at < 0:
                continue
            place[number], height = _vertex(spectrum, at)
            strength[number] = spectrum[at]
            if number == 1:
                reference = strength[1]
                level[1] = 0
            elif reference > 0:
                level[number] = 20 * np.log10(height / reference)
        if count >= 3:
            found[row, 1] = level[2] - level[3]
        for formant in range(3):
            hz, best = formant_hz[row, formant] / width, -1.0
            for number in range(1, count + 1):
                near = abs(place[number] - hz) <= FORMANT_REACH * hz
                if near and strength[number] > best:
                    best, found[row, 3 + formant] = strength[number], level[number]
        if count >= 2:
            found[row, 2] = level[2] - found[row, 5]
