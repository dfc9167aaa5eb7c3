"""Every corpus: a card, closed labels, a segment table, counts, and traps that the card names."""

import re
from typing import get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest

from mien.core import registry, tables
from mien.core.errors import DataError
from mien.core.labels import SHARED_EMOTIONS, LabelSpace
from mien.core.ratings import check_ratings
from mien.corpora.card import CorpusCard
from mien.corpora.partition import joint_5fold

NAMES = registry.names("corpora")


@pytest.fixture(scope="module", params=NAMES)
def corpus(request):
    return registry.find("corpora", request.param)


@pytest.fixture(scope="module")
def folder(corpus):
    return corpus.__name__.rpartition(".")[2]


@pytest.fixture(scope="module")
def root(folder, data_root):
    if not (data_root / folder).is_dir():
        pytest.skip(f"no folder {folder} in {data_root}")
    return data_root / folder


@pytest.fixture(scope="module")
def table(corpus, root):
    return corpus.load(root)


def trap_with(corpus, *words):
    """Tell whether one trap of the card has all the words."""
    return any(all(word in trap for word in words) for trap in corpus.CARD["traps"])


def labels_in(table, name):
    """Return which rows carry a label, be it the only one or one of several."""
    several = f"label.{name}"
    return table[several] if several in table else (table["emotion"] == name).fillna(False)


def test_the_card_says_everything(corpus):
    hints = get_type_hints(CorpusCard)
    assert set(corpus.CARD) == set(hints)
    assert all(corpus.CARD[name] for name in set(hints) - {"classes", "dimensions"})
    assert corpus.CARD["shelf"] in get_args(hints["shelf"])
    assert set(corpus.CARD["modality"]) <= set(get_args(get_args(hints["modality"])[0]))
    assert re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", corpus.CARD["language"])
    assert str(corpus.CARD["year"]) in corpus.CARD["citation"]
    for name in ("traps", "use", "limits"):
        assert all(one.endswith(".") for one in corpus.CARD[name])
        assert len(set(corpus.CARD[name])) == len(corpus.CARD[name])
    assert all(corpus.CARD[name].endswith(".") for name in ("material", "labelled_by"))
    assert all(low < high for low, high in corpus.CARD["dimensions"].values())


def test_labels_are_closed_and_each_has_a_place_or_is_left_out(corpus):
    classes = corpus.CARD["classes"]
    if not classes:
        assert not hasattr(corpus, "TO_SHARED")
        return
    assert isinstance(corpus.SPACE, LabelSpace)
    assert set(classes) == set(corpus.SPACE.categories) == set(corpus.TO_SHARED)
    corpus.SPACE.map_to(SHARED_EMOTIONS, corpus.TO_SHARED)
    if corpus.SPACE.exclusive:
        assert sum(classes.values()) == corpus.CARD["size"]
    else:
        assert sum(classes.values()) > corpus.CARD["size"] > max(classes.values())


def test_load_returns_a_segment_table_of_its_own(folder, table):
    tables.check_segments(table)
    assert list(table)[:7] == list(tables.SEGMENT_COLUMNS)
    assert all(table[name].dtype == tables.column(name).dtype for name in tables.SEGMENT_COLUMNS)
    assert (table["corpus"] == folder).all()
    assert table["segment"].str.startswith(f"{folder}/").all()
    assert table["speaker"].dropna().str.startswith(f"{folder}/").all()
    assert table["language"].notna().all()
    if "sex" in table:
        assert set(table["sex"].dropna()) <= {"female", "male"}


def test_times_are_there_where_recordings_are(table):
    spoken = table["file"].notna()
    assert table.loc[~spoken, ["start", "end"]].isna().all(axis=None)
    assert (table.loc[spoken, "start"] == 0).all()
    assert (table.loc[spoken, "end"] > 0).all()


def test_the_language_is_that_of_the_card(corpus, table):
    several = corpus.CARD["language"] == "mul"
    assert table["language"].nunique() > 1 if several else set(table["language"]) == {corpus.CARD["language"]}


