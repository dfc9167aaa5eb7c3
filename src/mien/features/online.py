"""Functionals of a contour that still comes: moments, extremes, lines, quantiles and stretches.

Every class takes values piece by piece, in any pieces, and holds a fixed amount of memory. Two of a kind that
saw parts of a recording merge into one that saw both, except `Stretches`, which are cut where the parts meet.
"""

from math import ceil, log
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError


class Moments:
    """Hold count, mean and the second to fourth power sums around it, column by column.

    Equal to the moments of all values at once, up to rounding of float64.

    Args:
        columns: of the values.

    Attributes:
        count: (columns,), values so far.
        mean: (columns,).

    Example:
        >>> moments = Moments(1)
        >>> for piece in ([[1], [2]], [[6]]):
        ...     moments.add(piece)
        >>> moments.mean.tolist(), moments.variance.round(3).tolist()
        ([3.0], [4.667])

    Source:
        T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms for computing the sample variance, The American
        Statistician 37(3), 1983; P. Pébay, Formulas for robust, one-pass parallel computation of covariances
        and arbitrary-order statistical moments, Sandia report 2008-6212, eq. 3.1.
    """

    def __init__(self, columns: int) -> None:
        self.count, self.mean = np.zeros(columns), np.zeros(columns)
        self._sums = np.zeros((3, columns))

    def add(self, values: ArrayLike, valid: NDArray[np.bool_] | None = None) -> None:
        """Take more values.

        Args:
            values: (rows, columns).
            valid: (rows, columns), which of them count; None for all.
        """
        fresh = np.asarray(values, np.float64)
        counts = (
            np.full(fresh.shape[1], float(len(fresh))) if valid is None else valid.sum(axis=0, dtype=float)
        )
        if valid is not None:
            fresh = np.where(valid, fresh, 0)
        mean = fresh.sum(axis=0) / np.maximum(counts, 1)
        apart = fresh - mean if valid is None else np.where(valid, fresh - mean, 0)
        square = apart * apart
        sums = np.stack([square.sum(axis=0), (square * apart).sum(axis=0), (square * square).sum(axis=0)])
        self._merge(counts, mean, sums)

    def merge(self, other: "Moments") -> None:
        """Take what another has seen."""
        self._merge(other.count, other.mean, other._sums)

    def _merge(
        self, count: NDArray[np.float64], mean: NDArray[np.float64], sums: NDArray[np.float64]
    ) -> None:
        """Add the power sums of more values."""
        mine, whole = self.count, np.maximum(self.count + count, 1)
        apart = mean - self.mean
        two, three, four = self._sums
        other_two, other_three, other_four = sums
        both = mine * count / whole
        self._sums = np.stack(
            [
                two + other_two + apart**2 * both,
                three
                + other_three
                + apart**3 * both * (mine - count) / whole
                + 3 * apart * (mine * other_two - count * two) / whole,
                four
                + other_four
                + apart**4 * both * (mine**2 - mine * count + count**2) / whole**2
                + 6 * apart**2 * (mine**2 * other_two + count**2 * two) / whole**2
                + 4 * apart * (mine * other_three - count * three) / whole,
            ]
        )
        self.mean = self.mean + apart * count / whole
        self.count = mine + count

    @property
    def variance(self) -> NDArray[np.float64]:
        """Return the mean squared distance from the mean, (columns,); 0 without values."""
        return np.asarray(self._sums[0] / np.maximum(self.count, 1))

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Return the standard deviation, (columns,)."""
        return np.sqrt(self.variance)

    @property
    def skewness(self) -> NDArray[np.float64]:
        """Return the third moment in units of the deviation, (columns,); 0 where values do not vary."""
        return self._standardize(1, 1.5)

    @property
    def kurtosis(self) -> NDArray[np.float64]:
        """Return the fourth moment in units of the deviation, 3 for a normal distribution, (columns,)."""
        return self._standardize(2, 2)

    def _standardize(self, row: int, power: float) -> NDArray[np.float64]:
        scale = self.variance**power
        moment = self._sums[row] / np.maximum(self.count, 1)
        return np.asarray(np.divide(moment, scale, out=np.zeros_like(scale), where=scale > 0))


class Extremes:
    """Hold the lowest and the highest value of a contour, and where each came first.

    Attributes:
        count: values so far.
        low: lowest value; infinite without values.
        low_at: which value that was, counted from 0; -1 without values.
        high: highest value; minus infinity without values.
        high_at: which value that was.

    Example:
        >>> extremes = Extremes()
        >>> extremes.add([3, 1]); extremes.add([5, 1])
        >>> extremes.low, extremes.low_at, extremes.high, extremes.high_at, extremes.range
        (1.0, 1, 5.0, 2, 4.0)
    """

    def __init__(self) -> None:
        self.count, self.low, self.high, self.low_at, self.high_at = 0, np.inf, -np.inf, -1, -1

    def add(self, values: ArrayLike) -> None:
        """Take more values, (n,)."""
        fresh = np.asarray(values, np.float64)
        if fresh.size:
            self._see(float(fresh.min()), int(fresh.argmin()), float(fresh.max()), int(fresh.argmax()))
        self.count += fresh.size

    def merge(self, other: "Extremes") -> None:
        """Take what another has seen of the values after these."""
        if other.count:
            self._see(other.low, other.low_at, other.high, other.high_at)
        self.count += other.count

    def _see(self, low: float, low_at: int, high: float, high_at: int) -> None:
        if low < self.low:
            self.low, self.low_at = low, self.count + low_at
        if high > self.high:
            self.high, self.high_at = high, self.count + high_at

    @property
    def range(self) -> float:
        """Return highest less lowest value; 0 without values."""
        return self.high - self.low if self.count else 0.0


class LineFit:
    """Fit a line through a contour by least squares; values come one step after another.

    Attributes:
        count: values so far.
        mean: of the values.

    Example:
        >>> line = LineFit()
        >>> line.add([1, 3]); line.add([5])
        >>> round(line.slope, 12), round(line.offset, 12), round(line.squared_error, 12)
        (2.0, 1.0, 0.0)

    Source:
        As `Moments`, with the product of step and value in the place of a square.
    """

    def __init__(self) -> None:
        self.count, self.mean = 0, 0.0
        self._square, self._product = 0.0, 0.0

    def add(self, values: ArrayLike) -> None:
        """Take more values, (n,)."""
        fresh = np.asarray(values, np.float64)
        if fresh.size:
            part, apart = LineFit(), fresh - fresh.mean()
            part.count, part.mean = fresh.size, float(fresh.mean())
            part._square = float(apart @ apart)
            part._product = float((np.arange(fresh.size) - (fresh.size - 1) / 2) @ apart)
            self.merge(part)

    def merge(self, other: "LineFit") -> None:
        """Take what another has seen of the values after these."""
        whole = max(self.count + other.count, 1)
        both, apart = self.count * other.count / whole, other.mean - self.mean
        steps = (self.count + other.count) / 2  # from the middle of these to the middle of those
        self._square += other._square + apart**2 * both
        self._product += other._product + steps * apart * both
        self.mean += apart * other.count / whole
        self.count += other.count

    @property
    def slope(self) -> float:
        """Return the slope per step; 0 with less than two values."""
        return 12 * self._product / (self.count * (self.count**2 - 1)) if self.count > 1 else 0.0

    @property
    def offset(self) -> float:
        """Return the line's height at the first value."""
        return self.mean - self.slope * (self.count - 1) / 2

    @property
    def squared_error(self) -> float:
        """Return the mean squared distance of the values from the line."""
        return max(self._square - self.slope * self._product, 0.0) / max(self.count, 1)


