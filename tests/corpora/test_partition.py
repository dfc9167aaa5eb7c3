import math
from importlib.resources import files

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core import registry
from mien.core.errors import ConfigError, DataError
from mien.corpora.partition import JOINT_CORPORA, assign_folds, joint_5fold


@pytest.fixture(scope="module")
def all_clips(data_root):
    return pd.concat([registry.find("corpora", name).load(data_root / name) for name in JOINT_CORPORA])


def test_the_committed_partition_is_what_the_function_makes(all_clips):
    again = assign_folds(all_clips).to_csv(index=False, lineterminator="\n")
    assert files("mien.corpora").joinpath("joint_5fold.csv").read_text(encoding="utf-8") == again


def test_every_speaker_of_every_corpus_has_exactly_one_fold(all_clips):
    partition = joint_5fold()
    assert not partition["speaker"].duplicated().any()
    assert set(partition["speaker"]) == set(all_clips["speaker"])
    assert partition.groupby("corpus")["speaker"].size().to_dict() == {
        "emodb": 10,
        "nemo": 9,
        "ravdess_speech": 24,
        "urdu": 29,
    }


def test_each_fold_of_emodb_holds_one_woman_and_one_man(all_clips):
    speakers = all_clips.drop_duplicates("speaker").merge(joint_5fold(), on=["corpus", "speaker"])
    emodb = speakers[speakers["corpus"] == "emodb"]
    assert (emodb.groupby(["fold", "sex"]).size() == 1).all()


def test_every_fold_has_every_shared_category_somewhere(all_clips):
    folds = all_clips.merge(joint_5fold(), on=["corpus", "speaker"]).dropna(subset="category")
    assert (folds.groupby("fold")["category"].nunique() == 7).all()


clips = st.lists(st.tuples(st.sampled_from(["female", "male"]), st.integers(1, 9)), min_size=1, max_size=25)


def rows(speakers):
    return pd.DataFrame(
        [
            {"corpus": "toy", "speaker": f"toy/{number}", "sex": sex}
            for number, (sex, count) in enumerate(speakers)
            for _ in range(count)
        ]
    )


@settings(max_examples=30)
@given(clips, st.integers(2, 6), st.integers(0, 3))
def test_no_fold_has_more_speakers_of_a_sex_than_its_share(speakers, folds, seed):
    table = rows(speakers)
    dealt = assign_folds(table, folds, seed).merge(table.drop_duplicates("speaker"), on="speaker")
    assert len(dealt) == len(speakers)
    for sex, group in dealt.groupby("sex"):
        count = sum(one == sex for one, _ in speakers)
        assert group.groupby("fold").size().max() <= math.ceil(count / folds)


@settings(max_examples=30)
@given(clips, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(speakers, random):
    table = rows(speakers)
    order = list(table.index)
    random.shuffle(order)
    pd.testing.assert_frame_equal(assign_folds(table), assign_folds(table.loc[order]))


def test_another_seed_deals_equal_speakers_otherwise():
    table = rows([("female", 3)] * 12)
    assert not assign_folds(table, seed=0).equals(assign_folds(table, seed=1))


def test_fewer_than_two_folds_are_refused():
    with pytest.raises(ConfigError, match="Got 1 folds"):
        assign_folds(rows([("female", 1)]), 1)


def test_a_table_without_sex_is_refused():
    with pytest.raises(DataError, match="without sex"):
        assign_folds(rows([("female", 1)]).drop(columns="sex"))


def test_a_speaker_in_two_corpora_is_refused():
    table = pd.DataFrame({"corpus": ["a", "b"], "speaker": ["1", "1"], "sex": ["male", "male"]})
    with pytest.raises(DataError, match="speaker `1` with two sexes or in two corpora"):
        assign_folds(table)
