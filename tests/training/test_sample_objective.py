"""Tests of the losses of nets that learn from samples, and of what such nets say."""

import audmetric
import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.registry import find
from mien.training.clip_training import ClipTraining, Tuning
from mien.training.loop import fit
from mien.training.sample_objective import SampleObjective, recognize_samples
from mien.training.sampled_clips import SampledClips

SYSTEM = find("systems", "wav2small")
ROWS = np.arange(16)


def net_of(**changed) -> torch.nn.Module:
    torch.manual_seed(0)
    config = SYSTEM.CARD["variants"]["tiny"]["config"] | {"categories": 2} | changed
    return SYSTEM.build(SYSTEM.Config(**config))


def made_clips(known: int = 24) -> SampledClips:
    """Return hums of two pitches, of which the first `known` have an intensity."""
    generator = np.random.default_rng(0)
    category = np.arange(24) % 2
    samples = []
    for number, high in enumerate(category):
        time = np.arange(4000 + 100 * number) / 16000
        sound = np.sin(2 * np.pi * (900 if high else 200) * time) + 0.3 * generator.standard_normal(time.size)
        samples.append((6000 * sound).astype(np.int16))
    dimensions = generator.uniform(size=(24, 1))
    dimensions[known:] = np.nan
    table = pd.DataFrame({"corpus": "made", "category": category.astype(str), "fold": [0, 1, 2] * 8})
    return SampledClips(table, [samples], category, dimensions)


def objective_of(
    clips: SampledClips, net: torch.nn.Module, *, kind=ClipTraining, **changed
) -> SampleObjective:
    config = kind(batch_size=16, label_smoothing=0.0, **changed)
    return SampleObjective(net, clips, ROWS, config=config, seed=0)


def test_losses_are_cross_entropy_and_one_minus_the_concordance():
    clips, net = made_clips(), net_of(members=1, dimensions=1).eval()
    objective = objective_of(clips, net)
    objective.labels.weights.fill_(1.0)
    batch = next(iter(objective.batches(0)))
    losses = objective.step(batch)
    logits, further = net(batch.x, batch.valid.sum(dim=1))
    chances = torch.softmax(logits[:, 0], dim=1).detach().numpy()
    entropy = -np.log(chances[np.arange(16), clips.category[batch.row]]).mean()
    assert losses["category"].item() == pytest.approx(entropy, abs=1e-5)
    values = 1 / (1 + np.exp(-further[:, 0, 0].detach().numpy()))
    concordance = audmetric.concordance_cc(clips.dimensions[batch.row, 0], values)
    assert losses["dimensions"].item() == pytest.approx(0.3 * (1 - concordance), abs=1e-4)


def test_a_dimension_that_hardly_any_clip_has_adds_nothing():
    objective = objective_of(made_clips(known=3), net_of())
    losses = [objective.step(batch)["dimensions"].item() for batch in objective.batches(0)]
    assert losses == [0.0]


def test_a_net_without_categories_learns_dimensions_alone():
    objective = objective_of(made_clips(), net_of(categories=0, members=1))
    losses = objective.step(next(iter(objective.batches(0))))
    assert list(losses) == ["dimensions"]
    assert losses["dimensions"].item() > 0.3


def test_answers_are_those_of_the_clips_one_by_one_in_the_order_asked_for():
    clips, net = made_clips(), net_of().eval()
    rows = np.array([20, 3, 11])
    category, dimension = recognize_samples(net, clips, rows)
    for place, row in enumerate(rows):
        samples = torch.from_numpy(clips.read(row))[None]
        with torch.inference_mode():
            logits, further = net(samples, torch.tensor([samples.shape[1]]))
        np.testing.assert_allclose(category[place], logits[0].numpy(), atol=1e-5)
        np.testing.assert_allclose(dimension[place], further[0].numpy(), atol=1e-5)


def test_the_encoder_learns_at_its_own_rate_its_weights_always_in_the_same_order():
    dawn = find("systems", "dawn")
    net = dawn.build(dawn.Config(**dawn.CARD["variants"]["tiny"]["config"]))
    heads, encoder = objective_of(made_clips(), net, kind=Tuning, encoder_rate=0.1).parameter_groups(1e-2)
    assert (heads["lr"], encoder["lr"]) == (1e-2, pytest.approx(1e-3))
    # a resumed run gives each weight its own state by its place
    for group, part in ((heads, net.head), (encoder, net.encoder)):
        wanted = [id(weight) for weight in part.parameters() if weight.requires_grad]
        assert [id(weight) for weight in group["params"]] == wanted


def test_a_net_learns_from_samples():
    clips = made_clips()
    objective = objective_of(clips, net_of(), epochs=12, learning_rate=2e-2, average_decay=0.5)
    trained = fit(objective, objective.batches, config=objective.config, seed=0).objective.net
    category, _ = recognize_samples(trained.eval(), clips, np.arange(16, 24))
    assert (category.mean(axis=1).argmax(axis=1) == clips.category[16:]).all()
