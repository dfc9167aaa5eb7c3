"""A search hears no test clip, judges by speakers that did not train, and what it found is what ships."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("optuna")

from mien.core.errors import ConfigError
from mien.training.fine_tune import fine_tune
from mien.training.fine_tune_plan import prepare_run
from mien.training.fine_tune_search import inner_folds, search_space, varied
from mien.training.fine_tune_settings import search_overrides

_VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))
SMALL = ["net.members=2", "training.batch_size=8", "training.degraded_copies=0"]
SEARCHED = [*SMALL, "search.trials=3", "search.inner_folds=2", "search.sampler=random"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name in ("fine_tune_shipping", "search_results"):
        monkeypatch.setattr(f"mien.training.{name}.DRAWS", 100)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("mine")
    table = _VOICES["write_clips"](folder)
    own = pd.read_csv(table).assign(file=lambda one: [str(folder / file) for file in one["file"]])
    own["split"] = own["speaker"].map({"s0": "test", "s1": "test"}).fillna("train")
    own.to_csv(folder / "parted.csv", index=False)
    encoder = str(_VOICES["write_encoder"](folder / "encoder"))
    return {"source": str(folder / "parted.csv"), "encoder": encoder, "targets": ["emotion"], "epochs": 6}


@pytest.fixture(scope="module")
def searched(given, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fine_tune_shipping", "search_results"):
            patch.setattr(f"mien.training.{name}.DRAWS", 100)
        return fine_tune(overrides=SEARCHED, out=tmp_path_factory.mktemp("runs"), **given)


def test_what_won_inside_is_what_trains_and_ships(searched):
    trials = pd.read_csv(searched / "search.csv")
    found = json.loads((searched / "search.json").read_text())
    assert trials["state"].tolist() == ["done"] * 3
    best = trials.loc[trials["score"].idxmax()]
    assert found["settings"]["training.learning_rate"] == pytest.approx(best["training.learning_rate"])
    assert found["epochs"] == best["epochs"]
    parts = [json.loads(line) for line in (searched / "log.jsonl").read_text().splitlines()]
    assert [(part["part"], part["epochs"]) for part in parts] == [
        ("fold-0", best["epochs"]),
        ("refit", best["epochs"]),
    ]
    assert [part["clips"] for part in parts] == [16, 16]
    assert (searched / "model" / "model.onnx").is_file()


def test_the_first_trial_has_the_default_settings(searched):
    first = pd.read_csv(searched / "search.csv").iloc[0]
    assert first["training.learning_rate"] == 1e-3
    assert first["net.dropout"] == 0.3
    assert (searched / "defaults" / "fold-0.npz").is_file()


def test_report_evaluation_and_card_set_the_score_inside_beside_the_one_outside(searched):
    told = json.loads((searched / "search.json").read_text())["sentences"]
    inside = pd.read_csv(searched / "search.csv")["score"].max()
    assert f"scored {inside:.3f} on the speakers they were chosen by" in told[0]
    assert told[1].startswith("Against the default settings, searching changed uar by")
    for file in ("search.md", "evaluation/evaluation.md", "model/CARD.md"):
        assert "on speakers that no trial has heard" in (searched / file).read_text(), file
    assert (searched / "search.html").read_text().count('class="spot"') == 3


def test_the_labels_of_test_clips_change_no_trial(searched, given, tmp_path):
    table = pd.read_csv(given["source"])
    flipped = table["emotion"].map({"joy": "grief", "grief": "joy"})
    table["emotion"] = table["emotion"].where(table["split"] != "test", flipped)
    table.to_csv(tmp_path / "flipped.csv", index=False)
    other = fine_tune(overrides=SEARCHED, out=tmp_path, **{**given, "source": str(tmp_path / "flipped.csv")})
    ours, theirs = (pd.read_csv(run / "search.csv").drop(columns="seconds") for run in (searched, other))
    pd.testing.assert_frame_equal(ours, theirs)
    scores = [json.loads((run / "scores.json").read_text()) for run in (searched, other)]
    assert scores[0]["parted"]["uar"] != scores[1]["flipped"]["uar"]


def test_inner_folds_hold_out_whole_speakers_of_the_training_part(given, tmp_path):
    run = prepare_run(overrides=SEARCHED, out=tmp_path, **given)
    speaker, fold = run.target.table["speaker"].to_numpy(), run.plan.folds[0]
    inner = inner_folds(run, fold)
    assert len(inner) == 2
    for train, dev in inner:
        assert not set(speaker[train]) & set(speaker[dev])
        assert not {*train, *dev} & set(fold.test)
    assert sorted(np.concatenate([dev for _, dev in inner])) == sorted([*fold.train, *fold.dev])


def test_a_tables_own_dev_part_judges_the_trials(given, tmp_path):
    table = pd.read_csv(given["source"])
    table.loc[table["speaker"] == "s2", "split"] = "dev"
    table.to_csv(tmp_path / "own.csv", index=False)
    run = prepare_run(overrides=SEARCHED, out=tmp_path, **{**given, "source": str(tmp_path / "own.csv")})
    ((train, dev),) = inner_folds(run, run.plan.folds[0])
    assert set(run.target.table["speaker"].iloc[dev]) == {"own/s2"}
    assert not set(train) & set(dev)


def test_what_the_user_has_set_is_not_searched(given, tmp_path):
    overrides = [*SEARCHED, "training.learning_rate=0.01", 'search.ways=["probe", "lora"]']
    run = prepare_run(overrides=overrides, out=tmp_path, **given)
    space = search_space(run)
    assert "training.learning_rate" not in space
    assert space["net.rank"].only == ("net.adapt", "lora")
    assert "net.layer_decay" not in space
    other = varied(run, {"net.adapt": "lora", "net.rank": 4})
    assert other.settings.net.adapt == "lora"
    assert other.settings.net.rank == 4
    assert other.settings.training.learning_rate == 0.01
    assert other.settings.training.patience == 5
    assert other.hearing is run.hearing


def test_a_search_with_one_training_speaker_or_networks_apart_is_refused(given, tmp_path):
    run = prepare_run(overrides=SEARCHED, out=tmp_path, **given)
    alone = np.flatnonzero(run.target.table["speaker"] == "parted/s3")
    fold = replace(run.plan.folds[0], train=alone, dev=alone[:0])
    with pytest.raises(ConfigError, match="Got one speaker in the training part"):
        inner_folds(run, fold)
    apart = [*SEARCHED, "net.ensemble=networks"]
    with pytest.raises(ConfigError, match="Got a search with networks that are trained apart"):
        fine_tune(overrides=apart, out=tmp_path, **{**given, "adapt": "full"})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((None, 5.0, None, "probe"), "Got --search-minutes without --search"),
        ((None, None, "smac", "probe"), "Got --sampler without --search"),
        ((None, None, None, "probe,lora"), "Got --adapt probe,lora without --search"),
        ((5, None, None, "probe,lroa"), "Got --adapt lroa, expected probe, lora, full.*`lora`"),
    ],
)
def test_how_to_search_without_a_search_is_refused(asked, message):
    trials, minutes, sampler, adapt = asked
    with pytest.raises(ConfigError, match=message):
        search_overrides(trials, minutes, sampler, adapt=adapt)
