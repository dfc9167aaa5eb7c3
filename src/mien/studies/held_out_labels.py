"""What a plain linear model thinks of labels of people that it never met."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.core.optional import require
from mien.corpora.class_labels import PREFIX
from mien.corpora.overlap import is_scripted, script_keys
from mien.corpora.split import deal_groups, plain_column
from mien.features.extraction import extract_table

FOLDS = 5
LEAST_PER_CLASS = 8
"""Clips that a class needs, or nothing can be said about it."""
MOST_WORDS = 8000
_VOICE_PENALTY, _WORD_PENALTY = 0.01, 1.0
_STEPS = 60


class LabelTask(NamedTuple):
    """Rows with one label each, and what a linear model may know of them.

    Attributes:
        rows: `(items,)` positions in the table.
        given: `(items,)` labels.
        fold: `(items,)` 0 to `FOLDS` - 1; nobody is in two.
        features: `(items, columns)`, dense or sparse.
        how: what the model hears or reads, in words.
        apart: what no two folds share, in words.
        penalty: C of the logistic regression.
        failures: file → why it is left out.
    """

    rows: NDArray[np.int64]
    given: NDArray[np.object_]
    fold: NDArray[np.int64]
    features: Any
    how: str
    apart: str
    penalty: float
    failures: dict[str, str]

    @property
    def categories(self) -> list[str]:
        """Return the labels in alphabetic order."""
        return sorted({str(one) for one in self.given})


def label_task(table: pd.DataFrame, *, workers: int = 1) -> LabelTask:
    """Choose what a model can know of a corpus' rows: voice where there are recordings, else free words.

    Args:
        table: corpus table with `emotion`.
        workers: processes that listen.

    Raises:
        UndefinedScore: several labels per row, fewer than two classes of `LEAST_PER_CLASS`, neither
            recordings nor free words; the message says which.
        MissingExtra: scikit-learn, or numba for recordings, is not installed.
    """
    labels = _single_labels(table)
    if "file" in table and table["file"].notna().any():
        return _voice_task(table, labels, workers)
    if "text" in table and table["text"].notna().any():
        return _word_task(table, labels)
    raise UndefinedScore("neither recordings nor words")


def held_out_probabilities(task: LabelTask, given: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return what models fitted on the other folds think, categories in alphabetic order.

    Args:
        task: from `label_task`.
        given: `(items,)` labels to fit on, those of the task or others.

    Returns:
        `(items, categories)`, rows sum to 1.

    Raises:
        UndefinedScore: a fold whose training rows are of one class.
    """
    linear = require("sklearn.linear_model", "study")
    codes = np.searchsorted(task.categories, given.astype(str))
    found = np.zeros((len(codes), len(task.categories)))
    for one in np.unique(task.fold):
        test = task.fold == one
        if len(np.unique(codes[~test])) < 2:
            raise UndefinedScore("one class left to fit on, once a group of speakers is held out")
        model = linear.LogisticRegression(C=task.penalty, class_weight="balanced", max_iter=_STEPS, tol=1e-3)
        model.fit(task.features[~test], codes[~test])
        found[np.ix_(test, model.classes_)] = model.predict_proba(task.features[test])
    return found


def _single_labels(table: pd.DataFrame) -> "pd.Series[str]":
    """Return one label per row, null where a row has none or its class is too small."""
    if any(str(name).startswith(PREFIX) for name in table):
        raise UndefinedScore("rows have several labels each")
    if "emotion" not in table:
        raise UndefinedScore("no classes")
    labels = table["emotion"].astype("string")
    counts = labels.value_counts()
    large = counts.index[counts >= LEAST_PER_CLASS]
    if len(large) < 2:
        raise UndefinedScore(f"fewer than two classes of {LEAST_PER_CLASS} rows")
    return labels.where(labels.isin(large))


def _voice_task(table: pd.DataFrame, labels: "pd.Series[str]", workers: int) -> LabelTask:
    """Describe recordings by eGeMAPS."""
    wanted = labels.notna() & table["file"].notna()
    own = table.loc[wanted, ["segment", "file", "start", "end"]]
    described = extract_table("egemaps", own, workers=workers)
    values = described.set_index("segment").drop(columns=["file", "start", "end"])
    failures = {str(name): str(why) for name, why in described.attrs["failures"].items()}
    heard = (wanted & table["segment"].isin(values.index)).to_numpy(dtype=bool)
    rows = np.flatnonzero(heard)
    matrix = values.loc[table["segment"].iloc[rows]].to_numpy(dtype=np.float64)
    finite = np.isfinite(matrix).all(axis=1)
    rows, matrix = rows[finite], matrix[finite]
    if not len(rows):
        raise UndefinedScore("no recording could be described")
    scaled = (matrix - matrix.mean(axis=0)) / np.maximum(matrix.std(axis=0), 1e-9)
    fold, apart = _folds(table.iloc[rows], labels.iloc[rows])
    how = "a logistic regression on eGeMAPS"
    given = labels.iloc[rows].to_numpy(dtype=object)
    return LabelTask(rows, given, fold, scaled, how, apart, _VOICE_PENALTY, failures)


def _word_task(table: pd.DataFrame, labels: "pd.Series[str]") -> LabelTask:
    """Describe words by TF-IDF."""
    if is_scripted(script_keys(table), plain_column(table, "speaker")):
        raise UndefinedScore("no recordings, and the words are scripts that say nothing about the label")
    texts = require("sklearn.feature_extraction.text", "study")
    rows = np.flatnonzero((labels.notna() & table["text"].notna()).to_numpy(dtype=bool))
    counter = texts.TfidfVectorizer(sublinear_tf=True, max_features=MOST_WORDS, token_pattern=r"(?u)\b\w+\b")
    try:
        matrix = counter.fit_transform(table["text"].iloc[rows].astype(str))
    except ValueError as error:
        raise UndefinedScore(f"no words to learn from ({error})") from error
    fold, apart = _folds(table.iloc[rows], labels.iloc[rows])
    given = labels.iloc[rows].to_numpy(dtype=object)
    return LabelTask(rows, given, fold, matrix, "a logistic regression on TF-IDF", apart, _WORD_PENALTY, {})


def _folds(table: pd.DataFrame, labels: "pd.Series[str]") -> tuple[NDArray[np.int64], str]:
    """Deal speakers to folds; where they are not known, whole texts or single rows."""
    speaker, text = plain_column(table, "speaker"), script_keys(table)
    names = table["segment"].to_numpy(dtype=object)
    known = np.array([one is not None for one in speaker])
    if known.any() and len(set(speaker[known])) > 1:
        group = np.where(known, speaker, names)
        apart = "no speaker is in training and test"
        apart += "" if known.all() else f" ({int((~known).sum())} rows without speaker count as one each)"
    else:
        free = not is_scripted(text, speaker)
        group = np.array([key if free and key else name for key, name in zip(text, names, strict=True)])
        apart = f"no {'text' if free else 'row'} is in training and test, but speakers are not known apart"
    k = min(FOLDS, len(set(group.astype(str))))
    if k < 2:
        raise UndefinedScore("one row or group: nobody is left to fit on")
    return deal_groups(group.astype(object), labels.to_numpy(dtype=object), k=k), apart
