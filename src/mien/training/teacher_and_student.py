"""Put a student beside its teacher, on clips that neither learned from: answers, scores, both doubts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from mien.core.errors import UndefinedScore
from mien.evaluation.answers import categories_of, with_truth
from mien.evaluation.score_table import score_table
from mien.evaluation.uncertainty import compare_doubts
from mien.prediction.doubt import split_doubt
from mien.prediction.predictor import Outputs

COLUMNS = (
    "measure", "teacher", "teacher_low", "teacher_high", "student", "student_low", "student_high", "n",
    "speakers", "note",
)  # fmt: skip
DRAWS = 1000
DOUBTS = ("aleatoric.category", "epistemic.category")
LEAST_SPREAD = 1e-6
"""Doubts of a smaller spread, in nats, differ by rounding alone."""


def answer_table(
    table: pd.DataFrame, outputs: Outputs, *, categories: Sequence[str], model: str
) -> pd.DataFrame:
    """Return answers as a prediction table, with the truth where it is known.

    Args:
        table: the clips, with `segment`, and where known `speaker`, `category` and more.
        outputs: of the same clips, in their order.
        categories: in the order of the probabilities.
        model: who answered.
    """
    about = [name for name in ("segment", "corpus", "speaker", "fold", "category") if name in table]
    found = table[about].reset_index(drop=True).assign(source="voice", model=model)
    for number, name in enumerate(categories):
        found[f"p.{name}"] = outputs.p[:, :, number].mean(axis=1)
    if categories:
        doubt = split_doubt(outputs.p)
        found["aleatoric.category"], found["epistemic.category"] = doubt.aleatoric, doubt.epistemic
    for name, values in outputs.dimensions.items():
        found[name] = values.mean(axis=1)
    return found


def compare_with_teacher(
    teacher: pd.DataFrame, student: pd.DataFrame, *, dimensions: Sequence[str] = (), draws: int = DRAWS
) -> pd.DataFrame:
    """Compare two prediction tables of the same clips, in the same order.

    Args:
        teacher: as `answer_table` gives it.
        student: the same of the student.
        dimensions: columns of dimensions.
        draws: resamples of speakers per interval.

    Returns:
        Frame with `COLUMNS`, one row per measure: how often both choose the same category, the rank
        correlation of both kinds of doubt and of dimensions; and on labelled clips of each corpus together
        average recall, calibration error, and how well total and epistemic doubt tell errors (0.5 is
        chance). Null with the reason in `note` where a measure has no value.
    """
    rows = []
    if categories_of(teacher):
        columns = [name for name in teacher if str(name).startswith("p.")]
        tops = [one[columns].to_numpy().argmax(axis=1) for one in (teacher, student)]
        rows.append(_row("same top category", student=float((tops[0] == tops[1]).mean()), n=len(teacher)))
        rows += [_correlation(teacher, student, name) for name in DOUBTS]
    rows += [_correlation(teacher, student, name) for name in dimensions]
    if categories_of(teacher) and "category" in teacher and teacher["category"].notna().any():
        known = teacher["category"].notna().to_numpy()
        sides = [_scores(one[known], draws=draws) for one in (teacher, student)]
        rows += [_paired(*pair) for pair in zip(*sides, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def comparison_lines(compared: pd.DataFrame) -> list[str]:
    """Return the comparison as a Markdown table, line by line.

    Args:
        compared: of `compare_with_teacher`.
    """
    lines = ["| measure | teacher | student | clips | speakers | note |", "|---|---|---|---:|---:|---|"]
    for row in compared.to_dict("records"):
        sides = [_cell(row[side], row[f"{side}_low"], row[f"{side}_high"]) for side in ("teacher", "student")]
        speakers = "–" if pd.isna(row["speakers"]) else str(int(row["speakers"]))
        lines.append(
            f"| {row['measure']} | {sides[0]} | {sides[1]} | {row['n']} | {speakers} | {row['note']} |"
        )
    return lines


def rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Spearman's correlation, -1 to 1.

    Args:
        one: `(clips,)`.
        other: `(clips,)`.

    Raises:
        UndefinedScore: one of them is the same for all clips.
    """
    if min(np.ptp(one), np.ptp(other)) < LEAST_SPREAD:
        raise UndefinedScore(f"Got the same value for all {len(one)} clips, which correlates with nothing.")
    return float(spearmanr(one, other).statistic)


def _scores(table: pd.DataFrame, *, draws: int) -> list[dict]:
    """Return the scores on labelled clips, all corpora together."""
    one = with_truth(table.assign(corpus="all"), label="category")
    scores = score_table(one, draws=draws).set_index("metric")
    people = scores["speakers"].iloc[0]
    about = {"n": len(one), "speakers": people}
    found = [
        {"measure": scores.loc[name, "title"], **_value(scores.loc[name]), **about} for name in ("uar", "ece")
    ]
    doubts = compare_doubts(
        one, one["truth"], speaker=one["speaker"] if one["speaker"].notna().all() else None, draws=draws
    ).set_index("doubt")
    for kind in ("entropy", "epistemic"):
        if kind in doubts.index:
            row = doubts.loc[kind].rename({"error_detection": "value"})
            name = f"errors told by {'total' if kind == 'entropy' else kind} doubt"
            found.append({"measure": name, **_value(row), **about})
    return found


def _value(row: pd.Series) -> dict:
    bounds = {side: row.get(side, np.nan) for side in ("low", "high")}
    return {"value": row["value"], **bounds, "note": row["note"] if pd.isna(row["value"]) else ""}


def _paired(teacher: dict, student: dict) -> dict:
    row = _row(teacher["measure"], teacher=teacher["value"], student=student["value"], n=teacher["n"])
    for name, side in (("teacher", teacher), ("student", student)):
        row |= {f"{name}_low": side["low"], f"{name}_high": side["high"]}
    return row | {"speakers": teacher["speakers"], "note": teacher["note"] or student["note"]}


def _correlation(teacher: pd.DataFrame, student: pd.DataFrame, name: str) -> dict:
    measure = f"rank correlation of {name}"
    try:
        value = rank_correlation(teacher[name].to_numpy(float), student[name].to_numpy(float))
    except UndefinedScore as reason:
        return _row(measure, n=len(teacher)) | {"note": str(reason)}
    return _row(measure, student=value, n=len(teacher))


def _row(measure: str, *, n: int, teacher: float = np.nan, student: float = np.nan) -> dict:
    empty = dict.fromkeys(COLUMNS, np.nan)
    return {**empty, "measure": measure, "teacher": teacher, "student": student, "n": n, "note": ""}


def _cell(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:.3f}" if pd.isna(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"
