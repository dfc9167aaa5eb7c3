import json

import numpy as np
import pandas as pd
import pytest
from tests.studies.study_case import text_table, write_texts

from mien.core.errors import ConfigError
from mien.studies.compare import Plan, compare
from mien.studies.learned_cell import LearnedCell

DRAWS = 100


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_texts(tmp_path_factory.mktemp("texts") / "said.csv", speakers=8)


def plan_for(table, *systems, **options):
    return Plan([str(table)], systems, draws=DRAWS, **options)


def test_a_study_gives_a_row_per_system_with_score_interval_and_star(table, tmp_path):
    found = compare(plan_for(table, "majority", "tfidf+svm", seeds=2), tmp_path).rows
    assert list(found["system"]) == ["majority", "tfidf+svm"]
    learned = found.iloc[1]
    assert learned["low"] <= learned["value"] <= learned["high"]
    assert learned["value"] > 0.5
    assert learned["difference"] == pytest.approx(learned["value"] - found["value"].iloc[0])
    assert learned["stars"] == "***"
    assert (learned["n"], learned["speakers"], learned["folds"], learned["seeds"]) == (96, 8, 8, 2)
    assert found["note"].eq("").all()


def test_a_study_that_is_run_again_computes_nothing_and_gives_the_same(table, tmp_path, monkeypatch):
    plan = plan_for(table, "tfidf+svm", "tfidf+logistic")
    first = compare(plan, tmp_path)
    monkeypatch.setattr(LearnedCell, "answer", None)
    again = compare(plan, tmp_path)
    pd.testing.assert_frame_equal(first.rows, again.rows)


def test_a_study_that_was_killed_goes_on_and_gives_the_same(table, tmp_path, monkeypatch):
    plan = plan_for(table, "tfidf+svm", "tfidf+logistic", "tfidf+ridge")
    whole = compare(plan, tmp_path / "whole")
    answer, calls = LearnedCell.answer, []

    def killed(self, fold):
        calls.append(fold.name)
        if len(calls) > 12:
            raise KeyboardInterrupt
        return answer(self, fold)

    monkeypatch.setattr(LearnedCell, "answer", killed)
    with pytest.raises(KeyboardInterrupt):
        compare(plan, tmp_path / "killed")
    monkeypatch.setattr(LearnedCell, "answer", answer)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("cell.json")}
    resumed = compare(plan, tmp_path / "killed")
    assert len(kept) == 1
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    columns = [name for name in whole.rows if name not in ("core_s",)]
    pd.testing.assert_frame_equal(whole.rows[columns], resumed.rows[columns])


def test_two_workers_give_the_same_as_one(table, tmp_path):
    one = compare(plan_for(table, "tfidf+svm", "tfidf+ridge"), tmp_path / "one")
    two = compare(plan_for(table, "tfidf+svm", "tfidf+ridge", workers=2), tmp_path / "two")
    columns = [name for name in one.rows if name not in ("core_s",)]
    pd.testing.assert_frame_equal(one.rows[columns], two.rows[columns])


def test_changed_labels_words_or_folds_are_computed_anew(tmp_path):
    path = tmp_path / "said.csv"
    write_texts(path, told=0.9)
    first = compare(plan_for(path, "tfidf+svm"), tmp_path / "study").rows["value"].iloc[0]
    write_texts(path, told=0.0)
    second = compare(plan_for(path, "tfidf+svm"), tmp_path / "study").rows["value"].iloc[0]
    assert first > second + 0.3
    assert len(list((tmp_path / "study" / "cells").iterdir())) == 2


def test_a_system_that_cannot_take_the_corpus_leaves_a_cell_that_says_why(table, tmp_path):
    found = compare(plan_for(table, "tfidf+svm", "egemaps+svm"), tmp_path).rows.iloc[1]
    assert np.isnan(found["value"])
    assert found["note"] == "Got `egemaps`, which takes voice, but `said` has words; leave one out."


def test_a_system_that_crashes_in_one_fold_does_not_stop_the_others(table, tmp_path, monkeypatch):
    answer = LearnedCell.answer

    def crash(self, fold):
        if self.learner == "ridge" and fold.name.endswith("s3"):
            raise ZeroDivisionError("planted")
        return answer(self, fold)

    monkeypatch.setattr(LearnedCell, "answer", crash)
    found = compare(plan_for(table, "tfidf+svm", "tfidf+ridge", "majority"), tmp_path)
    assert found.rows["value"].isna().tolist() == [False, True, False]
    assert "s3: planted" in found.rows["note"].iloc[1]
    monkeypatch.setattr(LearnedCell, "answer", answer)
    still = compare(plan_for(table, "tfidf+svm", "tfidf+ridge", "majority"), tmp_path)
    assert still.rows["value"].isna().sum() == 1
    mended = compare(plan_for(table, "tfidf+svm", "tfidf+ridge", "majority", again=True), tmp_path)
    assert mended.rows["value"].notna().all()


