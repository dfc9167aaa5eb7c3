"""Rank labels by how little held-out models believe them, and try that list on swapped labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.optional import require

PLANTED = 0.05
"""Share of labels that a trial swaps."""

Probabilities = NDArray[np.float64]
Refit = Callable[[NDArray[np.object_]], Probabilities]


@dataclass(frozen=True)
class PlantedTrial:
    """Say how far a list of doubtful labels can be trusted on these data.

    Attributes:
        planted: labels swapped at random in each trial.
        precision: share of swapped ones among the first `planted` of the list, mean over trials.
        by_chance: share that a list in random order would have.
        trials: how often this was done.
    """

    planted: int
    precision: float
    by_chance: float
    trials: int

    @property
    def lift(self) -> float:
        """Return how many times better than a random list."""
        return self.precision / self.by_chance


def doubtful_labels(
    given: NDArray[np.object_], probabilities: Probabilities, *, categories: Sequence[str]
) -> pd.DataFrame:
    """Rank items by the probability of their label, least first, and count errors by confident learning.

    Use it to choose what to look at first. A low rank does not make a label wrong: rare, mixed and quiet
    examples of a class lie there too. `planted_trial` says what the list is worth.

    Args:
        given: `(items,)` labels, none null.
        probabilities: `(items, categories)`, from models that never saw the item, nor its speaker.
        categories: names of the columns.

    Returns:
        One row per item, the most doubtful first: `row` (position in `given`), `given`, `suggested` (the
        likeliest other category), `p_given`, `p_suggested`, `counted` (bool: one of the items whose labels
        confident learning takes for wrong; too many with a weak model).

    Raises:
        DataError: shapes do not meet, a label is not among the categories, rows do not sum to 1.
        UndefinedScore: fewer than two labels occur.
        MissingExtra: cleanlab is not installed.

    Example:
        >>> p = np.array([[0.9, 0.1]] * 9 + [[0.2, 0.8]] * 9 + [[0.1, 0.9]])
        >>> labels = np.array(["calm"] * 9 + ["tense"] * 9 + ["calm"], dtype=object)
        >>> first = doubtful_labels(labels, p, categories=["calm", "tense"]).iloc[0]
        >>> int(first["row"]), first["suggested"]
        (18, 'tense')

    Source:
        C. Northcutt, L. Jiang, I. Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR
        70 (2021): confident joint, prune by noise rate, ranking by self-confidence.
    """
    codes = _codes(given, probabilities, categories)
    present = np.unique(codes)
    if len(present) < 2:
        raise UndefinedScore("fewer than two classes: no other label to suggest")
    # cleanlab wants each of its classes to occur
    own = np.searchsorted(present, codes)
    kept = probabilities[:, present]
    kept = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-12)
    filtering = require("cleanlab.filter", "study")
    counted = filtering.find_label_issues(own, kept, filter_by="prune_by_noise_rate", n_jobs=1)
    items = np.arange(len(codes))
    others = kept.copy()
    others[items, own] = -1.0
    best = others.argmax(axis=1)
    names = np.array(categories, dtype=object)[present]
    table = pd.DataFrame(
        {
            "row": items,
            "given": given,
            "suggested": names[best],
            "p_given": kept[items, own],
            "p_suggested": kept[items, best],
            "counted": counted,
        }
    )
    return table.sort_values("p_given", kind="stable", ignore_index=True)


def planted_trial(
    given: NDArray[np.object_], refit: Refit, *, share: float = PLANTED, trials: int = 3, seed: int = 0
) -> PlantedTrial:
    """Swap some labels at random, fit again, and see how many of them come first in the list.

    Labels that were wrong before lower the result: it is what the list is worth at least.

    Args:
        given: `(items,)` labels.
        refit: takes labels, returns held-out probabilities `(items, categories)`, categories in alphabetic
            order.
        share: of labels to swap, above 0 and below 0.5.
        trials: how often.
        seed: seeds the choice.

    Raises:
        ConfigError: a share or number out of range.
        UndefinedScore: fewer than two classes, or no label to swap.
    """
    if not 0 < share < 0.5 or trials < 1:
        raise ConfigError(
            f"Got share={share} and trials={trials}, expected a share between 0 and 0.5 and a trial or more."
        )
    categories = sorted({str(one) for one in given})
    planted = round(share * len(given))
    if len(categories) < 2 or not planted:
        raise UndefinedScore(f"{len(given)} labels of {len(categories)} classes: nothing to swap")
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(trials):
        rows = generator.choice(len(given), planted, replace=False)
        swapped = given.copy()
        for row in rows:
            swapped[row] = generator.choice([one for one in categories if one != given[row]])
        table = doubtful_labels(swapped, refit(swapped), categories=categories)
        found.append(float(np.isin(table["row"].to_numpy()[:planted], rows).mean()))
    return PlantedTrial(planted, float(np.mean(found)), planted / len(given), trials)


def _codes(
    given: NDArray[np.object_], probabilities: Probabilities, categories: Sequence[str]
) -> NDArray[np.int64]:
    """Return labels as numbers of categories, once everything fits together."""
    if probabilities.shape != (len(given), len(categories)):
        raise DataError(
            f"Got probabilities of shape {probabilities.shape} for {len(given)} labels and {len(categories)} "
            "categories, expected one row per label and one column per category."
        )
    if not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3) or probabilities.min() < 0:
        raise DataError("Got rows that do not sum to 1, expected probabilities; normalize them.")
    place = {name: number for number, name in enumerate(categories)}
    unknown = sorted({str(one) for one in given} - set(place))
    if unknown:
        raise DataError(f"Got label `{unknown[0]}`, expected one of {', '.join(categories)}; map it first.")
    return np.array([place[str(one)] for one in given], dtype=np.int64)
