"""`mien evaluate` as a user meets it."""

import json
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "voice-small"


def test_it_prints_headline_scores_and_goals_and_writes_the_report(mien, tmp_path: Path) -> None:
    done = mien("evaluate", RESULTS, "--draws", "100", "--out", "report")
    assert done.returncode == 0, done.stderr
    assert "For speakers it has never heard, voice-small does better than guessing" in done.stdout
    assert "unweighted average recall (%)" in done.stdout
    assert "own errors found by doubt, AUROC" in done.stdout
    assert done.stdout.rstrip().endswith("Report: report/evaluation.html")
    assert (tmp_path / "report" / "evaluation.tex").is_file()


def test_json_is_one_object_without_nan(mien) -> None:
    done = mien("evaluate", RESULTS, "--draws", "100", "--json")
    found = json.loads(done.stdout, parse_constant=lambda word: 1 / 0)
    assert {row["id"] for row in found["goals"]} == {"U1", "U2", "U3", "U4", "U5", "U6"}
    assert found["summary"]["n"] == 2442


def test_bad_input_is_one_line(mien, tmp_path: Path) -> None:
    held_out = pd.read_parquet(RESULTS / "predictions.parquet")
    held_out.assign(category="wrath").to_parquet(tmp_path / "unknown.parquet")
    pd.concat([held_out, held_out.head(1)]).to_parquet(tmp_path / "twice.parquet")
    held_out.drop(columns="category").to_csv(tmp_path / "unlabelled.csv", index=False)
    for words, reason in (
        (["unknown.parquet"], "Got label `wrath`"),
        (["twice.parquet"], "twice"),
        (["unlabelled.csv"], "without labels"),
        (["absent"], "does not exist"),
        ([RESULTS, "--truth", "labels.csv"], "does not exist"),
        ([RESULTS, "--out", "/proc/x/y"], "cannot be created"),
    ):
        done = mien("evaluate", *words, "--draws", "100")
        assert done.returncode == 2, (words, done.stdout)
        assert reason in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_two_models_are_compared_in_sentences_numbers_and_files(mien, tmp_path: Path) -> None:
    done = mien("evaluate", RESULTS, "--against", f"{RESULTS}-open", "--draws", "100", "--out", "report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("voice-small recalls 4.3 points more than voice-small-open on emodb [")
    assert "p by item (optimistic)" in done.stdout
    assert "Note: nemo is not compared: voice-small-open has no answers for its 548 items" in done.stdout
    assert done.stdout.rstrip().endswith("Report: report/comparison.html")
    assert (tmp_path / "report" / "comparison.tex").is_file()


def test_a_comparison_as_json_has_every_score_that_was_asked_for(mien) -> None:
    options = ["--metric", "uar", "--metric", "nll", "--correction", "bh", "--draws", "100", "--json"]
    done = mien("evaluate", RESULTS, "--against", f"{RESULTS}-open", *options)
    found = json.loads(done.stdout, parse_constant=lambda word: 1 / 0)
    assert [row["metric"] for row in found["rows"]] == ["uar", "nll"]
    assert found["summary"]["correction"] == "bh"


def test_bad_words_for_a_comparison_are_one_line(mien) -> None:
    for words, reason in (
        (["--metric", "uar"], "Got --metric without --against"),
        (["--against", "absent"], "does not exist"),
        (["--against", f"{RESULTS}-open", "--metric", "uarr"], "Did you mean `uar`?"),
        (["--against", f"{RESULTS}-open", "--non-speech", "x.parquet"], "Got --non-speech with --against"),
    ):
        done = mien("evaluate", RESULTS, *words, "--draws", "100")
        assert done.returncode == 2, (words, done.stdout)
        assert reason in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
