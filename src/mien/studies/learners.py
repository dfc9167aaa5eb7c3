"""Classical learners, each chosen and calibrated inside the rows that train."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_EXACT = 4000
"""With more rows than this, products of all pairs of rows take too much memory."""
TREE_LEAST, NEIGHBOUR_LEAST = 1e-6, 1e-3
"""Smallest probabilities that are told apart."""
SHARPEST, SOFTEST = -6.0, 6.0
"""Range of the logarithm of what scores are multiplied with."""


class Columns:
    """Hold training columns, and others, for a learner; inner products are computed when one asks for them.

    Attributes:
        train: `(rows, D)`, dense or sparse.
        other: `(others, D)`.
    """

    def __init__(self, train: Any, other: Any) -> None:
        self.train, self.other = train, other

    @property
    def is_wide(self) -> bool:
        """Return whether columns outnumber rows, and rows are few enough for all their products."""
        return self.train.shape[1] > self.train.shape[0] and self.train.shape[0] <= MOST_EXACT

    def turned(self) -> "Columns":
        """Return the same rows with at most as many columns as training rows; distances stay the same."""
        if not self.is_wide or not isinstance(self.train, np.ndarray):
            return self
        power, axes = np.linalg.eigh(self.train @ self.train.T)
        kept = power > power[-1] * 1e-10
        axes, scale = axes[:, kept], np.sqrt(power[kept])
        return Columns(axes * scale, (self.other @ self.train.T) @ axes / scale)


@dataclass(frozen=True)
class Learner:
    """Say how a learner scores rows, and which of its settings are tried.

    Attributes:
        title: for people.
        settings: tried inside the training rows; the middle one where nothing can be tried. Costs and
            penalties are for rows whose mean squared length is 1.
        score: (columns, class numbers, setting, seed) → `(others, classes)` scores that rise with likelihood.
    """

    title: str
    settings: tuple[Any, ...]
    score: Callable[[Columns, Rows, Any, int], Floats]


def _support_vectors(columns: Columns, truth: Rows, cost: float, seed: int) -> Floats:
    from sklearn.svm import SVC, LinearSVC

    if isinstance(columns.train, np.ndarray) and columns.train.shape[0] <= MOST_EXACT:
        machine = SVC(kernel="precomputed", C=cost, class_weight="balanced", decision_function_shape="ovo")
        machine.fit(columns.train @ columns.train.T, truth)
        margins = machine.decision_function(columns.other @ columns.train.T)
        return _of_two(margins) if margins.ndim == 1 else from_pairs(margins, len(machine.classes_))
    machine = LinearSVC(C=cost, class_weight="balanced", random_state=seed)
    return _of_two(machine.fit(columns.train, truth).decision_function(columns.other))


def _logistic(columns: Columns, truth: Rows, cost: float, seed: int) -> Floats:
    from sklearn.linear_model import LogisticRegression

    turned = columns.turned()
    model = LogisticRegression(C=cost, class_weight="balanced", max_iter=500, random_state=seed)
    return _of_two(model.fit(turned.train, truth).decision_function(turned.other))


def _ridge(columns: Columns, truth: Rows, penalty: float, seed: int) -> Floats:
    from sklearn.linear_model import RidgeClassifier

    turned = columns.turned()
    model = RidgeClassifier(alpha=penalty, class_weight="balanced", random_state=seed)
    return _of_two(model.fit(turned.train, truth).decision_function(turned.other))


def _boosting(columns: Columns, truth: Rows, leaves: int, seed: int) -> Floats:
    dense = Columns(_dense(columns.train), _dense(columns.other))
    return log_chances(boosted_trees(leaves, seed).fit(dense.train, truth), dense.other, TREE_LEAST)


def _neighbours(columns: Columns, truth: Rows, count: int, seed: int) -> Floats:
    turned = columns.turned()
    model = nearest_neighbours(count, len(truth)).fit(turned.train, truth)
    return log_chances(model, turned.other, NEIGHBOUR_LEAST)


def boosted_trees(leaves: int, seed: int) -> Any:
    """Return untrained trees with so many leaves each."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_leaf_nodes=leaves, learning_rate=0.1, max_iter=60, class_weight="balanced", random_state=seed
    )


def nearest_neighbours(count: int, rows: int) -> Any:
    """Return an untrained vote of the nearest `count` of so many training rows, the nearer counting more."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=min(count, rows), weights="distance")


def log_chances(model: Any, rows: Any, least: float) -> Floats:
    """Return logarithms of a model's probabilities `(rows, classes)`, none below that of `least`."""
    return np.log(np.clip(model.predict_proba(rows), least, 1))


FIND: dict[str, Learner] = {
    "svm": Learner("linear support vector machine", (0.1, 1.0, 10.0), _support_vectors),
    "logistic": Learner("logistic regression", (1.0, 10.0, 100.0), _logistic),
    "ridge": Learner("ridge regression on classes", (0.03, 0.3, 3.0), _ridge),
    "boosting": Learner("gradient boosting of trees", (15,), _boosting),
    "neighbours": Learner("nearest neighbours", (5, 15, 45), _neighbours),
}
"""Name → learner."""


def sharpness(scores: Floats, truth: Rows) -> float:
    """Return what scores are multiplied with so that their softmax is as sure as it is right.

    Args:
        scores: `(rows, classes)` for rows that did not train.
        truth: class numbers.

    Source:
        C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2, with one over the
        temperature.
    """
    rows = np.arange(len(truth))

    def loss(exponent: float) -> float:
        return float(-log_softmax(np.exp(exponent) * scores, axis=1)[rows, truth].mean())

    found = minimize_scalar(loss, bounds=(SHARPEST, SOFTEST), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def probabilities(scores: Floats, sharp: float) -> Floats:
    """Return softmax probabilities, `(rows, classes)`."""
    return np.asarray(softmax(sharp * scores, axis=1))


def best_of(settings: Sequence[Any], recalls: Sequence[float]) -> Any:
    """Return the setting with the highest recall; of equals, the one nearest the middle of those tried."""
    middle = (len(settings) - 1) / 2
    return settings[min(range(len(settings)), key=lambda at: (-recalls[at], abs(at - middle)))]


def from_pairs(margins: Floats, classes: int) -> Floats:
    """Return how clearly each class wins against the others, on average, each win bounded.

    Counted votes, which libraries take, say who wins but not how clearly: their doubt finds no errors.

    Args:
        margins: `(rows, pairs)`, above 0 where the first class of a pair wins.
        classes: their number.
    """
    wins = np.tanh(margins)
    scores = np.zeros((len(margins), classes))
    for place, (one, other) in enumerate(combinations(range(classes), 2)):
        scores[:, one] += wins[:, place]
        scores[:, other] -= wins[:, place]
    return scores / (classes - 1)


def _of_two(scores: Floats) -> Floats:
    """Return a column per class; of two classes, libraries give one column."""
    return np.stack([-scores, scores], axis=1) / 2 if scores.ndim == 1 else scores


def _dense(values: Any) -> Any:
    return values if isinstance(values, np.ndarray) else values.toarray()
