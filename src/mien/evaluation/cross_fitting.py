"""Folds to fit on and judge on, so that nobody is judged by what was fitted on them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.corpora.split import deal_groups

FOLDS = 5
"""Groups of speakers, where the predictions have no folds of their own."""


class CrossFolds(NamedTuple):
    """Hold folds without common speakers.

    Attributes:
        names: `(items,)`, each item's fold.
        how: where they come from, in words.
    """

    names: NDArray[Any]
    how: str


def cross_folds(answers: pd.DataFrame) -> CrossFolds:
    """Return the folds in which something can be fitted on some speakers and judged on others.

    The folds of the predictions are taken where they keep speakers apart, or where speakers are not known;
    else whole speakers are dealt to at most `FOLDS` groups, alike in categories.

    Args:
        answers: one corpus' items, as `mien.evaluation.answers` gives them.

    Raises:
        UndefinedScore: one fold and one speaker, or speakers who are not known.
    """
    fold, speaker = answers["fold"], answers["speaker"]
    unknown = int(speaker.isna().sum())
    several = bool(fold.notna().all()) and fold.nunique() > 1
    if several and (unknown or (fold.groupby(speaker).nunique() == 1).all()):
        return CrossFolds(fold.astype(str).to_numpy(dtype=object), f"the predictions' {fold.nunique()} folds")
    if unknown:
        some = f" for {unknown} of {len(answers)} items" if unknown < len(answers) else ""
        raise UndefinedScore(f"who speaks is not known{some}")
    people = speaker.astype(str).to_numpy(dtype=object)
    count = len(set(people))
    if count < 2:
        raise UndefinedScore("one speaker: nobody is left to fit on")
    k = min(FOLDS, count)
    dealt = deal_groups(people, answers["truth"].to_numpy(dtype=object), k=k)
    return CrossFolds(
        np.array([f"group {number}" for number in dealt], dtype=object), f"{k} groups of speakers"
    )
