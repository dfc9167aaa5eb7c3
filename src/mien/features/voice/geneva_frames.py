"""Low-level descriptors of the Geneva set (eGeMAPSv02), frame by frame, for many clips at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from mien.features.voice.auditory import cepstra, loudness, mel_bank
from mien.features.voice.formants import formants
from mien.features.voice.framing import fft_size, frame_starts, gauss, hamming, hop_samples, windowed_blocks
from mien.features.voice.harmonics import MISSING_DB, describe_harmonics
from mien.features.voice.periods import jitter_and_shimmer
from mien.features.voice.pitch_path import semitones, smooth_pitch
from mien.features.voice.shs import CANDIDATES, pitch_candidates
from mien.features.voice.spectral import alpha_ratio, decibels, flux, hammarberg_index, slope

SHORT_S = 0.02
LONG_S = 0.06
FLUX_TO_HZ = 5000
SLOPE_TO_HZ = 1500
QUIETEST = 0.001
"""Root mean square of a windowed 60-ms frame at or below which no voice is heard, of full scale 1."""


@dataclass(frozen=True)
class GenevaFrames:
    """Hold the descriptors of all clips' frames before smoothing; short frames outnumber long ones.

    Attributes:
        spectral: (short frames, 10): loudness, alpha ratio, Hammarberg index, two slopes, flux, 4 cepstra.
        voiced: (long frames, 15): semitones, jitter, shimmer, harmonics-to-noise ratio, H1-H2, H1-A3, and
            frequency, bandwidth and amplitude of three formants.
        power: (short frames,), mean square of the samples.
        short_starts: (clips + 1,), where each clip's short frames begin.
        starts: (clips + 1,), where each clip's long frames begin.
    """

    spectral: NDArray[np.float32]
    voiced: NDArray[np.float32]
    power: NDArray[np.float64]
    short_starts: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Return which short frame begins where each long one does, (long frames,)."""
        return matching_rows(self.short_starts, self.starts)


def describe_frames(clips: Sequence[NDArray[np.float32]], rate_hz: int) -> GenevaFrames:
    """Return the descriptors of all clips' frames.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all of them.
    """
    hop = hop_samples(rate_hz)
    spectral, resonance, short_starts = _describe_short(clips, rate_hz, hop)
    starts = frame_starts(clips, round(LONG_S * rate_hz), hop)
    rows = matching_rows(short_starts, starts)
    pitch_hz = _follow_pitch(clips, rate_hz, hop, starts)
    voiced = np.zeros((int(starts[-1]), 15), dtype=np.float32)
    voiced[:, 0] = semitones(pitch_hz)
    for clip, begin, end in zip(clips, starts[:-1], starts[1:], strict=True):
        found = jitter_and_shimmer(clip, pitch_hz[begin:end], rate_hz, hop=hop)
        voiced[begin:end, 1], voiced[begin:end, 2] = found.jitter_local, found.shimmer_local_db
    voiced[:, 6::3], voiced[:, 7::3] = resonance[rows, :3], resonance[rows, 3:]
    voiced[:, 8::3] = MISSING_DB
    _add_harmonics(voiced, pitch_hz, clips, rate_hz=rate_hz, hop=hop)
    size = round(SHORT_S * rate_hz)
    power = np.concatenate([_mean_square(clip, size, hop) for clip in clips])
    return GenevaFrames(spectral, voiced, power, short_starts, starts)


def matching_rows(short_starts: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which short frame begins where each long one does, (long frames,)."""
    away = np.repeat(short_starts[:-1] - starts[:-1], np.diff(starts))
    return np.arange(int(starts[-1])) + away


def _describe_short(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, hop: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return the spectral descriptors (n, 10), formants (n, 6) and starts of the 20-ms frames."""
    window = hamming(round(SHORT_S * rate_hz))
    size = fft_size(window.size)
    starts = frame_starts(clips, window.size, hop)
    spectral = np.empty((int(starts[-1]), 10), dtype=np.float32)
    resonance = np.empty((len(spectral), 6), dtype=np.float32)
    kept = min(ceil(FLUX_TO_HZ * size / rate_hz), size // 2 + 1)
    last = np.zeros((1, kept), dtype=np.float32)
    for rows, frames in windowed_blocks(clips, window, hop):
        spectrum = rfft(frames, size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        strength = np.sqrt(power[:, :kept])
        out = spectral[rows]
        bands = power @ mel_bank(size, rate_hz)
        out[:, 0] = loudness(bands, rate_hz)
        out[:, 1] = alpha_ratio(power, size=size, rate_hz=rate_hz)
        out[:, 2] = hammarberg_index(power, size=size, rate_hz=rate_hz)
        low = decibels(power[:, : int(SLOPE_TO_HZ * size / rate_hz) + 2])
        out[:, 3] = slope(low, 0, 500, size=size, rate_hz=rate_hz)
        out[:, 4] = slope(low, 500, SLOPE_TO_HZ, size=size, rate_hz=rate_hz)
        out[:, 5] = flux(strength, np.concatenate([last, strength[:-1]]))
        out[:, 6:] = cepstra(bands)
        last = strength[-1:]
        resonance[rows, :3], resonance[rows, 3:] = formants(frames, size=size, rate_hz=rate_hz)
    spectral[starts[:-1][np.diff(starts) > 0], 5] = 0  # nothing stands before a clip's first frame
    return spectral, resonance, starts


def _follow_pitch(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, hop: int, starts: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the pitch of each 60-ms frame in Hz, 0 without voice."""
    window = gauss(round(LONG_S * rate_hz))
    size = fft_size(window.size)
    hz = np.empty((int(starts[-1]), CANDIDATES), dtype=np.float32)
    voicing = np.empty_like(hz)
    quiet = np.empty(len(hz), dtype=bool)
    for rows, frames in windowed_blocks(clips, window, hop):
        found = pitch_candidates(np.abs(rfft(frames, size, axis=1)), rate_hz=rate_hz)
        hz[rows], voicing[rows] = found.hz, found.voicing
        quiet[rows] = np.einsum("ns,ns->n", frames, frames) <= QUIETEST**2 * window.size
    pitch_hz, _ = smooth_pitch(hz, voicing, starts)
    pitch_hz[quiet] = 0
    return pitch_hz


def _add_harmonics(
    voiced: NDArray[np.float32],
    pitch_hz: NDArray[np.float32],
    clips: Sequence[NDArray[np.float32]],
    *,
    rate_hz: int,
    hop: int,
) -> None:
    """Write what harmonics tell into the rows that have a pitch; only these are transformed again."""
    window = gauss(round(LONG_S * rate_hz))
    size = fft_size(window.size)
    for rows, frames in windowed_blocks(clips, window, hop):
        heard = np.flatnonzero(pitch_hz[rows] > 0)
        strength = np.abs(rfft(frames[heard], size, axis=1))
        at = rows.start + heard
        found = describe_harmonics(strength, pitch_hz[at], voiced[at][:, 6::3], rate_hz=rate_hz)
        voiced[at[:, None], [3, 4, 5, 8, 11, 14]] = found


def _mean_square(clip: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float64]:
    """Return the mean square of the samples of each frame."""
    total = np.concatenate([[0], np.cumsum(np.square(clip, dtype=np.float64))])
    begins = np.arange(0, max(clip.size - size + 1, 0), hop)
    return np.asarray((total[begins + size] - total[begins]) / size)
