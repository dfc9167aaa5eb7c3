"""The area under a learning curve, and its points with their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import DataError
from mien.evaluation.dimension_metrics import concordance_correlation
from mien.evaluation.intervals import bootstrap
from mien.evaluation.learning_curve import area_under_learning_curve, judge_learning_curve
from mien.evaluation.metrics import accuracy, unweighted_average_recall

TRUTH = np.array([0, 0, 1, 1] * 6)
SPEAKER = np.repeat(list("abcdef"), 4)


def made(share: float, seed: int) -> np.ndarray:
    """Return answers of which about so large a share is right."""
    right = np.random.default_rng(seed).random(len(TRUTH)) < share
    return np.where(right, TRUTH, 1 - TRUTH)


@given(
    counts=st.lists(st.integers(1, 10_000), min_size=2, max_size=6, unique=True).map(sorted), data=st.data()
)
def test_the_area_is_the_mean_height_over_the_logarithm(counts, data):
    scores = data.draw(st.lists(st.floats(-1, 1), min_size=len(counts), max_size=len(counts)))
    place = np.linspace(np.log(counts[0]), np.log(counts[-1]), 200_001)
    naive = np.interp(place, np.log(counts), scores).mean()
    assert area_under_learning_curve(counts, scores) == pytest.approx(naive, abs=1e-3)


@given(st.floats(0, 1), st.integers(2, 50))
def test_a_flat_curve_has_its_height_as_area_whatever_the_labels_are_counted_in(height, factor):
    assert area_under_learning_curve([10, 30, 70], [height] * 3) == pytest.approx(height)
    rising = [0.1, 0.5, 0.6]
    scaled = area_under_learning_curve([10 * factor, 30 * factor, 70 * factor], rising)
    assert scaled == pytest.approx(area_under_learning_curve([10, 30, 70], rising))


@pytest.mark.parametrize(
    ("counts", "scores", "message"),
    [
        ([10], [0.5], "at least 2"),
        ([10, 20], [0.5], "2 counts and 1 scores"),
        ([20, 10], [0.5, 0.6], "numbers of labels that rise"),
        ([0, 10], [0.5, 0.6], "numbers of labels that rise"),
        ([10, 20], [0.5, np.nan], "no number"),
    ],
)
def test_what_is_no_curve_is_refused(counts, scores, message):
    with pytest.raises(DataError, match=message):
        area_under_learning_curve(counts, scores)


def test_with_one_draw_a_point_is_the_score_with_its_interval_by_speaker():
    said = np.array([[made(0.6, 0)], [made(0.9, 1)]])
    table, area = judge_learning_curve(
        accuracy, TRUTH, said, labels=[10, 40], speaker=SPEAKER, draws=200, seed=4
    )
    expected = bootstrap(accuracy, TRUTH, said[1, 0], cluster=SPEAKER, draws=200, seed=4)
    assert table["value"].tolist() == [accuracy(TRUTH, said[0, 0]), expected.value]
    assert (table["low"][1], table["high"][1]) == (expected.low, expected.high)
    assert table["sd"].isna().all()
    assert area.value == pytest.approx(table["value"].mean())
    assert table["speakers"].tolist() == [6, 6]


def test_with_several_draws_a_point_is_their_mean_and_has_their_spread():
    said = np.array([[made(0.6, seed) for seed in range(3)]] * 2)
    table, area = judge_learning_curve(
        unweighted_average_recall, TRUTH, said, labels=[10, 20], speaker=SPEAKER, draws=200
    )
    each = [unweighted_average_recall(TRUTH, one) for one in said[0]]
    assert table["value"][0] == pytest.approx(np.mean(each))
    assert table["sd"][0] == pytest.approx(np.std(each, ddof=1))
    assert area.low <= area.value <= area.high
    assert area.value == pytest.approx(np.mean(each))


def test_a_point_without_a_value_has_its_reason_and_there_is_no_area():
    flat = np.zeros(24)
    said = np.zeros((2, 1, 24))
    table, area = judge_learning_curve(
        concordance_correlation, flat, said, labels=[10, 20], speaker=SPEAKER, draws=50
    )
    assert area is None
    assert table["value"].isna().all()
    assert table["note"].str.len().gt(0).all()


def test_predictions_of_another_shape_are_refused():
    with pytest.raises(DataError, match=r"Got predictions of shape \(24,\)"):
        judge_learning_curve(accuracy, TRUTH, made(0.5, 0), labels=[10], speaker=None)
