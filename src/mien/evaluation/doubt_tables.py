"""What doubt and probabilities are worth: scaling, sets, promises and kinds of doubt, per corpus."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.answers import DOUBTS, categories_of
from mien.evaluation.calibrators import compare_calibrators
from mien.evaluation.conformal import compare_coverage, cross_fit_sets
from mien.evaluation.cross_fitting import CrossFolds, cross_folds
from mien.evaluation.out_of_domain import compare_domain_doubts
from mien.evaluation.proper_scores import negative_log_likelihood
from mien.evaluation.resampling import Resampled, resample_counts
from mien.evaluation.selective import Guarantee, fit_guarantee, judge_guarantee
from mien.evaluation.speaker_interval import Found, over_speakers
from mien.evaluation.uncertainty import compare_doubts
from mien.reports.evaluation_tables import COLUMNS, NUMBERS

Row = dict[str, Any]

TARGETS = (0.8, 0.9, 0.95)
"""Shares of sets that shall hold the truth."""
RISKS = (0.1, 0.2, 0.3)
"""Shares of errors that are asked for."""
DELTA = 0.05
"""Probability with which a promise may fail."""
GROUP = "sex"
LEAST_SPEAKERS = 2
"""Fewest speakers of a group whose coverage is told."""


class Part(NamedTuple):
    """Hold one corpus' answers as arrays.

    Attributes:
        table: its rows of the answers.
        chances: `(items, K)`.
        labels: int `(items,)`, true categories' numbers.
        correct: bool `(items,)`.
        doubt: `(items,)`, in nats.
        folds: folds without common speakers; None where there are none.
        reason: why there are none.
    """

    table: pd.DataFrame
    chances: NDArray[np.float64]
    labels: NDArray[np.int64]
    correct: NDArray[np.bool_]
    doubt: NDArray[np.float64]
    folds: CrossFolds | None
    reason: str


def doubt_tables(
    answers: pd.DataFrame, *, non_speech: pd.DataFrame | None = None, draws: int = 1000, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Return what scaling, sets of categories, promises and kinds of doubt are worth in each corpus.

    Whatever is fitted is judged on other speakers (`cross_folds`). Where that cannot be done, the row has no
    value and its note says why.

    Args:
        answers: as `mien.evaluation.answers` gives them.
        non_speech: the same model's predictions for sounds without speech; None leaves them out.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        `calibrators`, `conformal`, `guarantee` and `doubts`, as `EvaluationTables` wants them, and
        `cross_fitting` (`corpus`, `how`).
    """
    parts = {str(name): _part(table) for name, table in answers.groupby("corpus", sort=False)}
    makers: dict[str, Callable[[Part], Iterator[Row]]] = {
        "calibrators": lambda part: _calibrators(part, draws=draws, seed=seed),
        "conformal": lambda part: _conformal(part, draws=draws, seed=seed),
        "guarantee": lambda part: _guarantees(part, draws=draws, seed=seed),
        "doubts": lambda part: _doubts(part, non_speech, draws=draws, seed=seed),
        "cross_fitting": lambda part: iter([{"how": part.folds.how if part.folds else part.reason}]),
    }
    return {
        name: _table(
            name, [{"corpus": corpus, **row} for corpus, part in parts.items() for row in rows(part)]
        )
        for name, rows in makers.items()
    }


def _table(name: str, rows: list[Row]) -> pd.DataFrame:
    found = pd.DataFrame(rows)
    columns = dict.fromkeys([*COLUMNS.get(name, ()), *found])
    kinds = {column: float for column in columns if column in NUMBERS}
    return found.reindex(columns=list(columns)).astype(kinds)


def _part(table: pd.DataFrame) -> Part:
    categories = categories_of(table)
    try:
        folds, reason = cross_folds(table), ""
    except UndefinedScore as why:
        folds, reason = None, f"not judged: {why}"
    return Part(
        table=table,
        chances=table[[f"p.{name}" for name in categories]].to_numpy(dtype=float),
        labels=pd.Index(categories).get_indexer(pd.Index(table["truth"].astype(object))),
        correct=(table["truth"] == table["prediction"]).to_numpy(dtype=bool),
        doubt=table["doubt"].to_numpy(dtype=float),
        folds=folds,
        reason=reason,
    )


def _calibrators(part: Part, *, draws: int, seed: int) -> Iterator[Row]:
    known = part.table["speaker"].notna().all()
    speaker = part.table["speaker"].to_numpy(dtype=object) if known else None
    try:
        if part.folds is None:
            raise UndefinedScore(part.reason)
        if len(np.unique(part.labels)) < 2:
            raise UndefinedScore(
                "not judged: with one true category, scaling would learn to say nothing else"
            )
        found = compare_calibrators(
            part.chances, part.labels, folds=part.folds.names, speaker=speaker, draws=draws, seed=seed
        )
    except UndefinedScore as reason:
        scores = {
            "nll": negative_log_likelihood(part.labels, part.chances),
            "accuracy": float(part.correct.mean()),
        }
        yield {"method": "none", "n": len(part.labels), **scores, "note": str(reason)}
        return
    found = found.drop(columns="ece").rename(columns={"ece_debiased": "ece"})
    by_item = "" if known else "judged by item, which promises too much: who speaks is not known"
    for row in found.to_dict("records"):
        yield {str(name): value for name, value in row.items()} | {"note": row["note"] or by_item}


