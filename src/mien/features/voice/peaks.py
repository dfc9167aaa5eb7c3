"""Peaks of a contour, and the slopes between them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.features.voice.compiled import kernel, part
from mien.features.voice.framing import HOP_S

THRESHOLD = np.float32(0.1)
"""Share of a contour's range that a rise or fall must reach to count."""
CLEARLY = 1.05
"""A maximum more than this many times the last one can take its place without a deep dip between them."""
UNLIMITED = 10.0
"""Ratios up to here are left alone where ratios are limited; beyond, they approach twice that."""


class Peaks(NamedTuple):
    """Hold what the peaks of each clip's contour are like, (clips,) each.

    Heights are in the contour's unit, distances in seconds, slopes in the unit per second. All are 0 where a
    clip has too few peaks (dips, slopes) to say, unless noted.

    Attributes:
        peaks_per_second: maxima, by the clip's frames.
        mean_peak_dist: from one maximum to the next.
        peak_dist_stddev: root mean square of what steps from a minimum to a maximum lack to that mean.
        peak_range_abs: highest less lowest maximum.
        peak_range_rel: the same, as a share of the contour's range.
        peak_mean_abs: mean height of the maxima.
        peak_mean_mean_dist: that less the contour's mean, also without maxima.
        peak_mean_rel: that divided by the contour's mean (by 1 where the mean is 0).
        min_range_rel: highest less lowest minimum, as a share of the contour's range.
        mean_rising_slope: from the contour's beginning or a minimum up to a maximum or the end.
        stddev_rising_slope: their standard deviation.
        mean_falling_slope: from a maximum down, positive where it falls; a last one, which leads to the end
            of the contour, counts with the opposite sign.
        stddev_falling_slope: their standard deviation.
    """

    peaks_per_second: NDArray[np.float32]
    mean_peak_dist: NDArray[np.float32]
    peak_dist_stddev: NDArray[np.float32]
    peak_range_abs: NDArray[np.float32]
    peak_range_rel: NDArray[np.float32]
    peak_mean_abs: NDArray[np.float32]
    peak_mean_mean_dist: NDArray[np.float32]
    peak_mean_rel: NDArray[np.float32]
    min_range_rel: NDArray[np.float32]
    mean_rising_slope: NDArray[np.float32]
    stddev_rising_slope: NDArray[np.float32]
    mean_falling_slope: NDArray[np.float32]
    stddev_falling_slope: NDArray[np.float32]


NAMES = (
    "numPeaks", "meanPeakDist", "peakDistStddev", "peakRangeAbs", "peakRangeRel", "peakMeanAbs",
    "peakMeanMeanDist", "peakMeanRel", "minRangeRel", "meanRisingSlope", "stddevRisingSlope",
    "meanFallingSlope", "stddevFallingSlope",
)  # fmt: skip
"""What openSMILE calls the fields of `Peaks`, in their order."""


def peaks(
    contour: NDArray[np.float32],
    starts: NDArray[np.int64],
    *,
    hop_s: float = HOP_S,
    limit_ratios: bool = False,
) -> Peaks:
    """Describe the peaks of each clip's contour, as openSMILE's Peaks2 does.

    Use it for smooth contours such as loudness and pitch, not for noisy ones: the threshold is a tenth of a
    clip's range, so a clip of one level has as many peaks as a lively one.

    Local extremes are gone through in time, without plateaus and the two values at either end. One is far
    when it lies the threshold away from the extreme before it, or the first value. A maximum counts when it

    - is far; or
    - is the first to count since a far minimum, and the threshold above that; or
    - is the threshold above the last far minimum and 5 % above the last maximum that counts, which then no
      longer does; before there are such, the first value stands for both.

    A minimum counts when it is the threshold below the last maximum that counts, or the first value. Of
    neighbours of one kind the most extreme stays.

    Args:
        contour: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        hop_s: from one frame to the next.
        limit_ratios: press `peak_mean_rel` into -20 to 20, 20 where the mean is 0, as ComParE does and the
            Geneva sets do not.

    Returns:
        A number per clip and field; 0 for a clip without frames.

    Example:
        >>> hills = np.array([0, 1, 5, 2, 1, 2, 4, 3, 0], np.float32)
        >>> found = peaks(hills, np.array([0, 9]))
        >>> found.peak_mean_abs.tolist(), found.peak_range_abs.tolist()
        ([4.5], [1.0])

    Source:
        F. Eyben, Real-time Speech and Music Classification by Large Audio Feature Space Extraction, 2016,
        chapter 2; the rules were found by comparing numbers with openSMILE 2.6.
    """
    found = np.zeros((starts.size - 1, len(NAMES)), dtype=np.float32)
    longest = int(np.diff(starts).max(initial=0))
    room = (np.zeros(longest, np.int8), np.zeros(longest, np.int64), np.zeros(longest + 1))
    whole = np.ascontiguousarray(contour, dtype=np.float32)
    _describe(whole, starts, hop_s, limit_ratios, *room, found)
    return Peaks(*found.T)


