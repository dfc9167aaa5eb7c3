"""Judge answers in every way at once: scores, doubt, groups, speakers, calibration."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from mien.evaluation.answers import categories_of
from mien.evaluation.calibration import reliability
from mien.evaluation.doubt_goals import goal_table
from mien.evaluation.doubt_tables import doubt_tables
from mien.evaluation.groups import group_scores, worst_gap
from mien.evaluation.metrics import confusion, unweighted_average_recall
from mien.evaluation.score_table import score_table
from mien.evaluation.selective import risk_coverage
from mien.evaluation.speakers import speaker_strip, worst_decile
from mien.evaluation.stored_ladder import unmeasured_robustness
from mien.reports.evaluation_tables import EvaluationTables

ATTRIBUTES = ("sex", "age", "language")
CURVE_POINTS = 60
LEAST_SPEAKERS = 6
"""Below so many speakers of a corpus, no resample reaches far enough (see `intervals.bootstrap`)."""
OVERLAP_COLUMNS = ("check", "shared", "verdict", "note")


def judge(
    answers: pd.DataFrame,
    *,
    summary: Mapping[str, Any],
    floors: Mapping[str, float] | None = None,
    non_speech: pd.DataFrame | None = None,
    robustness: pd.DataFrame | None = None,
    overlap: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
    draws: int = 1000,
    seed: int = 0,
) -> EvaluationTables:
    """Compute everything that an evaluation report shows.

    Args:
        answers: as `mien.evaluation.answers` gives them.
        summary: what is judged and how it was made; see `EvaluationTables`.
        floors: corpus → a simple model's unweighted average recall, 0 to 1.
        non_speech: the model's predictions for sounds without speech, for U3.
        robustness: rows of goal U6, from `judge_robustness`; None says how to measure it.
        overlap: what training and test share, from `mien.corpora.overlap`.
        notes: what a reader must know besides.
        draws: resamples per interval.
        seed: seeds the resampling.
    """
    options = {"draws": draws, "seed": seed}
    scores = score_table(answers, floors=floors, **options)
    attributes = [name for name in ATTRIBUTES if name in answers and answers[name].notna().any()]
    pairs: list[str | tuple[str, ...]] = [*attributes]
    if {"sex", "age"} <= set(attributes):
        pairs.append(("sex", "age"))
    known = answers[answers["speaker"].notna()]
    by_person = _by_person(known, pairs, draws=draws, seed=seed)
    goals = goal_table(
        answers, scores=scores, gaps=by_person["gaps"], deciles=by_person.pop("deciles"),
        non_speech=non_speech, **options,
    )  # fmt: skip
    of_ladder = unmeasured_robustness() if robustness is None else robustness
    parts = dict(list(answers.groupby("corpus", sort=False)))
    doubt = doubt_tables(answers, non_speech=non_speech, **options)
    apart = doubt.pop("cross_fitting")
    return EvaluationTables(
        summary={**summary, "cross_fitting": _apart(apart)},
        scores=scores,
        goals=pd.concat([goals, of_ladder], ignore_index=True),
        confusion=_stacked(parts, _confusion),
        reliability=_stacked(parts, _reliability),
        risk_coverage=_stacked(parts, _risk_coverage),
        overlap=pd.DataFrame(columns=list(OVERLAP_COLUMNS)) if overlap is None else overlap,
        notes=[*notes, *_unknown_speakers(answers), *_few_speakers(answers)],
        **by_person,
        **doubt,
    )


def _apart(cross_fitting: pd.DataFrame) -> str:
    """Return on whom scaling, sets and thresholds were fitted and on whom judged, in words."""
    ways = cross_fitting.groupby("how", sort=False)["corpus"].agg(list)
    if len(ways) == 1:
        return str(ways.index[0])
    return "; ".join(f"{how} ({', '.join(corpora)})" for how, corpora in ways.items())


def _few_speakers(answers: pd.DataFrame) -> list[str]:
    """Name corpora in which even the interval is not to be relied on."""
    people = answers.groupby("corpus", sort=False)["speaker"].nunique()
    return [
        f"{corpus} has {count} speaker{'s' if count > 1 else ''}: an interval over fewer than "
        f"{LEAST_SPEAKERS} is rough, and often too short."
        for corpus, count in people.items()
        if 0 < count < LEAST_SPEAKERS
    ]


def _by_person(
    known: pd.DataFrame, attributes: list[str | tuple[str, ...]], *, draws: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Return tables of groups, gaps, speakers and their worst tenth; empty where nobody is known."""
    columns = {
        "groups": ["corpus", "attribute", "group", "metric", "value", "low", "high", "n", "speakers", "note"],
        "gaps": ["corpus", "attribute", "metric", "gap", "low", "high", "best", "worst", "by_chance", "note"],
        "strip": ["corpus", "speaker", "sex", "value", "n", "note"],
        "deciles": ["corpus", "value", "low", "high", "note"],
    }
    tables = {name: pd.DataFrame(columns=names) for name, names in columns.items()}
    if known.empty:
        return tables
    score, options = unweighted_average_recall, {"draws": max(draws, 100), "seed": seed}
    if attributes:
        tables["groups"] = group_scores(known, score, attributes, **options)
        tables["gaps"] = worst_gap(known, score, attributes, **options)
    tables["strip"] = speaker_strip(known, score)
    tables["deciles"] = worst_decile(known, score, **options)
    return tables


def _unknown_speakers(answers: pd.DataFrame) -> list[str]:
    unknown = int(answers["speaker"].isna().sum())
    if not unknown:
        return []
    return [
        f"Who speaks is not known for {unknown} of {len(answers)} items: no groups and intervals for these."
    ]


def _stacked(parts: Mapping[Any, pd.DataFrame], make: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([make(part).assign(corpus=corpus) for corpus, part in parts.items()], ignore_index=True)


def _confusion(part: pd.DataFrame) -> pd.DataFrame:
    table: pd.DataFrame = confusion(part["truth"], part["prediction"], categories_of(part)).reset_index()
    return table.melt("truth", var_name="prediction", value_name="count")


def _reliability(part: pd.DataFrame) -> pd.DataFrame:
    """Return the bins with the interval of what is right, which the reports call `low` and `high`."""
    correct = (part["truth"] == part["prediction"]).to_numpy()
    table = reliability(part["confidence"].to_numpy(), correct).drop(columns=["low", "high"])
    named: pd.DataFrame = table.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})
    return named


def _risk_coverage(part: pd.DataFrame) -> pd.DataFrame:
    """Return the curve, and that of a model whose doubt is right about every clip, at few points."""
    correct = (part["truth"] == part["prediction"]).to_numpy()
    curve = risk_coverage(part["doubt"].to_numpy(dtype=float), correct)
    errors = int((~correct).sum())
    wrong = (curve["coverage"] * len(part) - (len(part) - errors)).clip(lower=0)
    curve["ideal"] = wrong / (curve["coverage"] * len(part)).clip(lower=1)
    step = max(len(curve) // CURVE_POINTS, 1)
    kept = sorted({*range(0, len(curve), step), len(curve) - 1})
    points: pd.DataFrame = curve.iloc[kept][["coverage", "risk", "ideal"]]
    return points
