"""Pitch candidates by sub-harmonic summation."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.features.voice.compiled import inner, kernel, loose

CANDIDATES = 6
HARMONICS = 15
COMPRESSION = 0.85
LOWEST_HZ = 55.0
HIGHEST_HZ = 1000.0
SCALE_FROM_HZ = 25.0
_EAR_OFFSET = -1.0382027
"""Where the ear's weight begins on its curve, found by comparing numbers with openSMILE 2.6."""
_REACH = 12
"""Bins to each side whose magnitudes bend the spline at a bin; farther ones add less than rounding."""


class OctaveScale(NamedTuple):
    """Hold what takes a spectrum to equal steps of an octave, for one size and rate.

    Attributes:
        lower: (points,), the knot below each point.
        share: (4, points), weights of the two knots around it and of the curvatures there.
        bend: (2 _REACH + 1, points), what the bins around each bin add to the curvature there.
        ear: (points,), the ear's weight.
        shift: (HARMONICS,), points from a harmonic down to its fundamental.
        octaves: from the first point to the last.
    """

    lower: NDArray[np.uint32]
    share: NDArray[np.float32]
    bend: NDArray[np.float32]
    ear: NDArray[np.float32]
    shift: NDArray[np.int64]
    octaves: float


@lru_cache(maxsize=8)
def octave_scale(size: int, rate_hz: int) -> OctaveScale:
    """Return the scale for spectra of a size and rate: a natural cubic spline over log frequency.

    Args:
        size: samples of the Fourier transform.
        rate_hz: of the recording.
    """
    points = size // 2 + 1
    bins = np.arange(points) * rate_hz / size
    bins[0] = bins[1] / 2  # 0 Hz has no logarithm
    knots = np.log2(bins)
    octaves = float(np.log2(rate_hz / 2 / SCALE_FROM_HZ))
    at = np.log2(SCALE_FROM_HZ) + np.arange(points) * octaves / (points - 1)
    lower = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, points - 2)
    width = np.diff(knots)
    span = width[lower]
    right = (at - knots[lower]) / span
    left = 1 - right
    third = span**2 / 6
    share = np.stack([left, right, (left**3 - left) * third, (right**3 - right) * third])
    rising = _EAR_OFFSET + 3 * octaves * np.arange(points) / points
    shift = np.floor(np.log2(np.arange(1, HARMONICS + 1)) * points / octaves).astype(np.int64)
    return OctaveScale(
        lower.astype(np.uint32),  # unsigned: no index counts from the end, so loops fill the lanes
        share.astype(np.float32),
        _bends(width),
        (0.5 + np.arctan(rising) / np.pi).astype(np.float32),
        shift,
        octaves,
    )


