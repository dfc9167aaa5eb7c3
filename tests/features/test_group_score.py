"""The linear score of groups against scikit-learn, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mien.core.errors import DataError
from mien.corpora.protocols import SpeakerKFold
from mien.features.group_score import GroupScore, average_recall, concordance

A, B, BOTH = frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})


def planted(rows=90, *, width=4, seed=0):
    """Return blocks of which `a` tells the class and `b` nothing, labels and speakers."""
    draw = np.random.default_rng(seed)
    classes = np.array(["calm", "glad", "sad"])[draw.choice(3, rows, p=(0.6, 0.3, 0.1))]
    blocks = {one: draw.normal(3, 2, (rows, width)).astype(np.float32) for one in (A, B)}
    blocks[A][:, 0] += 3 * (classes == "sad") - 3 * (classes == "glad")
    speakers = pd.Series([f"s{row % 7}" for row in range(rows)])
    return blocks, pd.Series(classes, name="emotion"), speakers


def naive(blocks, groups, labels, speakers):
    """Answer each fold by scikit-learn's ridge regression."""
    values = np.concatenate([one for needs, one in blocks.items() if needs <= groups], axis=1)
    is_rating = pd.api.types.is_numeric_dtype(labels)
    targets = labels.to_numpy()[:, None] if is_rating else pd.get_dummies(labels).to_numpy(float)
    weights = np.ones(len(labels)) if is_rating else 1 / labels.map(labels.value_counts()).to_numpy()
    table = pd.DataFrame({"segment": range(len(labels)), "speaker": speakers})
    if not is_rating:
        table["category"] = labels
    answer = np.zeros(len(labels))
    for fold in SpeakerKFold(k=5).folds(table):
        weight = weights[fold.train] / weights[fold.train].mean()
        mean = np.average(values[fold.train], axis=0, weights=weight)
        spread = np.sqrt(np.average((values[fold.train] - mean) ** 2, axis=0, weights=weight))
        model = Ridge(alpha=values.shape[1])
        model.fit((values[fold.train] - mean) / spread, targets[fold.train], sample_weight=weight)
        found = model.predict((values[fold.test] - mean) / spread).reshape(len(fold.test), -1)
        answer[fold.test] = found[:, 0] if is_rating else found.argmax(axis=1)
    return answer


@pytest.mark.parametrize("width", [4, 80], ids=["fewer columns than rows", "more columns than rows"])
@pytest.mark.parametrize("groups", [A, BOTH])
def test_answers_are_those_of_scikit_learn(width, groups):
    blocks, labels, speakers = planted(width=width)
    found = GroupScore(blocks, labels, speakers).answers(groups)
    np.testing.assert_array_equal(found.answer, naive(blocks, groups, labels, speakers))


@pytest.mark.parametrize("width", [4, 80])
def test_ratings_are_regressed_and_scored_by_concordance(width):
    blocks, labels, speakers = planted(width=width)
    ratings = labels.map({"calm": 0.0, "glad": -1.0, "sad": 1.0})
    score = GroupScore(blocks, ratings, speakers)
    found = score.answers(BOTH)
    np.testing.assert_allclose(found.answer, naive(blocks, BOTH, ratings, speakers), atol=1e-8)
    assert score(BOTH) == concordance(found.truth, found.answer)
    assert score.about["measure"] == "concordance correlation"


def test_what_tells_scores_above_chance_and_noise_does_not():
    blocks, labels, speakers = planted(rows=300)
    score = GroupScore(blocks, labels, speakers)
    assert score.floor == pytest.approx(1 / 3)
    assert score(A) > 0.6
    assert abs(score(B) - 1 / 3) < 0.1


def test_a_score_says_by_what_protocol_and_on_how_many_it_is():
    about = GroupScore(*planted()).about
    assert (about["protocol"], about["folds"], about["rows"], about["speakers"]) == (
        "speaker-kfold",
        5,
        90,
        7,
    )


def test_wide_sets_are_judged_on_rows_from_all_over_the_table():
    blocks, labels, speakers = planted(rows=1600, width=501)
    about = GroupScore(blocks, labels, speakers).about
    assert (about["rows"], about["speakers"]) == (1000, 7)


def test_two_speakers_make_two_folds_and_one_is_too_few():
    blocks, labels, _ = planted()
    two = pd.Series(["x", "y"] * 45)
    assert GroupScore(blocks, labels, two).about["folds"] == 2
    with pytest.raises(DataError, match="one alone cannot be held out"):
        GroupScore(blocks, labels, pd.Series(["x"] * 90))
    with pytest.raises(DataError, match="without `speaker`"):
        GroupScore(blocks, labels, pd.Series([None, "y"] * 45))
    with pytest.raises(DataError, match="Got 1 classes"):
        GroupScore(blocks, pd.Series(["calm"] * 90), two)


def test_metrics_are_what_their_names_say():
    truth, answer = np.array([0.0, 0, 0, 1]), np.array([0.0, 0, 1, 1])
    assert average_recall(truth, answer) == pytest.approx((2 / 3 + 1) / 2)
    assert concordance(truth, truth) == 1
    assert concordance(truth, truth + 1) == pytest.approx(2 * 0.1875 / (2 * 0.1875 + 1))
    assert concordance(np.zeros(3), np.zeros(3)) == 0
