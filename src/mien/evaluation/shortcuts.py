"""Can a class be told by how it was recorded? A guess from few numbers, against chance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.corpora.split import deal_groups

FOLDS = 5
SHUFFLES = 200
_FLOOR = 0.05

Floats = NDArray[np.float64]


class Shortcut(NamedTuple):
    """How well few numbers tell the class of clips of speakers that were not fitted on.

    Attributes:
        uar: unweighted average recall, 0 to 1.
        by_chance: its mean after dealing the labels to the clips anew.
        high_by_chance: what one in twenty such deals exceeds.
        p: share of deals, this one included, that reach `uar`.
    """

    uar: float
    by_chance: float
    high_by_chance: float
    p: float

    @property
    def excess(self) -> float:
        """Return the share of the way from chance to certainty, at most 1."""
        return (self.uar - self.by_chance) / (1 - self.by_chance) if self.by_chance < 1 else 0.0


def find_shortcut(
    measures: Floats,
    label: NDArray[np.object_],
    speaker: NDArray[np.object_],
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Shortcut:
    """Say how well a class can be told from a few measures of a clip, such as its level.

    One normal distribution per class over the ranks of each measure, all classes equally likely, fitted on
    some speakers and asked about others. Chance deals the labels anew, whole speakers and then the clips of
    each, so that labels stay as clumped in speakers as they are.

    Args:
        measures: `(clips, measures)`, finite.
        label: `(clips,)` classes.
        speaker: `(clips,)`, never null; clips of one name stay together.
        shuffles: deals, at least 19.
        seed: seeds them.

    Raises:
        ConfigError: too few shuffles.
        DataError: shapes do not meet, or a measure is not finite.
        UndefinedScore: fewer than two classes or speakers.

    Example:
        >>> level = np.arange(40.0)[:, None] % 2
        >>> label = np.array(["loud", "soft"] * 20, dtype=object)
        >>> find_shortcut(level, label, np.repeat(np.arange(8), 5).astype(object)).uar
        1.0
    """
    if shuffles < 19:
        raise ConfigError(f"Got {shuffles} shuffles, expected at least 19; ask for more.")
    if measures.ndim != 2 or len(measures) != len(label) or len(label) != len(speaker):
        raise DataError(
            f"Got measures of shape {measures.shape}, {len(label)} labels and {len(speaker)} speakers, "
            "expected one row each."
        )
    if not np.isfinite(measures).all():
        raise DataError("Got a measure that is not finite, expected numbers; leave such clips out.")
    names, codes = np.unique(label.astype(str), return_inverse=True)
    people, person = np.unique(speaker.astype(str), return_inverse=True)
    if len(names) < 2 or len(people) < 2:
        raise UndefinedScore(f"{len(names)} classes and {len(people)} speakers: nothing to tell apart")
    fold = deal_groups(speaker, label, k=min(FOLDS, len(people)))
    ranks = np.column_stack([_normal_ranks(one) for one in measures.T])
    uar = _uar(ranks, codes, fold, len(names))
    generator = np.random.default_rng(seed)
    dealt = np.array(
        [_uar(ranks, _dealt_anew(codes, person, generator), fold, len(names)) for _ in range(shuffles)]
    )
    p = (1 + int((dealt >= uar - 1e-12).sum())) / (shuffles + 1)
    return Shortcut(uar, float(dealt.mean()), float(np.quantile(dealt, 0.95)), p)


def _normal_ranks(values: Floats) -> Floats:
    """Return values as standard normal quantiles of their ranks; equal values share the mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    share = (middle[place] - 0.5) / len(values)
    # the logistic curve is near enough to the normal one
    scores: Floats = np.log(share / (1 - share)) / 1.7
    return scores


def _dealt_anew(
    codes: NDArray[np.int64], person: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return the labels of speakers in another order of speakers, mixed within each."""
    order = generator.permutation(person.max() + 1)
    mixed = np.lexsort((generator.random(len(codes)), order[person]))
    dealt = np.empty_like(codes)
    dealt[np.argsort(person, kind="stable")] = codes[mixed]
    return dealt


def _uar(ranks: Floats, codes: NDArray[np.int64], fold: NDArray[np.int64], classes: int) -> float:
    """Return the unweighted average recall over all folds."""
    member = np.eye(classes)[codes]
    guess = np.empty(len(codes), dtype=np.int64)
    for one in range(fold.max() + 1):
        test = fold == one
        of_class, known = member[~test], ranks[~test]
        count = of_class.sum(axis=0)[:, None]
        mean = of_class.T @ known / np.maximum(count, 1)
        spread = of_class.T @ np.square(known) / np.maximum(count, 1) - np.square(mean) + _FLOOR
        away = np.square(ranks[test][:, None, :] - mean) / spread + np.log(spread)
        # a class that this fold's training lacks is never guessed
        guess[test] = np.where(count[:, 0] > 0, away.sum(axis=2), np.inf).argmin(axis=1)
    hit = member * (guess == codes)[:, None]
    return float((hit.sum(axis=0) / member.sum(axis=0)).mean())