@kernel
def _describe(contour, starts, hop_s, limit_ratios, turns, at, slopes, found):  # type: ignore[no-untyped-def]
    for clip in range(starts.size - 1):
        values, out = contour[starts[clip] : starts[clip + 1]], found[clip]
        if values.size == 0:
            continue
        low = high = values[0]
        for i in range(values.size):
            low, high = min(low, values[i]), max(high, values[i])
        size = high - low
        _find_turns(values, turns)
        _keep_counting_maxima(values, turns, THRESHOLD * size)
        count = _alternate(values, turns, THRESHOLD * size, at)
        first = 0 if count and turns[at[0]] > 0 else 1  # maxima are at[first::2], minima the others
        _measure_heights(values, at, count, first, size, out)
        _relate_to_mean(values, limit_ratios, out)
        _measure_distances(at, count, first, values.size, hop_s, out)
        _measure_slopes(values, at, count, first, hop_s, slopes, out)


@part
def _find_turns(values, turns):  # type: ignore[no-untyped-def]
    """Write 1 at local maxima, -1 at local minima and 0 elsewhere."""
    for i in range(2, values.size - 2):
        turns[i] = 0
        if values[i] > values[i - 1] and values[i] > values[i + 1]:
            turns[i] = 1
        elif values[i] < values[i - 1] and values[i] < values[i + 1]:
            turns[i] = -1


@part
def _keep_counting_maxima(values, turns, threshold):
    """Set `turns` to 0 at maxima that do not count."""
    before = low = high = values[0]
    high_at, fallen = -1, False
    for i in range(2, values.size - 2):
        if turns[i] == 0:
            continue
        value = values[i]
        far = abs(value - before) >= threshold
        before = value
        if turns[i] < 0:
            if far:
                low, fallen = value, True
            continue
        risen = value - low >= threshold
        clearly_higher = risen and value > CLEARLY * high
        if clearly_higher and not far and high_at >= 0:
            turns[high_at] = 0
        if far or clearly_higher or (risen and fallen):
            high, high_at, fallen = value, i, False
        else:
            turns[i] = 0


@part
def _alternate(values, turns, threshold, at):
    """Write where maxima and minima that count lie, in turn; return how many there are."""
    count = 0
    high = values[0]
    for i in range(2, values.size - 2):
        if turns[i] > 0:
            high = values[i]
        elif turns[i] == 0 or high - values[i] < threshold:
            continue
        if count == 0 or turns[at[count - 1]] != turns[i]:
            at[count] = i
            count += 1
        elif turns[i] * (values[i] - values[at[count - 1]]) > 0:
            at[count - 1] = i
    return count


@part
def _measure_heights(values, at, turned, first, size, found):
    for side in range(2):
        low, high, total, count = np.inf, -np.inf, 0.0, 0
        for k in range(first if side == 0 else 1 - first, turned, 2):
            value = values[at[k]]
            low, high, total, count = min(low, value), max(high, value), total + value, count + 1
        if count == 0:
            continue
        if side == 0:
            found[3], found[4], found[5] = high - low, (high - low) / size, total / count
        else:
            found[8] = (high - low) / size


@part
def _relate_to_mean(values, limit_ratios, found):
    mean = 0.0
    for i in range(values.size):
        mean += values[i]
    mean /= values.size
    height = found[5]
    found[6] = height - mean
    if limit_ratios:
        found[7] = _limit(height / mean) if mean != 0 else 2 * UNLIMITED
    else:
        found[7] = height / mean if mean != 0 else height


@part
def _limit(ratio):
    over = abs(ratio) - UNLIMITED
    if over <= 0:
        return ratio
    limited = UNLIMITED * (1 + np.tanh((np.sqrt(1 + over) - 1) * 2 / UNLIMITED))
    return limited if ratio > 0 else -limited


@part
def _measure_distances(at, turned, first, frames, hop_s, found):
    maxima = (turned - first + 1) // 2
    found[0] = maxima / (frames * hop_s)
    if maxima < 2:
        return
    last = first + 2 * (maxima - 1)
    mean = (at[last] - at[first]) / (maxima - 1)
    squares = 0.0
    for k in range(first + 2, last + 1, 2):
        # the step from the minimum before, not from the maximum before, is compared with the mean
        squares += (at[k] - at[k - 1] - mean) ** 2
    found[1], found[2] = mean * hop_s, np.sqrt(squares / (maxima - 1)) * hop_s


@part
def _measure_slopes(values, at, turned, first, hop_s, slopes, found):
    end = values.size - 1
    if turned == 0:
        # per frame, not per second, and by the frames, not by the steps between them
        slope = (values[end] - values[0]) / values.size
        found[9 if slope > 0 else 11] = slope
        return
    previous = 0
    for k in range(turned):
        rise = (values[at[k]] - values[previous]) / ((at[k] - previous) * hop_s)
        slopes[k] = rise if k % 2 == first else -rise
        previous = at[k]
    slopes[turned] = (values[end] - values[previous]) / ((end - previous) * hop_s)
    for side in range(2):
        begin = first if side == 0 else 1 - first
        count = (turned - begin + 2) // 2
        mean, squares = 0.0, 0.0
        for k in range(begin, turned + 1, 2):
            mean += slopes[k] / count
        # the last slope of all adds to the mean alone
        for k in range(begin, turned, 2):
            squares += (slopes[k] - mean) ** 2
        found[9 + 2 * side], found[10 + 2 * side] = mean, np.sqrt(squares / count)
