"""A classical learner after training, as it would be kept: what scores one row, and nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.studies.learners import (
    FIND,
    MOST_EXACT,
    NEIGHBOUR_LEAST,
    TREE_LEAST,
    Columns,
    Floats,
    Rows,
    boosted_trees,
    from_pairs,
    log_chances,
    nearest_neighbours,
)


@dataclass(frozen=True)
class LinearScorer:
    """Score by weighted sums: one per class, one per pair of classes, or a single one for two classes.

    Attributes:
        weights: `(D, sums)`.
        bias: `(sums,)`.
        classes: their number, K.
        pairs: True where each sum decides between two of several classes.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    classes: int
    pairs: bool = False

    @property
    def parameters(self) -> int:
        """Return the number of weights and biases."""
        return self.weights.size + self.bias.size

    @property
    def multiply_adds(self) -> float:
        """Return the multiply-adds of one dense row."""
        return float(self.weights.size)

    def score(self, rows: Any) -> Floats:
        """Return `(rows, K)`, the scores that the learner gives such rows."""
        sums = np.asarray(rows @ self.weights) + self.bias
        if self.classes == 2:
            return np.hstack([-sums, sums]) / 2
        return from_pairs(sums, self.classes) if self.pairs else sums


@dataclass(frozen=True)
class KeptScorer:
    """Score by a model that has no weights to count: trees, or the training rows themselves.

    Attributes:
        model: of scikit-learn, trained on dense rows.
        least: smallest probability that is told apart.
    """

    model: Any
    least: float
    parameters = None
    multiply_adds = None

    def score(self, rows: Any) -> Floats:
        """Return `(rows, K)` logarithms of probabilities."""
        return log_chances(self.model, rows if isinstance(rows, np.ndarray) else rows.toarray(), self.least)


def fit_scorer(learner: str, train: Any, truth: Rows, setting: Any, seed: int) -> LinearScorer | KeptScorer:
    """Train a learner, and return what has to be kept to score rows as it does.

    Args:
        learner: one of `mien.studies.learners.FIND`.
        train: `(rows, D)`, dense or sparse, scaled.
        truth: `(rows,)` class numbers.
        setting: of the learner.
        seed: of the learner.
    """
    dense = isinstance(train, np.ndarray)
    if learner == "boosting":
        return KeptScorer(boosted_trees(setting, seed).fit(_dense(train), truth), TREE_LEAST)
    if learner == "neighbours":
        model = nearest_neighbours(setting, len(truth)).fit(_dense(train), truth)
        return KeptScorer(model, NEIGHBOUR_LEAST)
    classes = len(np.unique(truth))
    if learner == "svm" and dense and classes > 2 and len(truth) <= MOST_EXACT:
        return _fit_pairs(train, truth, setting, seed)
    return _linear(learner, train, truth, setting, seed)


def _linear(learner: str, train: Any, truth: Rows, setting: Any, seed: int) -> LinearScorer:
    """Read the weights off the scores of unit rows, and the bias off a row of zeros."""
    from scipy import sparse

    width = train.shape[1]
    units = sparse.vstack([sparse.identity(width), sparse.csr_matrix((1, width))]).tocsr()
    scores = FIND[learner].score(Columns(train, units), truth, setting, seed)
    classes = scores.shape[1]
    sums = scores[:, 1:] - scores[:, :1] if classes == 2 else scores
    return LinearScorer(sums[:-1] - sums[-1], sums[-1], classes)


def _fit_pairs(train: Any, truth: Rows, cost: float, seed: int) -> LinearScorer:
    from sklearn.svm import SVC

    machine = SVC(kernel="linear", C=cost, class_weight="balanced", random_state=seed).fit(train, truth)
    return LinearScorer(machine.coef_.T, machine.intercept_, len(machine.classes_), pairs=True)


def _dense(rows: Any) -> Any:
    return rows if isinstance(rows, np.ndarray) else rows.toarray()
