import itertools

import numpy as np
import pytest
import torch

from mien.training.objectives.triplet import Config, build

TARGET = torch.tensor([0, 0, 0, 1, 1, 2, -1, 2, 1])


def some():
    return torch.randn(9, 5, generator=torch.Generator().manual_seed(0))


def naive(outputs, target, mining, margin):
    points = [np.array(row) / np.linalg.norm(row) for row in outputs.tolist()]
    d = [[np.sum((a - b) ** 2) for b in points] for a in points]
    known = [i for i, k in enumerate(target.tolist()) if k >= 0]
    losses = []
    for a in known:
        own = [i for i in known if target[i] == target[a] and i != a]
        other = [i for i in known if target[i] != target[a]]
        if not own or not other:
            continue
        if mining == "hard":
            terms = [(max(d[a][p] for p in own), min(d[a][n] for n in other))]
        elif mining == "all":
            terms = [(d[a][p], d[a][n]) for p, n in itertools.product(own, other)]
        else:
            terms = []
            for p in own:
                beyond = [d[a][n] for n in other if d[a][n] > d[a][p]]
                terms.append((d[a][p], min(beyond) if beyond else max(d[a][n] for n in other)))
        losses.append(np.mean([max(near - far + margin, 0) for near, far in terms]))
    return np.mean(losses)


@pytest.mark.parametrize("mining", ["hard", "semihard", "all"])
@pytest.mark.parametrize("margin", [0.2, 2.0])
def test_equals_three_nested_loops(mining, margin):
    found = build(Config(width=5, mining=mining, margin=margin))(some(), TARGET)
    assert float(found) == pytest.approx(naive(some(), TARGET, mining, margin), rel=1e-4)


@pytest.mark.parametrize("mining", ["hard", "semihard", "all"])
@pytest.mark.parametrize("target", [[0, 1, 2, 3], [1, 1, 1, 1], [0, -1, -1, -1]])
def test_batches_without_a_triplet_add_nothing(mining, target):
    outputs = some()[:4].requires_grad_()
    loss = build(Config(width=5, mining=mining))(outputs, torch.tensor(target))
    loss.backward()
    assert loss == 0
    assert torch.equal(outputs.grad, torch.zeros_like(outputs))


@pytest.mark.parametrize("mining", ["hard", "semihard", "all"])
def test_a_collapsed_embedding_shows_as_a_loss_of_exactly_the_margin(mining):
    loss = build(Config(width=5, mining=mining, margin=0.3))(torch.ones(9, 5), TARGET)
    assert float(loss) == pytest.approx(0.3, abs=1e-6)


def test_well_separated_classes_cost_nothing():
    outputs = torch.eye(5)[TARGET.clamp(min=0)] * 7.0
    assert build(Config(width=5))(outputs, TARGET) == 0
