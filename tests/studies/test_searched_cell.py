import numpy as np
import pytest
from tests.studies.test_learned_cell import fold_of, planted

from mien.studies.learned_cell import LearnedCell
from mien.studies.searched_cell import SearchedCell
from mien.studies.streams import Fixed


def searched(seed=0, *, shuffled=False, fold_s=None):
    values, _, truth, speaker = planted(seed=2, speakers=8, per=24, strength=0.6)
    generator = np.random.default_rng(seed)
    labels = generator.permutation(truth) if shuffled else truth
    noise = generator.normal(size=values.shape).astype(np.float32)
    streams = {"noise": Fixed(noise), "told": Fixed(values)}
    cell = LearnedCell([], "", labels, 3, speaker, seed=seed)
    return SearchedCell(streams, cell, seed, fold_s), labels, speaker


def test_the_search_finds_the_stream_that_tells():
    search, truth, speaker = searched()
    fold = fold_of(speaker, "0")
    found = search.answer(fold)
    assert "told" in found.chosen.partition("+")[0].split(",")
    assert (found.said.argmax(axis=1) == truth[fold.test]).mean() > 0.6
    assert 0.5 < found.inner <= 1


def test_the_same_seed_finds_the_same_winner():
    fold = fold_of(searched()[2], "1")
    first, second = (searched()[0].answer(fold) for _ in "ab")
    assert first.chosen == second.chosen
    np.testing.assert_array_equal(first.said, second.said)


def test_of_shuffled_labels_the_search_promises_too_much_and_the_outer_score_does_not():
    search, truth, speaker = searched(4, shuffled=True)
    outer, inner = [], []
    for one in np.unique(speaker):
        fold = fold_of(speaker, one)
        found = search.answer(fold)
        outer.append((found.said.argmax(axis=1) == truth[fold.test]).mean())
        inner.append(found.inner)
    assert np.mean(outer) == pytest.approx(1 / 3, abs=0.1)
    assert np.mean(inner) > np.mean(outer)


def test_no_trial_begins_after_the_time_is_over():
    search, _, speaker = searched(fold_s=0.0)
    assert search.answer(fold_of(speaker, "0")).chosen