def test_every_row_is_labelled_with_labels_of_the_card(corpus, table):
    classes = corpus.CARD["classes"]
    if not classes:
        assert not [name for name in table if name in ("emotion", "category") or name.startswith("label.")]
        return
    assert set(table["emotion"].dropna()) <= set(classes)
    labels = [name for name in table if name.startswith("label.")]
    assert labels == ([] if corpus.SPACE.exclusive else [f"label.{name}" for name in corpus.SPACE.categories])
    assert all(table[name].dtype == bool for name in labels)
    assert table[labels].any(axis=1).all() if labels else table["emotion"].notna().all()


def test_the_shared_category_is_that_of_the_mapping(corpus, table):
    for emotion, category in getattr(corpus, "TO_SHARED", {}).items():
        found = table.loc[(table["emotion"] == emotion).fillna(False), "category"]
        assert found.isna().all() if category is None else (found == category).all()


def test_counts_are_those_of_the_card_or_of_the_part_that_the_read_me_states(corpus, root, table):
    counts = {name: int(labels_in(table, name).sum()) for name in corpus.CARD["classes"]}
    if len(table) == corpus.CARD["size"]:
        assert counts == corpus.CARD["classes"]
        return
    assert len(table) < corpus.CARD["size"]
    assert all(counts[name] <= whole for name, whole in corpus.CARD["classes"].items())
    stated = re.findall(r"\d[\d,]*", (root / "README.md").read_text(encoding="utf-8"))
    assert str(len(table)) in {number.replace(",", "") for number in stated}


def test_every_recording_of_the_index_is_read(root, table):
    if not (root / "index.csv").is_file():
        pytest.skip("no index of recordings")
    listed = pd.read_csv(root / "index.csv", usecols=["file"])["file"]
    assert set(table["file"]) == {str((root / name).resolve()) for name in listed}


def test_dimensions_are_numbers_on_their_scale_unless_the_card_warns(corpus, table):
    for name, (low, high) in corpus.CARD["dimensions"].items():
        assert table[name].dtype == np.float64
        values = table[name].dropna()
        assert len(values)
        assert values.between(low, high).all() or trap_with(corpus, "off the scale", name)


def test_splits_are_known_and_hold_speakers_apart_unless_the_card_warns(corpus, table):
    if "split" not in table:
        pytest.skip("its owners give no split")
    assert set(table["split"].dropna()) <= {"train", "dev", "test"}
    parts = table.dropna(subset=["speaker", "split"]).groupby("speaker")["split"].nunique()
    assert (parts <= 1).all() or trap_with(corpus, "split", "speak")


def test_features_have_one_row_per_segment(corpus, root, table):
    if not hasattr(corpus, "features"):
        pytest.skip("no features")
    for name, values in corpus.features(root).items():
        assert values.dtype == np.float32, name
        assert len(values) == len(table), name
        assert np.isfinite(values).all(), name


@pytest.mark.parametrize("kind", ["ratings", "traces"])
def test_ratings_and_traces_are_of_its_segments(corpus, root, table, kind):
    if not hasattr(corpus, kind):
        pytest.skip(f"no {kind}")
    found = check_ratings(getattr(corpus, kind)(root))
    assert len(found)
    assert found["time"].notna().all() if kind == "traces" else found["time"].isna().all()
    assert set(found["segment"].unique()) <= set(table["segment"])


def test_relations_are_between_its_segments(corpus, root, table):
    if not hasattr(corpus, "relations"):
        pytest.skip("no relations")
    found = corpus.relations(root)
    assert list(found)[:5] == ["from", "to", "kind", "span", "p"]
    assert len(found)
    assert set(found["from"].dropna()) | set(found["to"].dropna()) <= set(table["segment"])
    assert found["kind"].notna().all()


def test_no_speaker_is_in_two_folds(table, folder):
    partition = joint_5fold()
    if folder not in set(partition["corpus"]):
        pytest.skip(f"{folder} is not part of the joint partition")
    folds = table.merge(partition, on=["corpus", "speaker"], how="left")
    assert folds["fold"].notna().all()
    assert (folds.groupby("speaker")["fold"].nunique() == 1).all()


def test_a_wrong_folder_is_a_clear_error(corpus, tmp_path):
    with pytest.raises(DataError, match=r"Got .*expected"):
        corpus.load(tmp_path)
    with pytest.raises(DataError, match=r"Got .*absent.*expected"):
        corpus.load(tmp_path / "absent")


def test_readers_of_anybodys_corpus_are_no_corpora():
    assert not [name for name in NAMES if name.startswith("read-")]
