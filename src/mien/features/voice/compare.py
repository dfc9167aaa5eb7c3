"""The ComParE set of 2016, the widest of openSMILE's: its numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.features.described import Described
from mien.features.voice.clip_checks import FULL_SCALE, check_clips
from mien.features.voice.compare_columns import (
    ENERGY,
    ENERGY_GROUPS,
    FUNCTIONALS,
    GROUPS,
    LLD,
    LLD_DELTAS,
    NEEDS,
    SPECTRAL,
    SPECTRAL_GROUPS,
    VOICED,
    VOICED_GROUPS,
    change_of,
    column,
)
from mien.features.voice.compare_frames import LONG_S, SHORT_S, CompareFrames, describe_frames
from mien.features.voice.compare_functionals import Contours, describe_clip
from mien.features.voice.deltas import deltas
from mien.features.voice.endings import late_frames
from mien.features.voice.framing import HOP_S, matching_rows
from mien.features.voice.one_thread import on_one_thread
from mien.features.voice.smoothing import smooth
from mien.features.work_groups import columns_of, groups_for

LEVELS: dict[str, tuple[str, ...]] = {"functionals": FUNCTIONALS, "lld": LLD, "lld_de": LLD_DELTAS}
CARD = {
    "title": "ComParE_2016: the acoustic features of the Computational Paralinguistics Challenges",
    "paper": "B. Schuller et al., The INTERSPEECH 2016 Computational Paralinguistics Challenge; F. Weninger "
    "et al., On the Acoustics of Emotion in Audio: What Speech, Music, and Sound have in Common, Frontiers "
    "in Psychology 4, 2013",
    "year": 2016,
    "inputs": "mono samples in [-1, 1] at 8 kHz or more",
    "outputs": "65 descriptors every 10 ms, or their 65 changes, or 6373 functionals of both",
    "levels": LEVELS,
    "descriptors": (*VOICED, *ENERGY, *SPECTRAL),
    "voiced_only": tuple(column(one.name, "_sma") for one in VOICED),
    "groups": GROUPS,
    "needs": NEEDS,
    "min_duration_s": LONG_S,
    "departures": "computed as openSMILE 2.6 does, also where that departs from the papers: changes of the "
    "voice fade in the course of a clip, because their divisor grows; harmonicity compares all neighbouring "
    "peaks and valleys. Where a clip ends with voice, the last frames of jitter, shimmer and harmonics to "
    "noise differ from openSMILE's, which repeats one",
}


def extract(
    clips: Sequence[NDArray[np.float32]],
    *,
    rate_hz: int,
    level: str = "functionals",
    columns: Sequence[str] | None = None,
) -> Described:
    """Describe clips by the ComParE set.

    Use the functionals with a linear model that is regularized, for clips of some seconds with one speaker:
    6373 columns fit any small corpus by chance, so judge on other speakers. The Geneva set (`egemaps`) is
    smaller and can be read.

    Args:
        clips: mono arrays (samples,) of float32 in [-1, 1].
        rate_hz: of all clips; they are not resampled.
        level: `functionals` for one row of 6373 values per clip, `lld` for a row of 65 every 10 ms, `lld_de`
            for their 65 changes (two rows more).
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
        level: `functionals`, `lld` or `lld_de`.
    """
    frames = describe_frames([FULL_SCALE * clip for clip in clips], rate_hz, groups=groups)
    contours, found = _smooth(frames, groups), columns_of(NEEDS[level], groups)
    if level != "functionals":
        return _frame_rows(contours[3:] if level == "lld_de" else contours[:3], found)
    late = late_frames(frames.voiced[:, 0] > 0, frames.starts, frames.spare)
    values = [
        describe_clip(Contours(*(rows.of(number) for rows in contours), late=int(late[number])))
        for number in range(len(clips))
    ]
    return Described(np.stack(values), np.arange(len(clips) + 1), found)


class _Rows(NamedTuple):
    """Hold contours of all clips, (rows, columns), and where each clip's rows begin, (clips + 1,).

    Attributes:
        values: the contours.
        starts: of clips.
        groups: that each column belongs to.
    """

    values: NDArray[np.float32]
    starts: NDArray[np.int64]
    groups: tuple[str, ...]

    def of(self, clip: int) -> NDArray[np.float32]:
        """Return one clip's contours, (columns, rows)."""
        return np.ascontiguousarray(self.values[self.starts[clip] : self.starts[clip + 1]].T)

    def kept(self, wanted: Sequence[bool]) -> "_Rows":
        """Return some columns."""
        at = np.flatnonzero(wanted)
        return _Rows(self.values[:, at], self.starts, tuple(self.groups[place] for place in at))

    def smoothed(self, groups: frozenset[str], *, voiced_only: bool = False) -> "_Rows":
        """Return the columns of some groups, smoothed over three frames."""
        rows = self.kept([name in groups for name in self.groups])
        return _Rows(*smooth(rows.values, rows.starts, voiced_only=voiced_only), rows.groups)

    def changes(self, wanted: frozenset[str], *, voiced_only: bool = False) -> "_Rows":
        """Return how the columns change whose group and `-change` is among those wanted."""
        rows = self.kept([change_of(name) in wanted for name in self.groups])
        return _Rows(*deltas(rows.values, rows.starts, voiced_only=voiced_only), rows.groups)


def _smooth(frames: CompareFrames, groups: frozenset[str]) -> tuple[_Rows, ...]:
    """Return voiced, energy and spectral descriptors smoothed over three frames, then their changes."""
    short = (*ENERGY_GROUPS[:3], *SPECTRAL_GROUPS)
    voiced = _Rows(frames.voiced, frames.starts, VOICED_GROUPS).smoothed(groups, voiced_only=True)
    spectral = _Rows(frames.spectral, frames.short_starts, short).smoothed(groups)
    crossings = _Rows(frames.crossings, frames.starts, ENERGY_GROUPS[3:]).smoothed(groups)
    count = sum(name in groups for name in ENERGY_GROUPS[:3])
    beside = spectral.values[matching_rows(spectral.starts, crossings.starts), :count]
    energy = _Rows(
        np.concatenate([beside, crossings.values], axis=1),
        crossings.starts,
        spectral.groups[:count] + crossings.groups,
    )
    spectrum = spectral.kept(np.arange(len(spectral.groups)) >= count)
    changes = (voiced.changes(groups, voiced_only=True), energy.changes(groups), spectrum.changes(groups))
    return voiced, energy, spectrum, *changes


def _frame_rows(contours: tuple[_Rows, ...], columns: tuple[str, ...]) -> Described:
    """Return voiced, energy and spectral contours side by side, as many rows as the long ones have."""
    starts = contours[0].starts
    values = np.concatenate([rows.values[matching_rows(rows.starts, starts)] for rows in contours], axis=1)
    return Described(values, starts, columns, hop_s=HOP_S, window_s=SHORT_S)
