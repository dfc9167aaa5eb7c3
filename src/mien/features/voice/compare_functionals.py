"""The 6373 functionals of the ComParE set."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.features.voice.compare_columns import PEAKS, SHAPE, VOICE
from mien.features.voice.framing import HOP_S
from mien.features.voice.functionals import segments
from mien.features.voice.level_segments import describe_segments
from mien.features.voice.linear_prediction import describe_prediction
from mien.features.voice.peaks import peaks
from mien.features.voice.regression import describe_regression
from mien.features.voice.spread import (
    describe_extremes,
    describe_means,
    describe_moments,
    describe_percentiles,
    describe_times,
)

PER_SECOND = 100.0


class Contours(NamedTuple):
    """Hold the smoothed descriptors of one clip and their changes, (columns, rows) each.

    Any of them may have fewer columns than the set, or none.

    Attributes:
        voiced: (6, long frames + 1).
        energy: (4, long frames + 1).
        spectral: (55, short frames + 1).
        voiced_change: (6, long frames + 3).
        energy_change: (4, long frames + 3).
        spectral_change: (55, short frames + 3).
        late: last frames that come too late for functionals of the voice.
    """

    voiced: NDArray[np.float32]
    energy: NDArray[np.float32]
    spectral: NDArray[np.float32]
    voiced_change: NDArray[np.float32]
    energy_change: NDArray[np.float32]
    spectral_change: NDArray[np.float32]
    late: int


def describe_clip(contours: Contours) -> NDArray[np.float32]:
    """Return the functionals of one clip, up to (6373,), in openSMILE's order.

    How many of the last rows count differs by group: openSMILE drops what comes in after the end.
    """
    long, short = contours.energy.shape[1] - 1, contours.spectral.shape[1] - 1
    inner, inner_short = max(long - 2, 1), max(short - 2, 1)
    heard = max(long - 2 - contours.late, 1)
    energy, energy_change = contours.energy[:, :inner], contours.energy_change[:, :inner]
    everything = np.concatenate([contours.energy[:, :long], contours.spectral[:, :long]])
    change = np.concatenate([energy_change, contours.spectral_change[:, :inner]])
    spectral = (contours.spectral[:, :inner_short], contours.spectral_change[:, :inner_short])
    voiced = np.concatenate([contours.voiced[:, :heard], contours.voiced_change[:, :heard]])
    means = _means(everything)
    found = (
        _shape(np.concatenate([energy, energy_change])),
        _shape(np.concatenate(spectral)),
        _voice(voiced),
        *(_pitch(pitch[: max(long - contours.late, 1)]) for pitch in contours.voiced[:1]),
        np.concatenate([means[:, [0, 1, 3]], _peaks(everything), _regression(everything)], axis=1),
        np.concatenate([_means(change)[:, 1:], _peaks(change)], axis=1),
    )
    return np.concatenate([part.ravel() for part in found])


def _pitch(contour: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of voiced frames, and mean, longest, shortest and spread of voiced stretches, (5,)."""
    found = segments(contour > 0, np.array([0, contour.size]))
    lengths = (found.mean, found.longest, found.shortest, found.deviation)
    return np.array([np.mean(contour != 0), *(HOP_S * float(one[0]) for one in lengths)], dtype=np.float32)


def _peaks(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    starts = columns.shape[1] * np.arange(len(columns) + 1)
    return np.column_stack(peaks(columns.ravel(), starts, limit_ratios=True)[1 : 1 + len(PEAKS)])


def _shape(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros((len(columns), len(SHAPE)), dtype=np.float32)
    _describe_shape(columns, np.sort(columns, axis=1), HOP_S, found)
    return found


def _means(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros((len(columns), 4), dtype=np.float32)
    _describe_means(columns, found)
    return found


def _regression(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros((len(columns), 8), dtype=np.float32)
    _describe_regression(columns, found)
    return found


def _voice(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros((len(columns), len(VOICE)), dtype=np.float32)
    _describe_voice(columns, found)
    return found


@njit(cache=True, nogil=True)
def _describe_shape(columns, ordered, hop_s, found):  # type: ignore[no-untyped-def]
    for k in range(len(columns)):
        values, order, out = columns[k], ordered[k], found[k]
        lowest, size = order[0], order[-1] - order[0]
        describe_extremes(values, out[0:3])
        describe_percentiles(order, out[3:12])
        describe_moments(values, out[12:15])
        describe_segments(values, lowest, size, hop_s, out[15:19])
        describe_times(values, lowest, size, out[19:25])
        describe_prediction(values, out[25:31])


@njit(cache=True, nogil=True)
def _describe_means(columns, found):  # type: ignore[no-untyped-def]
    for k in range(len(columns)):
        describe_means(columns[k], found[k])


@njit(cache=True, nogil=True)
def _describe_regression(columns, found):  # type: ignore[no-untyped-def]
    for k in range(len(columns)):
        lowest = columns[k].min()
        describe_regression(columns[k], lowest, columns[k].max() - lowest, PER_SECOND, found[k])


@njit(cache=True, nogil=True)
def _describe_voice(columns, found):  # type: ignore[no-untyped-def]
    """Describe what is left of each column without the frames that are 0; nothing where none is."""
    for k in range(len(columns)):
        values, out = columns[k][columns[k] != 0], found[k]
        if values.size == 0:
            continue
        order = np.sort(values)
        lowest, size = order[0], order[-1] - order[0]
        describe_means(values, out[0:4])
        describe_extremes(values, out[4:7])
        describe_regression(values, lowest, size, 1.0, out[7:15])
        describe_percentiles(order, out[15:24])
        describe_moments(values, out[24:27])
        describe_times(values, lowest, size, out[27:33])
        describe_prediction(values, out[33:39])
