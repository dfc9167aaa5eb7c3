"""Fuse the answers of systems: a weighted mean, with weights learned inside the rows that train."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.corpora.split import Fold
from mien.studies.learned_cell import LearnedCell

Floats = NDArray[np.float64]
STEPS = 200
LEAST = 1e-12


def answer_late(parts: Sequence[LearnedCell], fold: Fold) -> tuple[Floats, str]:
    """Return the fused probabilities for a fold's test rows, `(rows, classes)`, and the weights in words.

    The weights are learned on what each part says of training rows that it did not train on (the dev part, or
    inner folds of whole groups), so that a part which merely fits its training rows gets no credit for it.

    Args:
        parts: learners, on the same corpus.
        fold: what trains and tests.

    Source:
        L. Breiman, Stacked Regressions, Machine Learning 24, 1996, with weights that sum to 1.
    """
    first = parts[0]
    inside = [Fold("inner", train, np.array([], np.int64), other) for train, other in first.trials(fold)]
    if inside:
        truth = np.concatenate([first.truth[one.test] for one in inside])
        said = np.stack([np.concatenate([part.answer(one)[0] for one in inside]) for part in parts])
        weights = mixture_weights(said[:, np.arange(len(truth)), truth])
    else:
        weights = np.full(len(parts), 1 / len(parts))
    answers = np.stack([part.answer(fold)[0] for part in parts])
    return np.einsum("m,mnk->nk", weights, answers), "/".join(f"{weight:.2f}" for weight in weights)


def mixture_weights(chances: Floats) -> Floats:
    """Return weights that sum to 1 and give the mixture of systems the highest likelihood.

    Args:
        chances: `(systems, rows)`, the probability that each gave to the true class.

    Returns:
        `(systems,)`, by expectation maximization from equal weights.

    Example:
        >>> mixture_weights(np.array([[0.9, 0.8, 0.9], [0.1, 0.1, 0.1]])).round(2)
        array([1., 0.])
    """
    weights = np.full(len(chances), 1 / len(chances))
    for _ in range(STEPS):
        share = weights[:, None] * np.maximum(chances, LEAST)
        weights = (share / share.sum(axis=0)).mean(axis=1)
    return weights
