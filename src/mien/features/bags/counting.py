"""Count words, and weigh the counts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.features.bags.options import Weighting

Floats = NDArray[np.float32]


class Occurrences(NamedTuple):
    """Hold which words occur in the rows of a table.

    Attributes:
        words: (n,) of 0 to K - 1.
        weights: (n,), what each counts.
        begins: (rows + 1,), row r has the words `begins[r]` to `begins[r + 1]`.
    """

    words: NDArray[np.int32]
    weights: Floats
    begins: NDArray[np.int64]


class Spans(NamedTuple):
    """Hold which rows each bag is of.

    Attributes:
        first: (bags,), first row.
        last: (bags,), one after the last row.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]


def count(found: Occurrences, spans: Spans, words: int) -> Floats:
    """Return how often each word occurs in each bag, (bags, words)."""
    counts = np.zeros((len(spans.first), words), np.float32)
    _count(found.words, found.weights, found.begins[spans.first], found.begins[spans.last], counts)
    return counts


def rarity(counts: Floats) -> Floats:
    """Return the inverse document frequency of each word, lg(bags / bags that have it); 0 where none has.

    Args:
        counts: (bags, words) of training, 0 or more.
    """
    having = (counts > 0).sum(axis=0)
    return np.where(having > 0, np.log10(len(counts) / np.maximum(having, 1)), 0).astype(np.float32)


def weigh(
    counts: Sequence[Floats], spans: Sequence[Spans], weighting: Weighting, rarities: Floats | None
) -> Floats:
    """Return the bags of all codebooks side by side, weighted and normalized.

    Args:
        counts: (bags, words) per codebook.
        spans: the rows that the bags of each codebook are of.
        weighting: what is done.
        rarities: (all words,) by `rarity`; None without `idf`.

    Returns:
        (bags, all words).
    """
    bags = np.concatenate(counts, axis=1)
    if weighting.log:
        bags = np.log10(bags + 1)
    if rarities is not None:
        bags = bags * rarities
    if weighting.norm == "none":
        return bags
    return bags * (bags.shape[1] / _sizes(bags, counts, spans, weighting.norm)).astype(np.float32)


def _sizes(bags: Floats, counts: Sequence[Floats], spans: Sequence[Spans], norm: str) -> NDArray[np.float64]:
    """Return what each bag is divided by, (bags, 1 or all words)."""
    if norm == "frames":
        rows = [
            np.tile((span.last - span.first)[:, None], one.shape[1])
            for one, span in zip(counts, spans, strict=True)
        ]
        found = np.concatenate(rows, axis=1).astype(np.float64)
    elif norm == "sum":
        found = bags.sum(axis=1, keepdims=True, dtype=np.float64)
    else:
        found = np.sqrt((bags.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.where(found > 0, found, 1)


@njit(cache=True, nogil=True)
def _count(words, weights, first, last, counts):
    for bag in range(first.size):
        for place in range(first[bag], last[bag]):
            counts[bag, words[place]] += weights[place]
