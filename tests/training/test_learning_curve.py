"""A learning curve is judged on the same held-out clips at each point, and goes on where it stopped."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import ConfigError, DataError
from mien.evaluation.learning_curve import area_under_learning_curve
from mien.training.fine_tune_parts import train_fold
from mien.training.fine_tune_plan import prepare_run
from mien.training.learning_curve import learning_curve

_VOICES = runpy.run_path(str(Path(__file__).with_name("voices.py")))
SMALL = ["net.members=2", "training.batch_size=8", "training.learning_rate=0.03"]
QUICK = {"targets": ["emotion"], "folds": 2, "overrides": [*SMALL, "training.degraded_copies=0"], "epochs": 4}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("mine")
    table = _VOICES["write_clips"](folder)
    return {"source": str(table), "encoder": str(_VOICES["write_encoder"](folder / "encoder")), **QUICK}


@pytest.fixture(scope="module")
def curve(given, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien.training.learning_curve.DRAWS", 50)
        options = {**given, "targets": ["emotion", "arousal"], "scales": {"arousal": (1, 7)}}
        return learning_curve(counts=["all", "4", 8], seeds=2, out=tmp_path_factory.mktemp("runs"), **options)


def test_every_point_has_its_score_interval_and_spread(curve):
    table = pd.read_csv(curve / "learning-curve.csv")
    assert table["labels"].tolist() == [4, 8, 12] * 2
    assert table["all"].tolist() == [False, False, True] * 2
    assert table["metric"].tolist() == ["uar"] * 3 + ["arousal.ccc"] * 3
    assert (table["n"] == 24).all()
    assert (table["draws"] == 2).all()
    assert (table["low"] <= table["value"]).all()
    assert table["sd"].notna().all()


def test_the_area_is_that_of_the_points(curve):
    table = pd.read_csv(curve / "learning-curve.csv")
    found = json.loads((curve / "learning-curve.json").read_text())
    for area in found["areas"]:
        part = table[table["metric"] == area["metric"]]
        assert area["value"] == pytest.approx(area_under_learning_curve(part["labels"], part["value"]))
    assert found["summary"]["protocol"] == "speaker-2-fold"


def test_all_labels_are_a_fold_without_dev_and_every_point_hears_the_same_clips(curve, given, tmp_path):
    run = prepare_run(
        out=tmp_path, **{**given, "targets": ["emotion", "arousal"]}, scales={"arousal": (1, 7)}
    )
    fold = run.plan.folds[0]
    rows = np.sort(np.concatenate([fold.train, fold.dev]))
    train_fold(run, replace(fold, train=rows, dev=rows[:0]), 0)
    plain = np.load(run.fold_file(0))
    whole = np.load(curve / "labels-all-seed-7" / "fold-0.npz")
    np.testing.assert_allclose(whole["category"], plain["category"], atol=1e-6)
    few = np.load(curve / "labels-4-seed-17" / "fold-0.npz")
    assert (few["rows"] == plain["rows"]).all()
    parts = [json.loads(line) for line in (curve / "labels-8-seed-7" / "log.jsonl").read_text().splitlines()]
    assert [(part["clips"], part["dev_clips"], part["epochs"]) for part in parts] == [(8, 0, 4)] * 2


def test_the_report_draws_the_curve_and_names_what_must_be_known(curve):
    page = (curve / "learning-curve.html").read_text()
    text = (curve / "learning-curve.md").read_text()
    assert page.count("<figure>") == 2
    assert page.count('class="spot"') == 6
    assert "12 (all)" in text
    assert "- epochs: 4, chosen by no clip" in text


def test_a_curve_goes_on_where_it_stopped(curve, given, monkeypatch):
    monkeypatch.setattr("mien.training.learning_curve.DRAWS", 50)
    kept, lost = (curve / f"labels-8-seed-7/fold-{number}.npz" for number in (0, 1))
    before = kept.stat().st_mtime_ns
    lost.unlink()
    options = {**given, "targets": ["emotion", "arousal"], "scales": {"arousal": (1, 7)}}
    assert learning_curve(counts=["4", 8, "all"], seeds=2, out=curve.parent, **options) == curve
    assert kept.stat().st_mtime_ns == before
    assert lost.is_file()


@pytest.mark.parametrize(
    ("counts", "error", "message"),
    [
        (["8", "many"], ConfigError, "Got many as count of labelled clips, expected whole numbers or `all`"),
        (["2.5"], ConfigError, "Got 2.5 as count"),
        (["0"], ConfigError, "Got 0 as count"),
        ([""], ConfigError, "as count of labelled clips"),
        ([1], DataError, r"Got 1 labelled clips to draw in .*, expected 2 .* to 12"),
        ([4, 13], DataError, r"Got 13 labelled clips to draw .*, expected 2 .* to 12"),
    ],
)
def test_counts_that_cannot_be_drawn_are_refused_before_training(counts, error, message, given, tmp_path):
    with pytest.raises(error, match=message):
        learning_curve(counts=counts, out=tmp_path, **given)
    assert not list(tmp_path.rglob("fold-*.npz"))


def test_a_count_that_is_all_there_are_is_not_drawn_twice(given, tmp_path):
    with pytest.raises(DataError, match="Got 12 and `all`, which are the same clips here"):
        learning_curve(counts=["12", "all"], out=tmp_path, **given)
    assert not list(tmp_path.rglob("fold-*.npz"))
