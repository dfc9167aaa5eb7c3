"""Ladder answers beside a run's predictions become goal U6, and what is not theirs is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.evaluation.doubt_goals import GOAL_COLUMNS
from mien.evaluation.robustness import judge_robustness
from mien.evaluation.run_evaluation import evaluate_predictions
from mien.evaluation.stored_ladder import (
    LADDER_ANSWERS,
    leave_open,
    split_rungs,
    stored_robustness,
    unmeasured_robustness,
)
from mien.signals.degrade import LADDER, LEVELS

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "voice-small-open" / "predictions.parquet"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run's folder with real predictions, and made-up ladder answers that lose a tenth a level."""
    folder = tmp_path_factory.mktemp("run")
    predictions = pd.read_parquet(RESULTS)
    predictions.to_parquet(folder / "predictions.parquet")
    names = [name for name in predictions if name.startswith("p.")]
    clean = predictions[["segment", "corpus", "speaker", "model", *names]].assign(
        truth=predictions["category"], prediction=predictions["category"], condition="clean", level=0
    )
    chance = np.random.default_rng(0).uniform(size=len(clean))
    parts = [clean]
    for condition in LADDER:
        for level in LEVELS:
            wrong = clean["truth"].where(chance > level / 10, "neutral")
            parts.append(clean.assign(prediction=wrong, condition=condition, level=level))
    (folder / LADDER_ANSWERS).parent.mkdir()
    pd.concat(parts).assign(held_out=True).to_parquet(folder / LADDER_ANSWERS)
    return folder


def rewrite(run: Path, target: Path, **columns: object) -> Path:
    """Return a folder with the same ladder answers, some columns changed."""
    (target / LADDER_ANSWERS).parent.mkdir()
    pd.read_parquet(run / LADDER_ANSWERS).assign(**columns).to_parquet(target / LADDER_ANSWERS)
    return target


def test_the_goals_of_an_evaluated_run_show_u6_with_its_interval(run):
    goals = evaluate_predictions(run, draws=100).goals.set_index("id").loc["U6"]
    clean, degraded = split_rungs(pd.read_parquet(run / LADDER_ANSWERS))
    assert len(degraded) == len(LADDER) * len(LEVELS)
    expected = judge_robustness(clean, degraded, draws=100).goals.set_index("id")
    pd.testing.assert_frame_equal(goals, expected)
    mean = goals.iloc[0]
    assert mean["low"] < mean["value"] < mean["high"] < 0.85
    assert goals["met"].tolist()[:1] == [False]


def test_without_ladder_answers_the_goal_says_how_to_measure_it(run, tmp_path):
    pd.read_parquet(run / "predictions.parquet").to_parquet(tmp_path / "predictions.parquet")
    goal = evaluate_predictions(tmp_path, draws=100).goals.iloc[-1]
    assert goal["id"] == "U6"
    assert goal["note"].startswith("Not measured: run `python scripts/robustness.py DATA RUN`")
    assert pd.isna(goal["value"])
    assert pd.isna(goal["met"])
    assert stored_robustness(tmp_path, model="voice-small-open") is None
    assert tuple(unmeasured_robustness()) == GOAL_COLUMNS


def test_answers_of_a_model_that_had_heard_the_clips_are_not_judged(run, tmp_path):
    folder = rewrite(run, tmp_path, held_out=False)
    goals = stored_robustness(folder, model="voice-small-open", draws=100)
    judged = stored_robustness(run, model="voice-small-open", draws=100)
    assert goals["value"].tolist() == judged["value"].tolist()
    assert goals["met"].isna().all()
    assert goals["note"].str.startswith("Not judged: the model was trained").tolist() == [True, False]
    assert leave_open(goals)["note"].iloc[1] == judged["note"].iloc[1]


def test_answers_of_another_model_or_without_clean_clips_are_refused(run, tmp_path):
    with pytest.raises(DataError, match="ladder answers of `voice-small-open`"):
        stored_robustness(run, model="mine")
    table = pd.read_parquet(run / LADDER_ANSWERS)
    with pytest.raises(DataError, match="no answers for `clean` clips"):
        split_rungs(table[table["level"] > 0])
    folder = rewrite(run, tmp_path)
    table.drop(columns="held_out").to_parquet(folder / LADDER_ANSWERS)
    with pytest.raises(DataError, match="without `held_out`; make it again"):
        stored_robustness(folder, model="voice-small-open")
