"""Scores of categories, from labels or from counts of confusions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.nearest import did_you_mean

Counts = NDArray[np.float64]


def unweighted_average_recall(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean of the classes' recalls, from 0 to 1.

    Use it where rare classes matter as much as frequent ones; chance is 1 / number of classes. Classes are
    those that occur in `truth`; a prediction of any other class counts as wrong.

    Args:
        truth: `(items,)` labels, all text or all numbers.
        prediction: `(items,)` labels.

    Raises:
        DataError: the arrays are empty, differ in length, lack a label or mix text with numbers.

    Example:
        >>> unweighted_average_recall(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]))
        0.75
    """
    return float(recall_from_counts(_counts_of(truth, prediction)[0]))


def accuracy(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the share of right predictions, from 0 to 1.

    Frequent classes dominate it: where classes differ in size, report `unweighted_average_recall` too.

    Args:
        truth: `(items,)` labels, all text or all numbers.
        prediction: `(items,)` labels.

    Raises:
        DataError: the arrays are empty, differ in length, lack a label or mix text with numbers.

    Example:
        >>> accuracy(["a", "a", "b", "b"], ["a", "b", "b", "b"])
        0.75
    """
    return float(accuracy_from_counts(_counts_of(truth, prediction)[0]))


def macro_f1(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean of the classes' F1 scores, from 0 to 1.

    Classes are those that occur in `truth`, as for `unweighted_average_recall`: a prediction of any other
    class costs its true class recall. scikit-learn and audmetric also average over classes that were only
    predicted, with F1 = 0, so that one odd prediction can halve the score; where every predicted class
    occurs in `truth`, the values are the same.

    Args:
        truth: `(items,)` labels, all text or all numbers.
        prediction: `(items,)` labels.

    Raises:
        DataError: the arrays are empty, differ in length, lack a label or mix text with numbers.

    Example:
        >>> round(macro_f1(["a", "a", "b"], ["a", "b", "b"]), 3)
        0.667
    """
    return float(macro_f1_from_counts(_counts_of(truth, prediction)[0]))


def weighted_f1(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the mean of the classes' F1 scores, weighted by how often each class is true, from 0 to 1.

    It is the usual score of dialogue corpora such as MELD. Like accuracy it is ruled by frequent classes.

    Args:
        truth: `(items,)` labels, all text or all numbers.
        prediction: `(items,)` labels.

    Raises:
        DataError: the arrays are empty, differ in length, lack a label or mix text with numbers.

    Example:
        >>> round(weighted_f1(["a", "a", "a", "b"], ["a", "a", "b", "b"]), 3)
        0.767
    """
    return float(weighted_f1_from_counts(_counts_of(truth, prediction)[0]))


def class_f1(truth: ArrayLike, prediction: ArrayLike, *, positive: object) -> float:
    """Return the F1 score of one class against all others, from 0 to 1.

    Use it where one class is looked for, such as sarcasm. It is 0 where the class only occurs on one side.

    Args:
        truth: `(items,)` labels, all text or all numbers.
        prediction: `(items,)` labels.
        positive: the class.

    Raises:
        DataError: the arrays are empty, differ in length, lack a label or mix text with numbers.
        UndefinedScore: the class occurs neither in `truth` nor in `prediction`.

    Example:
        >>> class_f1([1, 1, 0, 0], [1, 0, 1, 0], positive=1)
        0.5
    """
    counts, classes = _counts_of(truth, prediction)
    if positive not in classes:
        names = [str(name) for name in classes]
        raise UndefinedScore(
            f"Got no item of class `{positive}` in truth or prediction, expected one of {', '.join(names)}."
            f"{did_you_mean(str(positive), names)}"
        )
    return float(class_f1_from_counts(counts, classes.index(positive)))


def confusion(truth: ArrayLike, prediction: ArrayLike, labels: Sequence[Any]) -> pd.DataFrame:
    """Count how often each class was predicted as each class.

    Args:
        truth: `(items,)` labels.
        prediction: `(items,)` labels.
        labels: all classes, in the order to show them in.

    Returns:
        Table of counts with one row per true class and one column per predicted class.

    Raises:
        DataError: the arrays are empty, differ in length, or hold a label that is not in `labels`.
        ConfigError: a class occurs twice in `labels`.

    Example:
        >>> confusion(["a", "a", "b"], ["a", "b", "b"], ["a", "b"]).to_numpy().tolist()
        [[1, 1], [0, 1]]
    """
    one_group = np.zeros(np.size(truth), dtype=np.int64)
    counts = confusion_by_group(truth, prediction, labels=labels, group=one_group)[0]
    rows, columns = pd.Index(labels, name="truth"), pd.Index(labels, name="prediction")
    return pd.DataFrame(counts.astype(np.int64), index=rows, columns=columns)


def confusion_by_group(
    truth: ArrayLike, prediction: ArrayLike, *, labels: Sequence[Any], group: ArrayLike
) -> Counts:
    """Count the confusions of each group, for scores of groups and for resampling.

    Counts add up: the sum of drawn speakers' counts is the count of the drawn speakers' items, so a
    bootstrap needs no pass over the items. With `group` 0, 1, … each item is its own group.

    Args:
        truth: `(items,)` labels.
        prediction: `(items,)` labels.
        labels: the K classes, in the order of rows and columns.
        group: `(items,)`, such as speakers.

    Returns:
        `(groups, K, K)` counts, groups in the order of `np.unique(group)`, true classes in rows.

    Raises:
        DataError: the arrays are empty, differ in length, or hold a label that is not in `labels`.
        ConfigError: a class occurs twice in `labels`.

    Example:
        >>> counts = confusion_by_group([0, 1, 1], [0, 0, 1], labels=[0, 1], group=["s", "s", "t"])
        >>> recall_from_counts(counts).tolist()
        [0.5, 1.0]
    """
    truth, prediction = _paired(truth, prediction)
    rows, columns = _positions(truth, labels), _positions(prediction, labels)
    names, groups = np.unique(np.asarray(group), return_inverse=True)
    if groups.shape != rows.shape:
        raise DataError(f"Got {groups.size} groups for {rows.size} items, expected one for each item.")
    size = len(labels)
    cells = (groups * size + rows) * size + columns
    counts = np.bincount(cells, minlength=len(names) * size * size)
    return counts.reshape(len(names), size, size).astype(np.float64)


def recall_from_counts(counts: ArrayLike) -> Counts:
    """Return the unweighted average recall of each table of confusions.

    Args:
        counts: `(..., K, K)` counts ≥ 0, true classes in rows. Classes without a true item are left out.

    Returns:
        `(...,)` from 0 to 1.

    Raises:
        DataError: not square, or a count that is negative or not finite.
        UndefinedScore: a table without any item.

    Example:
        >>> float(recall_from_counts([[1, 1], [0, 1]]))
        0.75
    """
    counts, hits, true, _ = _margins(counts)
    recalls = np.divide(hits, true, out=np.zeros_like(hits), where=true > 0)
    return np.asarray(recalls.sum(axis=-1) / (true > 0).sum(axis=-1))


def accuracy_from_counts(counts: ArrayLike) -> Counts:
    """Return the accuracy of each table of confusions.

    Args:
        counts: as for `recall_from_counts`; so are what is returned and what is refused.
    """
    counts, hits, true, _ = _margins(counts)
    return np.asarray(hits.sum(axis=-1) / true.sum(axis=-1))


def macro_f1_from_counts(counts: ArrayLike) -> Counts:
    """Return the mean F1 score over the true classes of each table of confusions.

    Args:
        counts: as for `recall_from_counts`; so are what is returned and what is refused.
    """
    counts, hits, true, predicted = _margins(counts)
    return np.asarray(_f1(hits, true + predicted).sum(axis=-1) / (true > 0).sum(axis=-1))


def weighted_f1_from_counts(counts: ArrayLike) -> Counts:
    """Return the F1 score weighted by true items of each table of confusions.

    Args:
        counts: as for `recall_from_counts`; so are what is returned and what is refused.
    """
    counts, hits, true, predicted = _margins(counts)
    return np.asarray((_f1(hits, true + predicted) * true).sum(axis=-1) / true.sum(axis=-1))


def class_f1_from_counts(counts: ArrayLike, positive: int) -> Counts:
    """Return one class's F1 score in each table of confusions.

    Args:
        counts: `(..., K, K)` counts ≥ 0, true classes in rows.
        positive: place of the class, from 0 to K - 1.

    Returns:
        `(...,)` from 0 to 1.

    Raises:
        DataError: not square, or a count that is negative or not finite.
        UndefinedScore: a table in which the class is neither true nor predicted.
    """
    counts, hits, true, predicted = _margins(counts)
    marked = (true + predicted)[..., positive]
    if not (marked > 0).all():
        raise UndefinedScore(
            f"Got {int((marked == 0).sum())} of {marked.size} tables of confusions in which class {positive} "
            "is neither true nor predicted; its F1 score has no value there."
        )
    return np.asarray(_f1(hits[..., positive], marked))


def _f1(hits: Counts, marked: Counts) -> Counts:
    """Return 2 hits / (true + predicted), and 0 for a class that does not occur."""
    return np.divide(2 * hits, marked, out=np.zeros_like(hits), where=marked > 0)


def _margins(counts: ArrayLike) -> tuple[Counts, Counts, Counts, Counts]:
    """Return checked counts `(..., K, K)`, and hits, true and predicted items `(..., K)`."""
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise DataError(f"Got counts of shape {counts.shape}, expected (..., classes, classes).")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise DataError("Got a count that is negative or not finite, expected counts of items.")
    empty = counts.sum(axis=(-2, -1)) == 0
    if empty.any():
        raise UndefinedScore(f"Got {int(empty.sum())} of {empty.size} tables of confusions without an item.")
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return counts, hits, counts.sum(axis=-1), counts.sum(axis=-2)


def _counts_of(truth: ArrayLike, prediction: ArrayLike) -> tuple[Counts, list[Any]]:
    """Return the counts `(K, K)` over all classes of both arrays, and these classes."""
    truth, prediction = _paired(truth, prediction)
    codes, found = pd.factorize(np.concatenate([truth, prediction]))
    if (codes < 0).any():
        place = int((codes < 0).argmax())
        side = "truth" if place < truth.size else "prediction"
        raise DataError(
            f"Got no label at place {place % truth.size} of {side}, "
            "expected one for every item; leave such items out and say so."
        )
    classes = list(found)
    if len({isinstance(name, str) for name in classes}) > 1:
        raise DataError(
            "Got labels of which some are text and some numbers, expected one kind; name the classes alike."
        )
    size = len(classes)
    cells = codes[: truth.size] * size + codes[truth.size :]
    return np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.float64), classes


def _paired(truth: ArrayLike, prediction: ArrayLike) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    truth, prediction = np.asarray(truth, dtype=object), np.asarray(prediction, dtype=object)
    if truth.size == 0 or truth.shape != prediction.shape or truth.ndim != 1:
        raise DataError(
            f"Got {truth.size} labels and {prediction.size} predictions, expected as many, and at least 1."
        )
    return truth, prediction


def _positions(values: NDArray[np.object_], labels: Sequence[Any]) -> NDArray[np.int64]:
    """Return each value's place in `labels`."""
    index = pd.Index(labels, dtype=object)
    if index.has_duplicates:
        raise ConfigError(f"Got class `{index[index.duplicated()][0]}` twice in labels, expected each once.")
    places = index.get_indexer(pd.Index(values))
    if (places < 0).any():
        unknown, names = str(values[places < 0][0]), [str(label) for label in labels]
        raise DataError(
            f"Got label `{unknown}`, expected one of {', '.join(names)}.{did_you_mean(unknown, names)}"
        )
    return np.asarray(places, dtype=np.int64)
