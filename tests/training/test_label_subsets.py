"""Draws of labels are nested, balanced, and leave the held-out clips alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import DataError
from mien.corpora.split import Fold
from mien.training.label_subsets import draw_order, labelled_fold

STRATUM = np.array((["joy"] * 6 + ["fear"] * 3 + ["calm"]) * 12, dtype=object)
FOLD = Fold("fold one", np.arange(70), np.arange(70, 100), np.arange(100, 120))


@given(
    labels=st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), seed=st.integers(0, 99), data=st.data()
)
def test_every_beginning_holds_one_of_each_and_then_their_shares(labels, seed, data):
    stratum = np.array(labels, dtype=object)
    order = draw_order(stratum, seed=seed)
    names, counts = np.unique(stratum, return_counts=True)
    assert sorted(order) == list(range(len(stratum)))
    assert len(set(stratum[order[: len(names)]])) == len(names)
    size = data.draw(st.integers(1, len(stratum)))
    for name, count in zip(names, counts, strict=True):
        drawn = (stratum[order[:size]] == name).sum()
        assert abs(drawn - size * count / len(stratum)) <= len(names)


def test_the_same_seed_draws_the_same_clips_and_another_seed_others():
    first, same, other = (draw_order(STRATUM, seed=seed) for seed in (3, 3, 4))
    assert (first == same).all()
    assert (first != other).any()


@given(few=st.integers(3, 100), more=st.integers(3, 100), seed=st.integers(0, 9))
def test_the_larger_draw_holds_the_smaller_one(few, more, seed):
    small, large = (labelled_fold(FOLD, STRATUM, count, seed=seed) for count in sorted((few, more)))
    assert {*small.train, *small.dev} <= {*large.train, *large.dev}
    for count, fold in zip(sorted((few, more)), (small, large), strict=True):
        assert len(fold.train) + len(fold.dev) == count
        assert set(STRATUM[fold.train]) == {"joy", "fear", "calm"}
        assert not {*fold.train, *fold.dev} & set(FOLD.test)
        assert (fold.test == FOLD.test).all()


def test_all_is_everything_that_may_train_and_nothing_is_put_aside():
    for count in (100, None):
        whole = labelled_fold(FOLD, STRATUM, count, seed=0)
        assert (whole.train == np.arange(100)).all()
        assert not len(whole.dev)


@pytest.mark.parametrize("count", [2, 101])
def test_too_few_and_too_many_are_refused(count):
    with pytest.raises(DataError, match=rf"Got {count} labelled clips.*expected 3 .* to 100"):
        labelled_fold(FOLD, STRATUM, count, seed=0)
