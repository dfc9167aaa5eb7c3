"""Tests of what opinions on labelled clips cost."""

import numpy as np
import pandas as pd
import pytest
import torch

from mien.training.label_loss import DIMENSION_SHARE, LabelLoss, clip_weights


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"corpus": "made", "category": ["a", "b"] * 24})


def loss_of(dimensions: np.ndarray, *, smoothing: float = 0.0) -> LabelLoss:
    weights = torch.tensor([[1.0, 0.5], [2.0, 1.0]])
    return LabelLoss(np.array([0, 1]), dimensions, weights=weights, label_smoothing=smoothing)


def test_rarer_groups_weigh_more_by_the_root_of_their_size(table):
    rows = np.array([*range(0, 32, 2), 1, 3, 5, 7])  # sixteen of one category, four of the other
    drawn = np.random.default_rng(3).uniform(0.25, 1.75, (48, 2))
    balance = clip_weights(table, rows, members=2, seed=3).numpy() / drawn
    np.testing.assert_allclose(balance[1] / balance[0], 2.0, rtol=1e-5)
    np.testing.assert_allclose(balance[rows].mean(axis=0), 1.0, rtol=1e-5)


def test_categories_cost_the_weighted_mean_of_their_surprise():
    logits = torch.tensor([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [3.0, 0.0]]])
    losses = loss_of(np.zeros((2, 0)))(logits, torch.zeros(2, 2, 0), row=np.array([0, 1]))
    surprise = [np.log1p(np.exp(-1)), 0.5 * np.log(2), 2 * np.log1p(np.exp(-2)), np.log1p(np.exp(3))]
    assert list(losses) == ["category"]
    assert losses["category"].item() == pytest.approx(np.mean(surprise))


def test_a_dimension_that_is_not_labelled_costs_nothing():
    further = torch.zeros(2, 2, 1, requires_grad=True)
    losses = loss_of(np.array([[np.nan], [1.0]]))(torch.zeros(2, 2, 2), further, row=np.array([0, 1]))
    assert losses["dimensions"].item() == pytest.approx(DIMENSION_SHARE * np.log(2) * (2.0 + 1.0) / 2)
    losses["dimensions"].backward()
    assert further.grad[0].abs().sum() == 0
    assert further.grad[1].abs().sum() > 0
