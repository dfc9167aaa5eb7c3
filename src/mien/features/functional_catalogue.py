"""Functionals by name: any of them on any contour, each clip's frames becoming one number."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.features.voice import peaks as peaks_module
from mien.features.voice.framing import HOP_S
from mien.features.voice.functionals import percentiles, segments

Family = Callable[[NDArray[np.float32], NDArray[np.int64], float], NDArray[np.floating]]
"""Contour (N,), where its clips begin (clips + 1,), seconds from frame to frame → (clips, numbers)."""

PERCENTS = (1, 5, 10, 20, 25, 50, 75, 80, 90, 95, 99)
RANGES = ((25, 50), (50, 75), (25, 75), (20, 80), (10, 90), (1, 99))
LEVELS = (25, 50, 75, 90)
TINY = 1e-12
"""Share of a contour's size below which its variance is rounding."""


class Functional(NamedTuple):
    """Say how a number is had from a contour.

    Attributes:
        family: gives this number and those that come with it.
        place: among what the family gives.
        unit: `x` stands for the unit of the contour.
        meaning: in one line.
    """

    family: Family
    place: int
    unit: str
    meaning: str


def compute(
    contour: NDArray[np.float32],
    starts: NDArray[np.int64],
    names: Sequence[str],
    *,
    hop_s: float = HOP_S,
) -> NDArray[np.float32]:
    """Return functionals of each clip's contour.

    Use it to look for numbers that tell something in your data, then keep few: with hundreds of columns and
    a handful of speakers, some seem to tell something by chance.

    Args:
        contour: (N,), frames of all clips, in any unit.
        starts: (clips + 1,), clip c has the frames `starts[c]` to `starts[c + 1]`.
        names: keys of `CATALOGUE`.
        hop_s: seconds from one frame to the next.

    Returns:
        (clips, names); 0 for a clip without frames, and where a clip has too few to say.

    Raises:
        ConfigError: an unknown name; the nearest are given.

    Example:
        >>> contour = np.array([1, 2, 3, 7], np.float32)
        >>> compute(contour, np.array([0, 3, 4]), ["mean", "max", "slope"]).tolist()
        [[2.0, 3.0, 100.0], [7.0, 7.0, 0.0]]
    """
    check_names(names)
    contour = np.ascontiguousarray(contour, dtype=np.float32)
    given = {CATALOGUE[name].family for name in names}
    found = {family: family(contour, starts, hop_s) for family in given}
    columns = [found[CATALOGUE[name].family][:, CATALOGUE[name].place] for name in names]
    return np.stack(columns, axis=1).astype(np.float32)


def check_names(names: Iterable[str]) -> None:
    """Refuse a functional that the catalogue does not have.

    Raises:
        ConfigError: an unknown name; the nearest are given.
    """
    for name in names:
        if name not in CATALOGUE:
            nearest = did_you_mean(name, CATALOGUE)
            raise ConfigError(f"Got functional `{name}`, expected some of {', '.join(CATALOGUE)}.{nearest}")


