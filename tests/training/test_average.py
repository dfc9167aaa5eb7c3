"""Weights averaged over steps."""

import pytest
import torch
from torch import nn

from mien.training.average import Average, learned_tensors


def wander(net: nn.Module) -> None:
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.add_(torch.randn_like(tensor) if tensor.is_floating_point() else 1)


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_it_is_the_exponential_average_of_weights_and_buffers(net):
    average, wanted = Average(0.9), None
    for _ in range(5):
        wander(net)
        average.update(net)
        now = {name: tensor.double() for name, tensor in net.state_dict().items()}
        wanted = now if wanted is None else {n: 0.9 * wanted[n] + 0.1 * now[n] for n in now}
    for name, tensor in average.tensors.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor.double(), wanted[name], rtol=1e-5, atol=1e-6)
    assert int(average.tensors["1.num_batches_tracked"]) == 5


def test_inside_the_block_the_net_carries_the_average_and_afterwards_itself(net):
    average = Average(0.5)
    average.update(net)
    old = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    wander(net)
    new = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with average.in_place_of(net):
        assert all(torch.equal(tensor, old[name]) for name, tensor in net.state_dict().items())
    assert all(torch.equal(tensor, new[name]) for name, tensor in net.state_dict().items())
    assert all(torch.equal(tensor, old[name]) for name, tensor in average.tensors.items())


def test_before_the_first_update_the_net_keeps_its_own(net):
    old = net[0].weight.clone()
    with Average(0.5).in_place_of(net):
        assert torch.equal(net[0].weight, old)


def test_frozen_weights_are_left_out_and_shared_ones_count_once(net):
    net[0].weight.requires_grad_(False)
    net.append(nn.Linear(4, 4))
    net.append(nn.Linear(4, 4))
    net[3].weight = net[2].weight
    assert "0.weight" not in learned_tensors(net)
    assert "2.weight" in learned_tensors(net)
    assert "3.weight" not in learned_tensors(net)
    average = Average(0.5)
    average.update(net)
    wander(net)
    shared = net[2].weight.clone()
    with average.in_place_of(net):
        pass
    assert torch.equal(net[2].weight, shared)


def test_an_error_inside_the_block_gives_the_net_its_own_back(net):
    average = Average(0.5)
    average.update(net)
    wander(net)
    own = net[0].weight.clone()
    with pytest.raises(RuntimeError, match="shape"), average.in_place_of(net):
        net(torch.ones(2, 99))
    assert torch.equal(net[0].weight, own)
