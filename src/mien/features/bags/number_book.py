"""A codebook of frames: how they are scaled, and the words that they are nearest to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.features.bags.assignment import nearest, squared_distances
from mien.features.bags.clustering import refine
from mien.features.bags.counting import Occurrences
from mien.features.bags.options import Words
from mien.features.bags.seeding import any_frames, distant_frames

Floats = NDArray[np.float32]
MOST_FOR_COMPONENTS = 20000
"""Frames that principal components are learned from."""


@dataclass(frozen=True)
class NumberBook:
    """Hold what was learned about frames.

    Attributes:
        options: how it was learned; `columns` are named.
        offset: (D,), is taken off each descriptor.
        divisor: (D,), then divides it.
        basis: (context · D, components) that stacked frames are projected on; None for the frame itself.
        words: (K, D or components), on the scale of what results.
    """

    options: Words
    offset: Floats
    divisor: Floats
    basis: Floats | None
    words: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the descriptors that a table must have."""
        return self.options.columns or ()

    @property
    def names(self) -> list[str]:
        """Return the name of each word."""
        return [f"{self.options.name}.{number}" for number in range(len(self.words))]

    def occurrences(self, values: Floats, starts: NDArray[np.int64]) -> Occurrences:
        """Return the words that each frame counts for.

        Args:
            values: (rows, D), in the order of the columns.
            starts: (segments + 1,), where segments begin.
        """
        options = self.options
        frames = self.scaled(values, starts)
        found = nearest(frames, self.words, options.assign)
        weights = np.ones(found.shape, np.float32)
        if options.gaussian or options.farthest:
            squared = squared_distances(frames, self.words, found)
            if options.gaussian:
                weights = np.exp(squared / np.float32(-2 * options.gaussian**2))
            if options.farthest:
                weights[squared > options.farthest**2] = 0
        begins = np.arange(len(frames) + 1, dtype=np.int64) * options.assign
        return Occurrences(found.ravel(), weights.ravel(), begins)

    def scaled(self, values: Floats, starts: NDArray[np.int64]) -> Floats:
        """Return frames on the scale of the words, (rows, D or components)."""
        frames = (values - self.offset) / self.divisor
        if self.basis is None:
            return frames
        return _projected(frames, starts, self.basis, self.options.context)


def learn_numbers(
    values: Floats,
    starts: NDArray[np.int64],
    options: Words,
    *,
    classes: NDArray[np.int64] | None,
    generator: np.random.Generator,
) -> NumberBook:
    """Learn a codebook.

    Args:
        values: (rows, D), in the order of `options.columns`.
        starts: (segments + 1,), where segments begin.
        options: how.
        classes: (rows,), 0 and up; each class gets its share of the words, learned from its frames alone.
        generator: of the random numbers.

    Raises:
        DataError: fewer different frames than words, or fewer words than classes.
    """
    offset, divisor = _scale(values, options.scale)
    book = NumberBook(options, offset, divisor, None, np.empty((0, values.shape[1]), np.float32))
    if options.components is not None:
        book = replace(book, basis=_components(book.scaled(values, starts), starts, options, generator))
    frames = book.scaled(values, starts)
    if classes is None:
        return replace(book, words=_choose(frames, options.size, options, generator))
    parts = [frames[classes == number] for number in range(int(classes.max()) + 1)]
    sizes = [len(one) for one in np.array_split(np.arange(options.size), len(parts))]
    if not all(sizes):
        raise DataError(f"Got {len(parts)} classes, expected at most the {options.size} words; ask for more.")
    chosen = [_choose(part, size, options, generator) for part, size in zip(parts, sizes, strict=True)]
    return replace(book, words=np.concatenate(chosen))


def _choose(frames: Floats, size: int, options: Words, generator: np.random.Generator) -> Floats:
    if options.train is not None and options.train < len(frames):
        frames = frames[np.sort(generator.choice(len(frames), options.train, replace=False))]
    begin = distant_frames if options.method.endswith("++") else any_frames
    words = begin(frames, size, generator)
    return refine(frames, words) if options.method.startswith("kmeans") else words


def _scale(values: Floats, scale: str) -> tuple[Floats, Floats]:
    """Return what is taken off each descriptor, and what it is divided by; 1 where it does not change."""
    if scale == "none":
        return np.zeros(values.shape[1], np.float32), np.ones(values.shape[1], np.float32)
    if scale == "normalize":
        offset = values.min(axis=0)
        divisor = values.max(axis=0) - offset
    else:
        mean = values.mean(axis=0, dtype=np.float64)
        offset = mean.astype(np.float32)
        divisor = _deviation(values, mean)
    return offset, np.where(divisor > 0, divisor, np.float32(1))


def _deviation(values: Floats, mean: NDArray[np.float64]) -> Floats:
    """Return the sample standard deviation, summed in double precision; 0 where all values are the same."""
    total = np.zeros(values.shape[1])
    for begin in range(0, len(values), 4096):
        total += ((values[begin : begin + 4096] - mean) ** 2).sum(axis=0)
    found = np.sqrt(total / max(len(values) - 1, 1))
    return np.where(np.ptp(values, axis=0) > 0, found, 0).astype(np.float32)


def _components(
    frames: Floats, starts: NDArray[np.int64], options: Words, generator: np.random.Generator
) -> Floats:
    """Return the directions of most variance of stacked frames, (context · D, components)."""
    rows = np.arange(len(frames))
    if len(rows) > MOST_FOR_COMPONENTS:
        rows = np.sort(generator.choice(len(frames), MOST_FOR_COMPONENTS, replace=False))
    around = _neighbours(starts, options.context)[:, rows]
    stacked = frames[around.T].reshape(len(rows), -1)
    most = min(stacked.shape[1], len(rows) - 1)
    if options.components is not None and options.components > most:
        raise DataError(
            f"Got components {options.components}, expected at most {most} of {len(frames)} frames; lower it."
        )
    _, vectors = np.linalg.eigh(np.cov(stacked, rowvar=False, dtype=np.float64).reshape(stacked.shape[1], -1))
    basis = vectors[:, ::-1][:, : options.components]
    # a direction has no sign of its own; this one does not depend on the library that found it
    signs = np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    return (basis * signs).astype(np.float32)


def _projected(frames: Floats, starts: NDArray[np.int64], basis: Floats, context: int) -> Floats:
    """Project stacked frames without stacking them."""
    width = frames.shape[1]
    found = np.zeros((len(frames), basis.shape[1]), np.float32)
    for place, rows in enumerate(_neighbours(starts, context)):
        found += (frames @ basis[place * width : (place + 1) * width])[rows]
    return found


def _neighbours(starts: NDArray[np.int64], context: int) -> NDArray[np.int64]:
    """Return the rows of the frames around each, (context, rows); at a segment's edges, its edge."""
    rows = np.arange(starts[-1])
    counts = np.diff(starts)
    first, last = np.repeat(starts[:-1], counts), np.repeat(starts[1:] - 1, counts)
    offsets = np.arange(context)[:, None] - context // 2
    return np.clip(rows + offsets, first, last)


def classes_of(segments: tuple[str, ...], classes: Mapping[str, object]) -> NDArray[np.int64]:
    """Return the number of each segment's class, (segments,), classes in the order of their names.

    Raises:
        DataError: a segment has no class.
    """
    lacking = [name for name in segments if name not in classes]
    if lacking:
        raise DataError(
            f"Got no class of `{lacking[0]}`, and {len(lacking)} such segments; expected one for each: add "
            "them or leave the segments out."
        )
    found = [str(classes[name]) for name in segments]
    return np.searchsorted(sorted(set(found)), found).astype(np.int64)
