"""Words are chosen among frames as their method says, and moved to the middle of their frames."""

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.features.bags import seeding
from mien.features.bags.assignment import nearest, squared_distances
from mien.features.bags.clustering import refine
from mien.features.bags.seeding import any_frames, distant_frames


def generator(seed=0):
    return np.random.default_rng(seed)


def heaps(each=60, seed=0):
    """Return frames in ten heaps far apart, (10 * each, 3)."""
    middles = 100 * np.arange(10)[:, None] * np.float32([1, 0.5, 0])
    return (np.repeat(middles, each, axis=0) + generator(seed).normal(size=(10 * each, 3))).astype(np.float32)


@pytest.mark.parametrize("choose", [any_frames, distant_frames])
def test_words_are_different_frames(choose):
    frames = np.repeat(generator().normal(size=(40, 3)), 3, axis=0).astype(np.float32)
    words = choose(frames, 40, generator())
    assert len(np.unique(words, axis=0)) == 40
    assert {row.tobytes() for row in words} == {row.tobytes() for row in frames}


@pytest.mark.parametrize("choose", [any_frames, distant_frames])
def test_more_words_than_different_frames_are_refused(choose):
    frames = np.repeat(np.float32([[0, 1], [2, 3], [4, 4]]), 5, axis=0)
    with pytest.raises(DataError, match="Got 3 different frames, expected at least the 4 words"):
        choose(frames, 4, generator())


@pytest.mark.parametrize("seed", range(5))
def test_distant_frames_meet_every_heap(seed):
    assert set((distant_frames(heaps(), 10, generator(seed))[:, 0] + 50) // 100) == set(range(10))


def test_the_second_word_is_drawn_by_squared_distance():
    """Three frames at 0, 1 and 3: after the first, the others are drawn in proportion to squared distance."""
    frames = np.float32([[0], [1], [3]])
    drawn = [tuple(distant_frames(frames, 2, generator(seed))[:, 0]) for seed in range(1500)]
    for first, (near, far) in {0: (1, 3), 1: (0, 3), 3: (1, 0)}.items():
        after = [second for one, second in drawn if one == first]
        expected = (far - first) ** 2 / ((far - first) ** 2 + (near - first) ** 2)
        assert after.count(far) / len(after) == pytest.approx(expected, abs=0.08)


def test_drawing_many_at_once_is_as_drawing_one_by_one(monkeypatch):
    """The last word of four, where candidates come several at once, lands as often in each place."""
    frames = np.float32([[0], [1], [3], [7], [8]])

    def last_words(most):
        monkeypatch.setattr(seeding, "MOST_AT_ONCE", most)
        found = [distant_frames(frames, 4, generator(seed))[3, 0] for seed in range(1000)]
        return np.array([found.count(value) for value in frames[:, 0]]) / 1000

    np.testing.assert_allclose(last_words(128), last_words(1), atol=0.07)


def test_refined_words_are_the_means_of_their_frames():
    frames = heaps()
    words = refine(frames, distant_frames(frames, 10, generator()))
    found = nearest(frames, words)[:, 0]
    means = np.stack([frames[found == word].mean(axis=0) for word in range(10)])
    np.testing.assert_allclose(words, means, atol=1e-3)


def test_refining_lowers_the_squared_distance_to_what_scikit_learn_reaches():
    cluster = pytest.importorskip("sklearn.cluster")
    frames = generator(3).normal(size=(2000, 5)).astype(np.float32)
    start = distant_frames(frames, 30, generator())
    words = refine(frames, start)
    theirs = cluster.KMeans(30, init=start, n_init=1, tol=0).fit(frames)
    assert loss(frames, words) < loss(frames, start)
    assert loss(frames, words) == pytest.approx(theirs.inertia_, rel=0.02)


def loss(frames, words):
    return squared_distances(frames, words, nearest(frames, words)).sum()


def test_a_word_without_frames_moves_to_the_frame_that_is_farthest_off():
    frames = np.float32([[0], [0.1], [10], [10.1], [50]])
    words = refine(frames, np.float32([[0], [10], [-500]]))
    np.testing.assert_allclose(np.sort(words[:, 0]), [0.05, 10.05, 50], atol=1e-4)
