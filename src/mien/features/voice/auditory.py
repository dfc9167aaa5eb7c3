"""Mel bands, loudness as the ear weighs them, and cepstra."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BANDS = 26
LOW_HZ = 20.0
HIGH_HZ = 8000.0
COMPRESSION = 0.33
LIFTER = 22
FULL_SCALE = 32767.0
FAINTEST = np.float32(FULL_SCALE**-2)
"""Bands are floored as if samples were 16-bit integers: at a power of 1."""


def mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return frequencies on the mel scale, 1127 ln(1 + f / 700 Hz)."""
    return np.asarray(1127 * np.log1p(np.asarray(hz) / 700))


def mel_edges(bands: int = BANDS, low_hz: float = LOW_HZ, high_hz: float = HIGH_HZ) -> NDArray[np.float64]:
    """Return lower edge, centres and upper edge of triangular bands, (bands + 2,), in mel."""
    low, high = mel(low_hz), mel(high_hz)
    return np.asarray(low + np.arange(bands + 2) * (high - low) / (bands + 1))


@lru_cache(maxsize=8)
def mel_bank(
    size: int, rate_hz: int, *, bands: int = BANDS, low_hz: float = LOW_HZ, high_hz: float = HIGH_HZ
) -> NDArray[np.float32]:
    """Return triangular mel filters for power spectra, (size // 2 + 1, bands).

    Bins below `low_hz` plus one and a half bins are left out, as HTK does.

    Args:
        size: samples of the Fourier transform.
        rate_hz: of the recording.
        bands: filters.
        low_hz: lower edge of the first.
        high_hz: upper edge of the last, at most half the rate.

    Source:
        S. Young et al., The HTK Book, section 5.4.
    """
    edges = mel_edges(bands, low_hz, min(high_hz, rate_hz / 2))
    bins = np.arange(size // 2 + 1)
    at = mel(bins * rate_hz / size)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0, None)
    weights[bins < int(low_hz * size / rate_hz + 2.5) - 1] = 0
    return weights.astype(np.float32)


@lru_cache(maxsize=8)
def equal_loudness(rate_hz: int) -> NDArray[np.float32]:
    """Return the ear's weight of each mel band's power, (bands,).

    Source:
        H. Hermansky, Perceptual linear predictive (PLP) analysis of speech, JASA 87(4), 1990, eq. 7, with
        a steeper fall above 5 kHz; the constants were found by comparing numbers with openSMILE 2.6.
    """
    centres = mel_edges(high_hz=min(HIGH_HZ, rate_hz / 2))[1:-1]
    squared = (2 * np.pi * 700 * np.expm1(centres / 1127)) ** 2
    weights = (squared + 56.8e6) * squared**2 / ((squared + 6.3e6) ** 2 * (squared + 0.38e9))
    return (weights / 0.17 / (1 + squared**3.5 / 1.7e31)).astype(np.float32)


def auditory_bands(mel_power: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Return mel band powers (n, bands) weighted and compressed as the ear does, (n, bands)."""
    return np.asarray(np.power(mel_power * equal_loudness(rate_hz), COMPRESSION))


def loudness(mel_power: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Return loudness (n,) from mel band powers (n, bands): the mean of the compressed, weighted bands."""
    return np.asarray(auditory_bands(np.maximum(mel_power, FAINTEST), rate_hz).mean(axis=1))


@lru_cache(maxsize=8)
def cosines(first: int, last: int, bands: int) -> NDArray[np.float32]:
    """Return what the logarithm of each band adds to each liftered coefficient, (bands, last - first + 1)."""
    order = np.arange(first, last + 1)
    lift = 1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER)
    angles = np.pi * np.outer(np.arange(bands) + 0.5, order) / bands
    return (np.sqrt(2 / bands) * np.cos(angles) * lift).astype(np.float32)


def cepstra(mel_power: NDArray[np.float32], *, first: int = 1, last: int = 4) -> NDArray[np.float32]:
    """Return liftered mel-frequency cepstral coefficients `first` to `last`, (n, last - first + 1).

    Args:
        mel_power: (n, bands), of samples in [-1, 1].
        first: lowest coefficient.
        last: highest coefficient.

    Source:
        The HTK Book, section 5.6.
    """
    logs = np.log(np.maximum(mel_power * np.float32(FULL_SCALE**2), 1))
    return np.asarray(logs @ cosines(first, last, mel_power.shape[1]))
