"""Low-level descriptors of the Geneva set (eGeMAPSv02), frame by frame, for many clips at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from mien.features.voice.auditory import cepstra, loudness, mel_bank
from mien.features.voice.endings import left_over
from mien.features.voice.formants import formants
from mien.features.voice.framing import (
    fft_size,
    frame_blocks,
    frame_starts,
    gauss,
    hamming,
    hop_samples,
    matching_rows,
    windowed_blocks,
)
from mien.features.voice.geneva_columns import EVERYTHING
from mien.features.voice.harmonics import MISSING_DB, describe_harmonics
from mien.features.voice.periods import jitter_and_shimmer
from mien.features.voice.pitch_path import semitones, smooth_pitch
from mien.features.voice.shs import CANDIDATES, HIGHEST_HZ, LOWEST_HZ, pitch_candidates
from mien.features.voice.spectral import alpha_ratio, decibels, flux, hammarberg_index, slope

SHORT_S = 0.02
LONG_S = 0.06
FLUX_TO_HZ = 5000
SLOPES_HZ = ((0, 500), (500, 1500))
QUIETEST = 0.001
"""Root mean square of a windowed 60-ms frame at or below which no voice is heard, of full scale 1."""
FEWEST_ROWS = 16
"""Smaller matrices are multiplied in another order, and formants hang on the last place of their sums."""
HARMONIC_COLUMNS = [3, 4, 5, 8, 11, 14]
"""Columns of the voiced descriptors that come from the harmonics of a frame."""


@dataclass(frozen=True)
class GenevaFrames:
    """Hold the descriptors of all clips' frames before smoothing; short frames outnumber long ones.

    Columns of groups that were not asked for say nothing.

    Attributes:
        spectral: (short frames, 10): loudness, alpha ratio, Hammarberg index, two slopes, flux, 4 cepstra.
        voiced: (long frames, 15): semitones, jitter, shimmer, harmonics-to-noise ratio, H1-H2, H1-A3, and
            frequency, bandwidth and amplitude of three formants.
        power: (short frames,), mean square of the samples.
        short_starts: (clips + 1,), where each clip's short frames begin.
        starts: (clips + 1,), where each clip's long frames begin.
        spare: (clips,), samples behind each clip's last long frame.
    """

    spectral: NDArray[np.float32]
    voiced: NDArray[np.float32]
    power: NDArray[np.float64]
    short_starts: NDArray[np.int64]
    starts: NDArray[np.int64]
    spare: NDArray[np.int64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Return which short frame begins where each long one does, (long frames,)."""
        return matching_rows(self.short_starts, self.starts)


def describe_frames(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, *, groups: frozenset[str] = EVERYTHING
) -> GenevaFrames:
    """Return the descriptors of all clips' frames.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all of them.
        groups: of descriptors to compute, with those that they need.
    """
    hop = hop_samples(rate_hz)
    size, long_size = round(SHORT_S * rate_hz), round(LONG_S * rate_hz)
    short_starts, starts = frame_starts(clips, size, hop), frame_starts(clips, long_size, hop)
    spectral, resonance = _describe_short(clips, rate_hz, short_starts, groups=groups)
    voiced = np.zeros((int(starts[-1]), 15), dtype=np.float32)
    rows = matching_rows(short_starts, starts)
    voiced[:, 6::3], voiced[:, 7::3] = resonance[rows, :3], resonance[rows, 3:]
    voiced[:, 8::3] = MISSING_DB
    if "pitch" in groups:
        _describe_voice(voiced, clips, starts, rate_hz=rate_hz, groups=groups)
    power = np.zeros(0)
    if "level" in groups:
        power = np.concatenate([mean_square(clip, size, hop) for clip in clips])
    return GenevaFrames(spectral, voiced, power, short_starts, starts, left_over(clips, long_size, hop))


