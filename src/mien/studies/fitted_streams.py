"""Streams that are fitted on training rows alone: words of texts, and bags of frames."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.registry import names

KEYS = ("segment", "file", "start", "end")
BAG_WORDS, NEAREST = 500, 10


def _tfidf() -> Any:
    from mien.features.text.tfidf import Tfidf

    return Tfidf()


def _word_vectors() -> Any:
    from mien.features.text.word_vectors import WordVectors

    return WordVectors()


def _vader() -> Any:
    from mien.features.text.vader import Vader

    return Vader()


FITTED: dict[str, Callable[[], Any]] = {"tfidf": _tfidf, "word-vectors": _word_vectors, "vader": _vader}
"""Stream of texts → its transformer, which learns from training texts alone."""


def bagged_sets() -> list[str]:
    """Return the descriptor sets whose frames can be bagged."""
    return names("features")


class Fitted:
    """Fit a reader of texts on the training rows.

    Args:
        name: one of `FITTED`.
        texts: of every row.
    """

    def __init__(self, name: str, texts: list[str]) -> None:
        self.name, self.texts = name, texts

    def columns(self, train: NDArray[np.int64]) -> Any:
        """Return the columns of all rows, `(rows, D)`, after fitting on the training rows."""
        return self.fitted(train).transform(self.texts)

    def fitted(self, train: NDArray[np.int64]) -> Any:
        """Return the reader that has learned from the training rows."""
        return FITTED[self.name]().fit([self.texts[row] for row in train])


class Bagged:
    """Learn a codebook from the frames of the training rows, and count its words.

    Args:
        frames: one row per frame, with `segment`.
        segments: of every row of the corpus, in order.
    """

    def __init__(self, frames: pd.DataFrame, segments: "pd.Series[Any]") -> None:
        self.segments = segments.to_numpy(dtype=object)
        self.columns_of = [name for name in frames if name not in KEYS]
        values = frames[self.columns_of].to_numpy(np.float32)
        at = frames.groupby("segment", sort=False).indices
        nothing = np.empty((0, values.shape[1]), np.float32)
        self.parts = [values[at[one]] if one in at else nothing for one in self.segments]

    def columns(self, train: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how often each word occurs in each row, `(rows, 500)`."""
        counted = self.fitted(train).transform(self._described(np.arange(len(self.parts))))
        return counted.select_dtypes("float32").to_numpy()

    def fitted(self, train: NDArray[np.int64]) -> Any:
        """Return the codebook that was learned from the training rows."""
        from mien.features.bags import Bags, Weighting, Words

        bags = Bags(Words(size=BAG_WORDS, assign=NEAREST), weighting=Weighting(log=True))
        return bags.fit(self._described(train))

    def _described(self, rows: NDArray[np.int64]) -> Any:
        from mien.features.described import Described

        parts = [self.parts[row] for row in rows]
        starts = np.cumsum([0, *map(len, parts)])
        return Described(np.concatenate(parts), starts, tuple(self.columns_of))
