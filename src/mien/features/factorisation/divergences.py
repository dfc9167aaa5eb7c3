"""How far a non-negative matrix is from its model."""

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean

LOSSES = {"euclidean": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}
"""Loss → beta of the divergence of that name."""

SMALLEST = 1e-12
"""What a model says at least, relative to the mean of what it explains."""


def beta_of(loss: str) -> float:
    """Return the beta of a loss.

    Raises:
        ConfigError: no such loss.

    Example:
        >>> beta_of("kullback-leibler")
        1.0
    """
    if loss not in LOSSES:
        raise ConfigError(
            f"Got loss `{loss}`, expected one of {', '.join(LOSSES)}.{did_you_mean(loss, LOSSES)}"
        )
    return LOSSES[loss]


def divergence(values: NDArray[np.floating], model: NDArray[np.floating], *, loss: str) -> float:
    """Return the sum over all cells of the divergence of a model from what it explains.

    Args:
        values: not negative, any shape; for `itakura-saito` above 0.
        model: of the same shape, above 0.
        loss: `euclidean` (half the squared difference), `kullback-leibler` or `itakura-saito`.

    Raises:
        ConfigError: no such loss.

    Example:
        >>> divergence(np.array([1.0, 2.0]), np.array([1.0, 4.0]), loss="euclidean")
        2.0

    Source:
        C. Févotte, J. Idier, Algorithms for nonnegative matrix factorization with the beta-divergence, Neural
        Computation 23(9), 2011, eq. 3.
    """
    beta = beta_of(loss)
    if beta == 2:
        apart = (values - model).ravel()
        return 0.5 * float(apart @ apart)
    ratio = values / model
    # 0 log 0 is 0
    logs = np.log(np.where(ratio > 0, ratio, 1))
    each = values * logs - values + model if beta == 1 else ratio - logs - 1
    return float(each.sum(dtype=np.float64))
