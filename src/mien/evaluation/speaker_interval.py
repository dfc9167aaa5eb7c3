"""A value with its interval over speakers, or the reason why there is none."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.evaluation.intervals import interval_of
from mien.evaluation.resampling import Resampled

UNKNOWN = "no interval: who speaks is not known"


class Found(NamedTuple):
    """Hold a value that may not exist, and why.

    Attributes:
        value: the score on all items; None where it has no value.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end.
        note: why something is missing; empty where nothing is.
    """

    value: float | None
    low: float | None
    high: float | None
    note: str


def over_speakers(
    value: Callable[[], float], resampled: Callable[[NDArray[Any]], Resampled], *, speaker: "pd.Series[Any]"
) -> Found:
    """Return a value with its 95 % interval over speakers; what is undefined becomes a note.

    Args:
        value: gives the score on all items.
        resampled: takes the speakers' names `(items,)` and gives the score on resamples of them.
        speaker: `(items,)`, null where unknown: then there is no interval.
    """
    try:
        found = float(value())
    except UndefinedScore as reason:
        return Found(None, None, None, str(reason))
    if speaker.isna().any():
        return Found(found, None, None, UNKNOWN)
    try:
        interval = interval_of(resampled(speaker.to_numpy(dtype=object)))
    except UndefinedScore as reason:
        return Found(found, None, None, f"no interval: {reason}")
    return Found(found, interval.low, interval.high, "")
