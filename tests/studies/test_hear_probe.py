"""The head reads what is in an embedding, and nothing that is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from mien.core.errors import ConfigError
from mien.studies.hear_encoders import Moments
from mien.studies.hear_probe import draw_grid, probe
from mien.studies.hear_task import HearTask
from mien.training.probe_head import Data, Scale, Settings, build_head, fit

CLIPS, FOLDS, STEPS = 120, 3, 20
SHALLOW = 22
"""A seed whose first two points have few layers and learn fast."""


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Let intervals of scores that sort be rough, as they take most of the time and are tested elsewhere."""
    monkeypatch.setattr("mien.studies.hear_scores.RANKED_DRAWS", 40)


def task_of(kind="scene", *, several=False, metric="uar", classes=3):
    """Return a task without audio: 12 speakers in 3 folds."""
    labels = tuple("abcde"[:classes])
    rows = np.arange(CLIPS if kind == "scene" else 18)
    chance = np.random.default_rng(0)
    clips = pd.DataFrame({"clip": [f"c{row}" for row in rows], "fold": (rows % FOLDS).astype(str)})
    clips["group"] = [f"speaker {row % 12}" for row in rows]
    events = None
    if kind == "scene":
        drawn = chance.integers(classes, size=len(rows))
        single = [labels[one] for one in drawn]
        clips["label"] = (
            [tuple({one, labels[int(chance.integers(classes))]}) for one in single] if several else single
        )
    else:
        listed = [(clip, start, start + 0.4, labels[int(chance.integers(classes))])
                  for clip in clips["clip"] for start in (0.2 + 0.1 * chance.integers(3), 1.2)]  # fmt: skip
        events = pd.DataFrame(listed, columns=["clip", "start", "end", "label"])
    return HearTask(
        "made", "made", kind=kind, several=several, metric=metric, labels=labels, clips=clips,
        sound=lambda row: pytest.fail("nothing is heard here"), seconds=2.0, licence="made", events=events,
        chance=1 / classes,
    )  # fmt: skip


def embed(task, *, informed, seed=1):
    """Return one-hot labels with a little noise, or noise alone."""
    chance = np.random.default_rng(seed)
    if task.kind == "scene":
        truth = [row[None] for row in task.targets()]
        ms = np.zeros(1)
    else:
        from mien.studies.hear_events import active_labels

        ms = 50.0 + 100.0 * np.arange(STEPS)
        truth = [active_labels(task, row, ms) for row in range(len(task.clips))]
    level = 0.05 if informed else 1.0
    return [
        Moments((informed * one + level * chance.standard_normal(one.shape)).astype(np.float32), ms)
        for one in truth
    ]


KINDS = {
    "one label per clip": {},
    "several labels per clip, by average precision": {"several": True, "metric": "map"},
    "several labels per clip, by area": {"several": True, "metric": "auc"},
    "events": {"kind": "timestamp", "several": True, "metric": "onset-f1"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_oracle_scores_one(kind):
    task = task_of(**KINDS[kind])
    assert probe(task, embed(task, informed=True), grid=2, seed=SHALLOW).value == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "chance"), [("one label per clip", 1 / 3), ("several labels per clip, by area", 0.5)]
)
def test_noise_scores_chance(kind, chance):
    task = task_of(**KINDS[kind])
    found = probe(task, embed(task, informed=False), grid=2, seed=SHALLOW)
    assert abs(found.value - chance) < 0.1
    assert found.low < chance < found.high


def test_noise_finds_no_more_events_than_guessing():
    task = task_of(**KINDS["events"])
    assert probe(task, embed(task, informed=False), grid=2, seed=SHALLOW).value < 0.45
    assert probe(task, embed(task, informed=True), grid=2, seed=SHALLOW).value > 0.95


