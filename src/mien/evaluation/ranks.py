"""Ranks of systems over several corpora: do they differ, and by how much must two differ to be told apart?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from mien.core.errors import DataError


class Ranks(NamedTuple):
    """Hold what ranks over corpora say.

    Attributes:
        mean: `(systems,)`, 1 is best; equal scores share the mean of their ranks.
        p: of the hypothesis that all systems are equal.
        agreement: Kendall's W, 0 (each corpus another order) to 1 (the same order in all).
        critical: two mean ranks that differ by less cannot be told apart at 5 %.
    """

    mean: NDArray[np.float64]
    p: float
    agreement: float
    critical: float


def rank_systems(scores: ArrayLike) -> Ranks:
    """Rank systems on each corpus and test whether the ranks differ.

    Use it for the order over corpora: it does not care how large a difference is, nor how sure it is on one
    corpus. With fewer than about five corpora hardly any difference can be shown.

    Args:
        scores: `(corpora, systems)`, more is better.

    Returns:
        Mean ranks, p after Iman and Davenport, Kendall's W, and Nemenyi's critical difference.

    Raises:
        DataError: fewer than two corpora or three systems, or a score is not finite.

    Example:
        >>> found = rank_systems([[0.9, 0.7, 0.5], [0.8, 0.6, 0.4], [0.7, 0.6, 0.2]])
        >>> found.mean.tolist(), round(found.agreement, 3), found.p
        ([1.0, 2.0, 3.0], 1.0, 0.0)

    Source:
        J. Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, 2006, 3.2.2.
    """
    values = np.asarray(scores, float)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 3:
        raise DataError(
            f"Got scores of shape {values.shape}, expected at least two corpora and three systems."
        )
    if not np.isfinite(values).all():
        raise DataError("Got a score that is not finite, expected one of every system on every corpus.")
    corpora, systems = values.shape
    ranks = stats.rankdata(-values, axis=1)
    mean = ranks.mean(axis=0)
    between = corpora * np.sum((mean - (systems + 1) / 2) ** 2)
    within = np.sum((ranks - (systems + 1) / 2) ** 2) / (corpora * (systems - 1))
    chi2 = between / within if within > 0 else 0.0
    agreement = chi2 / (corpora * (systems - 1))
    free = systems - 1, (systems - 1) * (corpora - 1)
    left = corpora * (systems - 1) - chi2
    p = float(stats.f.sf((corpora - 1) * chi2 / left, *free)) if left > 1e-9 else 0.0
    width = stats.studentized_range.ppf(0.95, systems, np.inf) / np.sqrt(2)
    return Ranks(mean, p, float(agreement), float(width * np.sqrt(systems * (systems + 1) / (6 * corpora))))
