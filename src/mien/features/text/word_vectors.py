"""Averaged word vectors: a text is the mean of the vectors of its words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mien.core.errors import ConfigError, DataError
from mien.core.optional import require
from mien.features.text.texts import check_texts, split_words
from mien.features.text.vector_table import VectorTable, read_vectors


class WordVectors(TransformerMixin, BaseEstimator):
    """Describe texts by the mean of their words' vectors, of a file or learned from the training texts.

    Use it as the baseline between counted words and an encoder of sentences. Word order is lost, and so is
    every word that has no vector: misspelled ones above all. Ask `coverage` how many. Vectors learned from
    some thousand short texts are poor; prefer a file where the licence allows.

    Args:
        vectors: a `VectorTable` or a file that `read_vectors` reads; None learns vectors by skip-gram with
            negative sampling (word2vec) from the texts that `fit` gets, and nothing else.
        width: values per vector that is learned; this and what follows do nothing with `vectors`.
        window: farthest neighbour, in words, that a word has to predict.
        epochs: passes over the training texts.
        least: occurrences in the training texts that a word needs.
        seed: of the random numbers; the same seed and texts give the same vectors.

    Source:
        T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, Distributed Representations of Words and
        Phrases and their Compositionality, NIPS 2013; learned by gensim.
    """

    def __init__(
        self,
        vectors: VectorTable | str | Path | None = None,
        *,
        width: int = 100,
        window: int = 5,
        epochs: int = 20,
        least: int = 1,
        seed: int = 0,
    ) -> None:
        self.vectors = vectors
        self.width = width
        self.window = window
        self.epochs = epochs
        self.least = least
        self.seed = seed

    def fit(self, texts: Sequence[str], y: Any = None) -> Self:
        """Learn vectors from training texts, or read those that were given.

        Args:
            texts: one per row; with `vectors` only checked.
            y: not looked at; scikit-learn's pipelines pass it.

        Raises:
            ConfigError: an option out of range.
            DataError: no texts, something that is not text, or no word that occurs often enough.
            InputError: the file of vectors cannot be read.
            MissingExtra: gensim is not installed.
        """
        known = check_texts(texts)
        if self.vectors is None:
            self.table_ = self._learn([split_words(text) for text in known])
        elif isinstance(self.vectors, VectorTable):
            self.table_ = self.vectors
        else:
            self.table_ = read_vectors(self.vectors)
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean vector of each text's known words.

        Args:
            texts: one per row.

        Returns:
            float32 `(texts, D)`; zeros where no word is known, which `coverage` marks.

        Raises:
            ConfigError: nothing has been learned or read.
            DataError: no texts, or something that is not text.
        """
        table = self._learned()
        nothing = np.zeros_like(table.values[0])
        rows = [table.rows(split_words(text)) for text in check_texts(texts)]
        return np.stack([table.values[places].mean(axis=0) if places else nothing for places in rows])

    def coverage(self, texts: Sequence[str]) -> pd.DataFrame:
        """Return how many words of each text have a vector.

        Args:
            texts: one per row.

        Returns:
            A row per text: `words` (words and signs), `known` (those with a vector), `share` (known of
            words, 0 to 1; 0 for a text without words) and `nothing_known` (True where the vector is zeros).

        Raises:
            ConfigError: nothing has been learned or read.
            DataError: no texts, or something that is not text.
        """
        table = self._learned()
        words = [split_words(text) for text in check_texts(texts)]
        counts = np.array([[len(one), len(table.rows(one))] for one in words], dtype=np.int64)
        share = counts[:, 1] / np.maximum(counts[:, 0], 1)
        return pd.DataFrame(
            {"words": counts[:, 0], "known": counts[:, 1], "share": share, "nothing_known": counts[:, 1] == 0}
        )

    def names(self) -> list[str]:
        """Return what each column is.

        Raises:
            ConfigError: nothing has been learned or read.
        """
        return [f"vector.{number}" for number in range(self._learned().values.shape[1])]

    def _learn(self, sentences: list[list[str]]) -> VectorTable:
        for name in ("width", "window", "epochs", "least"):
            if getattr(self, name) < 1:
                raise ConfigError(f"Got {name}={getattr(self, name)}, expected 1 or more; raise it.")
        word2vec = require("gensim.models", "text").Word2Vec
        model = word2vec(
            vector_size=self.width,
            window=self.window,
            min_count=self.least,
            epochs=self.epochs,
            sg=1,
            seed=self.seed,
            workers=1,  # with more, the order of updates and so the vectors would differ from run to run
        )
        model.build_vocab(sentences)
        if not len(model.wv):
            raise DataError(
                f"Got no word that occurs {self.least} times in {len(sentences)} texts, expected one or "
                "more; give more text or lower `least`."
            )
        model.train(sentences, total_examples=len(sentences), epochs=self.epochs)
        return VectorTable(model.wv.index_to_key, model.wv.vectors)

    def _learned(self) -> VectorTable:
        if not hasattr(self, "table_"):
            raise ConfigError("Got texts before there were vectors; call `fit` with training texts first.")
        return self.table_
