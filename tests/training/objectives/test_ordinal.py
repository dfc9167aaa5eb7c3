import numpy as np
import pytest
import torch

from mien.core.errors import ConfigError
from mien.training.objectives.ordinal import Config, build


def naive(outputs, target):
    """One binary question per step, written out item by item."""
    losses = []
    for values, k in zip(outputs.tolist(), target.tolist(), strict=True):
        if k < 0:
            continue
        logit, terms = values[0], []
        for step in range(len(values)):
            if step:
                logit -= np.log1p(np.exp(values[step]))
            p = 1 / (1 + np.exp(-logit))
            terms.append(-np.log(p if k > step else 1 - p))
        losses.append(np.mean(terms))
    return np.mean(losses)


def test_equals_one_yes_or_no_question_per_step():
    outputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 1, 2, 3, 4, -1, 2, 0])
    assert float(build(Config())(outputs, target)) == pytest.approx(naive(outputs, target), rel=1e-5)


def test_being_off_by_more_costs_more():
    logits = torch.tensor([[8.0, -6.0, 16.0, -6.0]])  # sure of class 2
    losses = [float(build(Config())(logits, torch.tensor([k]))) for k in range(5)]
    assert losses[2] < min(losses[1], losses[3])
    assert losses[0] > losses[1]
    assert losses[4] > losses[3]


def test_probabilities_of_being_higher_never_rise_with_the_rank():
    outputs = 5 * torch.randn(200, 4, generator=torch.Generator().manual_seed(1))
    p = build(Config()).read(outputs)
    assert (p >= 0).all()
    higher = 1 - p.cumsum(dim=1)
    assert (torch.diff(higher, dim=1) <= 1e-6).all()


def test_probabilities_follow_from_the_cumulative_logits():
    p = build(Config()).read(torch.tensor([[0.3, 0.0]]))
    first, second = (1 / (1 + np.exp(-logit)) for logit in (0.3, 0.3 - np.log(2)))
    np.testing.assert_allclose(p[0].numpy(), [1 - first, first - second, second], rtol=1e-5)


def test_one_class_has_no_order():
    with pytest.raises(ConfigError, match="Got 1 ordered classes"):
        build(Config()).outputs(1)
