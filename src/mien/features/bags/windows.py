"""Bags over time: which rows lie in each window of a segment."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.features.bags.counting import Spans
from mien.features.bags.frame_tables import FrameTable

NANOSECONDS = 1e9


class Windows(NamedTuple):
    """Hold windows of segments.

    Attributes:
        segment: (windows,), the number of the segment.
        centre: (windows,), in nanoseconds.
        half: half the length, in nanoseconds.
    """

    segment: NDArray[np.int64]
    centre: NDArray[np.int64]
    half: int

    def rows_of(self, table: FrameTable) -> Spans:
        """Return the rows of a table that begin within each window.

        Raises:
            DataError: the table has no column `start`, or it has gaps.
        """
        times = _nanoseconds(table.times())
        parts = [
            (begin + np.searchsorted(times[begin:end], edge)).tolist()
            for number, (begin, end) in enumerate(zip(table.starts[:-1], table.starts[1:], strict=True))
            for edge in [self._edges(number)]
        ]
        both = np.concatenate([np.reshape(part, (2, -1)) for part in parts], axis=1)
        return Spans(both[0].astype(np.int64), both[1].astype(np.int64))

    def keys(self, table: FrameTable) -> pd.DataFrame:
        """Return a row per window: the segment's keys, `start` and `end` in seconds, within the segment."""
        whole = table.keys().iloc[self.segment].reset_index(drop=True)
        start = np.maximum((self.centre - self.half) / NANOSECONDS, whole["start"])
        end = (self.centre + self.half) / NANOSECONDS
        return whole.assign(start=start, end=np.minimum(end, whole["end"]) if "end" in whole else end)

    def _edges(self, segment: int) -> NDArray[np.int64]:
        centre = self.centre[self.segment == segment]
        return np.stack([centre - self.half, centre + self.half])


def lay_windows(table: FrameTable, window_s: float, hop_s: float) -> Windows:
    """Lay windows over each segment: their middles at its begin and every hop after, up to its last row.

    Args:
        table: with a column `start`.
        window_s: length in seconds; at the edges of a segment windows are shorter.
        hop_s: from one middle to the next, in seconds.

    Raises:
        DataError: there is no column `start`, it has gaps, or goes back within a segment.
    """
    times = _nanoseconds(table.times())
    hop, half = round(hop_s * NANOSECONDS), round(window_s * NANOSECONDS / 2)
    first, last = times[table.starts[:-1]], times[table.starts[1:] - 1]
    counts = (last - first) // hop + 1
    inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return Windows(np.repeat(np.arange(len(counts)), counts), np.repeat(first, counts) + hop * inside, half)


def _nanoseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return times as whole numbers, so that 0.1 + 0.2 is 0.3; a microsecond more or less does not count."""
    return (np.round(seconds * 1e6) * 1e3).astype(np.int64)
