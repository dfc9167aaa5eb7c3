"""Add noise: coloured, recorded, or other people talking."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.signals.degrade.power import sounding_frames, sounding_power

TALKERS = 6
"""So many voices mask speech and are hardly understood one by one."""

LOWEST_HZ = 50.0
"""Where the coloured noise of the ladder begins: brown noise would else be all inaudible drift."""


def noise(samples: np.ndarray, generator: np.random.Generator, *, snr_db: float) -> np.ndarray:
    """Add noise of a random colour, between white and brown, at a signal-to-noise ratio in dB.

    For training. Signal power is taken over the whole clip, and the noise has no lower limit: for stated
    conditions use `colour`, `recorded` or `babble` with `add`.

    Returns:
        float32 `(samples,)`.
    """
    slope = generator.uniform(0.0, 2.0)
    sound = colour(samples.size, generator, slope=slope)
    return _mix(samples, sound, np.mean(samples**2), snr_db)


def add(samples: np.ndarray, sound: np.ndarray, *, snr_db: float, rate_hz: int) -> np.ndarray:
    """Add a sound at a signal-to-noise ratio that holds where the clip sounds.

    Signal power is the mean over the frames of the clip within 30 dB of its loudest, so that pauses in
    speech do not let the noise off lightly; noise power is the mean over the whole clip. Silence stays
    silence: there is nothing that the noise could be relative to.

    Args:
        samples: float32 `(samples,)`.
        sound: `(samples,)`, at any level.
        snr_db: ratio in dB.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`; it may pass full scale.
    """
    return _mix(samples, sound, sounding_power(samples, rate_hz=rate_hz), snr_db)


def colour(
    size: int, generator: np.random.Generator, *, slope: float, lowest_hz: float = 0.0, rate_hz: int = 16000
) -> np.ndarray:
    """Return Gaussian noise whose power falls as 1 / frequency ** slope.

    Args:
        size: number of samples.
        generator: source of the noise.
        slope: 0 white, 1 pink (-3 dB per octave), 2 brown (-6 dB per octave).
        lowest_hz: leave out what lies below, in Hz.
        rate_hz: sampling rate in Hz; matters with `lowest_hz` only.

    Returns:
        float64 `(size,)`, at no particular level.
    """
    spectrum = np.fft.rfft(generator.standard_normal(size))
    spectrum *= np.maximum(np.arange(spectrum.size), 1.0) ** (-slope / 2)
    # A clip shorter than one period of the lowest frequency keeps its highest component.
    spectrum[: min(int(np.ceil(lowest_hz * size / rate_hz)), spectrum.size - 1)] = 0.0
    return np.fft.irfft(spectrum, size)


def recorded(
    size: int, generator: np.random.Generator, *, noises: Sequence[NDArray[np.float32]], rate_hz: int
) -> np.ndarray:
    """Return a stretch of one recording of noise, begun at random where it sounds and repeated as needed.

    Args:
        size: number of samples.
        generator: chooses recording and beginning.
        noises: recordings, each float32 `(samples,)` at `rate_hz`.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(size,)`, at its own level.

    Raises:
        DataError: a recording is empty, silent, not one-dimensional or not finite.
        ConfigError: no recording.
    """
    if not len(noises):
        raise ConfigError("Got no recordings of noise, expected at least one; pass `noises`.")
    return _stretch(noises[generator.integers(len(noises))], size, generator, rate_hz=rate_hz)


def babble(
    size: int, generator: np.random.Generator, *, speech: Sequence[NDArray[np.float32]], rate_hz: int
) -> np.ndarray:
    """Return six people talking at once, equally loud.

    Args:
        size: number of samples.
        generator: chooses clips and beginnings.
        speech: clips of other speakers than the one who is degraded, each float32 `(samples,)` at
            `rate_hz`; where there are fewer than six, a clip may be heard twice, from different places.
        rate_hz: sampling rate in Hz.

    Returns:
        float64 `(size,)`, at no particular level.

    Raises:
        DataError: a clip is empty, silent, not one-dimensional or not finite.
        ConfigError: no clip.
    """
    if not len(speech):
        raise ConfigError("Got no clips of other speakers, expected some, six or more; pass `speech`.")
    chosen = generator.choice(len(speech), TALKERS, replace=len(speech) < TALKERS)
    total = np.zeros(size)
    for index in chosen:
        voice = _stretch(speech[index], size, generator, rate_hz=rate_hz)
        total += voice / np.sqrt(sounding_power(voice, rate_hz=rate_hz) + 1e-12)
    return total


def _mix(samples: np.ndarray, sound: np.ndarray, signal_power: float, snr_db: float) -> np.ndarray:
    power = signal_power / 10 ** (snr_db / 10)
    return (samples + sound * np.sqrt(power / (np.mean(sound**2) + 1e-12))).astype(np.float32)


def _stretch(
    sound: NDArray[np.float32], size: int, generator: np.random.Generator, *, rate_hz: int
) -> np.ndarray:
    """Cut `size` samples from a random sounding frame on, going round to the beginning at the end."""
    if sound.ndim != 1 or not sound.size or not np.isfinite(sound).all():
        raise DataError(
            f"Got noise or speech to add of shape {sound.shape}, expected (samples,), at least one, all "
            "finite; decode it to mono first."
        )
    beginnings = sounding_frames(sound, rate_hz=rate_hz)
    if not beginnings.size:
        raise DataError(
            f"Got silence of {sound.size} samples as noise or speech to add, expected sound; leave it out."
        )
    start = int(generator.choice(beginnings))
    return np.take(sound, np.arange(start, start + size), mode="wrap")
