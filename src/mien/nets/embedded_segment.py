"""Gather what an encoder says of one segment, part by part, into one row or one row per frame."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean

POOLINGS = ("mean", "statistics", "none")
LEAST_VARIANCE = 1e-5
"""As in `StatisticsPooling`, so that a head trained on it reads the same numbers."""


@dataclass
class EmbeddedSegment:
    """Add up frames of one segment; a long segment comes in several parts.

    Attributes:
        pooling: `mean`, `statistics` (mean, then standard deviation) or `none` (every frame).
        start: start of the segment in seconds.
        end: its end in seconds, exclusive.
        frames: how many were added.
    """

    pooling: str
    start: float
    end: float
    frames: int = 0
    _moments: list[NDArray[np.float64]] = field(default_factory=list)
    _kept: list[NDArray[np.float32]] = field(default_factory=list)
    _times: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, values: NDArray[np.float32], times: NDArray[np.float64]) -> None:
        """Add the frames `(T, D)` of one part, with their times `(T,)` in seconds."""
        self.frames += len(values)
        if self.pooling == "none":
            self._kept.append(values)
            self._times.append(times)
            return
        exact = values.astype(np.float64)
        moments = [exact.sum(axis=0), np.square(exact).sum(axis=0)]
        self._moments = [old + new for old, new in zip(self._moments or [0.0, 0.0], moments, strict=True)]

    def rows(self) -> NDArray[np.float32]:
        """Return `(1, W)` pooled values, or `(T, D)` frames."""
        if self.pooling == "none":
            return np.concatenate(self._kept)
        mean = self._moments[0] / self.frames
        if self.pooling == "mean":
            return mean.astype(np.float32)[None]
        variance = np.maximum(self._moments[1] / self.frames - np.square(mean), LEAST_VARIANCE)
        return np.concatenate([mean, np.sqrt(variance)]).astype(np.float32)[None]

    def times(self) -> NDArray[np.float64]:
        """Return the times `(T,)` of the frames that were kept."""
        return np.concatenate(self._times)


def check_pooling(pooling: str) -> None:
    """Refuse an unknown pooling.

    Raises:
        ConfigError: it is none of `POOLINGS`.
    """
    if pooling not in POOLINGS:
        raise ConfigError(
            f"Got pooling `{pooling}`, expected one of {', '.join(POOLINGS)}."
            f"{did_you_mean(pooling, POOLINGS)}"
        )
