"""TF-IDF: how often a text has each word, pair of words or sequence of characters, the rare weighing more."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from mien.core.errors import ConfigError, DataError
from mien.features.text.texts import check_texts, split_words


class Tfidf(TransformerMixin, BaseEstimator):
    """Describe texts by their words and pairs of words, and by sequences of characters if you ask.

    Use it as the first baseline of any task on texts: with a linear model it is fast, hard to beat on few
    data, and its weights can be read. It knows no word that the training texts lack; `characters=5` helps
    there, with misspellings, and in scripts without spaces, for about ten times the time.

    Each count c weighs 1 + ln c, times 1 + ln((1 + n) / (1 + texts with the term)) over n training texts;
    then words, and characters apart, are scaled to Euclidean length 1.

    Args:
        n_grams: sequences of up to so many words; 0 for none.
        characters: sequences of 2 to so many characters within words and their edges; 0 for none.
        least: training texts that a term must occur in.
        most_terms: the most frequent terms that are kept, of words and of characters; None for all.

    Source:
        K. Spärck Jones, A statistical interpretation of term specificity, 1972; the weights are those of
        scikit-learn's `TfidfVectorizer`.
    """

    def __init__(
        self, *, n_grams: int = 2, characters: int = 0, least: int = 1, most_terms: int | None = None
    ) -> None:
        self.n_grams = n_grams
        self.characters = characters
        self.least = least
        self.most_terms = most_terms

    def fit(self, texts: Sequence[str], y: Any = None) -> Self:
        """Learn from training texts which terms there are, and how rare each is.

        Args:
            texts: one per row.
            y: not looked at; scikit-learn's pipelines pass it.

        Raises:
            ConfigError: an option out of range.
            DataError: no texts, something that is not text, or no term in enough of them.
        """
        self._check_options()
        known = check_texts(texts)
        self.vectorizers_ = []
        for name, vectorizer in self._vectorizers():
            try:
                self.vectorizers_.append((name, vectorizer.fit(known)))
            except ValueError as error:
                # scikit-learn's way to say that nothing is left to count
                raise DataError(
                    f"Got no term that occurs in {self.least} of {len(known)} texts, expected one or more; "
                    "give more text or lower `least`."
                ) from error
        return self

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the weights of the known terms.

        Args:
            texts: one per row; a text of unknown words gives zeros.

        Returns:
            float32 CSR `(texts, terms)`, 0 to 1.

        Raises:
            ConfigError: nothing has been learned.
            DataError: no texts, or something that is not text.
        """
        given = check_texts(texts)
        blocks = [vectorizer.transform(given) for _, vectorizer in self._learned()]
        return hstack(blocks, format="csr", dtype=np.float32)

    def names(self) -> list[str]:
        """Return the term of each column, such as `word.so good` or `characters. go`.

        Raises:
            ConfigError: nothing has been learned.
        """
        return [
            f"{name}.{term}"
            for name, vectorizer in self._learned()
            for term in vectorizer.get_feature_names_out()
        ]

    def _vectorizers(self) -> list[tuple[str, TfidfVectorizer]]:
        """Return name and unfitted vectorizer of each kind of term that is asked for."""
        both = {"sublinear_tf": True, "min_df": self.least, "max_features": self.most_terms}
        found = []
        if self.n_grams:
            words = {"tokenizer": split_words, "token_pattern": None, "lowercase": False}
            counted = TfidfVectorizer(ngram_range=(1, self.n_grams), **words, **both, dtype=np.float32)
            found.append(("word", counted))
        if self.characters:
            lengths = (2, self.characters)
            counted = TfidfVectorizer(analyzer="char_wb", ngram_range=lengths, **both, dtype=np.float32)
            found.append(("characters", counted))
        return found

    def _check_options(self) -> None:
        if self.n_grams < 0 or self.characters < 0 or not self.n_grams + self.characters:
            raise ConfigError(
                f"Got n_grams={self.n_grams} and characters={self.characters}, expected one of them above 0; "
                "try n_grams=2."
            )
        if self.characters == 1:
            raise ConfigError("Got characters=1, expected 0 for none, or 2 or more; try 5.")
        if self.least < 1 or (self.most_terms is not None and self.most_terms < 1):
            raise ConfigError(
                f"Got least={self.least} and most_terms={self.most_terms}, expected 1 or more; raise them."
            )

    def _learned(self) -> list[tuple[str, TfidfVectorizer]]:
        if not hasattr(self, "vectorizers_"):
            raise ConfigError(
                "Got texts before any terms were learned; call `fit` with training texts first."
            )
        return self.vectorizers_
