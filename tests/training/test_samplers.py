from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.training.samplers import balanced, balanced_rows, length_bucketed, several_of_each

SOME_LENGTHS = st.lists(st.floats(0.1, 30), min_size=1, max_size=80)
SEEDS = st.integers(0, 2**31)
SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=6)


def groups_of(sizes):
    """Return group numbers, mixed: `sizes[g]` rows of group g."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes)).tolist()


def same(first, second):
    return len(first) == len(second) and all(map(np.array_equal, first, second))


@given(SOME_LENGTHS, SEEDS, st.integers(1, 12), st.floats(0, 3), st.booleans())
def test_every_row_comes_once_and_no_batch_passes_its_limits(lengths, seed, most_items, jitter, limited):
    most_padded = 40.0 if limited else None
    batches = length_bucketed(
        lengths, seed=seed, epoch=1, most_items=most_items, most_padded=most_padded, jitter=jitter
    )
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= most_items
        assert not limited or len(batch) * max(lengths[row] for row in batch) <= 40.0


def test_without_a_limit_on_padding_all_batches_but_one_are_full():
    batches = length_bucketed(np.linspace(1, 5, 70), seed=0, epoch=0, most_items=16)
    assert sorted(len(batch) for batch in batches) == [6, 16, 16, 16, 16]


def test_like_lengths_lie_together_and_jitter_mixes_them():
    lengths = np.random.default_rng(0).uniform(1, 10, 400)

    def padding(batches):
        return sum(len(b) * lengths[b].max() - lengths[b].sum() for b in batches) / lengths.sum()

    wastes = [
        padding(length_bucketed(lengths, seed=0, epoch=0, most_items=16, jitter=jitter))
        for jitter in (0.0, 0.1, 1.0)
    ]
    shuffled = np.random.default_rng(1).permutation(400).reshape(-1, 16)
    assert wastes[0] < 0.05
    assert wastes[0] < wastes[1] < 0.2
    assert wastes[1] < wastes[2] < padding(list(shuffled)) + 0.1


def test_batches_come_in_random_order_of_length():
    lengths = np.linspace(1, 10, 320)
    batches = length_bucketed(lengths, seed=0, epoch=0, most_items=16)
    means = [lengths[batch].mean() for batch in batches]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.6


def test_given_rows_are_batched_in_place_of_all_also_twice():
    batches = length_bucketed([1.0, 2.0, 3.0], seed=0, epoch=0, most_items=2, rows=[2, 2, 0])
    assert sorted(np.concatenate(batches)) == [0, 2, 2]


@given(SIZES, SEEDS, st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 100))
def test_each_row_comes_as_often_as_others_of_its_group_give_or_take_one(sizes, seed, power, size):
    groups = groups_of(sizes)
    rows = balanced_rows(groups, seed=seed, epoch=0, power=power, size=size)
    assert rows.size == size
    count = np.bincount(rows, minlength=len(groups))
    shares = np.array(sizes) ** power / (np.array(sizes) ** power).sum()
    for group, share in enumerate(shares):
        own = count[np.array(groups) == group]
        assert own.max() - own.min() <= 1
        assert abs(own.sum() - share * size) < 1 + 1e-6


@given(SIZES, SEEDS)
def test_groups_as_they_are_give_every_row_once(sizes, seed):
    rows = balanced_rows(groups_of(sizes), seed=seed, epoch=3, power=1.0)
    assert sorted(rows) == list(range(sum(sizes)))


@given(SIZES, SEEDS, st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 16))
@example([1, 1, 1, 1, 1, 16], 1, 1.0, 4)
def test_any_batch_is_nearly_as_balanced_as_the_whole(sizes, seed, power, most_items):
    groups = groups_of(sizes)
    batches = balanced(groups, seed=seed, epoch=0, most_items=most_items, power=power, size=120)
    assert sum(len(batch) for batch in batches) == 120
    assert all(len(batch) == most_items for batch in batches[:-1])
    whole = Counter(groups[row] for batch in batches for row in batch)
    for batch in batches:
        found = Counter(groups[row] for row in batch)
        for group, total in whole.items():
            # Each group has one row in each of its equal parts of the epoch: a stretch of it holds its share
            # but for 2 rows at its ends, and so do the others, whose rows set the stretch's own length.
            assert abs(found[group] - total * len(batch) / 120) < 2 + 2 * len(whole) * total / 120 + 1e-9


def test_groups_may_be_pairs_of_corpus_and_category():
    groups = [("emodb", "anger")] * 90 + [("ravdess", "anger")] * 5 + [("ravdess", "neutral")] * 5
    rows = balanced_rows(groups, seed=0, epoch=0, size=99)
    assert Counter(groups[row] for row in rows) == dict.fromkeys(set(groups), 33)


@given(st.lists(st.integers(3, 30), min_size=3, max_size=8), SEEDS, st.integers(2, 3), st.integers(2, 3))
def test_metric_batches_hold_k_rows_of_p_groups_and_no_row_twice(sizes, seed, p, k):
    groups = groups_of(sizes)
    batches = several_of_each(groups, seed=seed, epoch=0, groups_per_batch=p, items_per_group=k)
    assert batches
    for batch in batches:
        found = Counter(groups[row] for row in batch)
        assert len(found) == p
        assert set(found.values()) == {k}
    rows = np.concatenate(batches)
    assert np.unique(rows).size == rows.size


def test_groups_of_one_size_leave_almost_nothing_out():
    groups = groups_of([12] * 10)
    batches = several_of_each(groups, seed=0, epoch=0, groups_per_batch=5, items_per_group=4)
    assert sum(len(batch) for batch in batches) == 120


def test_rows_that_are_left_out_differ_from_epoch_to_epoch():
    groups = groups_of([5, 7, 9])
    left = {
        frozenset(range(21))
        - set(
            np.concatenate(
                several_of_each(groups, seed=0, epoch=epoch, groups_per_batch=2, items_per_group=4)
            ).tolist()
        )
        for epoch in range(10)
    }
    assert len(left) > 5


def test_rows_of_a_category_come_from_as_many_speakers_as_there_are():
    generator = np.random.default_rng(0)
    speakers = generator.permutation(np.repeat(list("abcdef"), 20)).tolist()
    categories = generator.integers(0, 3, 120).tolist()

    def shared(apart):
        batches = several_of_each(
            categories, seed=0, epoch=0, groups_per_batch=3, items_per_group=4, apart=apart
        )
        chunks = [chunk for batch in batches for chunk in batch.reshape(3, 4)]
        return np.mean([len({speakers[row] for row in chunk}) < 4 for chunk in chunks])

    assert shared(speakers) < 0.35 < shared(None)


SAMPLERS = {
    "length": lambda **when: length_bucketed(np.linspace(1, 2, 60), most_items=8, **when),
    "balanced": lambda **when: balanced(groups_of([20, 30, 10]), most_items=8, **when),
    "several": lambda **when: several_of_each(
        groups_of([20, 30, 10]), groups_per_batch=2, items_per_group=3, **when
    ),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_batches_depend_on_seed_and_epoch_and_nothing_else(name):
    draw = SAMPLERS[name]
    np.random.seed(0)
    first = draw(seed=1, epoch=2)
    np.random.seed(1)
    assert same(first, draw(seed=1, epoch=2))
    assert not same(first, draw(seed=1, epoch=3))
    assert not same(first, draw(seed=2, epoch=2))
    assert not same(draw(seed=1, epoch=2), draw(seed=2, epoch=1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w: length_bucketed([], most_items=2, **w), DataError, "Got no rows"),
        (lambda w: length_bucketed([1, 0.0], most_items=2, **w), DataError, "length 0.0 of row 1"),
        (lambda w: length_bucketed([1, np.nan], most_items=2, **w), DataError, "length nan of row 1"),
        (
            lambda w: length_bucketed([1, 50], most_items=2, most_padded=9, **w),
            DataError,
            "row 1 of length 50",
        ),
        (lambda w: length_bucketed([1, 2], most_items=2, rows=[5], **w), DataError, "row 5 of a table of 2"),
        (lambda w: length_bucketed([1], most_items=0, **w), ConfigError, "most_items 0"),
        (lambda w: balanced([], most_items=2, **w), DataError, "Got no rows"),
        (lambda w: balanced(["a", float("nan")], most_items=2, **w), DataError, "no group for row 1"),
        (lambda w: balanced(["a", None], most_items=2, **w), DataError, "no group for row 1"),
        (lambda w: balanced([("a", 1), ("a", pd.NA)], most_items=2, **w), DataError, "no group for row 1"),
        (lambda w: balanced(["a"], most_items=0, **w), ConfigError, "most_items 0"),
        (lambda w: balanced_rows(["a"], power=2.0, **w), ConfigError, "power 2.0"),
        (
            lambda w: several_of_each(list("aaab"), groups_per_batch=2, items_per_group=2, **w),
            DataError,
            r"1 groups with fewer than 2 rows \(b\)",
        ),
        (
            lambda w: several_of_each(list("aaaa"), groups_per_batch=2, items_per_group=2, **w),
            DataError,
            "Got 1 groups, expected at least groups_per_batch = 2",
        ),
        (
            lambda w: several_of_each(list("aabb"), groups_per_batch=2, items_per_group=1, **w),
            ConfigError,
            "expected 2 or more of both",
        ),
    ],
)
def test_what_cannot_be_batched_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call({"seed": 0, "epoch": 0})
