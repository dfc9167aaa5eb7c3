"""A search keeps every trial, survives a kill and failing trials, and goes on exactly where it was."""

import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("optuna")

from mien.core.errors import ConfigError, DataError, InputError
from mien.training.search import Outcome, search
from mien.training.search_space import Choice, Number

SPACE = {
    "way": Choice(("probe", "lora")),
    "x": Number(0.0, 1.0),
    "rate": Number(1e-4, 1e-1, log=True),
    "rank": Number(1, 16, whole=True, only=("way", "lora")),
}
FIRST = {"way": "probe", "x": 0.9, "rate": 1e-3}
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from mien.training.search import search
from mien.training.search_space import Number
made = 0
def objective(settings):
    global made
    made += 1
    if made == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return -(settings["x"] - 0.3) ** 2
search(objective, {"x": Number(0, 1)}, trials=9, study="s", storage=Path(sys.argv[1]))
"""


def bowl(settings: dict) -> Outcome:
    """Return a score that is best at x = 0.3 with probe."""
    return Outcome(-((settings["x"] - 0.3) ** 2) - 0.1 * (settings["way"] == "lora"), {"epochs": 3})


def settings_of(table: pd.DataFrame) -> pd.DataFrame:
    return table[["trial", "state", "score", *SPACE]]


def test_the_first_settings_are_tried_first_and_the_best_are_returned(tmp_path):
    found = search(
        bowl, SPACE, trials=8, sampler="random", study="s", storage=tmp_path / "a.db", first=[FIRST]
    )
    first = found.trials.iloc[0]
    assert (first["way"], first["x"], first["rate"]) == ("probe", 0.9, 1e-3)
    assert found.best.score == found.trials["score"].max()
    assert bowl(found.settings).score == found.best.score
    assert found.best.facts == {"epochs": 3}
    assert found.outcome_of(FIRST).score == first["score"]
    assert found.outcome_of({"way": "probe"}) is None
    assert (found.trials["rank"].notna() == (found.trials["way"] == "lora")).all()
    assert (found.trials["seconds"] >= 0).all()


def test_tpe_comes_closer_than_chance(tmp_path):
    missed = {"tpe": 0.0, "random": 0.0}
    for sampler in missed:
        for seed in range(2):
            found = search(
                lambda settings: -abs(settings["x"] - 0.37) - abs(settings["y"] - 0.81),
                {"x": Number(0, 1), "y": Number(0, 1)},
                trials=18, sampler=sampler, study=f"{sampler}{seed}", storage=tmp_path / "a.db", seed=seed,
            )  # fmt: skip
            missed[sampler] -= found.best.score
    assert missed["tpe"] < missed["random"]


def test_a_search_that_is_continued_makes_the_trials_of_one_that_was_not_stopped(tmp_path):
    def go(study: str, trials: int) -> pd.DataFrame:
        return search(bowl, SPACE, trials=trials, study=study, storage=tmp_path / "a.db").trials

    go("parted", 6)
    whole = go("whole", 9)
    pd.testing.assert_frame_equal(settings_of(go("parted", 9)), settings_of(whole))
    assert len(go("whole", 9)) == 9


def test_what_a_killed_process_tried_is_tried_again(tmp_path):
    storage = str(tmp_path / "a.db")
    killed = subprocess.run([sys.executable, "-c", PROGRAM, storage, "3"], check=False)
    assert killed.returncode == -signal.SIGKILL
    done = subprocess.run([sys.executable, "-c", PROGRAM, storage, "0"], check=False)
    assert done.returncode == 0
    found = search(lambda _: 0.0, {"x": Number(0, 1)}, trials=9, study="s", storage=tmp_path / "a.db").trials
    assert found["state"].tolist() == ["done", "done", "stopped", *["done"] * 7]
    assert found["x"][3] == found["x"][2]
    whole = search(
        lambda settings: -((settings["x"] - 0.3) ** 2), {"x": Number(0, 1)}, trials=9, study="whole",
        storage=tmp_path / "a.db",
    ).trials  # fmt: skip
    np.testing.assert_allclose(found["x"].drop(index=2), whole["x"])


def test_several_processes_share_one_study(tmp_path):
    storage = str(tmp_path / "a.db")
    both = [subprocess.Popen([sys.executable, "-c", PROGRAM, storage, "0"]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    found = search(lambda _: 0.0, {"x": Number(0, 1)}, trials=9, study="s", storage=tmp_path / "a.db").trials
    assert set(found["state"]) == {"done"}
    assert len(found) in (9, 10)


def test_trials_that_fail_are_kept_with_their_reason_and_the_search_goes_on(tmp_path):
    faults = iter([RuntimeError("out of memory"), DataError("Got a loss that is no number"), MemoryError()])

    def objective(settings: dict) -> float:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        return float("nan") if settings["x"] > 0.8 else settings["x"]

    found = search(objective, SPACE, trials=8, sampler="random", study="s", storage=tmp_path / "a.db")
    assert found.trials["state"][:3].tolist() == ["failed"] * 3
    assert found.trials["note"][0] == "RuntimeError: out of memory"
    assert found.trials["note"][1] == "DataError: Got a loss that is no number"
    high = found.trials[(found.trials["x"] > 0.8) & (found.trials["trial"] > 2)]
    assert high["note"].str.contains("no number").all()
    assert found.settings["x"] <= 0.8
    assert len(found.trials) == 8


def test_a_fault_of_the_program_is_not_taken_for_a_trial_that_failed(tmp_path):
    def objective(settings: dict) -> float:
        return settings["absent"]

    with pytest.raises(KeyError):
        search(objective, SPACE, trials=2, study="s", storage=tmp_path / "a.db")


def test_where_every_trial_fails_the_first_reason_is_said(tmp_path):
    def objective(settings: dict) -> float:
        raise RuntimeError("no memory at all")

    with pytest.raises(DataError, match=r"no trial with a score out of 2.*no memory at all"):
        search(objective, SPACE, trials=2, study="s", storage=tmp_path / "a.db")


def test_no_trial_is_begun_once_the_time_is_spent_but_one_is_always_made(tmp_path):
    options = {"study": "s", "storage": tmp_path / "a.db"}
    assert len(search(bowl, SPACE, trials=5, time_budget_s=1e-9, **options).trials) == 1
    assert len(search(bowl, SPACE, trials=5, time_budget_s=1e-9, **options).trials) == 1
    assert len(search(bowl, SPACE, trials=3, time_budget_s=600, **options).trials) == 3


def test_smac_learns_from_the_trials_of_the_study(tmp_path):
    pytest.importorskip("smac", reason="mien[smac] is not installed")

    def objective(settings: dict) -> float:
        if settings["x"] > 0.95:
            raise RuntimeError("out of memory")
        return bowl(settings).score

    first = [{"way": "probe", "x": x, "rate": 1e-3} for x in (0.2, 0.4, 0.7, 0.99)]
    lora = [{"way": "lora", "x": 0.5, "rate": 1e-2, "rank": 8}]
    options = {"sampler": "smac", "study": "s", "storage": tmp_path / "a.db", "first": [*first, *lora]}
    found = search(objective, SPACE, trials=7, **options)
    chosen = found.trials.iloc[5:]
    assert (chosen["x"].between(0, 1) & chosen["rate"].between(1e-4, 1e-1)).all()
    assert (found.trials["rank"].notna() == (found.trials["way"] == "lora")).all()
    assert found.trials["state"].tolist()[3] == "failed"
    assert found.trials["x"].is_unique


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sampler": "smca"}, ConfigError, "Got sampler `smca`, expected tpe, random, smac.*`smac`"),
        ({"trials": 0}, ConfigError, "Got 0 trials"),
        ({"time_budget_s": 0}, ConfigError, "Got 0 s for all trials"),
        ({"first": [{"way": "probe", "x": 2.0, "rate": 0.01}]}, ConfigError, "expected a point of the space"),
    ],
)
def test_what_cannot_be_searched_is_said(options, error, message, tmp_path):
    given = {"trials": 2, "study": "s", "storage": tmp_path / "a.db", **options}
    with pytest.raises(error, match=message):
        search(bowl, SPACE, **given)


def test_a_file_that_holds_no_trials_is_refused(tmp_path):
    (tmp_path / "a.db").write_text("not a database " * 100)
    with pytest.raises(InputError, match="expected an SQLite file of earlier trials"):
        search(bowl, SPACE, trials=1, study="s", storage=tmp_path / "a.db")
