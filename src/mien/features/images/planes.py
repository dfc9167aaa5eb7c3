"""Levels over time and frequency, before they take size and colour."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mien.core.optional import require
from mien.features.images.scalogram import frequencies, scalogram
from mien.features.images.style import Style
from mien.features.voice.auditory import mel_bank
from mien.features.voice.framing import fft_size, windowed_blocks

SILENCE_DB = -120.0
FINER = 4
"""Mel bands are narrow at low frequencies: the transform is so many times finer than the window asks for."""


def column_samples(style: Style, rate_hz: int) -> int:
    """Return the samples that a column stands for."""
    return max(round(style.hop_s * rate_hz), 1)


def levels(samples: NDArray[np.float32], style: Style, *, rate_hz: int) -> NDArray[np.float32]:
    """Return levels in dB, (rows, columns), lowest frequency first; a sine at full scale has about 0.

    Column c is of the window around the samples that it stands for; beyond the ends of a clip is silence.

    Args:
        samples: mono, (samples,), at least a window.
        style: what to show.
        rate_hz: of the samples.
    """
    if style.kind == "scalogram":
        wanted = frequencies(style.low_hz, style.high_hz, style.bands)
        hop = column_samples(style, rate_hz)
        power = scalogram(samples, wanted, rate_hz=rate_hz, hop=hop, wavelet=style.wavelet)
    else:
        power = _spectra(samples, style, rate_hz=rate_hz)
    return 10 * np.log10(np.maximum(power, np.float32(10 ** (SILENCE_DB / 10))))


def brightness(level_db: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
    """Return levels of a clip (rows, columns) as brightness from 0 to 1; of a cepstrum, 0.5 is no ripple.

    The brightest is `style.top_db`, or the highest level of the clip. Silence is 0 throughout.
    """
    top = level_db.max() if style.top_db is None else np.float32(style.top_db)
    if top <= SILENCE_DB:
        top = np.float32(SILENCE_DB + style.range_db)
    shown = np.clip((level_db - top) / style.range_db + 1, 0, 1)
    if style.kind != "cepstrum":
        return shown
    fft = require("scipy.fft", "descriptors")
    ripples = fft.dct(shown, axis=0)[1 : len(shown) // 2] / len(shown)
    return np.clip(0.5 + 4 * ripples, 0, 1)


def _spectra(samples: NDArray[np.float32], style: Style, *, rate_hz: int) -> NDArray[np.float32]:
    """Return power in bins or mel bands, (rows, columns)."""
    fft = require("scipy.fft", "descriptors")
    window = _window(round(style.window_s * rate_hz))
    size = fft_size(window.size) * (1 if style.kind == "linear" else FINER)
    hop = column_samples(style, rate_hz)
    before = max(window.size - hop, 0) // 2
    after = hop * (-(-samples.size // hop) - 1) + window.size - before - samples.size
    padded = np.pad(samples, (before, max(after, 0)))
    parts = []
    for _, frames in windowed_blocks([padded], window, hop):
        spectrum = fft.rfft(frames, size)
        power = spectrum.real**2 + spectrum.imag**2
        if style.kind == "linear":
            parts.append(power[:, : int(style.high_hz * size / rate_hz) + 1])
        else:
            bank = mel_bank(size, rate_hz, bands=style.bands, low_hz=style.low_hz, high_hz=style.high_hz)
            # a sine spreads over bins; a band that holds them all gives back its power
            parts.append(power @ bank * np.float32(4 / (size * (window @ window))))
    return np.concatenate(parts).T


@lru_cache(maxsize=8)
def _window(size: int) -> NDArray[np.float32]:
    """Return a Hann window whose spectrum is 1 at the frequency of a sine at full scale."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
    return (2 * hann / hann.sum()).astype(np.float32)
