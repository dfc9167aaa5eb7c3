"""Low-level descriptors of the ComParE set, frame by frame, for many clips at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from mien.features.voice.auditory import BANDS, FAINTEST, auditory_bands, cepstra, mel_bank
from mien.features.voice.endings import left_over
from mien.features.voice.framing import (
    HOP_S,
    fft_size,
    frame_starts,
    gauss,
    hamming,
    hop_samples,
    windowed_blocks,
)
from mien.features.voice.geneva_frames import LONG_S, SHORT_S, listen_for_pitch, mean_square
from mien.features.voice.periods import jitter_and_shimmer
from mien.features.voice.pitch_path import smooth_pitch
from mien.features.voice.rasta import rasta
from mien.features.voice.shs import CANDIDATES
from mien.features.voice.spectral import flux
from mien.features.voice.spectral_shape import shape

PITCH_HZ = (52.0, 620.0)
BUFFER_FRAMES = 30
SEARCH = 0.25
"""How far a period may be from the one that the pitch says."""
BANDS_AT, SHAPES_AT = 3, 3 + BANDS
SHAPES, CEPSTRA = 15, 14
FLUX_AT = 6
"""Flux comes after so many other shapes."""


@dataclass(frozen=True)
class CompareFrames:
    """Hold the descriptors of all clips' frames before smoothing; short frames outnumber long ones.

    Attributes:
        voiced: (long frames, 6): pitch in Hz, voicing, jitter, jitter of jitter, shimmer, harmonics to noise.
        crossings: (long frames, 1), zero crossings per sample.
        spectral: (short frames, 58): loudness, that of the filtered bands, root mean square of the samples,
            26 filtered bands, 15 of the spectrum's shape, 14 cepstra.
        starts: (clips + 1,), where each clip's long frames begin.
        short_starts: (clips + 1,), where each clip's short frames begin.
        spare: (clips,), samples behind each clip's last long frame.
    """

    voiced: NDArray[np.float32]
    crossings: NDArray[np.float32]
    spectral: NDArray[np.float32]
    starts: NDArray[np.int64]
    short_starts: NDArray[np.int64]
    spare: NDArray[np.int64]


def describe_frames(clips: Sequence[NDArray[np.float32]], rate_hz: int) -> CompareFrames:
    """Return the descriptors of all clips' frames.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all of them.
    """
    hop = hop_samples(rate_hz)
    starts = frame_starts(clips, round(LONG_S * rate_hz), hop)
    spectral, short_starts = _describe_spectra(clips, rate_hz, hop)
    size = round(LONG_S * rate_hz)
    crossings = np.concatenate([_zero_crossings(clip, size, hop) for clip in clips])
    voiced = _describe_voice(clips, rate_hz, hop, starts)
    spare = left_over(clips, size, hop)
    return CompareFrames(voiced, crossings[:, None].astype(np.float32), spectral, starts, short_starts, spare)


def _describe_spectra(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, hop: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the spectral descriptors (n, 58) and the starts of the 20-ms frames."""
    window = hamming(round(SHORT_S * rate_hz))
    size = fft_size(window.size)
    starts = frame_starts(clips, window.size, hop)
    spectral = np.empty((int(starts[-1]), SHAPES_AT + SHAPES + CEPSTRA), dtype=np.float32)
    bands = np.empty((len(spectral), BANDS), dtype=np.float32)
    last = np.zeros((1, size // 2), dtype=np.float32)
    for rows, frames in windowed_blocks(clips, window, hop):
        spectrum = rfft(frames, size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        strength = np.sqrt(power[:, 1:])
        bands[rows] = power @ mel_bank(size, rate_hz)
        out = spectral[rows, SHAPES_AT:]
        shapes = shape(power, size=size, rate_hz=rate_hz)
        out[:, :FLUX_AT], out[:, FLUX_AT + 1 : SHAPES] = shapes[:, :FLUX_AT], shapes[:, FLUX_AT:]
        out[:, FLUX_AT] = flux(strength, np.concatenate([last, strength[:-1]]))
        out[:, SHAPES:] = cepstra(bands[rows], last=CEPSTRA)
        last = strength[-1:]
    spectral[starts[:-1][np.diff(starts) > 0], SHAPES_AT + FLUX_AT] = 0  # nothing is before a first frame
    np.maximum(bands, FAINTEST, out=bands)
    filtered = auditory_bands(np.exp(rasta(np.log(bands), starts, hop_s=HOP_S)), rate_hz)
    spectral[:, 0] = auditory_bands(bands, rate_hz).mean(axis=1)
    spectral[:, 1] = filtered.mean(axis=1)
    spectral[:, 2] = np.sqrt(
        np.maximum(np.concatenate([mean_square(clip, window.size, hop) for clip in clips]), 0)
    )
    spectral[:, BANDS_AT:SHAPES_AT] = filtered
    return spectral, starts


def _describe_voice(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, hop: int, starts: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return pitch in Hz, voicing, jitter, its change, shimmer and harmonics to noise, (n, 6)."""
    window = gauss(round(LONG_S * rate_hz))
    hz = np.empty((int(starts[-1]), CANDIDATES), dtype=np.float32)
    voicing = np.empty_like(hz)
    quiet = np.empty(len(hz), dtype=bool)
    for rows, frames in windowed_blocks(clips, window, hop):
        hz[rows], voicing[rows], quiet[rows] = listen_for_pitch(frames, rate_hz, span_hz=PITCH_HZ)
    voiced = np.empty((len(hz), 6), dtype=np.float32)
    voiced[:, 0], voiced[:, 1] = smooth_pitch(hz, voicing, starts, buffer_frames=BUFFER_FRAMES)
    voiced[quiet, :2] = 0
    for clip, begin, end in zip(clips, starts[:-1], starts[1:], strict=True):
        found_periods = jitter_and_shimmer(
            clip, voiced[begin:end, 0], rate_hz, hop=hop, search=SEARCH, with_noise=True
        )
        voiced[begin:end, 2] = found_periods.jitter_local
        voiced[begin:end, 3] = found_periods.jitter_ddp
        voiced[begin:end, 4] = found_periods.shimmer_local
        voiced[begin:end, 5] = found_periods.noise_ratio_db
    return voiced


def _zero_crossings(clip: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float64]:
    """Return how often each frame crosses zero, per sample; the last sample's crossing is not counted."""
    before, here, after = clip[:-2], clip[1:-1], clip[2:]
    crossed = (before * here < 0) | ((here == 0) & (before * after <= 0))
    total = np.concatenate([[0], np.cumsum(crossed)])
    at = np.arange(0, max(clip.size - size + 1, 0), hop)
    return np.asarray((total[at + size - 2] - total[at]) / size)