class QuantileSketch:
    """Hold how values are distributed, finely enough for quantiles with a stated error.

    Values are counted in bins whose edges grow by `(1 + error) / (1 - error)`, so that no value is further
    than `error` of itself from what stands for its bin. A quantile, interpolated linearly between the two
    values around it, is off by at most `error` times the larger magnitude of these two; among values of one
    sign, by at most `error` of itself. The number of values does not matter.
    Values nearer to 0 than `smallest` count as 0, those beyond `largest` as that.

    Args:
        error: share of itself that a value may be off, above 0 and below 1.
        smallest: magnitude that is told from 0.
        largest: magnitude that is told from larger ones.

    Attributes:
        count: values so far.

    Raises:
        ConfigError: when an option is out of range.

    Example:
        >>> sketch = QuantileSketch(error=0.001)
        >>> sketch.add(np.arange(1, 1000)); sketch.add([1000])
        >>> [round(value) for value in sketch.quantiles([0, 0.5, 1])]
        [1, 501, 1000]

    Source:
        C. Masson, J. E. Rim, H. K. Lee, DDSketch: a fast and fully-mergeable quantile sketch with
        relative-error guarantees, Proceedings of the VLDB Endowment 12(12), 2019, section 2; with a fixed
        range in the place of collapsing bins.
    """

    def __init__(self, *, error: float = 1e-3, smallest: float = 1e-6, largest: float = 1e6) -> None:
        if not 0 < error < 1 or not 0 < smallest < largest:
            raise ConfigError(
                f"Got error={error}, smallest={smallest}, largest={largest}, expected 0 < error < 1 and "
                "0 < smallest < largest; pass values in these ranges."
            )
        self._options = (error, smallest, largest)
        self._step = log((1 + error) / (1 - error))
        self._sides = ceil(log(largest / smallest) / self._step)
        self._bins = np.zeros(self._sides + 1, np.int64)  # of 0 and of positive values
        self._below = np.zeros(0, np.int64)  # of negative values, when there are any
        self._low, self._high, self.count = np.inf, -np.inf, 0

    def add(self, values: ArrayLike) -> None:
        """Take more values, (n,).

        Raises:
            DataError: when a value is not finite.
        """
        fresh = np.asarray(values, np.float64)
        if not fresh.size:
            return
        low, high = float(fresh.min()), float(fresh.max())
        if not np.isfinite([low, high]).all():
            raise DataError("Got values that are not finite, expected numbers; leave them out.")
        _, smallest, _ = self._options
        size = np.abs(fresh)
        place = np.ceil(np.log(np.maximum(size, smallest) / smallest) / self._step)
        place = np.clip(place, 1, self._sides).astype(np.int64)
        place[size < smallest] = 0
        is_below = (fresh < 0) & (place > 0)
        np.add.at(self._bins, place[~is_below], 1)
        if is_below.any():
            self._below = self._below if self._below.size else np.zeros(self._sides, np.int64)
            np.add.at(self._below, place[is_below] - 1, 1)
        self._low, self._high = min(self._low, low), max(self._high, high)
        self.count += fresh.size

    def merge(self, other: "QuantileSketch") -> None:
        """Take what another with the same options has seen.

        Raises:
            ConfigError: when the options differ.
        """
        if other._options != self._options:
            raise ConfigError(
                f"Got a sketch of error, smallest and largest {other._options}, expected {self._options}; "
                "only sketches of the same bins merge."
            )
        self._bins += other._bins
        if other._below.size:
            self._below = self._below + other._below if self._below.size else other._below.copy()
        self._low, self._high = min(self._low, other._low), max(self._high, other._high)
        self.count += other.count

    def quantiles(self, shares: ArrayLike) -> NDArray[np.float64]:
        """Return quantiles as `numpy.quantile` does, up to the error; 0 without values.

        Args:
            shares: (n,), from 0 to 1.
        """
        wanted = np.asarray(shares, np.float64) * max(self.count - 1, 0)
        if not self.count:
            return np.zeros(wanted.shape)
        below = np.floor(wanted)
        edges = np.cumsum(np.concatenate([self._below[::-1], self._bins]))
        low, high = (
            self._value(np.searchsorted(edges, rank, side="right")) for rank in (below, np.ceil(wanted))
        )
        return np.asarray(low + (high - low) * (wanted - below))

    def _value(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what stands for bins, (n,)."""
        error, smallest, _ = self._options
        place = at - self._below.size
        middle = smallest * np.exp(np.abs(place) * self._step) * (1 - error)
        return np.clip(np.sign(place) * middle, self._low, self._high)


class Lengths(NamedTuple):
    """Hold number, mean length and spread of stretches, in frames."""

    number: int
    mean: float
    deviation: float


class Stretches:
    """Count the stretches of frames that are inside something, and how long they are.

    The rules are those of `mien.features.voice.functionals.segments`: a stretch is as long as from its first
    frame to its last, shorter ones than two frames so measured are left out, and a single frame of the other
    kind does not end one. Equal to it.

    Example:
        >>> stretches = Stretches()
        >>> stretches.add([True, True, True, False]); stretches.add([False, True])
        >>> stretches.lengths()
        Lengths(number=1, mean=2.0, deviation=0.0)
    """

    def __init__(self) -> None:
        self._moments = Moments(1)
        self._row, self._first, self._waits = -1, -1, False

    def add(self, inside: ArrayLike) -> None:
        """Take more frames, (n,) of bool."""
        found = []
        for now in np.asarray(inside, np.bool_).tolist():
            if self._row >= 0:
                # a single frame of the other kind does not end a stretch
                is_open = self._waits or (self._first >= 0 and now)
                if is_open and self._first < 0:
                    self._first = self._row
                elif not is_open and self._first >= 0:
                    found.append(self._row - self._first - 1)
                    self._first = -1
            self._row, self._waits = self._row + 1, now
        kept = [length for length in found if length > 1]
        if kept:
            self._moments.add(np.array(kept)[:, None])

    def lengths(self) -> Lengths:
        """Return what the stretches are like, were the last frame the end."""
        ended = Moments(1)
        ended.merge(self._moments)
        length = self._row - self._first - (0 if self._waits else 1)
        if self._first >= 0 and length > 1:
            ended.add([[length]])
        return Lengths(int(ended.count[0]), float(ended.mean[0]), float(ended.deviation[0]))
