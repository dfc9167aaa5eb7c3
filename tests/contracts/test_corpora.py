"""Every corpus: a card, closed labels, a segment table, speakers that a split can keep apart."""

from typing import get_args, get_type_hints

import pytest

from mien.core import registry, tables
from mien.core.errors import DataError
from mien.core.labels import SHARED_EMOTIONS, LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.clips import CLIP_COLUMNS
from mien.corpora.partition import joint_5fold

NAMES = registry.names("corpora")


@pytest.fixture(scope="module", params=NAMES)
def corpus(request):
    return registry.find("corpora", request.param)


@pytest.fixture(scope="module")
def folder(corpus):
    return corpus.__name__.rpartition(".")[2]


@pytest.fixture(scope="module")
def table(corpus, folder, data_root):
    if not (data_root / folder).is_dir():
        pytest.skip(f"no folder {folder} in {data_root}")
    return corpus.load(data_root / folder)


def test_the_card_says_everything(corpus):
    hints = get_type_hints(CorpusCard)
    assert set(corpus.CARD) == set(hints)
    assert all(corpus.CARD.values())
    assert corpus.CARD["shelf"] in get_args(hints["shelf"])
    assert str(corpus.CARD["year"]) in corpus.CARD["citation"]


def test_labels_are_closed_and_each_has_a_place_or_is_left_out(corpus):
    assert isinstance(corpus.SPACE, LabelSpace)
    assert set(corpus.CARD["classes"]) == set(corpus.SPACE.categories) == set(corpus.TO_SHARED)
    corpus.SPACE.map_to(SHARED_EMOTIONS, corpus.TO_SHARED)


def test_load_returns_a_segment_table_with_labels(corpus, folder, table):
    assert tuple(table) == CLIP_COLUMNS
    tables.check_segments(table)
    assert set(table["emotion"]) == set(corpus.SPACE.categories)
    assert set(table["category"].dropna()) <= set(SHARED_EMOTIONS.categories)
    assert (table["corpus"] == folder).all()
    assert table["segment"].str.startswith(f"{folder}/").all()
    assert table["speaker"].str.startswith(f"{folder}/").all()
    assert set(table["sex"]) <= {"female", "male"}
    assert (table["start"] == 0).all()
    assert (table["end"] > 0).all()


def test_the_shared_category_is_that_of_the_mapping(corpus, table):
    for emotion, category in corpus.TO_SHARED.items():
        found = table.loc[table["emotion"] == emotion, "category"]
        assert found.isna().all() if category is None else (found == category).all()


def test_no_speaker_is_in_two_folds(table, folder):
    partition = joint_5fold()
    if folder not in set(partition["corpus"]):
        pytest.skip(f"{folder} is not part of the joint partition")
    folds = table.merge(partition, on=["corpus", "speaker"], how="left")
    assert folds["fold"].notna().all()
    assert (folds.groupby("speaker")["fold"].nunique() == 1).all()


def test_a_wrong_folder_is_a_clear_error(corpus, tmp_path):
    with pytest.raises(DataError, match="expected"):
        corpus.load(tmp_path)
    with pytest.raises(DataError, match="not a folder"):
        corpus.load(tmp_path / "absent")
