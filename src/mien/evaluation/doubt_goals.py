"""Goals U1 to U5 of doubt and fairness: is the model as sure as it should be, for everyone?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.out_of_domain import domain_interval
from mien.evaluation.resampling import resample
from mien.evaluation.selective import area_under_risk_coverage, gain_of_abstaining, resampled_area
from mien.evaluation.speaker_interval import over_speakers
from mien.evaluation.uncertainty import error_detection, resampled_detection

GOAL_COLUMNS = ("id", "what", "corpus", "value", "low", "high", "goal", "met", "note")
LARGEST_ECE = 0.05
LEAST_AUROC_OF_ERRORS = 0.70
LEAST_AUROC_OF_NON_SPEECH = 0.90
LARGEST_AURC_LOSS = 0.001
"""Counts as not worse than least confidence."""

LEAST_GAIN = 0.04
LARGEST_GAP = 0.05
SHARE = 0.2


def goal_table(
    answers: pd.DataFrame,
    *,
    scores: pd.DataFrame,
    gaps: pd.DataFrame,
    deciles: pd.DataFrame,
    non_speech: pd.DataFrame | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge answers by the goals U1 to U5.

    U1: calibration error at most .05. U2: own errors found by doubt, area under the ROC at least .70, and
    risk over coverage not worse than by least confidence (1 less the largest probability; plain entropy is
    what the members' total doubt is already). U3: non-speech told from speech by epistemic doubt, at least
    .90. U4: at least 4 points of average recall gained by abstaining on the most doubtful fifth. U5: at
    most 5 points between the sexes, and the worst tenth of speakers reported.

    Args:
        answers: as `mien.evaluation.answers` gives them.
        scores: from `score_table`.
        gaps: from `worst_gap`, with the attribute `sex`.
        deciles: from `worst_decile`.
        non_speech: the same model's predictions for sounds without speech; None leaves U3 open.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        Frame with `GOAL_COLUMNS`, in the order of the goals; intervals are 95 %, over speakers. `met`
        compares the value, not its interval, with the goal; it is null where there is no value or no goal.
        The gap of U5 is met or missed only with its whole interval, and null where this includes the goal:
        a gap of few speakers can seem small by chance.
    """
    rows = [*_calibration(scores)]
    for corpus, part in answers.groupby("corpus", sort=False):
        rows += [*_errors(str(corpus), part, draws=draws, seed=seed)]
    rows.append(_non_speech(answers, non_speech, draws=draws, seed=seed))
    for corpus, part in answers.groupby("corpus", sort=False):
        rows.append(_abstaining(str(corpus), part, draws=draws, seed=seed))
    rows += [*_sexes(gaps), *_deciles(deciles)]
    table = pd.DataFrame(rows, columns=list(GOAL_COLUMNS))
    table = table.sort_values("id", kind="stable", ignore_index=True)
    return table.astype({"value": float, "low": float, "high": float, "met": "boolean"})


def _row(number: str, what: str, corpus: str, goal: str, **found: Any) -> dict[str, Any]:
    empty = {"value": None, "low": None, "high": None, "met": None, "note": ""}
    return {**empty, "id": number, "what": what, "corpus": corpus, "goal": goal, **found}


