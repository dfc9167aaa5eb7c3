"""Peaks of a contour that still comes, and the slopes between them."""

from math import ceil, log
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from mien.core.errors import ConfigError
from mien.features.voice.framing import HOP_S
from mien.features.voice.peaks import CLEARLY, THRESHOLD

_CONTOUR = np.dtype(
    [
        ("count", "i8"),
        ("first", "f4"),
        ("last", "f4", 3),
        ("low", "f4"),
        ("high", "f4"),
        ("before", "f4"),  # the local extreme before
        ("top", "i8"),  # the highest threshold that is followed
    ]
)
_PICKER = np.dtype(
    [
        ("threshold", "f4"),
        ("low", "f4"),  # the last far minimum
        ("fallen", "?"),
        ("peak_at", "i8"),  # the last maximum that counts, which may still lose its place; -1: none
        ("peak", "f4"),
        ("dip_at", "i8"),  # the lowest minimum after it
        ("dip", "f4"),
        ("high", "f4"),  # the maximum that counts before it
        (
            "kind",
            "i8",
        ),  # the last extreme that is sure to count, which may still move: 1 high, -1 low, 0 none
        ("at", "i8"),
        ("height", "f4"),
        ("from_at", "i8"),  # the extreme before that
        ("from_height", "f4"),
        ("peaks", "i8"),
        ("sums", "f8", (2, 3)),  # of rising and falling slopes: number, sum, sum of squares
    ]
)
_UNSET = -(2**62)


class Slopes(NamedTuple):
    """Hold what `mien.features.voice.peaks.Peaks` says under the same names."""

    peaks_per_second: float
    mean_rising_slope: float
    stddev_rising_slope: float
    mean_falling_slope: float
    stddev_falling_slope: float


class RunningPeaks:
    """Find the peaks of a contour while values still come, as `peaks` finds them in a whole one.

    What counts as a peak depends on a tenth of the range of the whole contour, which nobody knows before its
    end. So peaks are followed for many thresholds at once, from a tenth of the range so far to the range,
    each `(1 + tolerance)²` times the one before; a range that grows only ends low ones and begins high ones,
    for which nothing has counted yet. The result is that of `peaks` with a threshold that is off by at most
    `tolerance` of itself: the same peaks, unless a rise or fall lies as near to the threshold.

    Args:
        hop_s: seconds from one value to the next.
        tolerance: share of itself that the threshold may be off, above 0 and below 1.

    Raises:
        ConfigError: a tolerance out of range.

    Example:
        >>> peaks = RunningPeaks()
        >>> peaks.add([0, 1, 5, 2, 1, 2]); peaks.add([4, 3, 0])
        >>> round(peaks.slopes().peaks_per_second * 0.09)
        2
    """

    def __init__(self, *, hop_s: float = HOP_S, tolerance: float = 0.0025) -> None:
        if not 0 < tolerance < 1:
            raise ConfigError(f"Got tolerance={tolerance}, expected above 0 and below 1.")
        self._hop_s, self._step = hop_s, 2 * log(1 + tolerance)
        self._contour = np.zeros(1, _CONTOUR)
        self._contour["top"] = _UNSET
        self._pickers = np.zeros(ceil(-log(THRESHOLD) / self._step) + 4, _PICKER)

    def add(self, values: ArrayLike) -> None:
        """Take more values, (n,)."""
        _add(np.asarray(values, np.float32), self._contour, self._pickers, self._step, self._hop_s)

    def slopes(self) -> Slopes:
        """Return what the peaks are like, were the last value the end; 0 without values."""
        found = np.zeros(5)
        contour = self._contour[0]
        if contour["count"]:
            size = contour["high"] - contour["low"]
            picked = np.zeros(1, _PICKER)
            if size > 0:
                place = round(float(np.log(THRESHOLD * size)) / self._step)
                picked[0] = self._pickers[place % len(self._pickers)]
            _close(picked, self._contour, self._hop_s, found)
        return Slopes(*found.tolist())


@njit(cache=True, nogil=True)
def _add(values, contour, pickers, step, hop_s):
    """Take more values; one is a local extreme when the two after it are known."""
    about = contour[0]
    for value in values:
        if about.count == 0:
            about.first = about.low = about.high = about.before = value
        if value < about.low or value > about.high:
            about.low, about.high = min(about.low, value), max(about.high, value)
            _begin_thresholds(about, pickers, step)
        left, here, right = about.last[0], about.last[1], about.last[2]
        if about.count >= 4 and ((here > left and here > right) or (here < left and here < right)):
            size = about.high - about.low
            lowest = int(np.rint(np.log(np.float64(THRESHOLD * size)) / step))
            for place in range(lowest, about.top + 1):
                _turn(pickers[place % len(pickers)], here, about.count - 2, here > left, about.before, hop_s)
            about.before = here
        about.last[0], about.last[1], about.last[2] = here, right, value
        about.count += 1


