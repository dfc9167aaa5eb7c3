import gzip
import shutil

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.corpora import mosi_features


@pytest.fixture(scope="module")
def root(data_root):
    return data_root / "mosi_features"


@pytest.fixture(scope="module")
def table(root):
    return mosi_features.load(root)


@pytest.fixture(scope="module")
def stored(root):
    with np.load(root / "mosi_utterance.npz") as arrays:
        return dict(arrays)


def test_counts_are_those_of_its_read_me(table):
    assert table.groupby("split")["video"].agg(["size", "nunique"]).to_dict() == {
        "size": {"train": 1447, "test": 752},
        "nunique": {"train": 62, "test": 31},
    }
    assert table["emotion"].value_counts().to_dict() == mosi_features.CARD["classes"]


def test_no_video_is_on_both_sides(table):
    assert (table.groupby("speaker")["split"].nunique() == 1).all()


def test_rows_of_features_are_those_of_the_table(root, table, stored):
    names = np.concatenate([stored["utt_train"], stored["utt_test"]])
    place = {f"mosi_features/{name}": row for row, name in enumerate(names)}
    rows = [place[segment] for segment in table["segment"]]
    found = mosi_features.features(root)
    for name, key, width in (("words", "text", 100), ("voice", "audio", 73)):
        assert found[name].shape == (2199, width)
        assert found[name].dtype == np.float32
        whole = np.concatenate([stored[f"{key}_train"], stored[f"{key}_test"]])
        np.testing.assert_array_equal(found[name], whole[rows])
    labels = np.concatenate([stored["label_train"], stored["label_test"]])[rows]
    assert (table["emotion"] == "positive").tolist() == (labels == 1).tolist()


def test_a_video_is_read_from_its_first_utterance_to_its_last(table):
    for _, video in table.groupby("video"):
        numbers = video["segment"].str.rsplit("_", n=1).str[1].astype(int).tolist()
        assert numbers == list(range(1, len(video) + 1))
        assert video["turn"].tolist() == list(range(len(video)))
    assert table["split"].tolist() == ["train"] * 1447 + ["test"] * 752


def test_every_utterance_has_its_words(table):
    assert table["text"].str.len().gt(0).all()
    said = table.set_index("segment")["text"]
    assert said["mosi_features/03bSnISJMiM_1"] == "ANYHOW IT WAS REALLY GOOD"


def test_the_file_has_no_visual_features_as_its_card_warns(stored):
    assert stored["video_train"].dtype.kind == "U"
    assert any("visual features" in trap for trap in mosi_features.CARD["traps"])


@pytest.fixture
def copied(root, tmp_path):
    for name in ("mosi_utterance.npz", "utterances.csv.gz"):
        shutil.copyfile(root / name, tmp_path / name)
    return tmp_path


def test_a_label_that_differs_between_the_files_is_found(copied):
    path = copied / "utterances.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert lines[1].startswith("03bSnISJMiM_1,")
    lines[1] = lines[1][:-1] + "0"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.raises(DataError, match=r"Got `03bSnISJMiM_1` without transcript or with another label"):
        mosi_features.load(copied)


def test_a_label_that_is_neither_side_is_refused(copied, stored):
    labels = stored["label_train"].copy()
    labels[3] = 2
    np.savez(copied / "mosi_utterance.npz", **stored | {"label_train": labels})
    with pytest.raises(DataError, match="labels 0 and 1"):
        mosi_features.load(copied)


def test_rows_that_are_missing_in_one_modality_are_found(copied, stored):
    np.savez(copied / "mosi_utterance.npz", **stored | {"audio_test": stored["audio_test"][1:]})
    with pytest.raises(DataError, match=r"Got \[1447, 751\] rows of `audio_\*`.*expected \[1447, 752\]"):
        mosi_features.features(copied)


def test_without_transcripts_the_error_names_the_file(copied):
    (copied / "utterances.csv.gz").unlink()
    with pytest.raises(DataError, match=r"utterances\.csv\.gz`, expected the transcripts"):
        mosi_features.load(copied)
