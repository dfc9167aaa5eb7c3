"""What every system promises, checked at its tiny variant for each file in the folder."""

import copy

import numpy as np
import pytest
import torch

from mien.core import registry
from mien.training.export import export_onnx

NAMES = registry.names("systems")


def tiny(name: str, seed: int = 0) -> torch.nn.Module:
    system = registry.find("systems", name)
    torch.manual_seed(seed)
    return system.build(system.Config(**system.CARD["variants"]["tiny"]["config"])).eval()


def clips(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    length = torch.tensor(lengths)
    samples = 0.1 * torch.randn(len(lengths), max(lengths), generator=generator)
    return samples * (torch.arange(max(lengths)) < length[:, None]), length


def test_there_is_a_system():
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_card_states_the_parameter_count_of_each_variant(name):
    system = registry.find("systems", name)
    for variant in system.CARD["variants"].values():
        net = system.build(system.Config(**variant["config"]))
        assert system.CARD["learns_from"] in ("samples", "statistics")
        assert sum(p.numel() for p in net.parameters()) == variant["parameters"]


@pytest.mark.parametrize("name", NAMES)
def test_one_clip_alone_equals_the_same_clip_in_a_padded_batch(name):
    net = tiny(name)
    samples, length = clips([16000, 9000, 40000, 512])
    with torch.inference_mode():
        batch, _ = net(samples, length)
        for row, size in enumerate(length.tolist()):
            alone, _ = net(samples[row : row + 1, :size], length[row : row + 1])
            torch.testing.assert_close(alone[0], batch[row], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_have_members_and_categories(name):
    net = tiny(name)
    category, dimension = net(*clips([16000, 9000]))
    assert category.shape == (2, net.config.members, net.config.categories)
    assert dimension.shape == (2, net.config.members, net.config.dimensions)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_trainable_weight(name):
    net = tiny(name).train()
    category, dimension = net(*clips([32000] * 4))
    (category.square().sum() + dimension.square().sum()).backward()
    without = [
        key
        for key, p in net.named_parameters()
        if p.requires_grad and (p.grad is None or not torch.any(p.grad != 0))
    ]
    assert without == []


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_network_and_another_seed_another(name):
    first, second, other = (tiny(name, seed)(*clips([16000]))[0] for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_network_answers_the_same(name, tmp_path):
    net, other = tiny(name, 0), tiny(name, 1)
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    torch.testing.assert_close(net(*clips([16000]))[0], other(*clips([16000]))[0])


@pytest.mark.parametrize("name", NAMES)
def test_exported_graph_equals_the_network(name, tmp_path):
    assert export_onnx(tiny(name), tmp_path / "x.onnx", temperature=1.3, dimensions=["intensity"]) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_on_one_batch_halve_the_loss(name):
    net = copy.deepcopy(tiny(name)).train()
    samples, length = clips([16000] * 8)
    target = torch.from_numpy(np.arange(8) % 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2)
    losses = []
    for _ in range(50):
        logits, _ = net(samples, length)
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), target.repeat_interleave(net.config.members)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert min(losses[-5:]) < losses[0] / 2