@njit(cache=True, nogil=True)
def _begin_thresholds(about, pickers, step):
    """Begin the thresholds up to the range, which has grown."""
    size = about.high - about.low
    top = int(np.floor(np.log(np.float64(size)) / step))
    lowest = int(np.rint(np.log(np.float64(THRESHOLD * size)) / step))
    for place in range(max(about.top + 1, lowest), top + 1):
        picker = pickers[place % len(pickers)]
        picker.threshold = np.exp(place * step)
        picker.low = picker.high = picker.from_height = about.first
        picker.fallen, picker.peak_at, picker.dip_at = False, -1, -1
        picker.kind = picker.from_at = picker.peaks = 0
        picker.sums[:] = 0
    about.top = max(about.top, top)


@njit(cache=True, nogil=True)
def _turn(picker, value, at, is_high, before, hop_s):
    """Take the next local extreme."""
    threshold = picker.threshold
    far = abs(value - before) >= threshold
    if not is_high:
        if far:
            picker.low, picker.fallen = value, True
        if picker.peak_at < 0:
            if picker.high - value >= threshold:
                _place(picker, -1, at, value, hop_s)
        elif picker.dip_at < 0 or value < picker.dip:
            picker.dip_at, picker.dip = at, value
        return
    risen = value - picker.low >= threshold
    high = picker.peak if picker.peak_at >= 0 else picker.high
    clearly_higher = risen and value > CLEARLY * high
    if not (far or clearly_higher or (risen and picker.fallen)):
        return
    _settle(picker, clearly_higher and not far, hop_s)
    picker.peak_at, picker.peak, picker.fallen = at, value, False


@njit(cache=True, nogil=True)
def _settle(picker, lost, hop_s):
    """Make the last maximum and the dip after it sure, or drop the maximum where it has lost its place."""
    if picker.peak_at >= 0 and not lost:
        _place(picker, 1, picker.peak_at, picker.peak, hop_s)
        picker.high = picker.peak
    if picker.dip_at >= 0 and picker.high - picker.dip >= picker.threshold:
        _place(picker, -1, picker.dip_at, picker.dip, hop_s)
    picker.dip_at = -1


@njit(cache=True, nogil=True)
def _place(picker, kind, at, height, hop_s):
    """Append an extreme that counts; of neighbours of one kind the most extreme stays."""
    if kind == picker.kind:
        if kind * (height - picker.height) > 0:
            picker.at, picker.height = at, height
        return
    if picker.kind != 0:
        _add_slope(picker, hop_s)
        picker.from_at, picker.from_height = picker.at, picker.height
    picker.kind, picker.at, picker.height = kind, at, height
    picker.peaks += kind > 0


@njit(cache=True, nogil=True)
def _add_slope(picker, hop_s):
    """Add the slope up or down to the last extreme."""
    rise = (picker.height - picker.from_height) / ((picker.at - picker.from_at) * hop_s)
    slope = rise * picker.kind
    sums = picker.sums[0 if picker.kind > 0 else 1]
    sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + slope, sums[2] + slope * slope


@njit(cache=True, nogil=True)
def _close(picked, contour, hop_s, found):
    """End a contour: write peaks per second, and mean and deviation of rising and of falling slopes."""
    picker, about = picked[0], contour[0]
    end, count = about.last[2], about.count
    if picker.threshold > 0:
        _settle(picker, False, hop_s)
    found[0] = picker.peaks / (count * hop_s)
    if picker.kind == 0:
        slope = (end - about.first) / count
        found[1 if slope > 0 else 3] = slope
        return
    _add_slope(picker, hop_s)
    last = (end - picker.height) / ((count - 1 - picker.at) * hop_s)
    for side in range(2):
        number, total, squares = picker.sums[side]
        ends_here = (side == 1) == (picker.kind > 0)
        many = number + ends_here
        mean = (total + last * ends_here) / many
        found[1 + 2 * side] = mean
        # the last slope of all adds to the mean alone
        found[2 + 2 * side] = np.sqrt(max(squares - 2 * mean * total + number * mean * mean, 0) / many)
