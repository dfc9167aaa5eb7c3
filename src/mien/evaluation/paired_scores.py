"""One score of two systems on the same items: difference, intervals, tests, and what these can show."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.evaluation.intervals import bootstrap_counts
from mien.evaluation.pairing import Pair
from mien.evaluation.power import leave_one_out_differences, minimum_detectable_difference, smallest_p
from mien.evaluation.seeds import seed_difference_counts, summarize_seeds
from mien.evaluation.significance import Comparison, bootstrap_test_counts, permutation_test_counts
from mien.evaluation.summed_scores import SummedScore

Counts = NDArray[np.float64]
MeanScore = Callable[[NDArray[Any]], NDArray[Any]]

LEVEL = 0.05
SWAPS_PER_DRAW = 10
ROUGH_SPEAKERS = 6
"""Below so many speakers, intervals are too short (see `mien.evaluation.intervals.bootstrap`)."""
TESTS: dict[str, Callable[..., Comparison]] = {
    "permutation": permutation_test_counts,
    "bootstrap": bootstrap_test_counts,
}


class Testing(NamedTuple):
    """Hold how to test.

    Attributes:
        test: one of `TESTS`.
        draws: resamples per interval.
        seed: seeds resamples and swaps.
    """

    test: str
    draws: int
    seed: int

    @property
    def swaps(self) -> int:
        """Return the number of swaps or resamples per p-value."""
        return SWAPS_PER_DRAW * self.draws


def compare_scores(part: Pair, score: SummedScore, options: Testing) -> dict[str, Any]:
    """Return a row of a comparison: the score of both systems, their difference and how far to trust it.

    Args:
        part: the items of one corpus, or all.
        score: what to compare.
        options: how to test.

    Returns:
        Values for `mien.reports.comparison_tables.ROW_COLUMNS` but names and corrected p-values; what these
        items do not define is left out, and `note` says why.
    """
    about = {"metric": score.metric, "title": score.title, "higher_is_better": score.rises}
    notes: list[str] = []
    try:
        part = _rated(part, score, notes)
        speaker = _speakers(part)
        size = {"n": len(part.items), "speakers": None if speaker is None else int(speaker.max()) + 1}
        first, second = _counted(part, score)
        found = _values(score, first, second)
        one, two = _of_equal_size(score, first, second)
        found |= _by_item(score, one, two, options)
        if speaker is None:
            notes.append("no test by speaker: who speaks is not known for every item")
        else:
            found |= _by_speaker(score, (first, second), speaker, options, notes)
    except UndefinedScore as reason:
        notes.append(str(reason))
        size, found = {"n": len(part.items)}, {}
    return about | size | found | {"note": "; ".join(notes)}


def _rated(part: Pair, score: SummedScore, notes: list[str]) -> Pair:
    """Return the items that have a truth; refuse a truth that allows no comparison."""
    dimension = score.metric.rpartition(".")[0]
    if dimension:
        known = part.first[0][f"{dimension}.truth"].notna().to_numpy()
        if not known.any():
            raise UndefinedScore(f"no item has a true {dimension}")
        if not known.all():
            notes.append(f"{int((~known).sum()):,} items without a true {dimension} are left out")
        return part.part(np.flatnonzero(known))
    classes = part.first[0]["truth"].unique()
    if len(classes) < 2:
        raise UndefinedScore(f"every item is {classes[0]}; expected at least two categories")
    return part


def _speakers(part: Pair) -> NDArray[np.int64] | None:
    """Return each item's speaker as a number, persons of two corpora kept apart; None if one is unknown."""
    if part.items["speaker"].isna().any():
        return None
    numbers = part.items.groupby(["corpus", "speaker"], sort=True).ngroup()
    return numbers.to_numpy().astype(np.int64)


def _counted(part: Pair, score: SummedScore) -> tuple[Counts, Counts]:
    """Return both systems' counts `(items, seeds, ...)`."""
    frames = [*part.first, *part.second]
    labels = sorted(
        {name for one in frames for side in ("truth", "prediction") for name in one[side].unique()}
    )
    counts = [np.stack([score.counts(one, labels) for one in side], 1) for side in (part.first, part.second)]
    return counts[0], counts[1]


