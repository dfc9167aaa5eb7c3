"""Complex spectrograms, the magnitudes that are factorised, and the way back to samples."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.optional import require
from mien.features.voice.auditory import mel_bank
from mien.features.voice.framing import windowed_blocks

LEAST_HZ = 2000


@dataclass(frozen=True)
class Spectra:
    """Say how samples become the magnitudes that are factorised.

    Attributes:
        rate_hz: of the samples, 2000 or more.
        window_s: seconds of a Hann window.
        hop_s: seconds from one window to the next, at most half a window.
        mel_bands: sum the power in so many mel bands before the root is taken, which makes bases small and
            separation coarser; 0 keeps all bins.
        exponent: 1 for magnitudes, 2 for powers, which suit the loss `itakura-saito`.

    Raises:
        ConfigError: a number out of range.
    """

    rate_hz: int
    window_s: float = 0.032
    hop_s: float = 0.008
    mel_bands: int = 0
    exponent: int = 1

    def __post_init__(self) -> None:
        if self.rate_hz < LEAST_HZ:
            raise ConfigError(f"Got {self.rate_hz} Hz, expected {LEAST_HZ} or more; resample first.")
        if not (8 <= self.size <= self.rate_hz and 1 <= self.hop <= self.size // 2):
            raise ConfigError(
                f"Got windows of {self.window_s} s every {self.hop_s} s, expected at most 1 s, and a hop of "
                "at most half of that; 0.032 and 0.008 suit speech."
            )
        if not 0 <= self.mel_bands <= self.size // 4:
            raise ConfigError(
                f"Got mel_bands={self.mel_bands}, expected 0 to {self.size // 4}, a quarter of the window's "
                "samples; lower it."
            )
        if self.exponent not in (1, 2):
            raise ConfigError(f"Got exponent={self.exponent}, expected 1 for magnitudes or 2 for powers.")

    @property
    def size(self) -> int:
        """Samples of a window."""
        return round(self.window_s * self.rate_hz)

    @property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return round(self.hop_s * self.rate_hz)

    @property
    def rows(self) -> int:
        """Rows of the magnitudes: bins, or mel bands."""
        return self.mel_bands or self.size // 2 + 1

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.complex64]:
        """Return the complex spectrogram (bins, T) of samples (samples,), with all windows that touch them.

        Raises:
            DataError: samples that are not mono, not finite, or shorter than a window.
        """
        check_samples(samples, least=self.size, rate_hz=self.rate_hz)
        count = -(-(self._before + len(samples)) // self.hop)
        after = (count - 1) * self.hop + self.size - self._before - len(samples)
        padded = np.pad(np.asarray(samples, np.float32), (self._before, after))
        blocks = windowed_blocks([padded], _window(self.size), self.hop)
        rfft = require("scipy.fft", "descriptors").rfft
        return np.concatenate([rfft(frames, axis=1) for _, frames in blocks]).T

    def invert(self, spectrum: NDArray[np.complexfloating], *, size: int) -> NDArray[np.float32]:
        """Return the samples (size,) of a complex spectrogram; undoes `transform`."""
        window = _window(self.size)
        frames = require("scipy.fft", "descriptors").irfft(spectrum.T, self.size, axis=1) * window
        total = _overlap(frames, self.hop)
        weight = _overlap(np.broadcast_to(window * window, frames.shape), self.hop)
        heard = slice(self._before, self._before + size)
        return total[heard] / weight[heard]

    @property
    def _before(self) -> int:
        """Samples of silence before the first, so that as many windows touch it as any other."""
        return self.hop * ((self.size - 1) // self.hop)

    def observe(self, spectrum: NDArray[np.complexfloating]) -> NDArray[np.float32]:
        """Return the magnitudes, or powers, (rows, T) of a complex spectrogram."""
        magnitude = np.abs(spectrum).astype(np.float32)
        if self.mel_bands:
            magnitude = np.sqrt(_bands(self).T @ magnitude**2)
        return magnitude**self.exponent

    def spread(self, mask: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return a mask (rows, T) as one over bins (bins, T): each bin takes the mean of its bands."""
        if not self.mel_bands:
            return mask
        bank = _bands(self)
        covered = np.flatnonzero(bank.sum(axis=1))
        # bins below the first band and above the last do as their neighbours
        nearest = covered[np.abs(np.arange(len(bank))[:, None] - covered).argmin(axis=1)]
        weights = bank[nearest] / bank[nearest].sum(axis=1, keepdims=True)
        return weights @ mask


def check_samples(samples: NDArray[np.floating], *, least: int, rate_hz: int) -> None:
    """Refuse samples that cannot be cut into windows.

    Args:
        samples: should be (samples,).
        least: samples that there must be.
        rate_hz: of the samples, for the message.

    Raises:
        DataError: samples that are not mono, too few, or not finite.
    """
    if np.ndim(samples) != 1:
        raise DataError(f"Got samples of shape {np.shape(samples)}, expected (samples,); mix them to mono.")
    if len(samples) < least:
        raise DataError(
            f"Got {len(samples) / rate_hz:.3f} s, expected at least {least / rate_hz:g} s, one window; leave "
            "it out or pad it."
        )
    if not np.isfinite(samples).all():
        raise DataError("Got samples that are not finite, expected numbers in [-1, 1].")


@lru_cache(maxsize=8)
def _window(size: int) -> NDArray[np.float32]:
    """Return a periodic Hann window (size,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


def _overlap(frames: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    """Return the sum of frames (T, size), each `hop` samples after the one before."""
    count, size = frames.shape
    parts = -(-size // hop)
    padded = np.pad(frames, ((0, 0), (0, parts * hop - size))).reshape(count, parts, hop)
    total = np.zeros((count + parts - 1, hop), np.float32)
    for part in range(parts):
        total[part : part + count] += padded[:, part]
    return total.ravel()


@lru_cache(maxsize=8)
def _bands(spectra: Spectra) -> NDArray[np.float32]:
    """Return mel filters for power, (bins, bands)."""
    top_hz = spectra.rate_hz / 2
    return mel_bank(spectra.size, spectra.rate_hz, bands=spectra.mel_bands, high_hz=top_hz)
