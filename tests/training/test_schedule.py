"""The course of the learning rate."""

import numpy as np
import pytest
import torch

from mien.training.loop_config import LoopConfig
from mien.training.schedule import make_schedule


def rates(steps: int, *, peaks: tuple[float, ...] = (1.0,), **config) -> np.ndarray:
    """Return `(steps, groups)`."""
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": peak} for peak in peaks]
    optimizer = torch.optim.AdamW(groups)
    schedule = make_schedule(optimizer, config=LoopConfig(**config), steps=steps)
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if len(found) < steps:
            schedule.step()
    return np.array(found)


def test_one_cycle_rises_for_its_share_and_falls_to_almost_nothing():
    rate = rates(100, schedule="one-cycle", warmup_share=0.2)[:, 0]
    assert rate[0] == pytest.approx(1 / 25)
    assert rate.argmax() == 19
    assert rate.max() == pytest.approx(1.0)
    assert rate[-1] == pytest.approx(1 / 25 / 1e4)


def test_cosine_is_a_linear_rise_and_then_half_a_cosine():
    rate = rates(10, schedule="cosine", warmup_share=0.2)[:, 0]
    wanted = [1 / 3, 2 / 3, *(0.5 * (1 + np.cos(np.pi * step / 8)) for step in range(8))]
    np.testing.assert_allclose(rate, wanted)


def test_constant_stays_at_its_peak_after_the_rise():
    np.testing.assert_allclose(rates(5, schedule="constant", warmup_share=0.0), 1.0)
    np.testing.assert_allclose(rates(5, schedule="constant", warmup_share=0.2)[:, 0], [0.5, 1, 1, 1, 1])


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "constant"])
def test_every_group_follows_the_same_course_to_its_own_peak(schedule):
    both = rates(20, peaks=(1.0, 0.1), schedule=schedule)
    np.testing.assert_allclose(both[:, 1], 0.1 * both[:, 0])


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "constant"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("steps", [1, 2, 5, 10])
def test_short_runs_have_a_rate_at_every_step(schedule, share, steps):
    rate = rates(steps, schedule=schedule, warmup_share=share)
    assert np.isfinite(rate).all()
    assert (rate > 0).all()
    assert (rate <= 1).all()
