import numpy as np
import pytest
import torch

from mien.core.errors import ConfigError
from mien.training.objectives.proxy import Config, build

TARGET = torch.tensor([0, 0, 1, 1, -1, 3])


def built(**options):
    torch.manual_seed(0)
    return build(Config(categories=4, width=5, **options))


def some():
    return torch.randn(6, 5, generator=torch.Generator().manual_seed(1))


def unit(rows):
    rows = np.array(rows.tolist())
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_proxy_nca_equals_its_formula_item_by_item():
    objective = built(method="nca", scale=3.0)
    points, proxies = unit(some()), unit(objective.proxies.detach())
    losses = []
    for point, k in zip(points, TARGET.tolist(), strict=True):
        if k < 0:
            continue
        near = [np.exp(-3 * np.sum((point - proxy) ** 2)) for proxy in proxies]
        losses.append(-np.log(near[k] / sum(near[z] for z in range(4) if z != k)))
    assert float(objective(some(), TARGET).detach()) == pytest.approx(np.mean(losses), rel=1e-4)


def test_proxy_anchor_equals_its_formula_proxy_by_proxy():
    objective = built(scale=8.0, margin=0.2)
    points, proxies = unit(some()), unit(objective.proxies.detach())
    pulled, pushed = [], []
    for k, proxy in enumerate(proxies):
        own = [i for i, t in enumerate(TARGET.tolist()) if t == k]
        other = [i for i, t in enumerate(TARGET.tolist()) if t not in (k, -1)]
        if own:
            pulled.append(np.log(1 + sum(np.exp(-8 * (points[i] @ proxy - 0.2)) for i in own)))
        pushed.append(np.log(1 + sum(np.exp(8 * (points[i] @ proxy + 0.2)) for i in other)))
    wanted = np.mean(pulled) + np.mean(pushed)
    assert float(objective(some(), TARGET).detach()) == pytest.approx(wanted, rel=1e-4)


def test_weights_of_anchor_act_like_copies():
    objective = built()
    weight = torch.tensor([2.0, 1, 1, 1, 1, 1])
    copied = objective(torch.cat([some()[:1], some()]), torch.cat([TARGET[:1], TARGET]))
    torch.testing.assert_close(objective(some(), TARGET, weight), copied)


@pytest.mark.parametrize("method", ["anchor", "nca"])
def test_gradient_reaches_the_proxies(method):
    objective = built(method=method)
    objective(some(), TARGET).backward()
    assert (objective.proxies.grad.abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("method", ["anchor", "nca"])
def test_one_item_alone_is_enough(method):
    outputs = some()[:1].requires_grad_()
    built(method=method)(outputs, TARGET[:1]).backward()
    assert outputs.grad.abs().sum() > 0


def test_another_number_of_classes_is_refused():
    with pytest.raises(ConfigError, match="Got 4 categories, expected 3"):
        built().outputs(3)
