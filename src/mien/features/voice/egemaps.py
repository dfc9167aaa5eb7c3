"""The extended Geneva minimalistic acoustic parameter set, version 02: openSMILE's numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.features.described import Described
from mien.features.voice.clip_checks import FULL_SCALE, check_clips
from mien.features.voice.endings import hold_late, late_frames, without_last
from mien.features.voice.framing import HOP_S, matching_rows
from mien.features.voice.functionals import moments, percentiles, segments, without_zeros
from mien.features.voice.geneva_columns import (
    FUNCTIONALS,
    GROUPS,
    LLD,
    NEEDS,
    SPECTRAL,
    SPECTRAL_GROUPS,
    VOICED,
)
from mien.features.voice.geneva_frames import LONG_S, SHORT_S, GenevaFrames, describe_frames
from mien.features.voice.one_thread import on_one_thread
from mien.features.voice.peaks import peaks
from mien.features.voice.smoothing import smooth
from mien.features.work_groups import columns_of, groups_for

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
    "groups": GROUPS,
    "needs": NEEDS,
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
PITCH_AT, LOUDNESS_AT = slice(0, 10), slice(10, 20)
SPECTRAL_AT, VOICED_AT, BESIDE_AT, WITHOUT_AT = 20, 30, 58, 76
TIMING_AT, LEVEL_AT = slice(81, 87), 87
"""Where parts stand among the functionals; beside and without: spectra with and without voice."""


def extract(
    clips: Sequence[NDArray[np.float32]],
    *,
    rate_hz: int,
    level: str = "functionals",
    columns: Sequence[str] | None = None,
) -> Described:
    """Describe clips by the Geneva set.

    Use the functionals for clips of some seconds with one speaker; with less than half a second of voice
    most of them say little. Levels and spectra depend on the microphone: compare within recordings.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all clips; they are not resampled.
        level: `functionals` for one row of 88 values per clip, `lld` for a row of 25 every 10 ms.
        columns: those wanted of the level; what none of them needs is not computed. By default all.

    Raises:
        ConfigError: no such level or column, or a rate below 8 kHz.
        DataError: a clip is shorter than a frame of 60 ms, or holds values that are not finite.
    """
    check_clips(clips, rate_hz, level=level, levels=LEVELS, least_s=LONG_S)
    if columns is None:
        return extract_groups(clips, frozenset(GROUPS), rate_hz=rate_hz, level=level)
    wanted = tuple(columns)
    groups = groups_for(NEEDS[level], wanted)
    return extract_groups(clips, groups, rate_hz=rate_hz, level=level).only(wanted)


@on_one_thread
def extract_groups(
    clips: Sequence[NDArray[np.float32]], groups: frozenset[str], *, rate_hz: int, level: str
) -> Described:
    """Return the columns that some groups of descriptors suffice for; use `extract` to name columns.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1], as long as `extract` wants them.
        groups: names among `GROUPS`, with those that they need.
        rate_hz: of all clips.
        level: `functionals` or `lld`.
    """
    frames = describe_frames([FULL_SCALE * clip for clip in clips], rate_hz, groups=groups)
    return (_contours if level == "lld" else _functionals)(frames, groups)


def _contours(frames: GenevaFrames, groups: frozenset[str]) -> Described:
    """Return the smoothed descriptors, a row per long frame and one more."""
    columns = columns_of(NEEDS["lld"], groups)
    found = [LLD.index(name) for name in columns]
    short = [at for at in found if at < len(SPECTRAL)]
    long = [at - len(SPECTRAL) for at in found[len(short) :]]
    voiced, starts = smooth(frames.voiced[:, long], frames.starts, voiced_only=True)
    spectral, short_starts = smooth(frames.spectral[:, short], frames.short_starts)
    values = np.concatenate([spectral[matching_rows(short_starts, starts)], voiced], axis=1)
    return Described(values, starts, columns, hop_s=HOP_S, window_s=SHORT_S)


def _functionals(frames: GenevaFrames, groups: frozenset[str]) -> Described:
    """Return the functionals of each clip, up to 88."""
    values = np.zeros((len(frames.starts) - 1, len(FUNCTIONALS)), dtype=np.float32)
    _describe_spectrum(values, frames, groups)
    if "pitch" in groups:
        _describe_voice(values, frames, groups)
    if "level" in groups:
        values[:, LEVEL_AT] = _level(frames)
    every = Described(values, np.arange(len(values) + 1), FUNCTIONALS)
    return every.only(columns_of(NEEDS["functionals"], groups))


def _describe_spectrum(values: NDArray[np.float32], frames: GenevaFrames, groups: frozenset[str]) -> None:
    """Write the functionals of loudness, flux and cepstra over whole clips."""
    starts = frames.short_starts
    at = [place for place in (0, 5, 6, 7, 8, 9) if SPECTRAL_GROUPS[place] in groups]
    spectral = smooth_inside(frames.spectral[:, at], starts)
    if "loudness" in groups:
        loud, spectral, at = np.ascontiguousarray(spectral[:, 0]), spectral[:, 1:], at[1:]
        contour, per_second = _describe_contour(loud, starts)
        values[:, LOUDNESS_AT], values[:, TIMING_AT.start] = contour, per_second
    _write_both(values, [SPECTRAL_AT + 2 * (place - 5) for place in at], moments(spectral, starts))


def _describe_voice(values: NDArray[np.float32], frames: GenevaFrames, groups: frozenset[str]) -> None:
    """Write the functionals of frames with voice, and those without."""
    has_voice = frames.voiced[:, :1] > 0
    late = late_frames(has_voice[:, 0], frames.starts, frames.spare)
    contour = smooth_inside(frames.voiced[:, :1], frames.starts, voiced_only=True)[:, 0]
    pitch, starts = without_last(contour, frames.starts, late)
    values[:, PITCH_AT], _ = _describe_contour(*without_zeros(pitch, starts))
    values[:, TIMING_AT][:, 1:] = _timing(pitch, starts)
    long = [at for at in range(1, len(VOICED)) if NEEDS["lld"][LLD[len(SPECTRAL) + at]] <= groups]
    short = [at for at in range(1, len(SPECTRAL)) if SPECTRAL_GROUPS[at] in groups]
    quiet = [at for at in short if at < 6]
    # formants are described where there is voice, their amplitudes everywhere
    formant = np.array([at >= 6 and at % 3 < 2 for at in long], dtype=bool)
    voiced = np.where(formant & ~has_voice, 0, frames.voiced[:, long])
    if "periods" in groups:
        held = hold_late(frames.voiced[:, PERIOD_COLUMNS], frames.starts, late)
        voiced[:, [long.index(at) for at in PERIOD_COLUMNS]] = held
    with_voice = np.where(has_voice, frames.spectral[frames.rows][:, short], 0)
    without = np.where(has_voice, 0, frames.spectral[frames.rows][:, quiet])
    columns = smooth_inside(
        np.concatenate([voiced, with_voice, without], axis=1), frames.starts, voiced_only=True
    )
    mean, spread = moments(without_last(columns, frames.starts, late)[0], starts, skip_zeros=True)
    both = [VOICED_AT + 2 * (at - 1) for at in long] + [BESIDE_AT + 2 * (at - 1) for at in short]
    _write_both(values, both, (mean[:, : len(both)], spread[:, : len(both)]))
    values[:, [WITHOUT_AT + at - 1 for at in quiet]] = mean[:, len(both) :]


def smooth_inside(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, voiced_only: bool = False
) -> NDArray[np.float32]:
    """Return the mean over three frames, without the frame more that `smooth` adds: (N, D) again."""
    longer, begins = smooth(values, starts, voiced_only=voiced_only)
    return longer[np.arange(len(values)) + np.repeat(begins[:-1] - starts[:-1], np.diff(starts))]


def _write_both(
    values: NDArray[np.float32],
    at: Sequence[int],
    found: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Write mean and spread (clips, D) of each column side by side, the means to `at`."""
    values[:, list(at)], values[:, [place + 1 for place in at]] = found


