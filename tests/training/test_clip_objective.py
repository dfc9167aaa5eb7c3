"""Training on clips: what they cost, what is learned of them, what a net says of them."""

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import DataError
from mien.systems.recognition.conv_recurrent import Config, build
from mien.training.clip_objective import ClipObjective, ClipTraining, recognize_clips
from mien.training.clips import Clips, evaluation_batches
from mien.training.label_loss import clip_weights
from mien.training.loop import fit
from mien.training.teacher import Teacher

TINY = Config(categories=2, dimensions=1, bands=16, channels=(4, 4, 4, 4), width=8, members=2, dropout=0.0)


@pytest.fixture
def clips() -> Clips:
    """Return 48 clips whose category is which half of the bands is loud."""
    generator, frames = np.random.default_rng(0), []
    category = np.arange(48) % 2
    for label in category:
        values = generator.standard_normal((16, generator.integers(20, 40)))
        values[8 * label : 8 * label + 8] += 2.0
        frames.append(values.astype(np.float16))
    table = pd.DataFrame({"corpus": "made", "category": category.astype(str)})
    intensity = np.where(np.arange(48) % 3 == 0, np.nan, category)[:, None].astype(float)
    spans = [(0.0, 0.016 * values.shape[1]) for values in frames]
    return Clips(table, [frames], [spans], category, intensity)


def train(clips: Clips, rows: np.ndarray, *, teacher: Teacher | None = None, net=None, **config):
    torch.manual_seed(0)
    settings = ClipTraining(batch_size=8, learning_rate=1e-2, **config)
    objective = ClipObjective(net or build(TINY), clips, rows, config=settings, seed=0, teacher=teacher)
    return fit(objective, objective.batches, config=settings, seed=0)


def test_the_categories_and_the_dimension_are_learned(clips):
    fitted = train(clips, np.arange(40), epochs=50)
    category, dimension = recognize_clips(fitted.objective.net, clips, np.arange(40, 48))
    assert (category.mean(axis=1).argmax(axis=1) == clips.category[40:]).mean() >= 0.9
    assert ((dimension.mean(axis=(1, 2)) > 0) == (clips.category[40:] == 1)).mean() >= 0.9


def test_a_batch_costs_what_the_formula_says(clips):
    config = ClipTraining(batch_size=8, label_smoothing=0.2)
    rows = np.arange(6)
    objective = ClipObjective(build(TINY).eval(), clips, rows, config=config, seed=0)
    (batch,) = evaluation_batches(clips, rows)
    losses = objective.step(batch)
    logits, further = recognize_clips(objective.net, clips, rows)
    weights = clip_weights(clips.table, rows, members=2, seed=0).numpy()
    costs, errors = [], []
    for row in rows:
        for member in range(2):
            p = np.exp(logits[row, member]) / np.exp(logits[row, member]).sum()
            wanted = np.full(2, 0.1)
            wanted[clips.category[row]] += 0.8
            costs.append(-weights[row, member] * (wanted * np.log(p)).sum())
            truth, strong = clips.dimensions[row, 0], 1 / (1 + np.exp(-further[row, member, 0]))
            if not np.isnan(truth):
                errors.append(-weights[row, member] * np.log(strong if truth else 1 - strong))
    assert losses["category"].item() == pytest.approx(np.mean(costs), rel=1e-4)
    assert losses["dimensions"].item() == pytest.approx(0.3 * np.mean(errors), rel=1e-4)
    assert "hint" not in losses


def test_same_seed_gives_the_same_weights(clips):
    first, second = (
        recognize_clips(train(clips, np.arange(16), epochs=1).objective.net, clips, np.arange(16))[0]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_answers_come_in_the_order_of_the_rows(clips):
    net = build(TINY).eval()
    forward, _ = recognize_clips(net, clips, np.arange(10))
    backward, _ = recognize_clips(net, clips, np.arange(10)[::-1].copy())
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-5)


def test_a_loss_that_is_no_number_names_the_clips(clips):
    net = build(TINY)
    with torch.no_grad():
        net.projection.weight.fill_(float("nan"))
    with pytest.raises(
        DataError, match=r"category, dimensions that is no number in epoch 1, step 1 \(rows \d"
    ):
        train(clips, np.arange(16), epochs=1, net=net)


def test_the_teachers_hint_is_added_and_learned(clips):
    generator = np.random.default_rng(0)
    cause = np.stack([clips.category, 1 - clips.category], axis=1)
    heard = [
        (one[None].repeat(16, axis=0) + 0.01 * generator.standard_normal((16, 2))).astype(np.float16)
        for one in cause
    ]
    first, *_, last = train(clips, np.arange(24), epochs=8, teacher=Teacher(heard, 1, 1.0)).records
    assert set(first.losses) == {"category", "dimensions", "hint"}
    assert first.losses["hint"] > 0.3
    assert last.losses["hint"] < 0.8 * first.losses["hint"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_clips_are_learned_and_recognized_on_a_gpu(clips):
    net = train(clips, np.arange(40), epochs=2).objective.net
    assert next(net.parameters()).is_cuda
    category, _ = recognize_clips(net, clips, np.arange(40, 48))
    np.testing.assert_allclose(category, recognize_clips(net.cpu(), clips, np.arange(40, 48))[0], atol=1e-3)
