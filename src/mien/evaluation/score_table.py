"""Every score of a set of answers, per corpus, with its interval by speaker and by item."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.answers import categories_of
from mien.evaluation.calibration import calibration_interval, debiased_calibration_error
from mien.evaluation.dimension_metrics import concordance_correlation, pearson, rmse
from mien.evaluation.intervals import Interval, bootstrap_counts, interval_of
from mien.evaluation.metrics import (
    accuracy_from_counts,
    confusion_by_group,
    macro_f1_from_counts,
    recall_from_counts,
    weighted_f1_from_counts,
)
from mien.evaluation.ranking_metrics import area_under_roc
from mien.evaluation.resampling import Resampled, resample
from mien.evaluation.uncertainty import resampled_detection

SCORE_COLUMNS = (
    "corpus", "metric", "title", "value", "low", "high", "low_item", "high_item", "n", "speakers", "chance",
    "floor", "note",
)  # fmt: skip

OF_COUNTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "uar": ("unweighted average recall", recall_from_counts),
    "accuracy": ("accuracy", accuracy_from_counts),
    "macro_f1": ("macro F1", macro_f1_from_counts),
    "weighted_f1": ("weighted F1", weighted_f1_from_counts),
}


class _Line(NamedTuple):
    """One score: its name, and its intervals by speaker and by item with notes on what has no value."""

    metric: str
    title: str
    value: float | None
    by_speaker: tuple[float, float] | None
    by_item: tuple[float, float] | None
    note: str
    chance: float | None = None


def score_table(
    answers: pd.DataFrame,
    *,
    floors: Mapping[str, float] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score answers per corpus.

    Categories: unweighted average recall, accuracy, F1 scores, calibration error (debiased), Brier score and
    negative log-likelihood. Each dimension `<name>` with a column `<name>.truth`: concordance and Pearson
    correlation and error, or the area under the ROC curve where the truth has two values only.

    Args:
        answers: as `mien.evaluation.answers` gives them; without categories only dimensions are scored.
        floors: corpus → a known simple model's unweighted average recall, 0 to 1.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        Frame with `SCORE_COLUMNS`. `low` and `high` bound the 95 % interval over speakers, `low_item` and
        `high_item` that over items. A value that these data do not define is null, with the reason in `note`.
    """
    rows = []
    for corpus, part in answers.groupby("corpus", sort=False):
        known = part["speaker"].notna().all()
        about = {"corpus": corpus, "n": len(part), "speakers": part["speaker"].nunique() if known else None}
        for line in _lines(part, draws=draws, seed=seed):
            low, high = line.by_speaker or (None, None)
            low_item, high_item = line.by_item or (None, None)
            bounds = {"low": low, "high": high, "low_item": low_item, "high_item": high_item}
            floor = (floors or {}).get(str(corpus)) if line.metric == "uar" else None
            rows.append({**line._asdict(), **about, **bounds, "floor": floor})
    table = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    numbers = ("value", "low", "high", "low_item", "high_item", "chance", "floor")
    return table.astype({name: float for name in numbers} | {"speakers": "Int64"})


def _lines(part: pd.DataFrame, *, draws: int, seed: int) -> Iterator[_Line]:
    if labels := categories_of(part):
        yield from _category_lines(part, labels, draws=draws, seed=seed)
    for name in [str(column) for column in part if f"{column}.truth" in part]:
        yield from _dimension_lines(part, name, draws=draws, seed=seed)


def _category_lines(part: pd.DataFrame, labels: list[str], *, draws: int, seed: int) -> Iterator[_Line]:
    speaker = part["speaker"].to_numpy() if part["speaker"].notna().all() else None
    by_item = confusion_by_group(part["truth"], part["prediction"], labels=labels, group=np.arange(len(part)))
    for metric, (title, score) in OF_COUNTS.items():
        yield _counted(metric, title, score, by_item, speaker, draws=draws, seed=seed)
    yield _calibration_line(part, speaker)
    chances = part[[f"p.{name}" for name in labels]].to_numpy(dtype=float)
    of_truth = chances[np.arange(len(part)), [labels.index(name) for name in part["truth"]]]
    hit = (part["truth"].to_numpy()[:, None] == np.array(labels, dtype=object)).astype(float)
    per_item = {
        "brier": ("Brier score", ((chances - hit) ** 2).sum(axis=1)),
        "nll": ("negative log-likelihood in nats", -np.log(np.clip(of_truth, 1e-5, 1))),
    }
    for metric, (title, values) in per_item.items():
        sums = np.stack([values, np.ones(len(values))], axis=1)
        yield _counted(metric, title, _mean_of_sums, sums, speaker, draws=draws, seed=seed)