def _describe_contour(
    contour: NDArray[np.float32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ten functionals of pitch or loudness, (clips, 10), and its peaks per second, (clips,)."""
    mean, spread = moments(contour[:, None], starts)
    shares = percentiles(contour, starts, SHARES)
    found = peaks(contour, starts, hop_s=HOP_S)
    rising = (found.mean_rising_slope, found.stddev_rising_slope)
    falling = (found.mean_falling_slope, found.stddev_falling_slope)
    ten = [mean, spread, shares, shares[:, 2] - shares[:, 0], *rising, *falling]
    return np.column_stack(ten), found.peaks_per_second


def _timing(pitch: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.floating]:
    """Return how voice comes and goes, (clips, 5)."""
    voiced, unvoiced = segments(pitch > 0, starts), segments(pitch <= 0, starts)
    spoken_s = np.maximum(np.diff(starts), 1) * HOP_S
    lengths = (voiced.mean, voiced.deviation, unvoiced.mean, unvoiced.deviation)
    return np.column_stack([voiced.count / spoken_s, *(HOP_S * length for length in lengths)])


def _level(frames: GenevaFrames) -> NDArray[np.float64]:
    """Return the mean power of each clip in dB of full scale, (clips,)."""
    counts = np.diff(frames.short_starts)
    mean = np.add.reduceat(frames.power, frames.short_starts[:-1]) / counts
    return np.asarray(10 * np.log10(np.maximum(mean, FAINTEST_POWER)))
