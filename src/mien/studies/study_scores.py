"""Score the cells of a study: values, intervals, stars against the reference, doubt and groups."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.answers import with_truth
from mien.evaluation.calibration import debiased_calibration_error
from mien.evaluation.corrections import holm
from mien.evaluation.groups import worst_gap
from mien.evaluation.intervals import bootstrap_counts
from mien.evaluation.judge import ATTRIBUTES
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.paired_systems import compare_answers
from mien.evaluation.selective import gain_of_abstaining, risk_coverage
from mien.evaluation.significance import stars
from mien.evaluation.speakers import speaker_strip, worst_decile
from mien.evaluation.summed_scores import find_score
from mien.evaluation.uncertainty import error_detection
from mien.studies.cells import Answered

CURVE_POINTS = 60
LEAST_DRAWS = 100
SHARE = 0.2
BY_SEGMENT = "tested by segment, as if each were of another person: who speaks is not known"


def score_system(cells: Sequence[Answered], *, metric: str, draws: int) -> dict[str, Any]:
    """Return a system's score on one corpus, its interval by speaker and its spread over seeds.

    Args:
        cells: one per seed, each with answers.
        metric: see `mien.evaluation.summed_scores.find_score`.
        draws: resamples of the interval.
    """
    frames = [with_truth(cell.answers) for cell in cells if cell.answers is not None]
    first = frames[0]
    score = find_score(metric, first)
    labels = sorted(
        {name for one in frames for side in ("truth", "prediction") for name in one[side].unique()}
    )
    counts = np.stack([score.counts(one, labels) for one in frames], axis=1)
    per_seed = np.asarray(score.score(counts.sum(axis=0)))
    row: dict[str, Any] = {"metric": metric, "title": score.title, "n": len(first), "seeds": len(frames)}
    row |= {"value": float(per_seed.mean()), "folds": first["fold"].nunique()}
    if len(frames) > 1:
        row["sd_seeds"] = float(per_seed.std(ddof=1))
    if first["speaker"].isna().any():
        speaker = np.arange(len(first))
        row["note"] = "interval by segment: who speaks is not known"
    else:
        speaker = first.groupby(["corpus", "speaker"], sort=True).ngroup().to_numpy()
        row["speakers"] = int(speaker.max()) + 1
    summed = np.zeros((speaker.max() + 1, *counts.shape[1:]))
    np.add.at(summed, speaker, counts)
    try:
        bounds = bootstrap_counts(lambda drawn: score.score(drawn).mean(axis=1), summed, draws=draws)
        row |= {"low": bounds.low, "high": bounds.high}
    except UndefinedScore as reason:
        row["note"] = f"no interval: {reason}"
    return row


def judge_system(
    cells: Sequence[Answered], *, draws: int
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return doubt and groups of a system's first seed, its speakers, and its risk over coverage.

    Args:
        cells: one per seed, each with answers.
        draws: resamples, of which a fifth is enough here: no interval is shown.
    """
    answers = with_truth(cells[0].answers)
    options: dict[str, Any] = {"draws": max(draws // 5, LEAST_DRAWS)}
    correct = (answers["truth"] == answers["prediction"]).to_numpy()
    doubt = answers["doubt"].to_numpy(dtype=float)
    row: dict[str, Any] = {
        "calibration_error": debiased_calibration_error(answers["confidence"].to_numpy(float), correct),
        "error_auroc": _or_none(lambda: error_detection(doubt, correct)),
        "abstain_gain": _or_none(
            lambda: gain_of_abstaining(
                answers["truth"].to_numpy(), answers["prediction"].to_numpy(), doubt=doubt, share=SHARE
            )
        ),
    }
    known = answers[answers["speaker"].notna()]
    strip = pd.DataFrame(columns=["speaker", "value", "n"])
    if len(known):
        strip = speaker_strip(known, unweighted_average_recall)
        decile = worst_decile(known, unweighted_average_recall, **options)["value"].iloc[0]
        row |= {"worst_decile": decile} | _worst_gap(known, options)
    curve = risk_coverage(doubt, correct)
    kept = np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS).astype(int))
    return row, strip[["speaker", "value", "n"]], curve.iloc[kept][["coverage", "risk"]]


def _worst_gap(known: pd.DataFrame, options: dict[str, Any]) -> dict[str, Any]:
    attributes = [name for name in ATTRIBUTES if known[name].nunique() > 1]
    if not attributes:
        return {}
    gaps = worst_gap(known, unweighted_average_recall, attributes, **options).dropna(subset=["gap"])
    if gaps.empty:
        return {}
    worst = gaps.sort_values("gap", ascending=False).iloc[0]
    return {"worst_gap": float(worst["gap"]), "worst_gap_of": str(worst["attribute"])}


def _or_none(value: Callable[[], float]) -> float | None:
    """Return a value, or None where these answers do not define it."""
    try:
        return float(value())
    except UndefinedScore:
        return None


def star_against(
    cells: Mapping[str, Sequence[Answered]], reference: str, *, metric: str, draws: int
) -> dict[str, dict[str, Any]]:
    """Compare each system with the reference on one corpus: paired, by speaker, not yet corrected.

    Where no speaker is known at all, segments are swapped instead, and the note says so.

    Args:
        cells: system → its seeds on this corpus.
        reference: one of the systems; where it failed, there is nothing to compare.
        metric: to compare by.
        draws: resamples per interval; ten times as many swaps per p-value.

    Returns:
        system → `difference` (system less reference), its interval, `p`, and `note`.
    """
    base = _seeds_of(cells.get(reference, ()))
    found: dict[str, dict[str, Any]] = {}
    for name, own in cells.items():
        mine = _seeds_of(own)
        if name == reference or base is None or mine is None:
            continue
        try:
            tables = compare_answers(
                mine, {reference: base}, name=name, metrics=(metric,), correction="none", draws=draws
            )
        except DataError as error:
            found[name] = {"note": f"not compared: {error}"}
            continue
        found[name] = _difference(tables.rows.iloc[0], by_segment=bool(base["speaker"].isna().all()))
    return found


def _difference(row: "pd.Series[Any]", *, by_segment: bool) -> dict[str, Any]:
    """Return difference, interval and p of a comparison; by segment where nobody's speaker is known."""
    of, note = ("_item", BY_SEGMENT) if by_segment else ("", row["note"])
    low, high, p = (row[f"{name}{of}"] for name in ("low", "high", "p"))
    return {
        **{"difference": row["difference"], "difference_low": low, "difference_high": high},
        **{"p": p, "note": note},
    }


def correct_all(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Correct the p-values of a whole study together (Holm) and give stars; return how many they are."""
    rows = rows.copy()
    tested = rows["p"].notna()
    if tested.any():
        rows.loc[tested, "p_corrected"] = holm(rows.loc[tested, "p"].to_numpy(dtype=float))
    rows["stars"] = [stars(p) if pd.notna(p) else "" for p in rows["p_corrected"]]
    return rows, int(tested.sum())


def _seeds_of(cells: Sequence[Answered]) -> pd.DataFrame | None:
    """Return the answers of all seeds, with a column `seed`; None where there are none."""
    frames = [with_truth(cell.answers).assign(seed=cell.seed) for cell in cells if cell.answers is not None]
    return pd.concat(frames, ignore_index=True) if frames else None
