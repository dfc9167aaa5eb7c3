import math

import pytest
import torch

from mien.training.objectives.heteroscedastic import Config, build

NAN = float("nan")


def some(items=8):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(items, 4, generator=generator), torch.randn(items, 2, generator=generator)


def naive(outputs, target, beta=0.0):
    losses = []
    for values, truths in zip(outputs.tolist(), target.tolist(), strict=True):
        for d, truth in enumerate(truths):
            if math.isnan(truth):
                continue
            variance = math.exp(values[d + 2]) + 0.01**2
            nll = 0.5 * (math.log(variance) + (truth - values[d]) ** 2 / variance)
            losses.append(variance**beta * nll)
    return sum(losses) / len(losses)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_equals_the_likelihood_item_by_item(beta):
    outputs, target = some()
    target[3, 1] = NAN
    found = build(Config(beta=beta))(outputs, target)
    assert float(found) == pytest.approx(naive(outputs, target, beta), rel=1e-5)


def test_without_beta_it_equals_torch():
    outputs, target = some()
    wanted = torch.nn.GaussianNLLLoss()(outputs[:, :2], target, outputs[:, 2:].exp() + 1e-4)
    torch.testing.assert_close(build(Config(beta=0.0))(outputs, target), wanted)


def test_with_beta_of_one_the_mean_learns_as_from_squared_error():
    outputs, target = some()
    outputs.requires_grad_()
    build(Config(beta=1.0))(outputs, target).backward()
    mean = outputs.detach()[:, :2].requires_grad_()
    (0.5 * (mean - target).square()).mean().backward()
    torch.testing.assert_close(outputs.grad[:, :2], mean.grad)


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_learned_deviation_is_that_of_the_data(beta):
    generator = torch.Generator().manual_seed(0)
    deviation = torch.tensor([0.1, 0.5])
    target = 0.3 + deviation * torch.randn(4000, 2, generator=generator)
    values = torch.zeros(4, requires_grad=True)
    objective = build(Config(beta=beta))
    optimizer = torch.optim.Adam([values], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        objective(values.expand(4000, 4), target).backward()
        optimizer.step()
    read = objective.read(values.detach()[None])[0]
    torch.testing.assert_close(read[:2], torch.tensor([0.3, 0.3]), atol=0.03, rtol=0)
    torch.testing.assert_close(read[2:], deviation, atol=0.02, rtol=0.03)


@pytest.mark.parametrize("log_variance", [-1e4, 1e4])
def test_absurd_variances_have_finite_losses_and_are_pulled_back(log_variance):
    for beta in (0.0, 0.5, 1.0):
        outputs = torch.tensor([[0.0, log_variance]], requires_grad=True)
        loss = build(Config(beta=beta))(outputs, torch.ones(1, 1))
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(outputs.grad).all()
        assert log_variance < 0 or outputs.grad[0, 1] > 0


def test_deviation_never_falls_below_the_least():
    read = build(Config(least_deviation=0.05)).read(torch.tensor([[0.4, -50.0]]))
    torch.testing.assert_close(read, torch.tensor([[0.4, 0.05]]))
