"""Split a prediction's doubt into what is in the data and what the model does not know."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Doubt(NamedTuple):
    """Hold both kinds of doubt of N predictions, in nats; their sum is the total doubt.

    Attributes:
        aleatoric: (N,) doubt that stays however much the model learns: the expression itself is mixed.
        epistemic: (N,) disagreement between the model's members: it has seen too little like this.
    """

    aleatoric: Array
    epistemic: Array


def entropy(p: Array) -> Array:
    """Return the Shannon entropy over the last axis, in nats; 0·log 0 counts as 0.

    Args:
        p: (..., K) probabilities that sum to 1 over the last axis.

    Returns:
        (...) entropies in [0, log K].

    Example:
        >>> float(entropy(np.array([1.0, 0.0])))
        0.0
    """
    values = np.asarray(p, dtype=np.float64)
    # Adding 0.0 turns the -0.0 of a certain prediction into 0.0.
    terms = np.where(values > 0, values * np.log(np.where(values > 0, values, 1.0)), 0.0)
    return np.asarray(-terms.sum(axis=-1) + 0.0, dtype=np.float64)


def split_doubt(p: Array) -> Doubt:
    """Split the doubt of an ensemble's categorical predictions.

    Use it on member probabilities; averaging them first would hide the disagreement.
    Aleatoric doubt is the members' mean entropy; epistemic doubt is the mutual information between
    category and member: the entropy of the mean less the mean entropy, 0 for one member.

    Args:
        p: (N, M, K) probabilities of N items by M members over K categories.

    Returns:
        Two arrays (N,), in nats; both in [0, log K].

    Example:
        >>> doubt = split_doubt(np.array([[[1.0, 0.0], [0.0, 1.0]]]))
        >>> float(doubt.aleatoric[0]), round(float(doubt.epistemic[0]), 4)
        (0.0, 0.6931)

    Source: Depeweg et al., Decomposition of uncertainty in Bayesian deep learning, ICML 2018, eq. 2-4.
    """
    members = np.asarray(p, dtype=np.float64)
    aleatoric = entropy(members).mean(axis=-1)
    total = entropy(members.mean(axis=-2))
    # Jensen's inequality makes this non-negative; rounding can miss it by 1e-16.
    return Doubt(aleatoric, np.maximum(total - aleatoric, 0.0))
