"""Low-level descriptors of the ComParE set, frame by frame, for many clips at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from mien.features.voice.auditory import BANDS, FAINTEST, auditory_bands, cepstra, mel_bank
from mien.features.voice.compare_columns import EVERYTHING
from mien.features.voice.endings import left_over
from mien.features.voice.framing import (
    HOP_S,
    fft_size,
    frame_blocks,
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
ENERGY_AT, BANDS_AT, SHAPES_AT = 2, 3, 3 + BANDS
SHAPES, CEPSTRA = 15, 14
FLUX_AT = 6
"""Flux comes after so many other shapes."""


@dataclass(frozen=True)
class CompareFrames:
    """Hold the descriptors of all clips' frames before smoothing; short frames outnumber long ones.

    Columns of groups that were not asked for say nothing.

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


def describe_frames(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, *, groups: frozenset[str] = EVERYTHING
) -> CompareFrames:
    """Return the descriptors of all clips' frames.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all of them.
        groups: of descriptors to compute, with those that they need.
    """
    hop = hop_samples(rate_hz)
    short_size, size = round(SHORT_S * rate_hz), round(LONG_S * rate_hz)
    short_starts, starts = frame_starts(clips, short_size, hop), frame_starts(clips, size, hop)
    spectral = _describe_spectra(clips, rate_hz, short_starts, groups=groups)
    crossings = np.zeros((int(starts[-1]), 1), dtype=np.float32)
    voiced = np.zeros((len(crossings), 6), dtype=np.float32)
    if "energy" in groups:
        power = np.concatenate([mean_square(clip, short_size, hop) for clip in clips])
        spectral[:, ENERGY_AT] = np.sqrt(np.maximum(power, 0))
    if "crossings" in groups:
        crossings[:, 0] = np.concatenate([_zero_crossings(clip, size, hop) for clip in clips])
    if "pitch" in groups:
        _describe_voice(voiced, clips, starts, rate_hz=rate_hz, with_periods="periods" in groups)
    return CompareFrames(voiced, crossings, spectral, starts, short_starts, left_over(clips, size, hop))


def _describe_spectra(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, starts: NDArray[np.int64], *, groups: frozenset[str]
) -> NDArray[np.float32]:
    """Return the spectral descriptors (n, 58) of the 20-ms frames, all but the root mean square."""
    spectral = np.zeros((int(starts[-1]), SHAPES_AT + SHAPES + CEPSTRA), dtype=np.float32)
    if "spectrum" not in groups:
        return spectral
    window = hamming(round(SHORT_S * rate_hz))
    size = fft_size(window.size)
    bands = np.empty((len(spectral), BANDS), dtype=np.float32)
    last = np.zeros((1, size // 2), dtype=np.float32)
    for rows, frames in windowed_blocks(clips, window, hop_samples(rate_hz)):
        spectrum = rfft(frames, size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        out = spectral[rows, SHAPES_AT:]
        if "bands" in groups:
            bands[rows] = power @ mel_bank(size, rate_hz)
        if "shape" in groups:
            shapes = shape(power, size=size, rate_hz=rate_hz)
            out[:, :FLUX_AT], out[:, FLUX_AT + 1 : SHAPES] = shapes[:, :FLUX_AT], shapes[:, FLUX_AT:]
        if "flux" in groups:
            strength = np.sqrt(power[:, 1:])
            out[:, FLUX_AT] = flux(strength, np.concatenate([last, strength[:-1]]))
            last = strength[-1:]
        if "mfcc" in groups:
            out[:, SHAPES:] = cepstra(bands[rows], last=CEPSTRA)
    spectral[starts[:-1][np.diff(starts) > 0], SHAPES_AT + FLUX_AT] = 0  # nothing is before a first frame
    if "bands" in groups:
        _describe_bands(spectral, bands, starts, rate_hz=rate_hz, groups=groups)
    return spectral


def _describe_bands(
    spectral: NDArray[np.float32],
    bands: NDArray[np.float32],
    starts: NDArray[np.int64],
    *,
    rate_hz: int,
    groups: frozenset[str],
) -> None:
    """Write loudness and what filtered bands tell."""
    np.maximum(bands, FAINTEST, out=bands)
    if "loudness" in groups:
        spectral[:, 0] = auditory_bands(bands, rate_hz).mean(axis=1)
    if "rasta" in groups:
        filtered = auditory_bands(np.exp(rasta(np.log(bands), starts, hop_s=HOP_S)), rate_hz)
        spectral[:, 1] = filtered.mean(axis=1)
        spectral[:, BANDS_AT:SHAPES_AT] = filtered


def _describe_voice(
    voiced: NDArray[np.float32],
    clips: Sequence[NDArray[np.float32]],
    starts: NDArray[np.int64],
    *,
    rate_hz: int,
    with_periods: bool,
) -> None:
    """Write pitch in Hz and voicing; and jitter, its change, shimmer and harmonics to noise."""
    hop, window = hop_samples(rate_hz), gauss(round(LONG_S * rate_hz))
    hz = np.empty((len(voiced), CANDIDATES), dtype=np.float32)
    voicing = np.empty_like(hz)
    quiet = np.empty(len(hz), dtype=bool)
    for rows, frames in windowed_blocks(clips, window, hop):
        hz[rows], voicing[rows], quiet[rows] = listen_for_pitch(frames, rate_hz, span_hz=PITCH_HZ)
    voiced[:, 0], voiced[:, 1] = smooth_pitch(hz, voicing, starts, buffer_frames=BUFFER_FRAMES)
    voiced[quiet, :2] = 0
    if not with_periods:
        return
    for clip, begin, end in zip(clips, starts[:-1], starts[1:], strict=True):
        found_periods = jitter_and_shimmer(
            clip, voiced[begin:end, 0], rate_hz, hop=hop, search=SEARCH, with_noise=True
        )
        voiced[begin:end, 2] = found_periods.jitter_local
        voiced[begin:end, 3] = found_periods.jitter_ddp
        voiced[begin:end, 4] = found_periods.shimmer_local
        voiced[begin:end, 5] = found_periods.noise_ratio_db


def _zero_crossings(clip: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float64]:
    """Return how often each frame crosses zero, per sample; the last sample's crossing is not counted."""
    found = np.zeros(max(0, (clip.size - size) // hop + 1))
    for part in frame_blocks(found.size):
        heard = clip[part.start * hop : (part.stop - 1) * hop + size]
        before, here, after = heard[:-2], heard[1:-1], heard[2:]
        crossed = (before * here < 0) | ((here == 0) & (before * after <= 0))
        total = np.concatenate([[0], np.cumsum(crossed)])
        at = np.arange(part.stop - part.start) * hop
        found[part] = total[at + size - 2] - total[at]
    return found / size
