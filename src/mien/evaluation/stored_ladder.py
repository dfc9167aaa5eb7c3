"""Goal U6 of a run: judge the ladder answers that lie beside its predictions."""

from pathlib import Path

import pandas as pd

from mien.core.errors import DataError
from mien.core.tables import read_table
from mien.evaluation.doubt_goals import GOAL_COLUMNS
from mien.evaluation.robustness import CLEAN, LEAST_RATIO, Rung, judge_robustness

LADDER_ANSWERS = Path("robustness", "answers.parquet")
"""Where they lie, below the folder that holds the predictions."""

COMMAND = "python scripts/robustness.py DATA RUN"
NOT_MEASURED = f"Not measured: run `{COMMAND}` (docs/degradations.md), then evaluate again."
NEEDED = ("segment", "speaker", "corpus", "truth", "prediction", "condition", "level", "model", "held_out")


def unmeasured_robustness() -> pd.DataFrame:
    """Return the row of goal U6 of a model that was not asked on the ladder: it says how to do so."""
    row = {"id": "U6", "what": "average recall on degraded recordings, as a share of that on clean ones"}
    row |= {"corpus": "all", "goal": f"≥ {LEAST_RATIO:.2f}", "note": NOT_MEASURED}
    table = pd.DataFrame([row], columns=list(GOAL_COLUMNS))
    return table.astype({"value": float, "low": float, "high": float, "met": "boolean"})


def stored_robustness(
    folder: str | Path, *, model: str, draws: int = 1000, seed: int = 0
) -> pd.DataFrame | None:
    """Judge the answers that `scripts/robustness.py` left in a run's folder.

    Args:
        folder: the run; the answers lie in `robustness/answers.parquet` below it.
        model: name of the model that is evaluated.
        draws: resamples per interval.
        seed: seeds the resampling.

    Returns:
        Rows of goal U6 as in `judge_robustness`, not judged where the model had heard the clips; None where
        nothing lies there.

    Raises:
        InputError: the table cannot be read.
        DataError: it lacks a column, or holds the answers of another model.
    """
    path = Path(folder) / LADDER_ANSWERS
    if not path.is_file():
        return None
    table = read_table(path)
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise DataError(f"Got `{path}` without `{missing[0]}`; make it again with `{COMMAND}`.")
    others = sorted({str(name) for name in table["model"]} - {model})
    if others:
        raise DataError(f"Got ladder answers of `{others[0]}` in `{path}`, expected those of `{model}`.")
    clean, degraded = split_rungs(table)
    goals = judge_robustness(clean, degraded, draws=draws, seed=seed).goals
    return goals if table["held_out"].all() else leave_open(goals)


def split_rungs(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[Rung, pd.DataFrame]]:
    """Return the answers for clean clips, and (condition, level) → those for degraded ones.

    Args:
        table: answers with `condition` and `level`; clean clips are `clean` at level 0.

    Raises:
        DataError: there are none for clean clips.
    """
    parts = {
        (str(name), int(str(level))): part.reset_index(drop=True)
        for (name, level), part in table.groupby(["condition", "level"], sort=False)
    }
    clean = parts.pop((CLEAN, 0), None)
    if clean is None:
        raise DataError(f"Got no answers for `{CLEAN}` clips, expected them beside the degraded ones.")
    return clean, parts


def leave_open(goals: pd.DataFrame) -> pd.DataFrame:
    """Return rows of goal U6 as not judged, because the model was trained on the clips.

    Example:
        >>> rows = unmeasured_robustness().assign(met=True, note="")
        >>> str(leave_open(rows).loc[0, "note"])
        'Not judged: the model was trained on these clips: the ratio is no estimate for new speakers'
    """
    why = "Not judged: the model was trained on these clips: the ratio is no estimate for new speakers"
    judged = goals["goal"] != "reported"
    notes = goals["note"].mask(judged, (f"{why}; " + goals["note"]).str.removesuffix("; "))
    return goals.assign(note=notes, met=pd.array([pd.NA] * len(goals), dtype="boolean"))
