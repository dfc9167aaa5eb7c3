import numpy as np
import pytest
import torch

from mien.training.objectives.squared_error import Config, build


def test_equals_the_mean_over_known_values():
    generator = np.random.default_rng(0)
    outputs, truth = generator.normal(size=(7, 3)), generator.normal(size=(7, 3))
    truth[2, 1] = truth[5, :] = np.nan
    wanted = np.nanmean((outputs - truth) ** 2)
    assert float(build(Config())(torch.from_numpy(outputs), torch.from_numpy(truth))) == pytest.approx(wanted)


def test_weights_count_items():
    outputs, truth = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
    assert float(build(Config())(outputs, truth, torch.tensor([3.0, 1.0]))) == pytest.approx((3 * 1 + 9) / 4)