def _bends(width: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the curvatures of a natural spline as sums over the values of near knots, (taps, knots)."""
    knots = width.size + 1
    inner = np.arange(1, knots - 1)
    system, right = np.eye(knots), np.zeros((knots, knots))
    system[inner, inner - 1], system[inner, inner + 1] = width[:-1], width[1:]
    system[inner, inner] = 2 * (width[:-1] + width[1:])
    right[inner, inner - 1], right[inner, inner + 1] = 6 / width[:-1], 6 / width[1:]
    right[inner, inner] = -6 / width[:-1] - 6 / width[1:]
    full = np.pad(np.linalg.solve(system, right), ((0, 0), (_REACH, _REACH)))
    taps = [full[np.arange(knots), np.arange(knots) + tap] for tap in range(2 * _REACH + 1)]
    return np.asarray(taps, dtype=np.float32)


def harmonic_weights() -> NDArray[np.float32]:
    """Return what each harmonic's magnitude counts, (HARMONICS,)."""
    return (COMPRESSION ** np.arange(HARMONICS) / HARMONICS).astype(np.float32)


class Candidates(NamedTuple):
    """Hold up to six pitch candidates of each frame, the highest sum first.

    Attributes:
        hz: (n, CANDIDATES), 0 where there is none.
        voicing: (n, CANDIDATES), from 0 to 1 (all energy on its harmonics).
        score: (n, CANDIDATES), the sum over harmonics.
    """

    hz: NDArray[np.float32]
    voicing: NDArray[np.float32]
    score: NDArray[np.float32]


def pitch_candidates(
    magnitude: NDArray[np.float32],
    *,
    rate_hz: int,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
) -> Candidates:
    """Find pitch candidates by sub-harmonic summation.

    The spectrum is cleared between its peaks, smoothed, spread over equal steps of an octave and weighted as
    the ear does; then each pitch gets the sum over its 15 harmonics, each weighted by 0.85 of the one before.
    The six highest local maxima are the candidates; those outside the range are dropped.

    Args:
        magnitude: magnitude spectra (n, bins) of 60-ms frames.
        rate_hz: of the recording.
        lowest_hz: lowest pitch.
        highest_hz: highest pitch.

    Source:
        D. J. Hermes, Measurement of pitch by subharmonic summation, JASA 83(1), 1988; steps and constants
        checked number by number against openSMILE 2.6.
    """
    size = 2 * (magnitude.shape[1] - 1)
    scale = octave_scale(size, rate_hz)
    n = len(magnitude)
    found = np.zeros((3, n, CANDIDATES), dtype=np.float32)
    if n:
        room = np.zeros((6, magnitude.shape[1] + 2 * _REACH), dtype=np.float32)
        tops, span = np.zeros((2, CANDIDATES), dtype=np.float32), (lowest_hz, highest_hz)
        spectra, steps = np.ascontiguousarray(magnitude), (harmonic_weights(), scale.octaves)
        _search(spectra, *scale[:5], *steps, *span, room, tops, found)
    return Candidates(*found)


@loose
def _clear(spectrum, peak, kept, smooth):
    """Write the spectrum, zero between its peaks, smoothed by (1, 2, 1) / 4, to `smooth`.

    Two bins to each side of a peak stay, and everything below the first peak and above the last.
    """
    points = spectrum.size
    none, one = np.float32(0), np.float32(1)
    half, quarter = np.float32(0.5), np.float32(0.25)
    # two zeros stand before and behind
    peak[2] = one if spectrum[0] > spectrum[1] else none
    peak[points + 1] = one if spectrum[points - 1] > spectrum[points - 2] else none
    for k in range(1, points - 1):
        top = (spectrum[k] > spectrum[k - 1]) & (spectrum[k] >= spectrum[k + 1])
        peak[k + 2] = one if top else none
    for k in range(points):
        near = max(peak[k + 1], max(peak[k + 2], peak[k + 3]))
        kept[k] = spectrum[k] * max(near, max(peak[k], peak[k + 4]))
    first, last = 0, points - 1
    while first < points and peak[first + 2] == none:
        kept[first] = spectrum[first]
        first += 1
    while last > first and peak[last + 2] == none:
        kept[last] = spectrum[last]
        last -= 1
    # as many zeros stand before and behind as a spline reaches
    at = _REACH
    smooth[at] = half * kept[0] + quarter * kept[1]
    smooth[at + points - 1] = kept[points - 1]
    for k in range(1, points - 1):
        smooth[at + k] = half * kept[k] + quarter * (kept[k - 1] + kept[k + 1])


@loose
def _spread(smooth, curve, lower, share, bend, ear, spread):
    """Write the spline through a smooth spectrum on the octave scale, weighted, to `spread`."""
    points, at = lower.size, _REACH
    curve[:] = 0
    for tap in range(bend.shape[0]):
        weights, near = bend[tap], smooth[tap : tap + points]
        for k in range(points):
            curve[k] += weights[k] * near[k]
    left, right, left_bend, right_bend = share
    near, next_near, next_curve = smooth[at:], smooth[at + 1 :], curve[1:]
    for j in range(points):
        k = lower[j]
        value = left[j] * near[k] + right[j] * next_near[k]
        value += left_bend[j] * curve[k] + right_bend[j] * next_curve[k]
        spread[j] = max(value, np.float32(0)) * ear[j]


@loose
def _sum_harmonics(spread, shift, weights, total):
    """Write the weighted sum over harmonics at each point of the octave scale to `total`."""
    total[:] = 0
    for number in range(shift.size):
        weight, above = weights[number], spread[shift[number] :]
        for j in range(above.size):
            total[j] += weight * above[j]


@inner
def _pick(total, octaves, lowest, highest, tops, found, row):  # type: ignore[no-untyped-def]
    """Write the highest peaks of one frame's sums (points,) that lie in the range of pitch."""
    points = total.size
    for k in range(CANDIDATES):
        tops[0, k], tops[1, k] = 0, 0
    mean = np.float32(0)
    for j in range(points):
        mean += total[j]
    mean /= np.float32(points)
    for j in range(1, points - 1):
        top = total[j]
        if not (top > tops[1, CANDIDATES - 1] and top > total[j - 1] and top >= total[j + 1]):
            continue
        place = CANDIDATES - 1
        while place > 0 and top > tops[1, place - 1]:
            tops[0, place], tops[1, place] = tops[0, place - 1], tops[1, place - 1]
            place -= 1
        tops[0, place], tops[1, place] = j, top
    count, first = 0, 0
    for k in range(CANDIDATES):
        j = int(tops[0, k])
        if j == 0:
            break
        left, top, right = total[j - 1], total[j], total[j + 1]
        away = np.float32(0.5) * (left - right) / ((left - top) + (right - top))
        height = top - np.float32(0.25) * (left - right) * away
        pitch = SCALE_FROM_HZ * 2 ** ((j + away) * octaves / (points - 1))
        if lowest <= pitch <= highest:
            found[0, row, count], found[2, row, count] = pitch, height
            found[1, row, count] = max(1 - mean / height, 0)
            if height > found[2, row, first]:
                first = count
            count += 1
    for kind in range(3):
        found[kind, row, 0], found[kind, row, first] = found[kind, row, first], found[kind, row, 0]


@kernel
def _search(magnitude, lower, share, bend, ear, shift, weights, octaves, lowest, highest, room, tops, found):  # type: ignore[no-untyped-def]
    """Find the candidates of each frame; `room` is to work in."""
    points = lower.size
    peak, kept, smooth, curve = room[0], room[1], room[2], room[3]
    spread, total = room[4, :points], room[5, :points]
    for row in range(len(magnitude)):
        _clear(magnitude[row], peak, kept, smooth)
        _spread(smooth, curve, lower, share, bend, ear, spread)
        _sum_harmonics(spread, shift, weights, total)
        _pick(total, octaves, lowest, highest, tops, found, row)
