"""Scores over the runs of several seeds."""

import json

import pytest

from mien.core.errors import ConfigError, UndefinedScore
from mien.training.seeds import run_seeds, spread_of


def write_runs(folder, *scores: dict[str, float]) -> list:
    runs = []
    for number, score in enumerate(scores):
        runs.append(folder / f"run-{number}")
        runs[-1].mkdir()
        values = {corpus: {"uar": uar, "n": 454} for corpus, uar in score.items()}
        (runs[-1] / "scores.json").write_text(json.dumps(values))
    return runs


def test_each_corpus_has_its_own_spread(tmp_path):
    runs = write_runs(
        tmp_path, {"emodb": 0.5, "nemo": 0.4}, {"emodb": 0.75, "nemo": 0.4}, {"emodb": 1.0, "nemo": 0.4}
    )
    spread = spread_of(runs)
    assert spread["emodb"] == pytest.approx((0.75, 0.25, 0.5, 1.0, 3))
    assert spread["nemo"].sd == pytest.approx(0.0, abs=1e-12)


def test_one_run_has_no_spread(tmp_path):
    with pytest.raises(UndefinedScore, match="1 seeds, expected at least 2"):
        spread_of(write_runs(tmp_path, {"emodb": 0.5}))


def test_one_seed_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(ConfigError, match="1 seeds, expected at least 2"):
        run_seeds("voice-small", [], seeds=1, data_root=tmp_path, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