def _conformal(part: Part, *, draws: int, seed: int) -> Iterator[Row]:
    about = {"n": len(part.labels), "categories": part.chances.shape[1]}
    for target in TARGETS:
        if part.folds is None:
            yield {"target": target, **about, "note": part.reason}
            continue
        options: dict[str, Any] = {"folds": part.folds.names, "alpha": 1 - target, "seed": seed}
        mixed = compare_coverage(part.chances, part.labels, **options).iloc[0]
        fitted = cross_fit_sets(part.chances, part.labels, **options)
        found = _ratio(part, fitted.hit, np.ones(len(fitted.hit)), draws=draws, seed=seed)
        group, covered = _worst_group(part.table, fitted.hit)
        yield {
            "target": target,
            **about,
            "coverage": found.value,
            "low": found.low,
            "high": found.high,
            "same_speakers": mixed["coverage"],
            "size": float(fitted.sets.sum(axis=1).mean()),
            "empty": float((~fitted.sets.any(axis=1)).mean()),
            "group": group,
            "group_coverage": covered,
            "note": "; ".join(text for text in (found.note, fitted.reason) if text),
        }


def _worst_group(table: pd.DataFrame, hit: NDArray[np.bool_]) -> tuple[str | None, float | None]:
    """Return the group of least coverage and this; None where fewer than two can be compared."""
    known = (table[GROUP].notna() & table["speaker"].notna()).to_numpy(dtype=bool)
    own = table[known].assign(hit=hit[known])
    groups = own.groupby(own[GROUP].astype(str)).agg(coverage=("hit", "mean"), people=("speaker", "nunique"))
    groups = groups[groups["people"] >= LEAST_SPEAKERS]
    if len(groups) < 2:
        return None, None
    return str(groups["coverage"].idxmin()), float(groups["coverage"].min())


def _guarantees(part: Part, *, draws: int, seed: int) -> Iterator[Row]:
    for target in RISKS:
        whole = fit_guarantee(part.doubt, part.correct, risk=target, delta=DELTA)
        row: Row = {"target": target, "confidence": 1 - DELTA, "n": len(part.correct)}
        row["threshold"] = whole.threshold if math.isfinite(whole.threshold) else None
        notes = [whole.reason or ("every item may be answered" if whole.threshold == math.inf else "")]
        if part.folds is None:
            notes += [part.reason.replace("not judged", "not tried on other speakers")]
        else:
            row |= _tried(part, part.folds, whole, draws=draws, seed=seed)
            notes += [row["note"]]
        yield row | {"note": "; ".join(note for note in notes if note)}


def _tried(part: Part, folds: CrossFolds, whole: Guarantee, *, draws: int, seed: int) -> Row:
    """Return what a promise is worth for speakers whom its threshold was not fitted on."""
    judged = judge_guarantee(
        part.doubt, part.correct, folds=folds.names, risk=whole.target, delta=whole.delta
    )
    threshold = judged.set_index("fold")["threshold"]
    answered = part.doubt < threshold.loc[folds.names].to_numpy(dtype=float)
    found = Found(None, None, None, "")
    if answered.any():
        found = _ratio(part, answered & ~part.correct, answered, draws=draws, seed=seed)
    silent, broken = int((judged["threshold"] == -math.inf).sum()), int((~judged["kept"]).sum())
    notes = [found.note]
    if silent and not whole.reason:
        notes.append(f"{silent} of {len(judged)} folds have no threshold, so that nothing is answered there")
    if broken:
        notes.append(f"more errors than asked for in {broken} of {len(judged)} folds")
    return {
        "answered": float(answered.mean()),
        "risk": found.value,
        "low": found.low,
        "high": found.high,
        "folds": len(judged),
        "broken": broken,
        "note": "; ".join(note for note in notes if note),
    }


def _ratio(part: Part, some: NDArray[Any], every: NDArray[Any], *, draws: int, seed: int) -> Found:
    """Return the share of `some` in `every` with its interval over speakers."""

    def of_sums(sums: NDArray[Any]) -> NDArray[Any]:
        nothing = np.full(len(sums), np.nan)
        found: NDArray[Any] = np.divide(sums[:, 0], sums[:, 1], out=nothing, where=sums[:, 1] > 0)
        return found

    def resampled(names: NDArray[Any]) -> Resampled:
        unit = np.unique(names, return_inverse=True)[1]
        sums = np.stack([np.bincount(unit, weights=one.astype(float)) for one in (some, every)], axis=1)
        return resample_counts(of_sums, sums, draws=draws, seed=seed)

    return over_speakers(lambda: some.sum() / every.sum(), resampled, speaker=part.table["speaker"])


def _doubts(part: Part, non_speech: pd.DataFrame | None, *, draws: int, seed: int) -> Iterator[Row]:
    inside, options = _whole(part.table), {"draws": draws, "seed": seed}
    found = compare_doubts(inside, part.table["truth"], speaker=part.table["speaker"], **options)
    if "total" in set(found["doubt"]) and found["note"].iloc[0].startswith("the same as entropy"):
        found = found[found["doubt"] != "entropy"]
    strange, lost = pd.DataFrame(), "non-speech was not given"
    if non_speech is not None:
        try:
            strange = compare_domain_doubts(
                inside, _whole(non_speech), speaker=part.table["speaker"], **options
            ).set_index("doubt")
            lost = "this doubt is not known for non-speech"
        except DataError as reason:
            lost = f"non-speech cannot be judged: {reason}"
    for row in found.rename(columns={"error_detection": "auroc"}).to_dict("records"):
        name, notes = row["doubt"], [row["note"]]
        if name in strange.index:
            own = strange.loc[name]
            row |= {"outside_n": own["outside_n"], "outside": own["domain_detection"]}
            row |= {"outside_low": own["low"], "outside_high": own["high"]}
        else:
            notes.append(lost)
        yield {str(key): value for key, value in row.items()} | {"note": "; ".join(filter(None, notes))}


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions without the doubts of members where one of them is missing somewhere."""
    whole = all(name in table and table[name].notna().all() for name in DOUBTS)
    return table if whole else table.drop(columns=[name for name in DOUBTS if name in table])
