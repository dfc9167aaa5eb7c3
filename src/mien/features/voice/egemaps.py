"""The extended Geneva minimalistic acoustic parameter set, version 02: openSMILE's numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.features.described import Described
from mien.features.voice.clip_checks import FULL_SCALE, check_clips
from mien.features.voice.endings import hold_late, late_frames, without_last
from mien.features.voice.framing import HOP_S, matching_rows
from mien.features.voice.functionals import moments, percentiles, segments, without_zeros
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD, SPECTRAL, VOICED
from mien.features.voice.geneva_frames import LONG_S, SHORT_S, GenevaFrames, describe_frames
from mien.features.voice.peaks import peaks
from mien.features.voice.smoothing import smooth

LEVELS: dict[str, tuple[str, ...]] = {"functionals": FUNCTIONALS, "lld": LLD}
CARD = {
    "title": "eGeMAPSv02: extended Geneva minimalistic acoustic parameter set",
    "paper": "F. Eyben et al., The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research "
    "and Affective Computing, IEEE Transactions on Affective Computing 7(2), 2016",
    "year": 2016,
    "inputs": "mono samples in [-1, 1] at 8 kHz or more",
    "outputs": "25 descriptors every 10 ms, or 88 functionals of them",
    "levels": LEVELS,
    "descriptors": (*SPECTRAL, *VOICED),
    "min_duration_s": LONG_S,
    "departures": "computed as openSMILE 2.6 does, also where that departs from the paper: H1 and H2 are "
    "the first two harmonics above the fundamental, formants come from the predictor with its signs turned "
    "and from a spectrum cut at 3.4 kHz, and the amplitudes of formants without voice, -201 dB, enter their "
    "means",
}
SHARES = (0.2, 0.5, 0.8)
FAINTEST_POWER = 1e-20
PERIOD_COLUMNS = [1, 2]
"""Jitter and shimmer among the voiced descriptors."""


def extract(clips: Sequence[NDArray[np.float32]], *, rate_hz: int, level: str = "functionals") -> Described:
    """Describe clips by the Geneva set.

    Use the functionals for clips of some seconds with one speaker; with less than half a second of voice
    most of them say little. Levels and spectra depend on the microphone: compare within recordings.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all clips; they are not resampled.
        level: `functionals` for one row of 88 values per clip, `lld` for a row of 25 every 10 ms.

    Raises:
        ConfigError: no such level, or a rate below 8 kHz.
        DataError: a clip is shorter than a frame of 60 ms, or holds values that are not finite.
    """
    check_clips(clips, rate_hz, level=level, levels=LEVELS, least_s=LONG_S)
    frames = describe_frames([FULL_SCALE * clip for clip in clips], rate_hz)
    return _contours(frames) if level == "lld" else _functionals(frames)


def _contours(frames: GenevaFrames) -> Described:
    """Return the smoothed descriptors, a row per long frame and one more."""
    voiced, starts = smooth(frames.voiced, frames.starts, voiced_only=True)
    spectral, short_starts = smooth(frames.spectral, frames.short_starts)
    values = np.concatenate([spectral[matching_rows(short_starts, starts)], voiced], axis=1)
    return Described(values, starts, LLD, hop_s=HOP_S, window_s=SHORT_S)


def _functionals(frames: GenevaFrames) -> Described:
    """Return the 88 functionals of each clip."""
    short_starts = frames.short_starts
    has_voice = frames.voiced[:, :1] > 0
    # formants are described where there is voice, their amplitudes everywhere
    formant = (np.arange(15) >= 6) & (np.arange(15) % 3 < 2)
    voiced = np.where(formant & ~has_voice, 0, frames.voiced)
    late = late_frames(has_voice[:, 0], frames.starts, frames.spare)
    voiced[:, PERIOD_COLUMNS] = hold_late(voiced[:, PERIOD_COLUMNS], frames.starts, late)
    beside = frames.spectral[frames.rows, 1:]
    with_voice = np.where(has_voice, beside, 0)
    without = np.where(has_voice, 0, beside[:, :5])
    columns = np.concatenate([voiced, with_voice, without], axis=1)
    columns = smooth_inside(columns, frames.starts, voiced_only=True)
    columns, starts = without_last(columns, frames.starts, late)
    mean, spread = moments(columns[:, 1:], starts, skip_zeros=True)
    spectral = smooth_inside(frames.spectral, short_starts)
    smooth_pitch = smooth_inside(frames.voiced[:, :1], frames.starts, voiced_only=True)[:, 0]
    pitch, _ = without_last(smooth_pitch, frames.starts, late)
    loud = spectral[:, 0]
    parts = [
        _describe_contour(*without_zeros(pitch, starts)),
        _describe_contour(loud, short_starts),
        _both(*moments(spectral[:, 5:], short_starts)),
        _both(mean[:, :23], spread[:, :23]),
        mean[:, 23:],
        _timing(loud, pitch, short_starts=short_starts, starts=starts),
        _level(frames)[:, None],
    ]
    values = np.concatenate(parts, axis=1).astype(np.float32)
    return Described(values, np.arange(len(values) + 1), FUNCTIONALS)


def smooth_inside(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, voiced_only: bool = False
) -> NDArray[np.float32]:
    """Return the mean over three frames, without the frame more that `smooth` adds: (N, D) again."""
    longer, begins = smooth(values, starts, voiced_only=voiced_only)
    return longer[np.arange(len(values)) + np.repeat(begins[:-1] - starts[:-1], np.diff(starts))]


def _both(mean: NDArray[np.float32], spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return mean and spread of each column side by side, (clips, 2 D)."""
    return np.stack([mean, spread], axis=2).reshape(len(mean), -1)


def _describe_contour(contour: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the ten functionals of pitch or loudness, (clips, 10)."""
    mean, spread = moments(contour[:, None], starts)
    shares = percentiles(contour, starts, SHARES)
    found = peaks(contour, starts, hop_s=HOP_S)
    rising = (found.mean_rising_slope, found.stddev_rising_slope)
    falling = (found.mean_falling_slope, found.stddev_falling_slope)
    return np.column_stack([mean, spread, shares, shares[:, 2] - shares[:, 0], *rising, *falling])


def _timing(
    loud: NDArray[np.float32],
    pitch: NDArray[np.float32],
    *,
    short_starts: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return peaks of loudness per second, and how voice comes and goes, (clips, 6)."""
    found = peaks(loud, short_starts, hop_s=HOP_S)
    voiced, unvoiced = segments(pitch > 0, starts), segments(pitch <= 0, starts)
    spoken_s = np.maximum(np.diff(starts), 1) * HOP_S
    lengths = (voiced.mean, voiced.deviation, unvoiced.mean, unvoiced.deviation)
    return np.column_stack(
        [found.peaks_per_second, voiced.count / spoken_s, *(HOP_S * length for length in lengths)]
    )


def _level(frames: GenevaFrames) -> NDArray[np.float64]:
    """Return the mean power of each clip in dB of full scale, (clips,)."""
    counts = np.diff(frames.short_starts)
    mean = np.add.reduceat(frames.power, frames.short_starts[:-1]) / counts
    return np.asarray(10 * np.log10(np.maximum(mean, FAINTEST_POWER)))
