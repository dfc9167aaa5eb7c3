import copy
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.training.quantization_aware import RoundedActivations, RoundedWeights, freeze, prepare
from mien.training.quantize import quantize_int8


def small_net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))


def task() -> tuple[Tensor, Tensor]:
    x = torch.rand(512, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return x, torch.sin(5 * x[:, :1]) * torch.cos(4 * x[:, 1:])


def loss_of(net: nn.Module) -> Tensor:
    x, y = task()
    return (net(x) - y).square().mean()


def train(net: nn.Module, *, steps: int, rate: float) -> None:
    optimizer = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    net.train()
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(net).backward()
        optimizer.step()
        schedule.step()
    net.eval()


def int8_loss(net: nn.Module, folder: Path) -> float:
    """Return the loss of the network exported, quantized after training and run by onnxruntime."""
    x, y = task()
    torch.onnx.export(
        net, (x[:4],), str(folder / "a.onnx"), input_names=["x"], dynamic_axes={"x": {0: "B"}}, dynamo=False
    )
    feed = {"x": x.numpy()}
    quantize_int8(folder / "a.onnx", folder / "b.onnx", [feed], least_weights=1, keep_above_db=0)
    session = onnxruntime.InferenceSession(str(folder / "b.onnx"), providers=["CPUExecutionProvider"])
    return float(np.square(session.run(None, feed)[0] - y.numpy()).mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_a_network_trained_so_loses_less_by_int8(tmp_path: Path, seed: int) -> None:
    plain = small_net(seed)
    train(plain, steps=300, rate=1e-2)
    aware = copy.deepcopy(plain)
    train(plain, steps=300, rate=1e-3)
    prepare(aware)
    train(aware, steps=300, rate=1e-3)
    freeze(aware)
    with torch.no_grad():
        float_plain, float_aware = float(loss_of(plain)), float(loss_of(aware))
    assert float_aware < 2 * float_plain
    assert int8_loss(aware, tmp_path) - float_aware < int8_loss(plain, tmp_path) - float_plain


def test_at_four_bits_a_network_trained_so_beats_one_rounded_afterwards() -> None:
    net = small_net()
    train(net, steps=300, rate=1e-2)
    rounded, aware = copy.deepcopy(net), copy.deepcopy(net)
    for one in (rounded, aware):
        prepare(one, bits=4)
        loss_of(one.train())  # finds the ranges
    train(aware, steps=400, rate=5e-3)
    with torch.no_grad():
        assert loss_of(aware) < 0.75 * loss_of(rounded.eval())


def test_weights_take_at_most_the_allowed_levels_per_channel() -> None:
    weights = torch.randn(3, 500, generator=torch.Generator().manual_seed(0))
    for bits in (2, 4, 8):
        rounded = RoundedWeights(bits)(weights)
        assert all(len(row.unique()) <= 2**bits - 1 for row in rounded)
        assert torch.allclose(rounded.abs().amax(1), weights.abs().amax(1))


def test_the_gradient_passes_the_rounding_and_stops_outside_the_range() -> None:
    rounding = RoundedActivations().train()
    rounding(torch.tensor([-1.0, 1.0]))
    values = torch.tensor([0.3, -0.9, 5.0], requires_grad=True)
    rounding.eval()(values).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [1, 1, 0]
    weights = torch.randn(2, 3, requires_grad=True)
    (RoundedWeights()(weights) * torch.arange(3)).sum().backward()
    assert weights.grad is not None
    assert torch.equal(weights.grad, torch.arange(3.0).expand(2, 3))


def test_the_range_follows_training_and_stands_still_in_evaluation() -> None:
    rounding = RoundedActivations(momentum=0.5).train()
    rounding(torch.tensor([-1.0, 1.0]))
    rounding(torch.tensor([-1.0, 3.0]))
    assert (rounding.low.item(), rounding.high.item()) == (-1, 2)
    rounding.eval()(torch.tensor([100.0]))
    assert rounding.high.item() == 2


def test_zero_stays_zero_so_that_padding_does() -> None:
    rounding = RoundedActivations().train()
    assert rounding(torch.tensor([-0.317, 0.0, 0.911]))[1] == 0


def test_freezing_leaves_an_ordinary_network_with_rounded_weights() -> None:
    net = small_net()
    names = sorted(net.state_dict())
    prepare(net)
    loss_of(net.train())
    copied = freeze(copy.deepcopy(net))
    freeze(net)
    assert sorted(net.state_dict()) == names
    assert all(len(row.unique()) <= 255 for row in net[2].weight)
    assert torch.equal(net(task()[0]), copied(task()[0]))
    again = RoundedWeights()(net[2].weight)
    assert torch.allclose(again, net[2].weight, atol=1e-6)


def test_named_layers_only_are_prepared_and_only_once() -> None:
    net = small_net()
    assert prepare(net, ["2"]) == ["2"]
    assert prepare(net, ["2"]) == ["2"]
    assert type(net[0]) is nn.Linear
    freeze(net)
    assert type(net[2]) is nn.Linear


def test_front_ends_and_poolings_are_left_out_by_default() -> None:
    net = nn.ModuleDict(
        {
            "front_end": nn.Conv1d(1, 2, 3),
            "pooling": nn.Linear(2, 2),
            "head": nn.Linear(2, 2),
            "gru": nn.GRU(2, 2),
        }
    )
    assert prepare(net) == ["head"]


def test_an_unknown_layer_and_bits_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="heads"):
        prepare(nn.ModuleDict({"head": nn.Linear(2, 2)}), ["heads"])
    with pytest.raises(ConfigError, match="2 to 8"):
        prepare(small_net(), bits=16)
