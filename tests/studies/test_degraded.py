import numpy as np
import pandas as pd
import pytest
import soundfile
from tests.studies.study_case import cell_of

from mien.core.errors import ConfigError
from mien.studies import degraded
from mien.studies.cells import run_cell
from mien.studies.degraded import judge_degraded, rungs_of
from mien.studies.study_corpora import StudyCorpus

RATE_HZ = 16000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return soft and loud buzzes of three voices, which noise and limits of band cannot but change."""
    folder = tmp_path_factory.mktemp("buzzes")
    generator = np.random.default_rng(0)
    rows = []
    for speaker in range(3):
        for place in range(6):
            label = ("low", "high")[place % 2]
            hz = (110, 240)[place % 2] * (1 + 0.02 * speaker) * (1 + 0.01 * generator.normal())
            time = np.arange(RATE_HZ) / RATE_HZ
            buzz = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 20)) * 0.1
            file = folder / f"{speaker}-{place}.wav"
            soundfile.write(file, buzz + 0.001 * generator.normal(size=RATE_HZ), RATE_HZ)
            rows.append({"segment": file.stem, "file": str(file), "label": label, "speaker": str(speaker)})
    table = pd.DataFrame(rows).assign(corpus="buzzes", start=0.0, end=1.0, text=None)
    return StudyCorpus("buzzes", table.assign(emotion=table["label"]), "emotion", ("voice",))


def test_words_name_the_rungs():
    middle, every = rungs_of("middle"), rungs_of("all")
    assert {level for _, level in middle} == {3}
    assert len(every) == 5 * len(middle)
    with pytest.raises(ConfigError, match="Got --ladder half"):
        rungs_of("half")


def test_what_is_left_on_degraded_clips_is_a_share_of_the_clean_score(corpus, tmp_path):
    cell = cell_of(corpus, "egemaps+svm", tmp_path)
    run_cell(cell)
    found = judge_degraded(cell, [("white-noise", 1), ("white-noise", 5)], draws=100)
    assert 0.4 < found["kept_when_degraded"] <= 1
    assert 0 <= found["worst_condition_value"] <= 1
    [path] = cell.home.glob(f"{degraded.FILE}-*.parquet")
    table = pd.read_parquet(path)
    assert table.groupby(["condition", "level"]).size().tolist() == [18, 18, 18]
    again = judge_degraded(cell, [("white-noise", 1), ("white-noise", 5)], draws=100)
    assert again == found


def test_systems_that_cannot_be_asked_say_so(corpus, tmp_path):
    assert "note" in judge_degraded(cell_of(corpus, "majority", tmp_path), rungs_of("middle"), draws=100)
    cell = cell_of(corpus, "egemaps-bag+svm", tmp_path)
    assert "fitted on training rows" in judge_degraded(cell, rungs_of("middle"), draws=100)["note"]


def shipped_cell(corpus, folder):
    cell = cell_of(corpus, "voice-small-open", folder)
    run_cell(cell)
    return cell


def feelings(buzzes, **changes):
    """Return the same clips under classes that shipped models know."""
    table = buzzes.table.assign(
        label=buzzes.table["label"].map({"low": "sadness", "high": "anger"}), **changes
    )
    return StudyCorpus("buzzes", table.assign(category=table["label"]), "category", ("voice",))


def test_a_shipped_model_is_asked_about_degraded_clips_that_it_was_not_trained_on(corpus, tmp_path):
    cell = shipped_cell(feelings(corpus), tmp_path)
    found = judge_degraded(cell, [("white-noise", 5)], draws=100)
    assert found["worst_condition"]
    [path] = cell.home.glob(f"{degraded.FILE}-*.parquet")
    table = pd.read_parquet(path)
    clean = table[table["condition"] == "clean"].set_index("segment")["p.anger"]
    answers = pd.read_parquet(cell.home / "answers.parquet").set_index("segment")["p.anger"]
    np.testing.assert_allclose(clean, answers[clean.index], atol=1e-5)
    worse = table[table["condition"] == "white-noise"].set_index("segment")["p.anger"]
    assert (worse - clean).abs().max() > 0.01


def test_a_shipped_model_is_not_asked_about_what_trained_it(corpus, tmp_path):
    cell = cell_of(feelings(corpus, corpus="emodb"), "voice-small-open", tmp_path)
    assert "was trained on `buzzes`" in judge_degraded(cell, [("white-noise", 5)], draws=100)["note"]
