"""Does doubt know where the answers are wrong?"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.answers import DOUBTS, categories_of
from mien.evaluation.ranking_metrics import area_under_roc
from mien.evaluation.resampling import (
    BLOCK_NUMBERS,
    Resampled,
    as_numbers,
    check_items,
    resample_weights,
)
from mien.evaluation.selective import (
    area_under_risk_coverage,
    excess_area_under_risk_coverage,
    gain_of_abstaining,
    resampled_area,
)
from mien.evaluation.speaker_interval import over_speakers
from mien.prediction.doubt import entropy

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Areas = Callable[[Floats], Floats]

ROUNDING = 1e-3
"""Nats by which the sum of both doubts may miss the entropy: tables hold five decimals."""


def doubts_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return every kind of doubt that a prediction table holds, higher for less sure.

    Args:
        table: prediction table, with `p.<category>` and, for a model with members, the columns
            `aleatoric.category` and `epistemic.category` (nats).

    Returns:
        Frame with the same index: `total`, `epistemic` and `aleatoric` (nats, only with members), `entropy`
        (nats, of the probabilities) and `least_confidence` (1 less the greatest probability). For averaged
        members `total` is the entropy, by definition; where both differ by more than rounding, the table has
        been changed after its doubt was computed.

    Raises:
        DataError: no probabilities, NaN, or only one of both doubts.
    """
    names = [f"p.{name}" for name in categories_of(table)]
    if not names or not len(table):
        raise DataError("Got a table without probabilities, expected rows with columns `p.<category>`.")
    with_members = [name for name in DOUBTS if name in table and table[name].notna().any()]
    if len(with_members) == 1:
        raise DataError(f"Got `{with_members[0]}` alone, expected both {' and '.join(DOUBTS)}.")
    values = table[[*names, *with_members]].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError("Got predictions with NaN, expected whole rows; leave such items out and say so.")
    chances = values[:, : len(names)]
    found = pd.DataFrame(index=table.index)
    if with_members:
        found["total"] = values[:, -2:].sum(axis=1)
        found["epistemic"] = values[:, with_members.index("epistemic.category") - 2]
        found["aleatoric"] = values[:, with_members.index("aleatoric.category") - 2]
    found["entropy"] = entropy(chances)
    found["least_confidence"] = 1.0 - chances.max(axis=1)
    return found


def error_detection(doubt: ArrayLike, correct: ArrayLike) -> float:
    """Return the probability that a wrong answer is more doubtful than a right one, from 0 to 1.

    This is mien's goal U2, with the total doubt; chance is 0.5. It does not say how many errors there are:
    a bad model may know well where it errs.

    Args:
        doubt: `(clips,)`, higher for less sure; any unit.
        correct: bool `(clips,)`.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt.
        UndefinedScore: no wrong answer, or no right one.

    Example:
        >>> error_detection([0.1, 0.9, 0.2], [True, False, True])
        1.0

    Source:
        D. Hendrycks, K. Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples,
        ICLR 2017, section 2.
    """
    _, hits = check_items(doubt, correct)
    if not np.isin(hits, (0, 1)).all():
        raise DataError("Got hits other than true and false, expected `prediction == truth`.")
    if len(np.unique(hits)) < 2:
        raise UndefinedScore(f"Got {len(hits)} answers that are all {'right' if hits.all() else 'wrong'}.")
    return area_under_roc(1 - hits.astype(np.int64), doubt)


def resampled_detection(
    flag: ArrayLike, doubt: ArrayLike, *, cluster: ArrayLike, draws: int = 1000, seed: int = 0
) -> Resampled:
    """Return the area under the ROC curve with its resamples of clusters, as `resample` draws them.

    Sorting is done once for all resamples. With few clusters, as speakers are, pairs of clips are counted
    once for each pair of clusters; with very many, each resample adds up along the sorted clips.

    Args:
        flag: bool `(clips,)`, what doubt should find: wrong answers, or sounds that are no speech.
        doubt: `(clips,)`, higher for less sure.
        cluster: `(clips,)` names of what is drawn whole, e.g. speakers.
        draws: number of resamples.
        seed: seeds the resampling.

    Raises:
        DataError: no clips, unequal lengths, NaN or infinite doubt.
        UndefinedScore: no flagged clip or none without flag, or one cluster.
    """
    flags, values, names = check_items(flag, as_numbers(doubt), cluster)
    flagged = flags.astype(bool)
    if flagged.all() or not flagged.any():
        raise UndefinedScore(f"Got {len(flags)} clips that are all {'alike' if len(flags) else 'missing'}.")
    unit = np.unique(names, return_inverse=True)[1]
    if len(np.unique(unit[flagged])) * len(np.unique(unit[~flagged])) <= BLOCK_NUMBERS:
        area, width = _areas_by_pair(flagged, values, unit), 1
    else:
        area, width = _areas_by_rank(flagged, values, unit), len(values)
    return resample_weights(area, int(unit.max()) + 1, draws=draws, seed=seed, width=width)


