"""The study of layers finds the layer in which expression was planted."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.core.settings import read_recipe
from mien.systems.recognition.encoder_probe import CARD

SCRIPT = Path(__file__).parents[2] / "scripts" / "layer_study.py"
NAMES = ["anger", "neutral", "sadness"]
LAYERS, SPEAKERS, EACH = 2, 10, 12


@pytest.fixture(scope="module")
def study() -> dict[str, object]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run's folder whose second layer knows the category and whose first knows nothing."""
    folder = tmp_path / "runs" / "toy-1a2b3c4d"
    folder.mkdir(parents=True)
    clips, generator = SPEAKERS * EACH, np.random.default_rng(0)
    category, speaker = np.arange(clips) % len(NAMES), np.arange(clips) // EACH
    heard = generator.normal(size=(1, clips, LAYERS, 6)).astype(np.float32)
    heard[0, np.arange(clips), 1, category] += 9
    np.save(folder / "statistics.npy", heard.reshape(1, clips, -1))
    table = pd.DataFrame({"category": np.array(NAMES)[category], "speaker": [f"s{one}" for one in speaker]})
    table.assign(corpus="made", fold=speaker % 5).to_parquet(folder / "predictions.parquet")
    settings = read_recipe("voice-base") | {"name": "toy", "net": CARD["variants"]["tiny"]["config"]}
    (folder / "recipe.json").write_text(json.dumps(settings))
    return folder


def test_only_sets_with_the_layer_that_knows_score_above_guessing(study, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "results" / "toy").mkdir(parents=True)
    study["main"](run)
    text = (tmp_path / "docs" / "results" / "toy" / "layers.md").read_text()
    rows = dict(
        re.findall(r"^\| (\d(?: to \d)?) \| ([\d.]+ \[[\d.]+, [\d.]+\]) \|$", text, flags=re.MULTILINE)
    )
    assert list(rows) == ["1", "2", "1 to 2"]
    assert rows["2"] == rows["1 to 2"] == "100.0 [100.0, 100.0]"
    low, high = map(float, re.findall(r"[\d.]+", rows["1"])[1:])
    assert low < 100 / len(NAMES) < high
    assert "made (n 120, 10 speakers)" in text
    assert "python scripts/layer_study.py runs/toy-1a2b3c4d" in text


def test_each_clip_is_answered_by_a_regression_that_has_not_seen_its_fold(study):
    """Inputs that name the clip's fold and category cannot be learned from the other folds."""
    table = pd.DataFrame({"fold": np.repeat(range(3), 4), "category": ["anger", "neutral"] * 6})
    inputs = np.zeros((12, 3))
    inputs[np.arange(12), table["fold"]] = np.where(table["category"] == "anger", 1.0, -1.0)
    answers = study["out_of_fold"](inputs, table)
    assert not set(answers) - {"anger", "neutral"}
    for number in range(3):
        assert len(set(answers[table["fold"] == number])) == 1
