"""The continuous wavelet transform: time resolution that follows frequency."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.optional import require

MORLET_RADIANS = 6.0
BUMP_RADIANS, BUMP_WIDTH = 5.0, 0.6
MORSE_GAMMA, MORSE_BETA = 3.0, 20.0
RINGING = 30
"""Periods after which every wavelet has fallen by 40 dB."""
HIGHEST = 3.0
"""No wavelet lets anything through that is so many times its own frequency."""


def response(wavelet: str, relative: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return what a wavelet lets through at each frequency.

    Args:
        wavelet: `morlet`, `bump` or `morse`.
        relative: frequencies over the wavelet's own, any shape, 0 or more.

    Returns:
        0 to 1, 1 at the wavelet's own frequency.

    Raises:
        ConfigError: no such wavelet.

    Example:
        >>> response("bump", np.array([0.5, 1.0, 2.0])).tolist()
        [0.0, 1.0, 0.0]

    Source:
        Morlet: C. Torrence, G. Compo, A practical guide to wavelet analysis, BAMS 79(1), 1998, table 1. Bump:
        I. Daubechies, J. Lu, H.-T. Wu, Synchrosqueezed wavelet transforms, ACHA 30(2), 2011. Morse: S.
        Olhede, A. Walden, Generalized Morse wavelets, IEEE Transactions on Signal Processing 50(11), 2002.
    """
    if wavelet == "morlet":
        return np.exp(-0.5 * (MORLET_RADIANS * (relative - 1)) ** 2) * (relative > 0)
    if wavelet == "bump":
        apart = np.minimum(np.abs(BUMP_RADIANS * (relative - 1) / BUMP_WIDTH), 1)
        inside = apart < 1
        return np.where(inside, np.exp(1 - 1 / (1 - np.where(inside, apart, 0) ** 2)), 0.0)
    if wavelet == "morse":
        # on a logarithmic axis nothing overflows
        logs = np.log(np.maximum(relative, 1e-12))
        return np.exp(MORSE_BETA * logs + MORSE_BETA / MORSE_GAMMA * (1 - relative**MORSE_GAMMA))
    raise ConfigError(f"Got wavelet `{wavelet}`, expected morlet, bump or morse.")


def frequencies(low_hz: float, high_hz: float, count: int) -> NDArray[np.float64]:
    """Return frequencies evenly spaced on a logarithmic axis, (count,), in Hz, lowest first."""
    return np.geomspace(low_hz, high_hz, count)


def scalogram(
    samples: NDArray[np.floating],
    frequencies_hz: NDArray[np.floating],
    *,
    rate_hz: int,
    hop: int,
    wavelet: str,
) -> NDArray[np.float32]:
    """Return the power of a wavelet transform, averaged over short stretches.

    Use it for sounds with sharp onsets and low tones at once; a mel spectrogram is cheaper. Near its ends a
    clip is taken to go on as silence.

    Args:
        samples: mono, (samples,).
        frequencies_hz: (F,), above 0 and at most half the rate.
        rate_hz: of the samples.
        hop: samples of a stretch; the last one may be shorter.
        wavelet: `morlet`, `bump` or `morse`.

    Returns:
        (F, T), T = samples / hop rounded up; a sine at full scale has 1 at its own frequency.

    Raises:
        ConfigError: no such wavelet.

    Example:
        >>> tone = np.sin(2 * np.pi * 500 * np.arange(8000) / 8000)
        >>> float(scalogram(tone, np.array([500.0]), rate_hz=8000, hop=80, wavelet="morlet")[0, 50].round(2))
        1.0
    """
    widths = np.full(-(-samples.size // hop), hop)
    widths[-1] = samples.size - hop * (len(widths) - 1)
    power = np.empty((len(frequencies_hz), len(widths)), np.float32)
    edges = np.arange(0, samples.size, hop)
    for row, one in enumerate(_transforms(samples, frequencies_hz, rate_hz=rate_hz, wavelet=wavelet)):
        power[row] = np.add.reduceat(one.real**2 + one.imag**2, edges) / widths
    return power


def _transforms(
    samples: NDArray[np.floating], frequencies_hz: NDArray[np.floating], *, rate_hz: int, wavelet: str
) -> Iterator[NDArray[np.complexfloating]]:
    """Yield the analytic signal (samples,) that the wavelet of each frequency lets through."""
    fft = require("scipy.fft", "descriptors")
    # the lowest wavelet rings into the padding instead of the other end
    ringing = int(RINGING * rate_hz / frequencies_hz.min())
    size = fft.next_fast_len(samples.size + ringing)
    spectrum = fft.rfft(samples, size)
    bins_hz = np.arange(spectrum.size) * rate_hz / size
    for frequency in frequencies_hz:
        heard = slice(int(HIGHEST * frequency * size / rate_hz) + 1)
        analytic = np.zeros(size, spectrum.dtype)
        part = spectrum[heard]
        analytic[: part.size] = 2 * part * response(wavelet, bins_hz[heard] / frequency)
        yield fft.ifft(analytic)[: samples.size]
