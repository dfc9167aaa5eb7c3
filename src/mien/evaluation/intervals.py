"""Intervals by resampling speakers."""

from collections.abc import Callable

import numpy as np

from mien.core.errors import DataError


def speaker_bootstrap(
    score: Callable[[np.ndarray, np.ndarray], float],
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    speaker: np.ndarray,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a score under resampling of whole speakers.

    Clips of one speaker resemble each other, so clips are not drawn singly. With few speakers the
    interval is itself rough.

    Args:
        score: takes (truth, prediction).
        truth: `(clips,)`.
        prediction: `(clips,)`.
        speaker: `(clips,)`, who speaks.
        draws: number of resamples.
        seed: seeds the resampling.

    Raises:
        DataError: fewer than two speakers.

    Source:
        B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    groups = [np.flatnonzero(speaker == name) for name in np.unique(speaker)]
    if len(groups) < 2:
        raise DataError(f"Got {len(groups)} speaker, expected at least 2 to resample them.")
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = np.concatenate([groups[i] for i in generator.integers(len(groups), size=len(groups))])
        values.append(score(truth[drawn], prediction[drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
