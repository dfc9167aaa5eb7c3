"""From files on disk to a comparison on disk, with the real held-out predictions of the shipped models."""

import json
from pathlib import Path

import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError, InputError
from mien.evaluation.answers import with_truth
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.run_comparison import as_json, compare_predictions, write_comparison

RESULTS = Path(__file__).parents[2] / "docs" / "results"
SMALL, OPEN = RESULTS / "voice-small", RESULTS / "voice-small-open"


@pytest.fixture(scope="module")
def held_out() -> pd.DataFrame:
    table = pd.read_parquet(SMALL / "predictions.parquet")
    return table[table["corpus"] == "emodb"]


@pytest.fixture(scope="module")
def tables():
    return compare_predictions(SMALL, [OPEN], draws=100)


def test_the_shipped_models_are_compared_on_the_corpus_that_both_answered(tables):
    (row,) = tables.rows.to_dict("records")
    values = []
    for folder in (SMALL, OPEN):
        answers = with_truth(pd.read_parquet(folder / "predictions.parquet")).query("corpus == 'emodb'")
        values.append(unweighted_average_recall(answers["truth"], answers["prediction"]))
    assert (row["first"], row["second"], row["corpus"]) == ("voice-small", "voice-small-open", "emodb")
    assert (row["n"], row["speakers"]) == (454, 10)
    assert [row["value_first"], row["value_second"]] == pytest.approx(values)
    assert row["difference"] == pytest.approx(values[0] - values[1])
    assert row["low"] < row["difference"] < row["high"]
    assert [note.split(":")[0] for note in tables.notes] == [
        "nemo is not compared",
        "ravdess_speech is not compared",
        "voice-small also answers surprise, which is never true here",
    ]


def test_everything_is_written_and_null_stays_null(tables, tmp_path):
    write_comparison(tables, tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert {path.suffix for path in folder.iterdir()} == {".html", ".md", ".tex", ".json", ".csv"}
    found = json.loads((folder / "comparison.json").read_text(), parse_constant=lambda word: 1 / 0)
    assert found == as_json(tables)
    assert found["rows"][0]["sentence"].startswith("voice-small recalls 4.3 points more")
    assert found["rows"][0]["low_seeds"] is None
    written = pd.read_csv(folder / "comparison.csv")
    assert written["difference"].tolist() == pytest.approx(tables.rows["difference"].tolist())


def test_runs_of_several_seeds_in_one_table_are_averaged(held_out, tmp_path):
    names = [name for name in held_out if name.startswith("p.")]
    flat = held_out.assign(**{name: 1 / len(names) for name in names}, seed=8)
    pd.concat([held_out.assign(seed=5), flat]).to_parquet(tmp_path / "runs.parquet")
    found = compare_predictions(tmp_path / "runs.parquet", [OPEN], draws=100).rows.iloc[0]
    assert (found["seeds_first"], found["seeds_second"]) == (2, 1)
    answers = with_truth(held_out)
    alone = unweighted_average_recall(answers["truth"], answers["prediction"])
    assert found["value_first"] == pytest.approx((alone + 1 / 6) / 2, abs=1e-5)
    assert found["sd_first"] > 0.4


def test_systems_of_one_name_are_told_apart_by_their_files(held_out, tmp_path):
    for name in ("a", "b"):
        held_out.to_parquet(tmp_path / f"{name}.parquet")
    found = compare_predictions(tmp_path / "a.parquet", [tmp_path / "b.parquet"], draws=100)
    assert found.rows[["first", "second"]].to_numpy().tolist() == [["a", "b"]]


def test_labels_from_a_table_serve_every_system(held_out, tmp_path):
    held_out[["segment", "category", "speaker"]].to_csv(tmp_path / "labels.csv", index=False)
    for name, table in (("a", held_out), ("b", held_out[1:])):
        table.drop(columns=["category", "speaker"]).to_parquet(tmp_path / f"{name}.parquet")
    paths = tmp_path / "a.parquet", [tmp_path / "b.parquet"]
    with pytest.raises(DataError, match="1 of 454 labelled items have no prediction"):
        compare_predictions(*paths, truth=tmp_path / "labels.csv", draws=100)
    found = compare_predictions(*paths, truth=tmp_path / "labels.csv", missing="drop", draws=100)
    assert found.rows["n"].tolist() == [453]
    assert any("b: 1 of 454 labelled items have no prediction" in note for note in found.notes)
    assert any("1 items only in a" in note for note in found.notes)


def test_bad_predictions_are_refused(held_out, tmp_path):
    leaking = held_out.assign(fold=[0] + [1] * (len(held_out) - 1))
    leaking.to_parquet(tmp_path / "leaking.parquet")
    with pytest.raises(DataError, match="speaker"):
        compare_predictions(tmp_path / "leaking.parquet", [OPEN], draws=100)
    held_out.assign(seed=pd.array([pd.NA] * len(held_out), "Int64")).to_parquet(tmp_path / "seeds.parquet")
    with pytest.raises(DataError, match="454 predictions without a seed"):
        compare_predictions(OPEN, [tmp_path / "seeds.parquet"], draws=100)
    with pytest.raises(ConfigError, match="the same predictions twice"):
        compare_predictions(OPEN, [OPEN], draws=100)
    with pytest.raises(InputError, match="without its folder, expected --root"):
        compare_predictions(SMALL, [OPEN], truth="emodb", draws=100)
