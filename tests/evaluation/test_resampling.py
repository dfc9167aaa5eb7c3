"""Draws are the same however they are made."""

import numpy as np
import pytest

from mien.core.errors import ConfigError, UndefinedScore
from mien.evaluation.resampling import draw_units, resample, resample_weights, times_picked

VALUES = np.random.default_rng(0).normal(size=9)


def mean(weights: np.ndarray) -> np.ndarray:
    return weights @ VALUES / weights.sum(axis=1)


@pytest.mark.parametrize("block", [1, 20, 10**6])
def test_weights_score_the_very_draws_of_items(block, monkeypatch):
    monkeypatch.setattr("mien.evaluation.resampling.BLOCK_NUMBERS", block)
    weighted, drawn = resample_weights(mean, 9, draws=50, seed=3), resample(np.mean, VALUES, draws=50, seed=3)
    assert weighted.value == pytest.approx(drawn.value)
    assert weighted.values == pytest.approx(drawn.values)
    assert weighted.units == drawn.units == 9


def test_strata_keep_their_size_and_their_members():
    strata = [np.array([0, 2, 4]), np.array([1, 3])]
    ((place, picked),) = draw_units(strata, 40, np.random.default_rng(0))
    assert place == slice(0, 40)
    assert set(picked[:, :3].ravel()) == {0, 2, 4}
    assert set(picked[:, 3:].ravel()) == {1, 3}


def test_picked_units_are_counted():
    assert times_picked(np.array([[0, 0, 2], [1, 2, 2]]), 4).tolist() == [[2, 0, 1, 0], [0, 1, 2, 0]]


def test_draws_without_a_score_are_marked_and_counted():
    def first(weights: np.ndarray) -> np.ndarray:
        return np.where(weights[:, 0] > 0, 1.0, np.inf)

    assert 0 < np.isnan(resample_weights(first, 3, draws=60).values).sum() < 60


def test_too_little_to_draw_is_refused():
    with pytest.raises(UndefinedScore, match="Got 1 clusters"):
        resample_weights(mean, 1)
    with pytest.raises(ConfigError, match="Got 0 draws"):
        resample_weights(mean, 9, draws=0)
