"""Scores of categories."""

import audmetric
import numpy as np

from mien.core.errors import DataError


def unweighted_average_recall(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return the mean of the classes' recalls, from 0 to 1.

    Classes are those that occur in `truth`; a prediction of any other class counts as wrong.

    Args:
        truth: `(clips,)` labels.
        prediction: `(clips,)` labels.

    Raises:
        DataError: the arrays are empty or differ in length.

    Example:
        >>> unweighted_average_recall(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]))
        0.75
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    if truth.size == 0 or truth.shape != prediction.shape:
        raise DataError(
            f"Got {truth.size} labels and {prediction.size} predictions, expected as many, and at least 1."
        )
    classes = set(truth.tolist())
    # All labels are passed on: audmetric leaves out pairs whose prediction is not among its labels.
    recalls = audmetric.recall_per_class(truth, prediction, labels=sorted(classes | set(prediction.tolist())))
    return float(np.mean([recalls[name] for name in sorted(classes)]))
