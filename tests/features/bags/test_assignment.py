"""Nearest words are those of double precision, however close the calls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.features.bags.assignment import nearest, squared_distances


def naive(frames, words, keep):
    """Return the nearest words by every distance, in double precision."""
    apart = frames[:, None].astype(np.float64) - words[None].astype(np.float64)
    return np.argsort((apart**2).sum(axis=2), axis=1, kind="stable")[:, :keep]


def random(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


@pytest.mark.parametrize("keep", [1, 2, 10])
@pytest.mark.parametrize(
    ("rows", "count", "columns"), [(700, 300, 65), (1, 10, 1), (50, 64, 3), (9, 63, 130)]
)
def test_words_are_those_of_every_distance_computed(keep, rows, count, columns):
    frames, words = random(rows, columns), random(count, columns, seed=1)
    np.testing.assert_array_equal(nearest(frames, words, keep), naive(frames, words, keep))


@pytest.mark.parametrize("keep", [1, 3])
def test_far_from_zero_where_single_precision_is_coarse_the_nearest_is_still_found(keep):
    frames = 1000 + random(300, 20)
    words = 1000 + random(100, 20, seed=1)
    np.testing.assert_array_equal(nearest(frames, words, keep), naive(frames, words, keep))


def test_descriptors_of_very_different_size_do_not_hide_close_calls():
    scales = np.float32([1e4, 1e-1, 1, 30])
    frames, words = random(400, 4) * scales, random(80, 4, seed=1) * scales
    words[40:] = words[:40]
    words[40:, 1] += np.float32(3e-3)
    np.testing.assert_array_equal(nearest(frames, words, 2), naive(frames, words, 2))


def test_a_frame_that_is_a_word_finds_it_and_the_first_of_equal_words():
    words = random(30, 5)
    assert nearest(words, np.concatenate([words, words]))[:, 0].tolist() == list(range(30))


def test_all_words_can_be_asked_for():
    frames, words = random(20, 4), random(6, 4, seed=1)
    found = nearest(frames, words, 6)
    assert (np.sort(found, axis=1) == np.arange(6)).all()


@given(st.floats(-5, 5), st.integers(0, 1000))
def test_moving_everything_changes_nothing(shift, seed):
    frames, words = random(40, 6, seed), random(12, 6, seed + 1)
    moved = np.float32(shift)
    expected = naive(frames + moved, words + moved, 1)
    np.testing.assert_array_equal(nearest(frames + moved, words + moved), expected)


def test_squared_distances_are_those_of_the_words_found():
    frames, words = random(30, 7), random(10, 7, seed=1)
    found = nearest(frames, words, 3)
    expected = ((frames[:, None] - words[found]) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared_distances(frames, words, found), expected, rtol=1e-5)
