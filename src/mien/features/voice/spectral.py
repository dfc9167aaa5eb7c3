"""How energy lies over frequency: balance, slopes and change of a spectrum."""

from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

FLOOR = np.float32(1e-14)
ALPHA_HZ = (1000, 5000)
HAMMARBERG_HZ = (2000, 5000)


def band_weights(low_hz: float, high_hz: float, size: int, rate_hz: int) -> NDArray[np.float64]:
    """Return how much of each bin lies between two frequencies, (bins,), as openSMILE cuts the outer ones."""
    low, high = low_hz * size / rate_hz, high_hz * size / rate_hz
    weights = np.zeros(int(high) + 1)
    weights[int(low) :] = 1
    weights[int(low)] = 1 - low % 1
    weights[-1] = high % 1 or 1
    return weights


def split_bins(middle_high_hz: tuple[int, int], *, size: int, rate_hz: int) -> tuple[slice, slice]:
    """Return the bins below the first of two frequencies, and those from there to the second."""
    middle, high = middle_high_hz
    middle = ceil(middle * size / rate_hz)
    return slice(middle), slice(middle, int(high * size / rate_hz) + 1)


@lru_cache(maxsize=32)
def slope_weights(low_hz: float, high_hz: float, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return what each bin adds to the slope between two frequencies, (bins,), per Hz."""
    weights = band_weights(low_hz, high_hz, size, rate_hz)
    bins = np.arange(int(low_hz * size / rate_hz), weights.size)
    part = weights[bins]
    # one bin less than there are: openSMILE's way
    count, total = bins.size - 1, (part * bins).sum()
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
    weights = slope_weights(low_hz, high_hz, size, rate_hz)
    return np.asarray(power_db[:, : weights.size] @ weights)


def alpha_ratio(power: NDArray[np.float32], *, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return the energy from 1 to 5 kHz over that below 1 kHz, (n,), in dB, of power spectra (n, bins)."""
    below, above = split_bins(ALPHA_HZ, size=size, rate_hz=rate_hz)
    return decibels(power[:, above].sum(axis=1)) - decibels(power[:, below].sum(axis=1))


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
    below, above = split_bins(HAMMARBERG_HZ, size=size, rate_hz=rate_hz)
    return decibels(power[:, below].max(axis=1)) - decibels(power[:, above].max(axis=1))


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
