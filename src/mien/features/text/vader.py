"""VADER: sentiment of a text by a lexicon and rules, without training."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mien.core.optional import require
from mien.features.text.texts import check_texts

COLUMNS = {"compound": "compound", "positive": "pos", "neutral": "neu", "negative": "neg"}
"""Our name of a column → VADER's key."""


class Vader(TransformerMixin, BaseEstimator):
    """Describe texts by VADER's four numbers.

    Use it as the baseline that has learned nothing, on English social media; with a linear model on top it
    becomes one that has. It knows sentiment, not emotions, and neither irony nor other languages. Its lexicon
    was made on the tweets of ICWSM-2014: judge it on other texts. Give it sentences or posts: its time grows
    with the square of a text's length, to ten seconds for ten thousand words.

    Source:
        C. J. Hutto, E. Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
        Text, ICWSM 2014; computed by its authors' package `vaderSentiment`.
    """

    def fit(self, texts: Sequence[str], y: Any = None) -> Self:
        """Return itself: there is nothing to learn.

        Args:
            texts: not looked at.
            y: not looked at.
        """
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the four numbers of each text.

        Args:
            texts: one per row, as written: capitals, `!!!` and emoji count.

        Returns:
            float32 `(texts, 4)`: `compound` from -1 (negative) to 1 (positive), and the shares of positive,
            neutral and negative words, 0 to 1, to three decimals. A text without words gives zeros.

        Raises:
            DataError: no texts, or something that is not text.
            MissingExtra: `vaderSentiment` is not installed.

        Example:
            >>> (Vader().transform(["What a lovely day!", "The table is brown."])[:, 0] > 0).tolist()
            [True, False]
        """
        analyzer = _analyzer()
        scores = [analyzer.polarity_scores(text) for text in check_texts(texts)]
        return np.array([[one[key] for key in COLUMNS.values()] for one in scores], dtype=np.float32)

    def names(self) -> list[str]:
        """Return what each column is."""
        return list(COLUMNS)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn that `fit` is not needed."""
        return True


@cache
def _analyzer() -> Any:
    """Return VADER's analyzer; reading its lexicon takes a moment, once per process."""
    return require("vaderSentiment.vaderSentiment", "text").SentimentIntensityAnalyzer()
