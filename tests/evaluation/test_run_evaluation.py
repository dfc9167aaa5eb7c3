"""From files on disk to an evaluation on disk, with the real held-out predictions of a shipped model."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mien.core.errors import DataError, InputError
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.run_evaluation import evaluate_predictions, write_evaluation

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "voice-small"


@pytest.fixture(scope="module")
def held_out() -> pd.DataFrame:
    return pd.read_parquet(RESULTS / "predictions.parquet")


@pytest.fixture(scope="module")
def tables():
    return evaluate_predictions(RESULTS, draws=100)


def test_the_published_scores_are_those_of_the_published_predictions(tables, held_out):
    published = json.loads((RESULTS / "scores.json").read_text())
    names = [name for name in held_out if name.startswith("p.")]
    held_out = held_out.assign(said=held_out[names].idxmax(axis=1).str[2:])
    for corpus, part in held_out.groupby("corpus"):
        value = unweighted_average_recall(part["category"], part["said"])
        found = tables.scores.query("corpus == @corpus and metric == 'uar'")["value"].item()
        assert found == pytest.approx(value)
        assert published[corpus.replace("_", "-")]["uar"] == pytest.approx(value, abs=5e-5)
    assert tables.summary["n"] == len(held_out)


def test_non_speech_beside_the_predictions_is_found_and_judged(tables):
    goal = tables.goals[tables.goals["id"] == "U3"].iloc[0]
    assert goal["value"] == goal["value"]
    assert "non-speech.parquet" in tables.summary["command"]


def test_everything_is_written_and_null_stays_null(tables, tmp_path):
    write_evaluation(tables, tmp_path / "new" / "folder")
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert {"evaluation.html", "evaluation.md", "evaluation.tex", "evaluation.json", "goals.csv"} <= names
    text = (tmp_path / "new" / "folder" / "evaluation.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["scores"][0]["metric"] == "uar"


def test_what_doubt_is_worth_is_judged_on_other_speakers_and_written(tables, tmp_path):
    assert tables.summary["cross_fitting"] == "the predictions' 5 folds"
    assert tables.summary["probabilities"].startswith("already divided by a temperature, each fold's fitted")
    nll = tables.scores.query("metric == 'nll'").set_index("corpus")["value"]
    unscaled = tables.calibrators.query("method == 'none'").set_index("corpus")["nll"]
    assert unscaled.to_dict() == pytest.approx(nll.to_dict())
    errors = tables.doubts.query("doubt == 'total'").set_index("corpus")[["auroc", "low", "high"]]
    goals = tables.goals[tables.goals["what"].str.startswith("own errors")].set_index("corpus")
    assert errors.to_numpy() == pytest.approx(goals.loc[errors.index, ["value", "low", "high"]].to_numpy())
    write_evaluation(tables, tmp_path)
    plain = json.loads((tmp_path / "evaluation.json").read_text())
    for name in ("calibrators", "conformal", "guarantee", "doubts"):
        assert len(plain[name]) == len(getattr(tables, name)) == len(pd.read_csv(tmp_path / f"{name}.csv"))
        assert f"{{tab:voice-small-{name}}}" in (tmp_path / "evaluation.tex").read_text()


def test_scaling_of_an_unknown_model_is_not_claimed(held_out, tmp_path):
    part = held_out[held_out["corpus"] == "emodb"].assign(model="another").drop(columns=["fold", "speaker"])
    part.to_parquet(tmp_path / "p.parquet")
    found = evaluate_predictions(tmp_path / "p.parquet", draws=100)
    assert "probabilities" not in found.summary
    assert found.conformal["note"].eq("not judged: who speaks is not known").all()


def test_a_speaker_in_two_folds_is_refused(held_out, tmp_path):
    leaking = held_out.copy()
    leaking.loc[leaking.index[0], "fold"] = (int(leaking["fold"].iloc[0]) + 1) % 5
    leaking.to_parquet(tmp_path / "leaking.parquet")
    with pytest.raises(DataError, match="speaker"):
        evaluate_predictions(tmp_path / "leaking.parquet", draws=100)


def test_a_shipped_model_is_not_judged_on_what_it_was_trained_on(held_out, tmp_path):
    held_out.drop(columns="fold").to_parquet(tmp_path / "refit.parquet")
    with pytest.raises(DataError, match="voice-small was trained on these recordings"):
        evaluate_predictions(tmp_path / "refit.parquet", draws=100)


def test_labels_come_from_a_table_or_a_corpus(held_out, tmp_path, data_root):
    nemo = held_out[held_out["corpus"] == "nemo"].reset_index(drop=True)
    chances = nemo[[name for name in nemo if name.startswith(("p.", "aleatoric", "epistemic"))]]
    stem = nemo["segment"].str.split("/").str[1]
    names = [f"x{number}" for number in range(len(nemo))]
    chances.assign(segment=names, file=stem + ".flac", model="elsewhere").to_parquet(tmp_path / "p.parquet")
    by_corpus = evaluate_predictions(tmp_path / "p.parquet", truth="nemo", root=data_root / "nemo", draws=100)
    truth = nemo[["category", "speaker"]].assign(file=stem + ".wav")
    truth.to_csv(tmp_path / "labels.csv", index=False)
    by_table = evaluate_predictions(tmp_path / "p.parquet", truth=tmp_path / "labels.csv", draws=100)
    first, second = (one.scores.set_index("metric")["value"] for one in (by_corpus, by_table))
    assert first["uar"] == pytest.approx(second["uar"])
    assert by_corpus.overlap["verdict"].tolist() == ["unknown"]


def test_a_corpus_without_its_folder_says_which_option(tmp_path, held_out):
    held_out.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match="--root"):
        evaluate_predictions(tmp_path / "p.parquet", truth="emodb")
