import pytest
import torch

from mien.core.errors import DataError
from mien.nets.frames import Frames
from mien.nets.layer_mix import LayerMix

VALID = torch.arange(4) < torch.tensor([[4], [2]])


def layers(count: int = 3) -> tuple[Frames, ...]:
    torch.manual_seed(0)
    return tuple(Frames(torch.randn(2, 4, 5), VALID, 50.0) for _ in range(count))


def test_a_new_mix_is_the_mean_of_the_layers():
    given = layers()
    mixed = LayerMix(3)(given)
    torch.testing.assert_close(mixed.values, sum(one.values for one in given) / 3)
    assert torch.equal(mixed.valid, VALID)
    assert mixed.rate_hz == 50.0


def test_shares_follow_the_softmax_of_the_weights():
    mix, given = LayerMix(3), layers()
    with torch.no_grad():
        mix.weights.copy_(torch.log(torch.tensor([1.0, 2.0, 5.0])))
    expected = (given[0].values + 2 * given[1].values + 5 * given[2].values) / 8
    torch.testing.assert_close(mix(given).values, expected)
    torch.testing.assert_close(mix.shares, torch.tensor([0.125, 0.25, 0.625]))


def test_the_weights_learn():
    mix = LayerMix(3)
    mix(layers()).values.square().sum().backward()
    assert mix.weights.grad.abs().min() > 0


def test_another_number_of_layers_is_refused():
    with pytest.raises(DataError, match="Got 2 layers, expected 3"):
        LayerMix(3)(layers(2))
