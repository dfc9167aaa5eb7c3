from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import ConfigError, DataError
from mien.training.target_table import read_targets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        soundfile.write(tmp_path / f"{number}.wav", np.full(8000, 0.01 * (number + 1)), 16000)
    return tmp_path


def write(folder: Path, **columns) -> str:
    table = pd.DataFrame({"file": [f"{number}.wav" for number in range(4)], **columns})
    table.to_csv(folder / "own.csv", index=False)
    return str(folder / "own.csv")


def test_words_are_categories_and_numbers_are_ratings(folder):
    source = write(folder, mood=["up", "down", "up", "down"], valence=[1, 2, 3.5, 4])
    found = read_targets(source, ["mood", "valence"], scales={"valence": (1, 7)})
    assert found.category == "mood"
    assert found.categories == ("down", "up")
    assert found.classes.tolist() == [1, 0, 1, 0]
    assert found.ratings[:, 0].tolist() == [1, 2, 3.5, 4]
    assert found.scales == {"valence": (1, 7)}
    assert found.table["corpus"].unique().tolist() == ["own"]


def test_the_categories_keep_the_order_that_was_asked_for_and_may_be_numbers(folder):
    found = read_targets(write(folder, code=[1, 2, 2, 1]), ["code"], categories=["2", "1"])
    assert found.classes.tolist() == [1, 0, 0, 1]


def test_a_scale_that_nobody_gave_is_what_occurs_and_is_said(folder):
    found = read_targets(write(folder, valence=[2, 3, 5, np.nan]), ["valence"])
    assert found.scales == {"valence": (2, 5)}
    assert any("scale of valence" in note for note in found.notes)
    assert any("1 of 4 clips have no rating" in note for note in found.notes)
    assert len(found.table) == 3


def test_paths_start_from_the_root_that_is_given(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    table = pd.DataFrame({"file": [f"{number}.wav" for number in range(4)], "emotion": list("abab")})
    table.to_parquet(elsewhere / "own.parquet")
    found = read_targets(str(elsewhere / "own.parquet"), [], root=folder)
    assert found.table["file"].tolist() == [str(folder / f"{number}.wav") for number in range(4)]
    assert found.table["segment"].tolist() == [f"own/{number}" for number in range(4)]


def test_the_content_changes_with_any_recording_label_or_speaker(folder):
    source = write(folder, emotion=list("abab"), speaker=list("xxyy"))
    first = read_targets(source, ["emotion"]).content()
    assert read_targets(source, ["emotion"]).content() == first
    write(folder, emotion=list("abab"), speaker=list("xyyy"))
    second = read_targets(source, ["emotion"]).content()
    soundfile.write(folder / "2.wav", np.full(8000, 0.5), 16000)
    assert len({first, second, read_targets(source, ["emotion"]).content()}) == 3


@pytest.mark.parametrize(
    ("columns", "targets", "options", "error", "message"),
    [
        ({"a": list("pqpq"), "b": list("pqpq")}, ["a", "b"], {}, ConfigError, "expected at most one"),
        ({"a": [3, 3, 3, 3]}, ["a"], {}, DataError, "Got 3 as `a` of every clip"),
        ({"a": [np.nan] * 4}, ["a"], {}, DataError, "without any value"),
        ({"a": [1, 2, 3, 4]}, [], {}, ConfigError, "pass --target"),
        ({"a": [1, 2, 3, 4]}, ["a"], {"scales": {"b": (0, 1)}}, ConfigError, "Got a scale for `b`"),
        ({"a": list("pqpq")}, ["a"], {"split_column": "prat"}, ConfigError, "prat"),
        ({"a": list("pqpq"), "split": list("xxyy")}, ["a"], {}, DataError, "Got split `x`"),
    ],
)
def test_what_cannot_be_learned_is_named(columns, targets, options, error, message, folder):
    with pytest.raises(error, match=message):
        read_targets(write(folder, **columns), targets, **options)


def test_a_split_column_is_found_by_name_chosen_or_ignored(folder):
    columns = {"emotion": list("abab"), "split": ["train"] * 4, "mine": ["dev", "train", "train", "test"]}
    source = write(folder, **columns)
    assert "split" not in read_targets(source, ["emotion"], split_column="none").table
    assert read_targets(source, ["emotion"]).table["split"].unique().tolist() == ["train"]


def test_a_corpus_is_read_by_name(data_root):
    found = read_targets("emodb", ["emotion"], data=data_root)
    assert len(found.table) == 535
    assert "boredom" in found.categories
    assert "Burkhardt" in found.credit
    shared = read_targets("emodb", ["category"], data=data_root)
    assert "81 of 535 clips have no category" in shared.notes[0]
    assert len(shared.table) == 454