def _areas_by_pair(flagged: Bools, values: Floats, unit: NDArray[np.intp]) -> Areas:
    """Return the function from weights `(draws, clusters)` to areas; it holds a number per pair of these."""
    found, other = values[flagged], values[~flagged]
    rows, row = np.unique(unit[flagged], return_inverse=True)
    columns, column = np.unique(unit[~flagged], return_inverse=True)
    above = np.zeros((len(rows), len(columns)))
    for number in range(len(columns)):
        ordered = np.sort(other[column == number])
        below = sum(np.searchsorted(ordered, found, side=side) for side in ("left", "right")) / 2
        above[:, number] = np.bincount(row, weights=below, minlength=len(rows))
    counts = np.bincount(row), np.bincount(column)

    def areas(weights: Floats) -> Floats:
        drawn = weights[:, rows], weights[:, columns]
        pairs = (drawn[0] @ counts[0]) * (drawn[1] @ counts[1])
        return _share((drawn[0] @ above * drawn[1]).sum(axis=1), pairs)

    return areas


def _areas_by_rank(flagged: Bools, values: Floats, unit: NDArray[np.intp]) -> Areas:
    """Return the same function; it holds a number per clip and draw."""
    order = np.argsort(values, kind="stable")
    ordered, place = flagged[order], unit[order]
    starts = np.flatnonzero(np.diff(values[order], prepend=-np.inf))  # of the clips with equal doubt

    def areas(weights: Floats) -> Floats:
        drawn = weights[:, place]
        found, other = (np.add.reduceat(drawn * which, starts, axis=1) for which in (ordered, ~ordered))
        below = other.cumsum(axis=1) - other / 2
        return _share((found * below).sum(axis=1), found.sum(axis=1) * other.sum(axis=1))

    return areas


def _share(greater: Floats, pairs: Floats) -> Floats:
    """Return the share of pairs in the right order; NaN where there is no pair."""
    share: Floats = np.divide(greater, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return share


def compare_doubts(
    table: pd.DataFrame,
    truth: ArrayLike,
    *,
    share: float = 0.2,
    speaker: "pd.Series[Any] | None" = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare all kinds of doubt of a prediction table as guides to its errors.

    Args:
        table: prediction table, as for `doubts_of`.
        truth: `(clips,)` true categories' names, in the table's order.
        share: clips without an answer for `gain`, 0 to less than 1.
        speaker: `(clips,)`, who speaks; without it there are no intervals.
        draws: resamples of speakers per interval.
        seed: seeds the resampling.

    Returns:
        One row per kind of doubt: `doubt`, `n`, `errors` (count), `error_detection`, `aurc`, `excess_aurc`,
        `gain` (of unweighted average recall when abstaining on `share`), `note`; null with the reason in
        `note` where a score is undefined. With `speaker` also the 95 % intervals `low` and `high` of
        `error_detection`, `aurc_low` and `aurc_high`.

    Raises:
        DataError: as for `doubts_of`, or another number of labels than rows.
        ConfigError: `share` out of range.
    """
    found = doubts_of(table)
    labels, chosen = _labels(table, truth)
    correct = chosen == labels
    rows = []
    for name, doubt in found.items():
        row: dict[str, object] = {"doubt": name, "n": len(table), "errors": int((~correct).sum())}
        same = name == "total" and (doubt - found["entropy"]).abs().max() <= ROUNDING
        notes = ["the same as entropy, since the members' mean is judged"] if same else []
        values = doubt.to_numpy()
        scores: dict[str, Callable[[], float]] = {
            "error_detection": partial(error_detection, values, correct),
            "aurc": partial(area_under_risk_coverage, values, correct),
            "excess_aurc": partial(excess_area_under_risk_coverage, values, correct),
            "gain": partial(gain_of_abstaining, labels, chosen, doubt=values, share=share),
        }
        for score, function in scores.items():
            try:
                row[score] = function()
            except UndefinedScore as error:
                row[score] = np.nan
                notes.append(f"no {score}: {error}")
        if speaker is not None:
            row |= _intervals(values, correct, speaker, draws=draws, seed=seed)
            why = str(row.pop("why"))
            notes += [why] if why else []
        rows.append({**row, "note": "; ".join(notes)})
    return pd.DataFrame(rows)


def _labels(table: pd.DataFrame, truth: ArrayLike) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the true and the chosen categories' names."""
    categories = categories_of(table)
    labels = np.asarray(truth, dtype=object)
    if labels.shape != (len(table),) or not set(labels) <= set(categories):
        raise DataError(
            f"Got {labels.size} labels for {len(table)} rows, expected one each of {', '.join(categories)}."
        )
    chances = table[[f"p.{name}" for name in categories]].to_numpy(dtype=np.float64)
    return labels, np.array(categories, dtype=object)[chances.argmax(axis=1)]


def _intervals(
    doubt: Floats, correct: NDArray[np.bool_], speaker: "pd.Series[Any]", *, draws: int, seed: int
) -> dict[str, object]:
    """Return the intervals of error detection and AURC, and why one is missing."""
    options = {"draws": draws, "seed": seed}
    errors = over_speakers(
        lambda: error_detection(doubt, correct),
        lambda names: resampled_detection(~correct, doubt, cluster=names, **options),
        speaker=speaker,
    )
    area = over_speakers(
        lambda: area_under_risk_coverage(doubt, correct),
        lambda names: resampled_area(doubt, correct, cluster=names, **options),
        speaker=speaker,
    )
    ends = {"low": errors.low, "high": errors.high, "aurc_low": area.low, "aurc_high": area.high}
    return {**ends, "why": area.note}
