"""Streams that are fitted on training rows alone: words of texts, and bags of frames."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.registry import names

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
        frames: one row per frame, with the `key` of its segment.
        keys: of every row of the corpus, in order.
    """

    def __init__(self, frames: pd.DataFrame, keys: Sequence[str]) -> None:
        self.columns_of = [name for name in frames if name != "key"]
        values = frames[self.columns_of].to_numpy(np.float32)
        at = frames.groupby("key", sort=False).indices
        nothing = np.empty((0, values.shape[1]), np.float32)
        self.parts = [values[at[key]] if key in at else nothing for key in keys]

    def columns(self, train: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how often each word occurs in each row, `(rows, 500)`, NaN where it has no frames."""
        heard = self._with_frames(np.arange(len(self.parts)))
        counted = self.fitted(train).transform(self._described(heard)).select_dtypes("float32").to_numpy()
        found = np.full((len(self.parts), counted.shape[1]), np.nan, np.float32)
        found[heard] = counted
        return found

    def fitted(self, train: NDArray[np.int64]) -> Any:
        """Return the codebook that was learned from the training rows."""
        from mien.features.bags import Bags, Weighting, Words

        bags = Bags(Words(size=BAG_WORDS, assign=NEAREST), weighting=Weighting(log=True))
        return bags.fit(self._described(self._with_frames(train)))

    def _with_frames(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([row for row in rows if len(self.parts[row])], np.int64)

    def _described(self, rows: NDArray[np.int64]) -> Any:
        from mien.features.described import Described

        parts = [self.parts[row] for row in rows]
        starts = np.cumsum([0, *map(len, parts)])
        return Described(np.concatenate(parts), starts, tuple(self.columns_of))
