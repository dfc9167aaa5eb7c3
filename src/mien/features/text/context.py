"""What was said just before: the previous turn of the same dialogue as a second stream."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, issparse
from sklearn.base import BaseEstimator, TransformerMixin, clone

from mien.core.errors import ConfigError, DataError
from mien.features.text.tfidf import Tfidf


def with_text_before(table: pd.DataFrame) -> NDArray[np.object_]:
    """Pair each row's text with the text of the turn before it in the same dialogue.

    Use it on the whole table, before rows are chosen: the turn before may be one without a label. Nothing of
    later turns or of other dialogues is looked at.

    Args:
        table: with `text`, `dialogue` and `turn` (rising numbers, gaps allowed), rows in any order. A null
            text is an empty one.

    Returns:
        `(rows, 2)` texts in the order of the table: its own and the one before; empty at the start of a
        dialogue.

    Raises:
        DataError: a column lacks, a dialogue or turn is null, or a dialogue has a turn twice.

    Example:
        >>> spoken = {"dialogue": ["a", "b", "a"], "turn": [4, 1, 2], "text": ["No!", "Hi.", "Go?"]}
        >>> with_text_before(pd.DataFrame(spoken)).tolist()
        [['No!', 'Go?'], ['Hi.', ''], ['Go?', '']]
    """
    for name in ("text", "dialogue", "turn"):
        if name not in table:
            raise DataError(f"Got a table without `{name}`, expected text, dialogue and turn; add it.")
        if name != "text" and table[name].isna().any():
            place = int(table[name].isna().to_numpy().argmax())
            raise DataError(f"Got no {name} in row {place}, expected one for each; fill it or leave it out.")
    twice = table.duplicated(["dialogue", "turn"]).to_numpy()
    if twice.any():
        first = table.iloc[int(twice.argmax())]
        raise DataError(
            f"Got turn {first['turn']} of dialogue `{first['dialogue']}` twice, expected it once; correct "
            "the table."
        )
    rows = table[["dialogue", "turn", "text"]].reset_index(drop=True).sort_values("turn", kind="stable")
    own = rows["text"].astype(object).where(rows["text"].notna(), "")
    before = own.groupby(rows["dialogue"], sort=False).shift(fill_value="")
    return np.stack([own.sort_index().to_numpy(object), before.sort_index().to_numpy(object)], axis=1)


class InContext(TransformerMixin, BaseEstimator):
    """Describe pairs of texts, each side by a transformer of its own, and lay the columns side by side.

    Use it with `with_text_before`, so that a word said now and the same word said before are two columns.

    Args:
        now: describes the texts themselves; None for `Tfidf()`.
        before: describes the texts before them; None for another one like `now`.
    """

    def __init__(self, now: Any = None, before: Any = None) -> None:
        self.now = now
        self.before = before

    def fit(self, texts: Any, y: Any = None) -> Self:
        """Learn from training pairs, each side from its own texts.

        Args:
            texts: `(rows, 2)` of `with_text_before`.
            y: not looked at; scikit-learn's pipelines pass it.

        Raises:
            DataError: not pairs, or what the transformers refuse.
        """
        now, before = _sides(texts)
        first = clone(Tfidf() if self.now is None else self.now)
        second = clone(first if self.before is None else self.before)
        self.sides_ = (first.fit(now), second.fit(before))
        return self

    def transform(self, texts: Any) -> csr_matrix | NDArray[np.float32]:
        """Return both sides' columns.

        Args:
            texts: as for `fit`.

        Returns:
            float32 `(rows, D)`, CSR where a side is.

        Raises:
            ConfigError: nothing has been learned.
            DataError: not pairs, or what the transformers refuse.
        """
        blocks = [side.transform(one) for side, one in zip(self._learned(), _sides(texts), strict=True)]
        if any(issparse(block) for block in blocks):
            return hstack(blocks, format="csr", dtype=np.float32)
        return np.hstack(blocks)

    def names(self) -> list[str]:
        """Return what each column is, such as `now.word.yes` or `before.word.yes`.

        Raises:
            ConfigError: nothing has been learned.
        """
        now, before = self._learned()
        return [f"now.{name}" for name in now.names()] + [f"before.{name}" for name in before.names()]

    def _learned(self) -> tuple[Any, Any]:
        if not hasattr(self, "sides_"):
            raise ConfigError("Got texts before anything was learned; call `fit` with training texts first.")
        return self.sides_


def _sides(texts: Any) -> tuple[Sequence[str], Sequence[str]]:
    pairs = np.asarray(texts, dtype=object)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise DataError(
            f"Got texts of shape {pairs.shape}, expected (rows, 2); pass what `with_text_before` returns."
        )
    return pairs[:, 0].tolist(), pairs[:, 1].tolist()