def _calibration(scores: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in scores[scores["metric"] == "ece"].to_dict("records"):
        known = pd.notna(row["value"])
        yield _row(
            "U1",
            "calibration error, 15 bins of equal mass, debiased",
            row["corpus"],
            f"≤ {LARGEST_ECE:.2f}",
            value=row["value"],
            low=row["low"],
            high=row["high"],
            met=bool(row["value"] <= LARGEST_ECE) if known else None,
            note=row["note"],
        )


def _errors(corpus: str, part: pd.DataFrame, *, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    correct = (part["truth"] == part["prediction"]).to_numpy()
    doubt, plain = part["doubt"].to_numpy(dtype=float), 1 - part["confidence"].to_numpy(dtype=float)
    options = {"draws": draws, "seed": seed}
    found = over_speakers(
        lambda: error_detection(doubt, correct),
        lambda names: resampled_detection(~correct, doubt, cluster=names, **options),
        speaker=part["speaker"],
    )
    what, goal = "own errors found by doubt, AUROC", f"≥ {LEAST_AUROC_OF_ERRORS:.2f}"
    yield _met(
        _row("U2", what, corpus, goal, **found._asdict()), lambda value: value >= LEAST_AUROC_OF_ERRORS
    )
    found = over_speakers(
        lambda: area_under_risk_coverage(doubt, correct) - area_under_risk_coverage(plain, correct),
        lambda names: resampled_area(doubt, correct, less=plain, cluster=names, **options),
        speaker=part["speaker"],
    )
    what, goal = "risk over coverage (AURC), doubt minus least confidence", f"≤ {LARGEST_AURC_LOSS}"
    yield _met(_row("U2", what, corpus, goal, **found._asdict()), lambda value: value <= LARGEST_AURC_LOSS)


def _non_speech(
    answers: pd.DataFrame, non_speech: pd.DataFrame | None, *, draws: int, seed: int
) -> dict[str, Any]:
    column = "epistemic.category"
    row = _row(
        "U3",
        "non-speech told from speech by epistemic doubt, AUROC",
        "all",
        f"≥ {LEAST_AUROC_OF_NON_SPEECH:.2f}",
    )
    if non_speech is None:
        return row | {"note": "Not judged: pass the model's predictions for non-speech (--non-speech)."}
    if column not in non_speech or column not in answers:
        return row | {"note": f"Not judged: the predictions have no `{column}`."}
    inside, outside = (table[column].to_numpy(dtype=float) for table in (answers, non_speech))
    if not (np.isfinite(inside).all() and np.isfinite(outside).all()):
        raise DataError(f"Got `{column}` that is missing in places, expected a number in every row.")
    found = domain_interval(inside, outside, speaker=answers["speaker"], draws=draws, seed=seed)
    note = f"{len(non_speech)} sounds against {len(answers)} clips of speech. {found.note}".strip()
    return _met(row | found._asdict() | {"note": note}, lambda value: value >= LEAST_AUROC_OF_NON_SPEECH)


def _abstaining(corpus: str, part: pd.DataFrame, *, draws: int, seed: int) -> dict[str, Any]:
    def gain(truth: NDArray[Any], prediction: NDArray[Any], doubt: NDArray[Any]) -> float:
        return gain_of_abstaining(truth, prediction, doubt=doubt, share=SHARE)

    labels, doubt = pd.concat([part["truth"], part["prediction"]]), part["doubt"].to_numpy(dtype=float)
    # every draw sorts the labels, and numbers sort faster than words
    truth, prediction = np.split(pd.factorize(labels)[0], 2)
    found = over_speakers(
        lambda: gain(part["truth"].to_numpy(), part["prediction"].to_numpy(), doubt),
        lambda names: resample(gain, truth, prediction, doubt, cluster=names, draws=draws, seed=seed),
        speaker=part["speaker"],
    )
    row = _row("U4", f"average recall gained by abstaining on {SHARE:.0%}", corpus, f"≥ {LEAST_GAIN:.2f}")
    return _met(row | found._asdict(), lambda value: value >= LEAST_GAIN)


def _sexes(gaps: pd.DataFrame) -> Iterator[dict[str, Any]]:
    metric = unweighted_average_recall.__name__
    for gap in gaps[(gaps["attribute"] == "sex") & (gaps["metric"] == metric)].to_dict("records"):
        better = f"better for {gap['best']}" if pd.notna(gap["gap"]) else ""
        met, why = _surely_below(gap["gap"], low=gap["low"], high=gap["high"], limit=LARGEST_GAP)
        yield _row(
            "U5",
            "average recall, gap between the sexes",
            gap["corpus"],
            f"≤ {LARGEST_GAP:.2f}",
            value=gap["gap"],
            low=gap["low"],
            high=gap["high"],
            met=met,
            note="; ".join(text for text in (why, better, gap["note"]) if text),
        )


def _surely_below(value: Any, *, low: Any, high: Any, limit: float) -> tuple[bool | None, str]:
    """Return whether a whole interval lies on one side of a limit, or None and the reason."""
    if pd.isna(value):
        return None, ""
    if pd.isna(low) or pd.isna(high):
        return None, "not shown: there is no interval"
    if low <= limit < high:
        return None, "not shown: the interval includes the goal"
    return bool(high <= limit), ""


def _deciles(deciles: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in deciles.to_dict("records"):
        found = {name: row[name] for name in ("value", "low", "high")}
        alike = (
            f"{100 * row['alike']:.1f} % is usual where all are equally easy; no goal is set"
            if pd.notna(row["alike"])
            else ""
        )
        found["note"] = "; ".join(text for text in (alike, row["note"]) if text)
        yield _row("U5", "average recall, worst tenth of speakers", row["corpus"], "reported", **found)


def _met(row: dict[str, Any], reaches: Any) -> dict[str, Any]:
    return row if row["value"] is None else row | {"met": bool(reaches(row["value"]))}
