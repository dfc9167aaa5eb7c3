import numpy as np
import pytest
import torch

from mien.core.errors import ConfigError
from mien.training.objectives.multi_label import Config, build


def test_equals_binary_cross_entropy_over_known_labels_with_positive_weights():
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(6, 3))
    truth = generator.integers(0, 2, (6, 3)).astype(float)
    truth[1, 0] = truth[4, :] = np.nan
    positive = np.array([1.0, 4.0, 0.5])
    p = 1 / (1 + np.exp(-outputs))
    losses = -(positive * truth * np.log(p) + (1 - truth) * np.log(1 - p))
    found = build(Config(positive_weights=tuple(positive)))(
        torch.from_numpy(outputs), torch.from_numpy(truth)
    )
    assert float(found) == pytest.approx(np.nanmean(losses), rel=1e-6)


def test_read_gives_each_label_its_own_probability():
    assert build(Config()).read(torch.zeros(1, 3)).tolist() == [[0.5, 0.5, 0.5]]


def test_positive_weights_for_another_number_of_labels_are_refused():
    with pytest.raises(ConfigError, match="Got 2 positive_weights, expected one for each of 3 labels"):
        build(Config(positive_weights=(1.0, 2.0))).outputs(3)
