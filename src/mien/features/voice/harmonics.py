"""Harmonics of voiced frames: their balance, formant amplitudes and harmonics-to-noise ratio."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from mien.features.voice.compiled import kernel, part

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
        _ratios(echo, rate_hz / pitch_hz.astype(np.float64), found)
        width, room = rate_hz / (2 * (magnitude.shape[1] - 1)), np.zeros((3, MOST_HARMONICS + 1))
        _describe(magnitude, pitch_hz, formant_hz, width, room, found)
    return found


@part
def _nearest_peak(values, row, size, begin, step, most):  # type: ignore[no-untyped-def]
    """Return the local maximum above 0 nearest to an index, of two the one `step` away; -1: none."""
    for away in range(most + 1):
        for way in range(2):
            at = begin + step * away if way == 0 else begin - step * away
            if 1 <= at < size - 1:
                here = values[row, at]
                if here > 0 and here > values[row, at - 1] and here > values[row, at + 1]:
                    return at
    return -1


@part
def _vertex(values, row, at):  # type: ignore[no-untyped-def]
    """Return how far the top of the parabola through a local maximum and its neighbours is; its height."""
    left, top = np.float64(values[row, at - 1]), np.float64(values[row, at])
    right = np.float64(values[row, at + 1])
    away = 0.5 * (left - right) / (left - 2 * top + right)
    return away, top - 0.25 * (left - right) * away


@kernel
def _ratios(echo, period, found):  # type: ignore[no-untyped-def]
    """Write the harmonics-to-noise ratio of each frame in dB from its autocorrelation."""
    size = echo.shape[1]
    for row in range(len(echo)):
        at = _nearest_peak(echo, row, size // 2 + 1, int(period[row]), -1, size)
        if at < 0 or echo[row, 0] <= 0:
            continue
        share = np.float64(echo[row, at]) / np.float64(echo[row, 0])
        found[row, 0] = 10 * np.log10(min(max(share / max(1 - share, 1e-10), 1e-10), 1e10))


@kernel
def _describe(magnitude, pitch_hz, formant_hz, width, room, found):  # type: ignore[no-untyped-def]
    """Write the other five descriptors of each frame; `room` holds places, strengths and levels."""
    n, bins = magnitude.shape
    for row in range(n):
        pitch = np.float64(pitch_hz[row])
        count, reference, highest = 0, 0.0, 4 * pitch
        for formant in range(3):
            highest = max(highest, formant_hz[row, formant])
        highest *= 1.3
        for number in range(1, MOST_HARMONICS + 1):
            at = int(number * pitch / width + 0.5)
            if at >= bins - 1 or number * pitch > highest:
                break
            count = number
            at = _nearest_peak(magnitude, row, bins, at, 1, int(pitch / width / 2))
            room[0, number], room[1, number], room[2, number] = -1, 0, MISSING_DB
            if at < 0:
                continue
            away, height = _vertex(magnitude, row, at)
            room[0, number], room[1, number] = at + away, magnitude[row, at]
            if number == 1:
                reference = np.float64(magnitude[row, at])
                room[2, 1] = 0
            elif reference > 0:
                room[2, number] = 20 * np.log10(height / reference)
        if count >= 3:
            found[row, 1] = room[2, 2] - room[2, 3]
        for formant in range(3):
            hz, best = formant_hz[row, formant] / width, -1.0
            for number in range(1, count + 1):
                near = abs(room[0, number] - hz) <= FORMANT_REACH * hz
                if near and room[1, number] > best:
                    best, found[row, 3 + formant] = room[1, number], room[2, number]
        if count >= 2:
            found[row, 2] = room[2, 2] - found[row, 5]
