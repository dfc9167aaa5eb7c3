"""Links on planted voices and texts: what helps, what harms, what does not apply, what goes on."""

import numpy as np
import pandas as pd
import pytest
from tests.studies.study_case import write_texts
from tests.studies.voice_case import write_voices

from mien.core.errors import ConfigError
from mien.reports.ablation_words import EARNS, HARMS
from mien.studies import ablate as room
from mien.studies.ablate import AblationPlan, ablate
from mien.studies.changed_cell import ChangedLearner

DRAWS = 100


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    return write_voices(tmp_path_factory.mktemp("voices"))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    return write_texts(tmp_path_factory.mktemp("texts") / "said.csv", speakers=6, per_class=3)


def plan_for(table, system="egemaps+svm", **options):
    return AblationPlan([str(table)], system, draws=DRAWS, **options)


def by_link(tables):
    return tables.rows.set_index("link")


def numbers(tables):
    return tables.rows.drop(columns="cost_ms")


def test_normalization_by_speaker_earns_its_place_where_speakers_hide_the_class(voices, out):
    rows = by_link(ablate(plan_for(voices, label="pitch", links=["speaker-normalization"]), out))
    row = rows.loc["speaker-normalization"]
    assert row["verdict"] == EARNS
    assert row["value_with"] > row["value_without"] + 0.2
    assert row["low"] > 0
    assert "unlabelled" in row["condition"]


def test_levelling_does_harm_where_loudness_is_the_class(voices, out):
    row = by_link(ablate(plan_for(voices, label="loudness", links=["level"]), out)).loc["level"]
    assert row["verdict"] == HARMS
    assert row["value_without"] == 1.0
    assert row["value_with"] < 0.8


def test_augmented_training_is_judged_on_clips_as_recorded(voices, out):
    found = ablate(plan_for(voices, label="loudness", links=["augmentation", "voice-activity"]), out)
    rows = by_link(found)
    assert list(rows.index) == ["voice-activity", "augmentation"]  # cheapest first
    assert rows["n"].eq(96).all()
    assert rows.loc["augmentation", "cost_ms"] > 0
    assert rows.loc["augmentation", "value_without"] == 1.0


def test_links_that_do_not_apply_say_so_and_the_others_are_judged(texts, tmp_path):
    rows = by_link(ablate(plan_for(texts, "tfidf+logistic"), tmp_path))
    assert rows.loc["voice-activity", "verdict"] == "does not apply: tfidf hears nothing"
    assert "is not trained" in rows.loc["pretraining", "verdict"]
    assert "word counts" in rows.loc["scaling", "verdict"]
    assert "one stream only" in rows.loc["more-streams", "verdict"]
    judged = rows[rows["difference"].notna()]
    assert list(judged.index) == ["calibration", "choice", "ensemble"]
    assert judged.loc["calibration", "metric"] == "nll"
    assert judged["p_corrected"].ge(judged["p"]).all()


def test_a_run_that_was_killed_goes_on_and_gives_the_same(texts, tmp_path, monkeypatch):
    plan = plan_for(texts, "tfidf+svm", links=["calibration", "choice"], seeds=2)
    whole = ablate(plan, tmp_path / "whole")
    answer, calls = ChangedLearner.answer, []

    def killed(self, fold):
        calls.append(fold.name)
        if len(calls) > 14:
            raise KeyboardInterrupt
        return answer(self, fold)

    monkeypatch.setattr(ChangedLearner, "answer", killed)
    with pytest.raises(KeyboardInterrupt):
        ablate(plan, tmp_path / "killed")
    monkeypatch.setattr(ChangedLearner, "answer", answer)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("cell.json")}
    resumed = ablate(plan, tmp_path / "killed")
    assert len(kept) == 2
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())
    pd.testing.assert_frame_equal(numbers(whole), numbers(resumed))


def test_a_run_that_is_finished_is_read_and_not_run_again(texts, tmp_path, monkeypatch):
    plan = plan_for(texts, "tfidf+svm", links=["calibration", "choice"])
    first = ablate(plan, tmp_path)
    monkeypatch.setattr(room, "run_changed", None)
    pd.testing.assert_frame_equal(first.rows, ablate(plan, tmp_path).rows)


def test_two_workers_give_the_same_as_one(texts, tmp_path):
    plan = plan_for(texts, "tfidf+svm", links=["calibration", "choice"])
    one = ablate(plan, tmp_path / "one")
    two = ablate(plan_for(texts, "tfidf+svm", links=plan.links, workers=2), tmp_path / "two")
    pd.testing.assert_frame_equal(numbers(one), numbers(two))


def test_a_system_that_normalizes_by_speaker_is_judged_without_it(texts, tmp_path):
    plan = plan_for(texts, "word-vectors+speaker+svm", links=["speaker-normalization", "scaling"])
    rows = by_link(ablate(plan, tmp_path))
    bare = by_link(ablate(plan_for(texts, "word-vectors+svm", links=["speaker-normalization"]), tmp_path))
    columns = ["value_with", "value_without", "difference", "p"]
    at = "speaker-normalization"
    assert rows.loc[at, columns].tolist() == bare.loc[at, columns].tolist()
    assert "by speaker already" in rows.loc["scaling", "verdict"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"links": ["volume"]}, "Got link `volume`, expected one of calibration"),
        ({"links": []}, "Got no link"),
        ({"system": "majority"}, r"Got `majority`, expected <stream>"),
        ({"system": "whisper-tiny+lora"}, "only the links of such chains"),
        ({"system": "egemap+svm"}, "Got stream `egemap`"),
        ({"metric": "recall"}, "Got metric `recall`"),
        ({"seeds": 0}, "Got 0 seeds"),
    ],
)
def test_bad_options_are_refused_before_anything_is_computed(texts, tmp_path, changed, message):
    with pytest.raises(ConfigError, match=message):
        ablate(plan_for(texts, **({"system": "tfidf+svm"} | changed)), tmp_path)
    assert not list(tmp_path.rglob("cell.json"))


def test_seeds_are_repetitions_of_both_sides(texts, tmp_path):
    row = ablate(plan_for(texts, "tfidf+svm", links=["choice"], seeds=3), tmp_path).rows.iloc[0]
    assert row["seeds"] == 3
    assert len(list(tmp_path.rglob("cell.json"))) == 6
    assert np.isfinite(row["difference"])