def _values(score: SummedScore, first: Counts, second: Counts) -> dict[str, float | int | None]:
    """Return each system's mean score over seeds, and its spread."""
    row: dict[str, float | int | None] = {}
    for side, counts in (("first", first), ("second", second)):
        per_seed = score.score(counts.sum(axis=0))
        if not np.isfinite(per_seed).all():
            raise UndefinedScore(f"{score.title} has no value on these items")
        sd = summarize_seeds(per_seed).sd if len(per_seed) > 1 else None
        row |= {f"value_{side}": float(per_seed.mean()), f"seeds_{side}": len(per_seed), f"sd_{side}": sd}
    return row


def _of_equal_size(score: SummedScore, first: Counts, second: Counts) -> tuple[Counts, Counts]:
    """Return counts with equally many seeds, so that they can be swapped: repeated, and added if allowed."""
    seeds = np.lcm(first.shape[1], second.shape[1])
    both = [np.concatenate([one] * (seeds // one.shape[1]), axis=1) for one in (first, second)]
    if score.linear:
        both = [one.sum(axis=1, keepdims=True) for one in both]
    return both[0], both[1]


def _mean_over_seeds(score: SummedScore) -> MeanScore:
    return lambda counts: np.asarray(score.score(counts).mean(axis=1))


def _by_item(score: SummedScore, one: Counts, two: Counts, options: Testing) -> dict[str, float]:
    mean = _mean_over_seeds(score)
    found = TESTS[options.test](mean, one, two, draws=options.swaps, seed=options.seed)
    low, high = _difference_bounds(mean, one, two, options)
    return {"difference": found.difference, "p_item": found.p, "low_item": low, "high_item": high}


def _by_speaker(
    score: SummedScore,
    counts: tuple[Counts, Counts],
    speaker: NDArray[np.int64],
    options: Testing,
    notes: list[str],
) -> dict[str, float]:
    """Return intervals, p-value and detectable difference from whole speakers; notes grow by what lacks."""
    try:
        first, second = (_summed(one, speaker) for one in counts)
        one, two = _of_equal_size(score, first, second)
        mean, speakers = _mean_over_seeds(score), len(one)
        found = TESTS[options.test](mean, one, two, draws=options.swaps, seed=options.seed)
        low, high = _difference_bounds(mean, one, two, options)
        row = {"p": found.p, "low": low, "high": high}
        for side, own in (("first", one), ("second", two)):
            bounds = bootstrap_counts(mean, own, draws=options.draws, seed=options.seed)
            row |= {f"low_{side}": bounds.low, f"high_{side}": bounds.high}
        if max(first.shape[1], second.shape[1]) > 1:
            wide = seed_difference_counts(score.score, first, second, draws=options.draws, seed=options.seed)
            row |= {"low_seeds": wide.low, "high_seeds": wide.high}
    except UndefinedScore as reason:
        notes.append(f"no test by speaker: {reason}")
        return {}
    if speakers < ROUGH_SPEAKERS:
        notes.append(f"{speakers} speakers: the intervals by speaker are too short")
    return row | _reach(mean, one, two, options, notes)


def _reach(
    mean: MeanScore,
    one: Counts,
    two: Counts,
    options: Testing,
    notes: list[str],
) -> dict[str, float]:
    """Return the smallest p-value and the smallest difference that so many speakers can show."""
    if options.test == "permutation":
        least = smallest_p(len(one), draws=options.swaps)
        if least > LEVEL:
            notes.append(
                f"{len(one)} speakers cannot give a p-value below {least:.3g} (2/2^{len(one)}), however "
                "large the difference: the test by speaker cannot reach 5 %"
            )
            return {"smallest_p": least}
        row = {"smallest_p": least}
    else:
        row = {}
    try:
        shares = leave_one_out_differences(mean, one, two)
        return row | {"detectable": minimum_detectable_difference(shares, alpha=LEVEL)}
    except UndefinedScore as reason:
        notes.append(f"no detectable difference: {reason}")
        return row


def _difference_bounds(
    mean: MeanScore,
    one: Counts,
    two: Counts,
    options: Testing,
) -> tuple[float, float]:
    both = np.stack([one, two], axis=1)
    found = bootstrap_counts(
        lambda c: mean(c[:, 0]) - mean(c[:, 1]), both, draws=options.draws, seed=options.seed
    )
    return found.low, found.high


def _summed(counts: Counts, unit: NDArray[np.int64]) -> Counts:
    sums = np.zeros((int(unit.max()) + 1, *counts.shape[1:]))
    np.add.at(sums, unit, counts)
    return sums
