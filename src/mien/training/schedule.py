"""The course of the learning rate over a training run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from mien.training.loop_config import LoopConfig


def make_schedule(optimizer: Optimizer, *, config: LoopConfig, steps: int) -> LRScheduler:
    """Return the schedule that a loop steps after every step of the optimizer.

    Each parameter group follows the same course towards its own peak. One-cycle suits small nets trained
    from nothing; the linear rise with a cosine suits fine-tuning; constant suits runs of unknown length.

    Args:
        optimizer: its groups carry their peaks as `lr`.
        config: gives the course's name and `warmup_share`.
        steps: optimizer steps of the whole run, at least 1.

    Source:
        L. N. Smith and N. Topin, Super-Convergence, 2018 (one-cycle); I. Loshchilov and F. Hutter, SGDR,
        ICLR 2017 (cosine).
    """
    if config.schedule == "one-cycle":
        peaks = [group["lr"] for group in optimizer.param_groups]
        # torch divides by the length of the rise less one step.
        rise = config.warmup_share if config.warmup_share * steps > 1 else 0.0
        return OneCycleLR(optimizer, peaks, total_steps=steps, pct_start=rise)
    warmup = round(config.warmup_share * steps)
    if config.schedule == "constant":
        return LambdaLR(optimizer, lambda step: _rise(step, warmup))
    return LambdaLR(optimizer, lambda step: _rise(step, warmup) * _fall(step - warmup, steps - warmup))


def _rise(step: int, warmup: int) -> float:
    """Return 0 to 1; the first step is never wasted on a rate of 0."""
    return min(1.0, (step + 1) / (warmup + 1))


def _fall(step: int, steps: int) -> float:
    """Return 1 at the first step after the rise and 0 once all steps are done."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, max(0, step) / max(1, steps))))
