import audmetric
import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mien.training.objectives.concordance import Config, build

NAN = float("nan")


def pairs(items, dimensions=1, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.uniform(0, 1, (items, dimensions))
    return torch.from_numpy(truth + generator.normal(0.1, 0.2, truth.shape)), torch.from_numpy(truth)


def test_loss_is_one_minus_the_ccc_of_audmetric_averaged_over_dimensions():
    outputs, truth = pairs(30, 3)
    truth[:10, 1] = NAN
    scores = []
    for d in range(3):
        known = ~torch.isnan(truth[:, d])
        scores.append(
            audmetric.concordance_cc(truth[known, d].numpy(), outputs[known, d].numpy(), ignore_nan=False)
        )
    assert float(build(Config())(outputs, truth)) == pytest.approx(1 - np.mean(scores), abs=1e-6)


def test_gradient_equals_finite_differences():
    outputs, truth = pairs(6, 2)
    weight = torch.linspace(0.5, 2, 6)
    assert torch.autograd.gradcheck(
        lambda values: build(Config())(values, truth, weight), outputs.requires_grad_(), atol=1e-4
    )


def test_item_weights_act_like_copies_of_the_item():
    outputs, truth = pairs(8)
    weight = torch.tensor([3.0] + [1.0] * 7)
    found = build(Config())(outputs, truth, weight)
    copied = build(Config())(
        torch.cat([outputs[:1], outputs[:1], outputs]), torch.cat([truth[:1]] * 2 + [truth])
    )
    torch.testing.assert_close(found, copied)


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_a_dimension_with_fewer_than_four_known_items_adds_nothing(known):
    outputs, truth = pairs(12, 2)
    truth[known:, 1] = NAN
    outputs.requires_grad_()
    loss = build(Config())(outputs, truth)
    loss.backward()
    torch.testing.assert_close(loss, build(Config())(outputs[:, :1], truth[:, :1]))
    assert torch.equal(outputs.grad[:, 1], torch.zeros(12, dtype=torch.float64))


def test_fewer_than_four_cannot_be_asked_for():
    with pytest.raises(ValidationError, match="greater than or equal to 4"):
        Config(least_known=3)
    assert build(Config(least_known=16)).least_known == 16


def test_truth_that_is_the_same_for_all_pulls_nowhere():
    outputs = torch.rand(8, 1, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = build(Config())(outputs, torch.full((8, 1), 0.5))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(1.0)
    assert outputs.grad.abs().max() < 1e-6


def test_constant_predictions_are_pulled_apart_in_the_order_of_the_truth():
    outputs = torch.full((5, 1), 0.5, requires_grad=True)
    build(Config())(outputs, torch.tensor([[0.1], [0.2], [0.3], [0.8], [0.9]])).backward()
    assert torch.all(torch.diff(-outputs.grad[:, 0]) > 0)


@pytest.mark.parametrize(("items", "mean"), [(4, 0.53), (8, 0.62), (16, 0.66), (32, 0.68)])
def test_small_batches_are_as_biased_as_the_docstring_says(items, mean):
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(items, 20000, generator=generator)  # each column is one batch
    noise = torch.randn(items, 20000, generator=generator)
    outputs = 0.7 * truth + 0.51**0.5 * noise
    assert 1 - float(build(Config())(outputs, truth)) == pytest.approx(mean, abs=0.01)


def test_training_for_ccc_beats_training_for_squared_error_on_ccc():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(600, 8, generator=generator)
    truth = (x[:, :1] + 1.5 * torch.randn(600, 1, generator=generator)) * 0.1 + 0.5
    scores = {}
    for name in ("ccc", "error"):
        weights = torch.zeros(8, 1, requires_grad=True)
        shift = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.Adam([weights, shift], lr=0.02)
        for _ in range(200):
            prediction = x[:300] @ weights + shift
            loss = (
                build(Config())(prediction, truth[:300])
                if name == "ccc"
                else (prediction - truth[:300]).square().mean()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        held_out = (x[300:] @ weights + shift).detach().numpy()[:, 0]
        scores[name] = audmetric.concordance_cc(truth[300:, 0].numpy(), held_out)
    assert scores["ccc"] > scores["error"] + 0.02
