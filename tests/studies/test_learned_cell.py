import numpy as np
import pytest

from mien.core.errors import DataError
from mien.corpora.split import Fold
from mien.studies.fusion import answer_late, mixture_weights
from mien.studies.learned_cell import LearnedCell
from mien.studies.streams import Fixed

NONE = np.array([], dtype=np.int64)


def planted(seed=0, speakers=6, per=12, columns=8, classes=3, strength=1.0):
    generator = np.random.default_rng(seed)
    rows = speakers * per
    truth, speaker = np.arange(rows) % classes, np.repeat(np.arange(speakers), per)
    centers = strength * generator.normal(size=(classes, columns))
    offset = 4 * generator.normal(size=(speakers, columns))
    values = centers[truth] + 0.5 * generator.normal(size=(rows, columns))
    return (
        values.astype(np.float32),
        offset[speaker].astype(np.float32),
        truth,
        speaker.astype(str).astype(object),
    )


def fold_of(speaker, one, dev=NONE):
    test = np.flatnonzero(speaker == one)
    rest = np.setdiff1d(np.flatnonzero(speaker != one), dev)
    return Fold("fold", rest, dev, test)


def test_answers_are_probabilities_and_mostly_right():
    values, _, truth, speaker = planted()
    said, setting = LearnedCell([Fixed(values)], "svm", truth, 3, speaker).answer(fold_of(speaker, "0"))
    np.testing.assert_allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == truth[speaker == "0"]).mean() > 0.9
    assert setting in ("0.1", "1", "10")


def test_nothing_about_a_test_row_reaches_the_answer_for_another():
    values, _, truth, speaker = planted()
    fold = fold_of(speaker, "0")
    before, _ = LearnedCell([Fixed(values)], "svm", truth, 3, speaker).answer(fold)
    changed, labels = values.copy(), truth.copy()
    changed[fold.test[1:]] *= 100
    labels[fold.test] = (labels[fold.test] + 1) % 3
    after, _ = LearnedCell([Fixed(changed)], "svm", labels, 3, speaker).answer(fold)
    np.testing.assert_array_equal(before[0], after[0])


def test_per_speaker_normalization_takes_a_speakers_own_level_away():
    values, offset, truth, speaker = planted(strength=0.6)
    fold = fold_of(speaker, "0")
    right = {}
    for name, who in (("plain", None), ("speaker", speaker)):
        said, _ = LearnedCell([Fixed(values + offset)], "svm", truth, 3, speaker, who).answer(fold)
        right[name] = (said.argmax(axis=1) == truth[fold.test]).mean()
    assert right["speaker"] > right["plain"] + 0.2


def test_shuffled_labels_give_chance():
    values, _, truth, speaker = planted(speakers=10, per=60, columns=30)
    labels = np.random.default_rng(5).permutation(truth)
    recalls = []
    for one in np.unique(speaker):
        fold = fold_of(speaker, one)
        said, _ = LearnedCell([Fixed(values)], "svm", labels, 3, speaker).answer(fold)
        recalls.append((said.argmax(axis=1) == labels[fold.test]).mean())
    assert np.mean(recalls) == pytest.approx(1 / 3, abs=0.06)


def test_a_class_that_no_training_row_has_is_nearly_impossible():
    values, _, truth, speaker = planted()
    fold = fold_of(speaker, "0")
    fold = Fold("fold", fold.train[truth[fold.train] != 2], NONE, fold.test)
    said, _ = LearnedCell([Fixed(values)], "logistic", truth, 3, speaker).answer(fold)
    assert said[:, 2].max() < 1e-4
    np.testing.assert_allclose(said.sum(axis=1), 1)


def test_rows_that_cannot_be_described_are_answered_all_the_same():
    values, _, truth, speaker = planted()
    values[[0, 30]] = np.nan
    said, _ = LearnedCell([Fixed(values)], "svm", truth, 3, speaker).answer(fold_of(speaker, "0"))
    assert np.isfinite(said).all()


def test_one_class_among_training_rows_is_refused():
    values, _, truth, speaker = planted()
    fold = fold_of(speaker, "0")
    fold = Fold("fold", fold.train[truth[fold.train] == 1], NONE, fold.test)
    with pytest.raises(DataError, match="one class only"):
        LearnedCell([Fixed(values)], "svm", truth, 3, speaker).answer(fold)


def test_the_dev_part_chooses_where_there_is_one():
    values, _, truth, speaker = planted()
    cell = LearnedCell([Fixed(values)], "svm", truth, 3, speaker)
    fold = fold_of(speaker, "0", dev=np.flatnonzero(speaker == "1"))
    [(train, dev)] = cell.trials(fold)
    assert set(speaker[dev]) == {"1"}
    assert "1" not in speaker[train]


def test_inner_folds_keep_speakers_together():
    values, _, truth, speaker = planted()
    for train, dev in LearnedCell([Fixed(values)], "svm", truth, 3, speaker).trials(fold_of(speaker, "0")):
        assert not set(speaker[train]) & set(speaker[dev])
        assert "0" not in set(speaker[train]) | set(speaker[dev])


def test_late_fusion_of_complementary_parts_beats_each_and_ignores_noise():
    generator = np.random.default_rng(3)
    values, _, truth, speaker = planted(seed=2, speakers=8, per=30, strength=0.45)
    first, second = values.copy(), values.copy()
    first[:, 4:] = generator.normal(size=first[:, 4:].shape)
    second[:, :4] = generator.normal(size=second[:, :4].shape)
    noise = generator.normal(size=values.shape).astype(np.float32)
    cells = [LearnedCell([Fixed(one)], "logistic", truth, 3, speaker) for one in (first, second, noise)]
    right, weights = np.zeros(4), []
    for one in np.unique(speaker):
        fold = fold_of(speaker, one)
        fused, said = answer_late(cells, fold)
        weights.append([float(weight) for weight in said.split("/")])
        for place, chances in enumerate([cell.answer(fold)[0] for cell in cells] + [fused]):
            right[place] += (chances.argmax(axis=1) == truth[fold.test]).sum()
    assert right[3] > right[:3].max()
    assert np.mean(weights, axis=0)[2] < 0.2


def test_identical_parts_share_the_weight_and_gain_nothing():
    values, _, truth, speaker = planted()
    cell = LearnedCell([Fixed(values)], "svm", truth, 3, speaker)
    fold = fold_of(speaker, "0")
    fused, weights = answer_late([cell, cell], fold)
    assert weights == "0.50/0.50"
    np.testing.assert_allclose(fused, cell.answer(fold)[0])


def test_mixture_weights_have_the_highest_likelihood_on_a_grid():
    chances = np.random.default_rng(0).uniform(0.05, 0.95, size=(2, 50))
    found = mixture_weights(chances)
    grid = np.linspace(0, 1, 201)
    likelihood = [np.log(w * chances[0] + (1 - w) * chances[1]).sum() for w in grid]
    assert found[0] == pytest.approx(grid[int(np.argmax(likelihood))], abs=0.02)