def _describe_short(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, starts: NDArray[np.int64], *, groups: frozenset[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the spectral descriptors (n, 10) and formants (n, 6) of the 20-ms frames."""
    spectral = np.zeros((int(starts[-1]), 10), dtype=np.float32)
    resonance = np.zeros((len(spectral), 6), dtype=np.float32)
    if not groups & {"spectrum", "formants"}:
        return spectral, resonance
    window, last = hamming(round(SHORT_S * rate_hz)), None
    for rows, frames in windowed_blocks(clips, window, hop_samples(rate_hz)):
        found = describe_spectra(frames, last, rate_hz, groups=groups)
        spectral[rows], resonance[rows], last = found.spectral, found.resonance, found.last
    spectral[starts[:-1][np.diff(starts) > 0], 5] = 0  # nothing stands before a clip's first frame
    return spectral, resonance


def _describe_voice(
    voiced: NDArray[np.float32],
    clips: Sequence[NDArray[np.float32]],
    starts: NDArray[np.int64],
    *,
    rate_hz: int,
    groups: frozenset[str],
) -> None:
    """Write what is heard of the voice beside the formants, which the levels of harmonics need."""
    hop = hop_samples(rate_hz)
    pitch_hz = _follow_pitch(clips, rate_hz, hop, starts)
    voiced[:, 0] = semitones(pitch_hz)
    if "periods" in groups:
        for clip, begin, end in zip(clips, starts[:-1], starts[1:], strict=True):
            found = jitter_and_shimmer(clip, pitch_hz[begin:end], rate_hz, hop=hop)
            voiced[begin:end, 1], voiced[begin:end, 2] = found.jitter_local, found.shimmer_local_db
    if "harmonics" in groups:
        _add_harmonics(voiced, pitch_hz, clips, rate_hz=rate_hz, hop=hop)


class Spectra(NamedTuple):
    """Hold what short frames' spectra tell.

    Attributes:
        spectral: (n, 10), as in `GenevaFrames`.
        resonance: (n, 6), frequencies and bandwidths of three formants.
        last: (1, bins), the magnitudes of the last frame up to 5 kHz.
    """

    spectral: NDArray[np.float32]
    resonance: NDArray[np.float32]
    last: NDArray[np.float32]


def describe_spectra(
    frames: NDArray[np.float32],
    before: NDArray[np.float32] | None,
    rate_hz: int,
    *,
    groups: frozenset[str] = EVERYTHING,
) -> Spectra:
    """Describe the spectra of windowed 20-ms frames that follow each other.

    Args:
        frames: (n, samples), n at least 1.
        before: `last` of the frame before the first; None where there is none.
        rate_hz: of the recording.
        groups: of descriptors to compute, with those that they need.
    """
    size = fft_size(frames.shape[1])
    out = np.zeros((len(frames), 10), dtype=np.float32)
    strength = np.zeros((len(frames), 0), dtype=np.float32)
    resonance = np.zeros((len(frames), 6), dtype=np.float32)
    if "spectrum" in groups:
        spectrum = rfft(frames, size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        _add_bands(out, power, size=size, rate_hz=rate_hz, groups=groups)
        if "balance" in groups:
            _add_balance(out, power, size=size, rate_hz=rate_hz)
        if "flux" in groups:
            strength = np.sqrt(power[:, : flux_bins(size, rate_hz)])
            earlier = np.concatenate([strength[:1] if before is None else before, strength[:-1]])
            out[:, 5] = flux(strength, earlier)
    if "formants" in groups:
        resonance = _find_formants(frames, size, rate_hz)
    return Spectra(out, resonance, strength[-1:])


def _add_bands(
    out: NDArray[np.float32],
    power: NDArray[np.float32],
    *,
    size: int,
    rate_hz: int,
    groups: frozenset[str],
) -> None:
    """Write what the mel bands tell."""
    if "bands" not in groups:
        return
    bands = power @ mel_bank(size, rate_hz)
    if "loudness" in groups:
        out[:, 0] = loudness(bands, rate_hz)
    if "mfcc" in groups:
        out[:, 6:] = cepstra(bands)


def _add_balance(out: NDArray[np.float32], power: NDArray[np.float32], *, size: int, rate_hz: int) -> None:
    """Write alpha ratio, Hammarberg index and slopes."""
    out[:, 1] = alpha_ratio(power, size=size, rate_hz=rate_hz)
    out[:, 2] = hammarberg_index(power, size=size, rate_hz=rate_hz)
    low = decibels(power[:, : int(SLOPES_HZ[-1][1] * size / rate_hz) + 2])
    for column, (from_hz, to_hz) in enumerate(SLOPES_HZ, start=3):
        out[:, column] = slope(low, from_hz, to_hz, size=size, rate_hz=rate_hz)


def flux_bins(size: int, rate_hz: int) -> int:
    """Return how many bins from 0 Hz on the flux compares."""
    return min(ceil(FLUX_TO_HZ * size / rate_hz), size // 2 + 1)


def _find_formants(frames: NDArray[np.float32], size: int, rate_hz: int) -> NDArray[np.float32]:
    """Return frequencies and bandwidths of three formants, (n, 6)."""
    count = len(frames)
    if count < FEWEST_ROWS:
        frames = np.concatenate([frames, np.zeros((FEWEST_ROWS - count, frames.shape[1]), np.float32)])
    return np.concatenate(formants(frames, size=size, rate_hz=rate_hz), axis=1)[:count]


def _follow_pitch(
    clips: Sequence[NDArray[np.float32]], rate_hz: int, hop: int, starts: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the pitch of each 60-ms frame in Hz, 0 without voice."""
    window = gauss(round(LONG_S * rate_hz))
    hz = np.empty((int(starts[-1]), CANDIDATES), dtype=np.float32)
    voicing = np.empty_like(hz)
    quiet = np.empty(len(hz), dtype=bool)
    for rows, frames in windowed_blocks(clips, window, hop):
        hz[rows], voicing[rows], quiet[rows] = listen_for_pitch(frames, rate_hz)
    pitch_hz, _ = smooth_pitch(hz, voicing, starts)
    pitch_hz[quiet] = 0
    return pitch_hz


def listen_for_pitch(
    frames: NDArray[np.float32], rate_hz: int, *, span_hz: tuple[float, float] = (LOWEST_HZ, HIGHEST_HZ)
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return candidates and voicing of windowed 60-ms frames, (n, 6) each, and which are too quiet."""
    strength = np.abs(rfft(frames, fft_size(frames.shape[1]), axis=1))
    found = pitch_candidates(strength, rate_hz=rate_hz, lowest_hz=span_hz[0], highest_hz=span_hz[1])
    quiet = np.einsum("ns,ns->n", frames, frames) <= QUIETEST**2 * frames.shape[1]
    return found.hz, found.voicing, quiet


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
    for rows, frames in windowed_blocks(clips, window, hop):
        heard = np.flatnonzero(pitch_hz[rows] > 0)
        at = rows.start + heard
        voiced[at[:, None], HARMONIC_COLUMNS] = harmonics_of(
            frames[heard], pitch_hz[at], voiced[at][:, 6::3], rate_hz=rate_hz
        )


def harmonics_of(
    frames: NDArray[np.float32],
    pitch_hz: NDArray[np.float32],
    formant_hz: NDArray[np.float32],
    *,
    rate_hz: int,
) -> NDArray[np.float32]:
    """Return what belongs into `HARMONIC_COLUMNS`, (n, 6), of windowed 60-ms frames with voice."""
    strength = np.abs(rfft(frames, fft_size(frames.shape[1]), axis=1))
    return describe_harmonics(strength, pitch_hz, formant_hz, rate_hz=rate_hz)


def mean_square(clip: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float64]:
    """Return the mean square of the samples of each frame."""
    found = np.zeros(max(0, (clip.size - size) // hop + 1))
    for part in frame_blocks(found.size):
        squares = np.square(clip[part.start * hop : (part.stop - 1) * hop + size], dtype=np.float64)
        found[part] = np.lib.stride_tricks.sliding_window_view(squares, size)[::hop].sum(axis=1)
    return found / size
