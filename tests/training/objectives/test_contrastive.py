import numpy as np
import pytest
import torch

from mien.training.objectives.contrastive import Config, build

TARGET = torch.tensor([0, 0, 0, 1, 1, 2, -1, 3])


def naive(outputs, target, temperature):
    points = [np.array(row) / np.linalg.norm(row) for row in outputs.tolist()]
    known = [i for i, k in enumerate(target.tolist()) if k >= 0]
    losses = []
    for i in known:
        own = [j for j in known if j != i and target[j] == target[i]]
        if not own:
            continue
        total = sum(np.exp(points[i] @ points[j] / temperature) for j in known if j != i)
        losses.append(-np.mean([np.log(np.exp(points[i] @ points[p] / temperature) / total) for p in own]))
    return np.mean(losses)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_equals_the_sums_of_the_paper(temperature):
    outputs = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    found = build(Config(width=5, temperature=temperature))(outputs, TARGET)
    assert float(found) == pytest.approx(naive(outputs, TARGET, temperature), rel=1e-4)


@pytest.mark.parametrize("target", [[0, 1, 2], [0, -1, -1]])
def test_batches_without_a_pair_add_nothing(target):
    outputs = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = build(Config(width=5))(outputs, torch.tensor(target))
    loss.backward()
    assert loss == 0
    assert torch.equal(outputs.grad, torch.zeros_like(outputs))


def test_two_views_of_each_item_alone_are_the_self_supervised_case():
    """Each item's class is itself: cross-entropy of finding the other view (Khosla, equation 1)."""
    views = torch.nn.functional.normalize(
        torch.randn(6, 5, generator=torch.Generator().manual_seed(1)), dim=1
    )
    likeness = views @ views.T / 0.5
    likeness.fill_diagonal_(-torch.inf)
    wanted = torch.nn.functional.cross_entropy(likeness, torch.tensor([3, 4, 5, 0, 1, 2]))
    found = build(Config(width=5, temperature=0.5))(views, torch.tensor([0, 1, 2, 0, 1, 2]))
    torch.testing.assert_close(found, wanted)