def test_average_precision_of_noise_is_the_share_of_positives():
    task = task_of(**KINDS["several labels per clip, by average precision"])
    assert (
        abs(probe(task, embed(task, informed=False), grid=2, seed=SHALLOW).value - task.targets().mean())
        < 0.1
    )


def test_shuffled_labels_score_chance_on_a_perfect_embedding():
    task = task_of()
    embedded = embed(task, informed=True)
    order = np.random.default_rng(5).permutation(len(task.clips))
    shuffled = replace(task, clips=task.clips.assign(label=task.clips["label"].to_numpy()[order]))
    assert abs(probe(shuffled, embedded, grid=2, seed=SHALLOW).value - 1 / 3) < 0.1


def test_the_same_seed_gives_the_same_result():
    task = task_of()
    embedded = [Moments(0.2 * a.values + b.values, a.ms) for a, b in
                zip(embed(task, informed=True), embed(task, informed=False), strict=True)]  # fmt: skip
    assert probe(task, embedded, grid=2, seed=SHALLOW) == probe(task, embedded, grid=2, seed=SHALLOW)


def test_labels_of_test_clips_change_no_answer():
    task = task_of()
    embedded = embed(task, informed=True)
    parts = np.array(["train", "valid", "test"])[task.clips["fold"].astype(int)]
    task = replace(task, clips=task.clips.assign(fold=parts, group=None))
    truth = task.clips["label"]
    spoiled = replace(task, clips=task.clips.assign(label=truth.where(parts != "test", "a")))
    assert probe(task, embedded, grid=1, seed=SHALLOW).value == 1.0
    # the answers are still the true classes, so that only those that are `a` agree with the spoiled labels
    found = probe(spoiled, embedded, grid=1, seed=SHALLOW).value
    assert found == pytest.approx((truth[parts == "test"] == "a").mean())


def test_the_grid_holds_different_points_and_heads_without_hidden_layers():
    points = draw_grid(30)
    assert len(set(points)) == 30
    assert {one.layers for one in points} == {0, 1, 2, 3}
    assert draw_grid(30) == points
    assert draw_grid(30, seed=1) != points
    with pytest.raises(ConfigError, match="Got a grid of 0 points"):
        draw_grid(0)


def test_a_head_has_the_layers_that_its_settings_name():
    head = build_head(10, 3, Settings(2, 512, 0.1, 1e-3))
    shapes = [tuple(part.weight.shape) for part in head if isinstance(part, torch.nn.Linear)]
    assert shapes == [(512, 10), (512, 512), (3, 512)]
    bound = (6 / (10 + 512)) ** 0.5
    assert float(head[0].weight.detach().abs().max()) <= bound
    assert float(head[0].weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.05)


def test_training_returns_the_head_at_its_lowest_loss():
    chance = torch.Generator().manual_seed(0)
    values, targets = torch.randn(40, 20, generator=chance), torch.eye(2)[torch.arange(40) % 2]
    valid = Data(torch.randn(40, 20, generator=chance), targets)
    found = fit(Data(values, targets), valid, Settings(1, 512, 0.1, 1e-2), several=False)
    with torch.inference_mode():
        loss = float(torch.nn.functional.cross_entropy(found.net(valid.values), targets))
    assert loss == pytest.approx(found.loss, rel=1e-6)


def test_turning_wide_embeddings_onto_their_span_keeps_all_angles():
    values = np.random.default_rng(0).normal(3, 2, (15, 200)).astype(np.float32)
    turned = Scale.of(values)(values).numpy()
    plain = (values - values.mean(axis=0)) / values.std(axis=0)
    assert turned.shape == (15, 15)
    np.testing.assert_allclose(turned @ turned.T * (200 / 15), plain @ plain.T, atol=2e-2)


def test_a_column_that_never_changes_does_no_harm():
    values = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    values[:, 2] = 7.25
    assert np.isfinite(Scale.of(values)(values).numpy()).all()
    assert not Scale.of(values)(values)[:, 2].any()
