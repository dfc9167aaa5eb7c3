"""How energy lies over frequency: balance, slopes and change of a spectrum."""

from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

FLOOR = np.float32(1e-14)


@lru_cache(maxsize=32)
def _slope_weights(low_hz: float, high_hz: float, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return what each bin adds to the slope between two frequencies, (bins,), per Hz."""
    low, high = low_hz * size / rate_hz, high_hz * size / rate_hz
    bins = np.arange(int(low), int(high) + 1)
    # bins that the edges cut count in part, and one bin less than there are: openSMILE's ways
    part = np.ones(bins.size)
    part[0] = 1 - low % 1
    part[-1] = high % 1 or 1
    count, total = bins.size - 1, (part * bins).sum()
    weights = np.zeros(bins[-1] + 1)
    weights[bins] = part * (count * bins - total) / (count * ((part * bins) ** 2).sum() - total**2)
    return np.asarray(weights * size / rate_hz, dtype=np.float32)


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 10 log10 of powers."""
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR)))


def slope(
    power_db: NDArray[np.float32], low_hz: float, high_hz: float, *, size: int, rate_hz: int
) -> NDArray[np.float32]:
    """Return the slope of a line through a power spectrum between two frequencies, (n,), in dB per Hz.

    Args:
        power_db: (n, bins) from 0 Hz, at least up to `high_hz`.
        low_hz: where the line begins.
        high_hz: where it ends.
        size: samples of the Fourier transform.
        rate_hz: of the recording.
    """
    weights = _slope_weights(low_hz, high_hz, size, rate_hz)
    return np.asarray(power_db[:, : weights.size] @ weights)


def alpha_ratio(power: NDArray[np.float32], *, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return the energy from 1 to 5 kHz over that below 1 kHz, (n,), in dB, of power spectra (n, bins)."""
    middle, high = ceil(1000 * size / rate_hz), int(5000 * size / rate_hz)
    above, below = power[:, middle : high + 1].sum(axis=1), power[:, :middle].sum(axis=1)
    return decibels(above) - decibels(below)


def hammarberg_index(power: NDArray[np.float32], *, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return the strongest bin up to 2 kHz over the strongest from 2 to 5 kHz, (n,), in dB.

    Args:
        power: power spectra (n, bins).
        size: samples of the Fourier transform.
        rate_hz: of the recording.

    Source:
        B. Hammarberg et al., Perceptual and acoustic correlates of abnormal voice qualities, Acta
        Oto-Laryngologica 90, 1980.
    """
    middle, high = ceil(2000 * size / rate_hz), int(5000 * size / rate_hz)
    below, above = power[:, :middle].max(axis=1), power[:, middle : high + 1].max(axis=1)
    return decibels(below) - decibels(above)


def flux(magnitude: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each spectrum differs from the one before it, (n,).

    Args:
        magnitude: (n, bins).
        before: the same spectra, one frame earlier.

    Returns:
        The root of the mean squared difference over bins.
    """
    apart = magnitude - before
    return np.sqrt(np.einsum("nb,nb->n", apart, apart) / np.float32(magnitude.shape[1]))