def _mean_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _counted(
    metric: str,
    title: str,
    score: Callable[..., Any],
    by_item: NDArray[np.float64],
    speaker: NDArray[Any] | None,
    *,
    draws: int,
    seed: int,
) -> _Line:
    """Score counts that add up over items; all resamples at once."""
    value = float(score(by_item.sum(axis=0)))
    notes: list[str] = []
    found: list[tuple[float, float] | None] = []
    for group, kind in ((speaker, "speaker"), (np.arange(len(by_item)), "item")):
        try:
            found.append(_bounds(bootstrap_counts(score, _summed(by_item, group), draws=draws, seed=seed)))
        except UndefinedScore as reason:
            found.append(None)
            notes.append(f"no interval by {kind}: {reason}")
    chance = 1 / _true_classes(by_item) if metric == "uar" else None
    return _Line(metric, title, value, found[0], found[1], "; ".join(notes), chance)


def _summed(by_item: NDArray[np.float64], group: NDArray[Any] | None) -> NDArray[np.float64]:
    if group is None:
        raise UndefinedScore("who speaks is not known.")
    names, place = np.unique(group.astype(str), return_inverse=True)
    sums = np.zeros((len(names), *by_item.shape[1:]))
    np.add.at(sums, place, by_item)
    return sums


def _true_classes(by_item: NDArray[np.float64]) -> int:
    return int((by_item.sum(axis=(0, 2)) > 0).sum())


def _bounds(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _calibration_line(part: pd.DataFrame, speaker: NDArray[Any] | None) -> _Line:
    """Return the debiased calibration error; a bootstrap would break it, so speakers are left out in turn."""
    confidence = part["confidence"].to_numpy(dtype=float)
    correct = (part["truth"] == part["prediction"]).to_numpy(dtype=bool)
    title = "expected calibration error, debiased"
    try:
        value = debiased_calibration_error(confidence, correct, speaker=speaker)
        if speaker is None:
            raise UndefinedScore("who speaks is not known.")
        interval = calibration_interval(confidence, correct, speaker=speaker)
        return _Line("ece", title, value, (interval[0], interval[1]), None, "")
    except UndefinedScore as reason:
        value_without = debiased_calibration_error(confidence, correct) if len(part) > 1 else None
        return _Line("ece", title, value_without, None, None, f"no interval by speaker: {reason}")


def _dimension_lines(part: pd.DataFrame, name: str, *, draws: int, seed: int) -> Iterator[_Line]:
    """Score a dimension on the items where its truth is known."""
    known = part[part[f"{name}.truth"].notna()]
    if known.empty:
        return
    truth, value = known[f"{name}.truth"].to_numpy(dtype=float), known[name].to_numpy(dtype=float)
    speaker = known["speaker"].to_numpy() if known["speaker"].notna().all() else None
    two_values = len(np.unique(truth)) == 2
    scores = {"ccc": concordance_correlation, "pearson": pearson, "rmse": rmse}
    # Sorting once for all resamples is hundreds of times faster than one area for each.
    metrics: dict[str, tuple[Callable[..., float], Callable[..., Resampled]]] = (
        {"auc": (area_under_roc, resampled_detection)}
        if two_values
        else {metric: (score, partial(resample, score)) for metric, score in scores.items()}
    )
    for metric, (score, again) in metrics.items():
        target = truth == truth.max() if two_values else truth
        resampled = partial(again, target, value, draws=draws, seed=seed)
        yield _scored(
            f"{name}.{metric}", partial(score, target, value), resampled, items=len(known), speaker=speaker
        )


def _scored(
    metric: str,
    score: Callable[[], float],
    resampled: Callable[..., Resampled],
    *,
    items: int,
    speaker: NDArray[Any] | None,
) -> _Line:
    title = f"{metric.rpartition('.')[0]}: {metric.rpartition('.')[2].upper()}"
    try:
        whole = score()
    except (UndefinedScore, DataError) as reason:
        return _Line(metric, title, None, None, None, str(reason))
    notes: list[str] = []
    found: list[tuple[float, float] | None] = []
    for cluster, kind in ((speaker, "speaker"), (np.arange(items), "item")):
        try:
            if cluster is None:
                raise UndefinedScore("who speaks is not known.")
            found.append(_bounds(interval_of(resampled(cluster=cluster))))
        except UndefinedScore as reason:
            found.append(None)
            notes.append(f"no interval by {kind}: {reason}")
    return _Line(metric, title, whole, found[0], found[1], "; ".join(notes))
