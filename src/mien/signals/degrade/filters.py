"""Colour or cut the spectrum, without delay."""

import numpy as np

from mien.signals.degrade.power import match_power

EDGE = 0.1
"""Half the width of a band's edge, as a share of its frequency."""

RING_S = 0.1
"""Silence behind the clip, into which a filter may ring instead of around to the beginning."""


def microphone(
    samples: np.ndarray, generator: np.random.Generator, *, depth_db: float, rate_hz: int
) -> np.ndarray:
    """Colour the spectrum as another microphone would: a smooth random gain over log frequency.

    Args:
        samples: float32 `(samples,)`.
        generator: source of the gains.
        depth_db: standard deviation of the gain, drawn at seven frequencies, in dB.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`, with the power of the input.
    """
    anchors_hz = np.geomspace(60, rate_hz / 2, 7)
    gains_db = generator.normal(0.0, depth_db, anchors_hz.size)
    spectrum = np.fft.rfft(samples)
    frequencies_hz = np.fft.rfftfreq(samples.size, 1 / rate_hz)
    curve_db = np.interp(np.log(np.maximum(frequencies_hz, 20.0)), np.log(anchors_hz), gains_db)
    return match_power(np.fft.irfft(spectrum * 10 ** (curve_db / 20), samples.size), samples)


def band(samples: np.ndarray, *, low_hz: float = 0.0, high_hz: float = np.inf, rate_hz: int) -> np.ndarray:
    """Keep a band of frequencies.

    The edges fall as half a cosine over 10 % of their frequency to either side, half the amplitude at the
    edge itself, and the phase stays as it is. What lies in the band keeps its level.

    Args:
        samples: float32 `(samples,)`.
        low_hz: lower edge in Hz; 0 keeps everything below.
        high_hz: upper edge in Hz; one above half the rate keeps everything above.
        rate_hz: sampling rate in Hz.

    Returns:
        float32 `(samples,)`.
    """
    size = fast_size(samples.size + round(RING_S * rate_hz))
    frequencies_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    kept = np.ones(frequencies_hz.size)
    if low_hz > 0:
        kept *= _rise(frequencies_hz / low_hz)
    if np.isfinite(high_hz):
        kept *= 1 - _rise(frequencies_hz / high_hz)
    return np.fft.irfft(np.fft.rfft(samples, size) * kept, size)[: samples.size].astype(np.float32)


def fast_size(size: int) -> int:
    """Return the next power of two: other lengths take a Fourier transform up to ten times as long.

    Example:
        >>> fast_size(16000)
        16384
    """
    return 1 << (size - 1).bit_length()


def _rise(ratio: np.ndarray) -> np.ndarray:
    """Return 0 below the edge, 1 above it, half a cosine between."""
    return (1 - np.cos(np.pi * np.clip((ratio - 1 + EDGE) / (2 * EDGE), 0, 1))) / 2
