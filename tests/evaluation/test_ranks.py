"""Ranks over corpora, against scipy's Friedman test and the worked example of Demšar's paper."""

import numpy as np
import pytest
from scipy import stats

from mien.core.errors import DataError
from mien.evaluation.ranks import rank_systems

# Demšar 2006, table 6: AUC of four trees on fourteen data sets
TREES = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_the_worked_example_of_the_paper():
    found = rank_systems(TREES)
    np.testing.assert_allclose(found.mean, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert found.critical == pytest.approx(1.25, abs=0.005)
    # F(3, 39) = 3.69 in the paper, which leaves out the correction for its one row of ties
    assert 0.01 < found.p < 0.03


def test_the_statistic_is_that_of_scipy_also_with_ties():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 6, (9, 4)) / 10
    theirs = stats.friedmanchisquare(*scores.T).statistic
    ours = rank_systems(scores).agreement * 9 * 3
    assert ours == pytest.approx(theirs)


def test_equal_systems_are_seldom_called_different():
    generator = np.random.default_rng(1)
    called = [rank_systems(generator.normal(size=(8, 5))).p <= 0.05 for _ in range(400)]
    assert np.mean(called) < 0.08


def test_systems_that_all_tie_do_not_differ():
    found = rank_systems(np.full((4, 3), 0.5))
    assert found.mean.tolist() == [2, 2, 2]
    assert (found.p, found.agreement) == (1.0, 0.0)


@pytest.mark.parametrize("scores", [[[0.1, 0.2, 0.3]], [[0.1, 0.2], [0.2, 0.3]], [[0.1, np.nan, 0.2]] * 2])
def test_too_little_is_refused(scores):
    with pytest.raises(DataError, match="expected"):
        rank_systems(scores)
