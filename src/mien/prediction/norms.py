"""Place emotion categories in the space of valence, arousal and dominance by published norms."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = ("valence", "arousal", "dominance")

NORMS: dict[str, tuple[float, float, float]] = {
    "anger": (-0.51, 0.59, 0.25),
    "disgust": (-0.60, 0.35, 0.11),
    "fear": (-0.64, 0.60, -0.43),
    "happiness": (0.81, 0.51, 0.46),
    "neutral": (0.0, 0.0, 0.0),
    "sadness": (-0.63, -0.27, -0.33),
    "surprise": (0.40, 0.67, -0.13),
}
"""Mean pleasure, arousal and dominance, each in [-1, 1], that people gave the English emotion terms.

Source: Russell & Mehrabian, Evidence for a three-factor theory of emotions, Journal of Research in
Personality 11 (1977) 273-294. `neutral` is not among its terms: it is the scales' midpoint by
definition.
"""


def derived_dimensions(categories: Sequence[str]) -> tuple[str, ...]:
    """Return the dimensions that can be derived from these categories: all three, or none.

    A category without a norm would have to be left out of the mean, which bends it; then none is derived.

    Example:
        >>> derived_dimensions(["anger", "neutral"])
        ('valence', 'arousal', 'dominance')
        >>> derived_dimensions(["anger", "boredom"])
        ()
    """
    return DIMENSIONS if categories and all(name in NORMS for name in categories) else ()


def derive(p: NDArray[np.float64], categories: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return each dimension as the probability-weighted mean of the categories' norms.

    Use it to draw category predictions as a curve. It adds no information to the categories, and is not the
    output of a model trained on dimensional ratings: such columns are named `<dimension>.derived`.

    Args:
        p: (N, K) probabilities in the order of `categories`.
        categories: K category names.

    Returns:
        `valence`, `arousal`, `dominance` → (N,) in [-1, 1]; empty if a category has no norm.

    Example:
        >>> float(derive(np.array([[1.0, 0.0]]), ["happiness", "neutral"])["valence"][0])
        0.81
    """
    names = derived_dimensions(categories)
    if not names:
        return {}
    norms = np.array([NORMS[name] for name in categories], dtype=np.float64)  # (K, 3)
    values = np.asarray(p, dtype=np.float64) @ norms  # (N, 3)
    return {name: values[:, column] for column, name in enumerate(names)}
