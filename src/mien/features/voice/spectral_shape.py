"""How a spectrum is shaped: where its energy lies, how far it spreads, how many peaks it has."""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.features.voice.spectral import band_weights

BANDS_HZ = ((250.0, 650.0), (1000.0, 4000.0))
ROLL_OFF = (0.25, 0.5, 0.75, 0.9)
SHARP_FROM_BARK = 16.0
SHARPNESS = 0.11
FAINTEST = np.float32(1e-7)
"""Power below which bins of the entropy are taken for that; sums of quiet frames then exceed one."""
NAMES = (
    "fband250-650",
    "fband1000-4000",
    *(f"spectralRollOff{100 * share:.1f}" for share in ROLL_OFF),
    "spectralCentroid",
    "spectralEntropy",
    "spectralVariance",
    "spectralSkewness",
    "spectralKurtosis",
    "spectralSlope",
    "psySharpness",
    "spectralHarmonicity",
)


def bark(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies on the Bark scale.

    Source:
        H. Traunmüller, Analytical expressions for the tonotopic sensory scale, JASA 88(1), 1990.
    """
    z = 26.81 * hz / (1960 + hz) - 0.53
    return np.where(z < 2, z + 0.15 * (2 - z), np.where(z > 20.1, z + 0.22 * (z - 20.1), z))


@lru_cache(maxsize=8)
def bin_weights(size: int, rate_hz: int) -> NDArray[np.float64]:
    """Return what each bin above 0 Hz adds to bands, slope, sharpness and moments, (size // 2, 9)."""
    half = size // 2
    hz = np.arange(1, half + 1) * rate_hz / size
    bands = [band_weights(low, high, size, rate_hz)[1:] / half for low, high in BANDS_HZ]
    spread = hz - hz.mean()
    # openSMILE multiplies the slope by the number of bins less one
    slope = (half - 1) * spread / (spread**2).sum()
    z = bark(hz)
    weighting = 1 + 3 * (np.maximum(z - SHARP_FROM_BARK, 0) / 8) ** np.log2(3)
    share = hz / hz[-1]
    columns = [np.pad(band, (0, half - band.size)) for band in bands]
    return np.column_stack([*columns, slope, SHARPNESS * z * weighting, *(share**k for k in range(5))])


def shape(power: NDArray[np.float32], *, size: int, rate_hz: int) -> NDArray[np.float32]:
    """Describe the shape of power spectra. 0 Hz is left out.

    Use it on frames with sound: in digital silence everything is 0 but the frequencies of roll-off, which are
    the lowest. All but bands, slope, entropy of quiet frames and harmonicity are the same at every level.

    Args:
        power: (n, size // 2 + 1), of samples in [-1, 1].
        size: samples of the Fourier transform.
        rate_hz: of the recording.

    Returns:
        (n, 14), columns as in `NAMES`: energy of two bands; the frequencies in Hz below which 25, 50, 75 and
        90 % of the energy lie; centroid in Hz; entropy in bits; variance in Hz², skewness and kurtosis around
        the centroid; slope of the power over frequency, per Hz, times bins; sharpness in acum; harmonicity,
        half the way up and down between peaks and valleys, per bin.

    Source:
        F. Eyben, Real-time Speech and Music Classification, 2016, section 2.2; E. Zwicker and H. Fastl,
        Psychoacoustics, 1999 (sharpness); weighting above 16 Bark, neighbourhood of peaks and scales were
        found by comparing numbers with openSMILE 2.6.
    """
    above = power[:, 1:]
    found = np.zeros((len(power), len(NAMES)), dtype=np.float32)
    sums = above.astype(np.float64) @ bin_weights(size, rate_hz)
    total = np.maximum(sums[:, 4], np.finfo(np.float64).tiny)
    raw = sums[:, 5:] / total[:, None]
    top = rate_hz / 2
    centroid = raw[:, 0]
    variance = np.maximum(raw[:, 1] - centroid**2, 0)
    third = raw[:, 2] - 3 * centroid * raw[:, 1] + 2 * centroid**3
    fourth = raw[:, 3] - 4 * centroid * raw[:, 2] + 6 * centroid**2 * raw[:, 1] - 3 * centroid**4
    spread = np.where(variance > 0, variance, 1)
    found[:, 0], found[:, 1] = sums[:, 0], sums[:, 1]
    found[:, 6] = centroid * top
    found[:, 7] = _entropy(above, sums[:, 4])
    found[:, 8] = variance * top**2
    found[:, 9] = third / spread**1.5
    found[:, 10] = fourth / spread**2
    found[:, 11] = sums[:, 2]
    found[:, 12] = sums[:, 3] / total
    _walk(above, sums[:, 4], rate_hz / size, found)
    return found


def _entropy(above: NDArray[np.float32], total: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the entropy of each spectrum in bits; faint bins count as if they had `FAINTEST`."""
    whole = np.maximum(total, FAINTEST).astype(np.float32)
    share = np.maximum(above, FAINTEST) / whole[:, None]
    return np.asarray(-np.einsum("nb,nb->n", share, np.log2(share)))


@njit(cache=True, nogil=True)
def _walk(above, total, width, found):  # type: ignore[no-untyped-def]
    """Write roll-off points and harmonicity of each spectrum."""
    bins = above.shape[1]
    for row in range(len(above)):
        spectrum, out = above[row], found[row]
        gathered, at = 0.0, 0
        for which in range(4):
            wanted = ROLL_OFF[which] * total[row]
            while at < bins and gathered + spectrum[at] < wanted:
                gathered += spectrum[at]
                at += 1
            out[2 + which] = width * (min(at, bins - 1) + 1)
        ways, last = 0.0, np.float32(-1)
        for k in range(2, bins - 2):
            here = spectrum[k]
            near = max(spectrum[k - 1], spectrum[k + 1])
            low = min(spectrum[k - 1], spectrum[k + 1])
            peak = here > near and here > max(spectrum[k - 2], spectrum[k + 2])
            valley = here < low and here < min(spectrum[k - 2], spectrum[k + 2])
            if peak or valley:
                if last >= 0:
                    ways += abs(here - last)
                last = here
        out[13] = ways / (2 * bins)