def test_a_corpus_too_small_for_the_folds_leaves_its_cells_empty(table, tmp_path):
    small = tmp_path / "small.csv"
    text_table(speakers=1).to_csv(small, index=False)
    plan = Plan([str(table), str(small)], ["majority", "tfidf+svm"], draws=DRAWS, protocol="speaker-kfold")
    found = compare(plan, tmp_path / "study").rows
    assert found["value"].isna().tolist() == [False, False, True, True]
    assert found["note"].iloc[2].startswith("speaker-kfold: Got 1 speaker(s)")


def test_shuffled_labels_give_chance_for_every_learner(tmp_path):
    table = text_table(speakers=10, per_class=8, told=1.0)
    table["emotion"] = np.random.default_rng(1).permutation(table["emotion"])
    path = tmp_path / "shuffled.csv"
    table.to_csv(path, index=False)
    systems = [f"tfidf+{name}" for name in ("svm", "logistic", "ridge", "neighbours")]
    found = compare(plan_for(path, *systems), tmp_path / "study").rows
    assert found["value"].between(0.22, 0.45).all()
    assert found["stars"].eq("").all()


def test_stored_predictions_are_judged_beside_systems_that_are_trained(table, tmp_path):
    said = text_table(speakers=8)
    stored = pd.DataFrame({"segment": [f"said/{row}" for row in range(len(said))]})
    for label in sorted(set(said["emotion"])):
        stored[f"p.{label}"] = np.where(said["emotion"] == label, 0.8, 0.1)
    stored.to_parquet(tmp_path / "oracle.parquet")
    found = compare(plan_for(table, "tfidf+svm", str(tmp_path / "oracle.parquet")), tmp_path / "study").rows
    assert found["value"].iloc[1] == 1
    assert "how it was trained is not known here" in found["note"].iloc[1]


def test_predictions_that_lack_rows_or_classes_say_so(table, tmp_path):
    pd.DataFrame({"segment": ["said/0"], "p.anger": [0.5], "p.joy": [0.5]}).to_parquet(
        tmp_path / "few.parquet"
    )
    rows = pd.DataFrame({"segment": [f"said/{row}" for row in range(96)], "p.anger": 0.5, "p.joy": 0.5})
    rows.to_parquet(tmp_path / "two.parquet")
    systems = ("majority", str(tmp_path / "few.parquet"), str(tmp_path / "two.parquet"))
    notes = compare(plan_for(table, *systems), tmp_path / "study").rows["note"]
    assert "no prediction of few.parquet for 95 of 96 rows" in notes.iloc[1]
    assert "Got classes sadness of `said`, which two.parquet does not know" in notes.iloc[2]


def test_fused_systems_are_judged_like_others(table, tmp_path):
    found = compare(plan_for(table, "majority", "late(tfidf+svm,tfidf+ridge)"), tmp_path).rows
    assert found["value"].iloc[1] > 0.5
    assert "/" in found["chosen"].iloc[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "uarr"}, "Got metric `uarr`"),
        ({"protocol": "lose"}, "Got protocol `lose`"),
        ({"reference": "tfidf+svm"}, "Got reference `tfidf+svm`"),
        ({"seeds": 0}, "Got 0 seeds"),
        ({"label": "mood"}, "mood"),
        ({"ladder": "low"}, "Got --ladder low"),
        ({"cost": True, "protocol": "matrix"}, "Got --cost with --protocol matrix"),
    ],
)
def test_wrong_options_are_named_before_anything_is_computed(table, tmp_path, options, said):
    with pytest.raises(ValueError, match="Got") as error:
        compare(plan_for(table, "majority", **options), tmp_path)
    assert said in str(error.value)
    assert not list(tmp_path.rglob("cell.json"))


def test_a_stream_that_does_not_exist_is_named_with_its_neighbours(table, tmp_path):
    with pytest.raises(ConfigError, match="Did you mean `egemaps`"):
        compare(plan_for(table, "egemap+svm"), tmp_path)


def test_the_methods_text_says_what_was_done(table, tmp_path):
    text = compare(plan_for(table, "majority", "tfidf+svm", seeds=2), tmp_path).summary["methods"]
    for words in ("said (96 segments by 8 speakers, 3 classes", "leave one speaker out", "mean over 2 seeds"):
        assert words in text
    for words in ("1,000 permutations", "Holm", "scikit-learn", "Differences from majority"):
        assert words in text


def test_every_cell_says_what_it_cost(table, tmp_path):
    compare(plan_for(table, "tfidf+svm"), tmp_path)
    [facts] = [json.loads(path.read_text()) for path in tmp_path.rglob("cell.json")]
    assert facts["core_s"] > 0
    assert len(facts["chosen"]) == 8


def test_systems_are_ranked_over_three_corpora_and_not_over_two(tmp_path):
    texts = [str(write_texts(tmp_path / f"{name}.csv", seed=seed)) for seed, name in enumerate("abc")]
    systems = ["majority", "tfidf+ridge", "tfidf+logistic", "egemaps+svm"]
    summary = compare(Plan(texts, systems, draws=100), tmp_path / "three").summary
    assert summary["ranks"]["corpora"] == ["a", "b", "c"]
    assert summary["ranks"]["mean_rank"]["majority"] == 3
    assert "egemaps+svm" not in summary["ranks"]["mean_rank"]  # it has no score on texts
    assert compare(Plan(texts[:2], systems[:3], draws=100), tmp_path / "two").summary["ranks"] == {}