def _per_clip(fold: np.ufunc, values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[np.floating]:
    """Fold the frames of each clip to one number, (clips,); 0 for a clip without frames."""
    filled = np.diff(starts) > 0
    found = np.zeros(filled.size, dtype=np.float64)
    if filled.any():
        found[filled] = fold.reduceat(values, starts[:-1][filled])
    return found


def _mean(values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[np.floating]:
    total = _per_clip(np.add, np.asarray(values, dtype=np.float64), starts)
    return np.asarray(total / np.maximum(np.diff(starts), 1))


def _to_frames(numbers: NDArray[np.floating], starts: NDArray[np.int64]) -> NDArray[np.floating]:
    """Give each frame the number of its clip, (N,)."""
    return np.repeat(numbers, np.diff(starts))


def _share(part: NDArray[np.floating], whole: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return part by whole, 0 where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0))


def _centred(contour: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.floating]:
    return np.asarray(contour - _to_frames(_mean(contour, starts), starts))


def _moments(contour: NDArray[np.float32], starts: NDArray[np.int64], _hop_s: float) -> NDArray[np.floating]:
    mean, apart = _mean(contour, starts), _centred(contour, starts)
    rms = np.sqrt(_mean(np.square(contour, dtype=np.float64), starts))
    variance = _mean(apart**2, starts)
    variance[variance < (TINY * rms) ** 2] = 0
    deviation = np.sqrt(variance)
    skewness = _share(_mean(apart**3, starts), deviation**3)
    kurtosis = _share(_mean(apart**4, starts), variance**2)
    absolute = _mean(np.abs(contour), starts)
    return np.stack([mean, deviation, _share(deviation, mean), rms, absolute, skewness, kurtosis], axis=1)


def _extremes(contour: NDArray[np.float32], starts: NDArray[np.int64], _hop_s: float) -> NDArray[np.floating]:
    low, high = _per_clip(np.minimum, contour, starts), _per_clip(np.maximum, contour, starts)
    places = []
    for extreme in (low, high):
        at = np.flatnonzero(contour == _to_frames(extreme, starts))
        clip = np.searchsorted(starts, at, side="right") - 1
        first = np.zeros(low.size)
        which, where = np.unique(clip, return_index=True)
        first[which] = at[where] - starts[which]
        places.append(first / np.maximum(np.diff(starts), 1))
    return np.stack([low, high, high - low, *places], axis=1)


def _percentiles(
    contour: NDArray[np.float32], starts: NDArray[np.int64], _hop_s: float
) -> NDArray[np.floating]:
    found = percentiles(contour, starts, tuple(percent / 100 for percent in PERCENTS))
    ranges = [found[:, PERCENTS.index(high)] - found[:, PERCENTS.index(low)] for low, high in RANGES]
    return np.column_stack([found, *ranges])


def _regression(
    contour: NDArray[np.float32], starts: NDArray[np.int64], hop_s: float
) -> NDArray[np.floating]:
    """Fit a line and a parabola by least squares; in centred time each term is fitted on its own."""
    counts = np.diff(starts)
    seconds = hop_s * (np.arange(len(contour)) - _to_frames(starts[:-1] + (counts - 1) / 2, starts))
    bent = seconds**2 - _to_frames(_mean(seconds**2, starts), starts)
    apart = _centred(contour, starts)
    straight = _mean(seconds**2, starts)
    slope = np.where(counts > 1, _share(_mean(seconds * apart, starts), straight), 0)
    curved = np.where(counts > 2, _mean(bent**2, starts), 0)
    curvature = _share(_mean(bent * apart, starts), curved)
    offset = _mean(contour, starts) - slope * hop_s * np.maximum(counts - 1, 0) / 2
    from_line = apart - _to_frames(slope, starts) * seconds
    from_curve = from_line - _to_frames(curvature, starts) * bent
    errors = [np.sqrt(_mean(rest**2, starts)) for rest in (from_line, from_curve)]
    return np.stack([slope, offset, errors[0], curvature, errors[1]], axis=1)


def _levels(contour: NDArray[np.float32], starts: NDArray[np.int64], _hop_s: float) -> NDArray[np.floating]:
    low, high = _per_clip(np.minimum, contour, starts), _per_clip(np.maximum, contour, starts)
    shares = [
        _mean(contour > _to_frames(low + level / 100 * (high - low), starts), starts) for level in LEVELS
    ]
    step = np.diff(contour, prepend=contour[:1])
    step[starts[:-1][np.diff(starts) > 0]] = 0  # nothing stands before a clip's first frame
    steps = np.maximum(np.diff(starts) - 1, 1) / np.maximum(np.diff(starts), 1)
    return np.stack([*shares, _mean(step > 0, starts) / steps, _mean(step < 0, starts) / steps], axis=1)


def _stretches(contour: NDArray[np.float32], starts: NDArray[np.int64], hop_s: float) -> NDArray[np.floating]:
    above = _centred(contour, starts) > 0
    turned = np.diff(above, prepend=above[:1])
    turned[starts[:-1][np.diff(starts) > 0]] = False
    seconds = hop_s * np.diff(starts)
    found = segments(above, starts)
    crossings = _share(_per_clip(np.add, turned.astype(np.float64), starts), seconds)
    return np.stack(
        [crossings, _share(found.count, seconds), hop_s * found.mean, hop_s * found.deviation], axis=1
    )


def _peaks(contour: NDArray[np.float32], starts: NDArray[np.int64], hop_s: float) -> NDArray[np.floating]:
    return np.stack(peaks_module.peaks(contour, starts, hop_s=hop_s), axis=1)


def family(function: Family, *told: tuple[str, str, str]) -> dict[str, Functional]:
    """Return catalogue entries for what a function gives.

    Args:
        function: a contour's numbers for each clip, 0 for one without frames.
        told: name, unit (`x`: that of the contour) and meaning of each number, in their order.
    """
    return {name: Functional(function, place, unit, text) for place, (name, unit, text) in enumerate(told)}


CATALOGUE: dict[str, Functional] = {
    **family(
        _moments,
        ("mean", "x", "arithmetic mean"),
        ("stddev", "x", "standard deviation"),
        ("stddevNorm", "1", "standard deviation by the mean"),
        ("rms", "x", "root of the mean square"),
        ("meanAbs", "x", "mean without signs"),
        ("skewness", "1", "third moment: above 0 with a tail of high values"),
        ("kurtosis", "1", "fourth moment: 3 for a normal distribution, more with outliers"),
    ),
    **family(
        _extremes,
        ("min", "x", "lowest value"),
        ("max", "x", "highest value"),
        ("range", "x", "highest less lowest"),
        ("minPos", "1", "where the lowest value lies first, as a share of the clip"),
        ("maxPos", "1", "where the highest value lies first, as a share of the clip"),
    ),
    **family(
        _percentiles,
        *((f"p{percent}", "x", f"{percent} % of the frames lie below") for percent in PERCENTS),
        *((f"p{low}-{high}", "x", f"percentile {high} less percentile {low}") for low, high in RANGES),
    ),
    **family(
        _regression,
        ("slope", "x/s", "of the line through the frames"),
        ("offset", "x", "of that line, at the clip's begin"),
        ("slopeError", "x", "root mean square distance from that line"),
        ("curvature", "x/s²", "of the parabola through the frames"),
        ("curveError", "x", "root mean square distance from that parabola"),
    ),
    **family(
        _levels,
        *((f"upleveltime{level}", "1", f"share of frames above {level} % of the range") for level in LEVELS),
        ("risetime", "1", "share of steps that go up"),
        ("falltime", "1", "share of steps that go down"),
    ),
    **family(
        _stretches,
        ("meanCrossingRate", "1/s", "how often the mean is crossed"),
        ("segmentsPerSec", "1/s", "stretches above the mean"),
        ("meanSegmentLength", "s", "mean length of such stretches"),
        ("stddevSegmentLength", "s", "standard deviation of their lengths"),
    ),
    **family(
        _peaks,
        *(
            (name, unit, text)
            for name, (unit, text) in zip(
                peaks_module.NAMES,
                (
                    ("1/s", "peaks"),
                    ("s", "from peak to peak"),
                    ("s", "spread of these distances"),
                    ("x", "highest less lowest peak"),
                    ("1", "the same, as a share of the range"),
                    ("x", "mean height of the peaks"),
                    ("x", "that, less the mean"),
                    ("1", "that height by the mean"),
                    ("1", "highest less lowest dip, as a share of the range"),
                    ("x/s", "mean slope up to peaks"),
                    ("x/s", "spread of these slopes"),
                    ("x/s", "mean slope down from peaks, positive"),
                    ("x/s", "spread of these slopes"),
                ),
                strict=True,
            )
        ),
    ),
}
"""Every functional by name. A further one is an entry more: the function and what it gives."""
