"""A small task for tests of the loop, and a program that trains on it in a process of its own."""

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mien.core.errors import DataError
from mien.training.loop import Fit, LoopConfig, fit

ROWS = (6, 6, 6, 6, 5)
"""Rows of an epoch's batches."""


@dataclass(frozen=True)
class Batch:
    """Six values of each row, its class, and its number."""

    x: Tensor
    target: dict[str, Tensor]
    row: np.ndarray


def batches(epoch: int) -> list[Batch]:
    """Return an epoch: the class of a row is which half of its values is larger."""
    generator, found = np.random.default_rng([7, epoch]), []
    for rows in ROWS:
        x = generator.standard_normal((rows, 6)).astype(np.float32)
        target = (x[:, :3].sum(axis=1) > x[:, 3:].sum(axis=1)).astype(np.int64)
        row = generator.permutation(1000)[:rows]
        found.append(Batch(torch.from_numpy(x), {"half": torch.from_numpy(target)}, row))
    return found


class Task(nn.Module):
    """Tell the larger half, by a net with everything a checkpoint has to keep."""

    def __init__(self, *, dropout: float = 0.3, normalize: bool = True) -> None:
        super().__init__()
        torch.manual_seed(1)
        normalization = nn.BatchNorm1d(8) if normalize else nn.Identity()
        self.net = nn.Sequential(
            nn.Linear(6, 8), normalization, nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 2)
        )

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return two losses; the second is small."""
        logits = self.net(batch.x)
        entropy = nn.functional.cross_entropy(logits, batch.target["half"])
        return {"category": entropy, "size": 0.01 * logits.square().mean()}


def accuracy(objective: Task) -> float:
    """Return the share of new rows that are told right."""
    (batch, *_) = batches(1000)
    return float((objective.net(batch.x).argmax(dim=1) == batch.target["half"]).float().mean())


def train(folder: Path | None, *, config: dict, task: dict | None = None, **options) -> Fit:
    """Train on the small task."""
    settings = LoopConfig(**{"epochs": 4, "learning_rate": 0.02, "average_decay": 0.9, **config})
    return fit(Task(**(task or {})), batches, config=settings, seed=3, folder=folder, **options)


def kill_at(epoch: int, step: int):
    """Return a progress function that kills this process as `kill -9` does."""

    def progress(moment) -> None:
        if (moment.epoch, moment.step) == (epoch, step):
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


class Broken(Task):
    """Have no number for a single row of a batch of six: number 1, which is another process' row."""

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return a loss that is no number where the marked row is."""
        bad = (batch.x[:, 0] == 99).any()
        return {"category": self.net(batch.x).square().mean() * (float("nan") if bad else 1.0)}


def stops_everywhere() -> bool:
    """Return whether this process stops at a loss that only one process sees."""
    (batch, *_) = batches(0)
    batch.x[1, 0] = 99
    try:
        fit(Broken(normalize=False), lambda epoch: [batch], config=LoopConfig(epochs=1), seed=0)
    except DataError as error:
        return "no number in epoch 1, step 1" in str(error)
    return False


def main() -> None:
    """Train as the JSON in the first argument says."""
    job = json.loads(sys.argv[1])
    options = {"dev": accuracy} if job.get("dev") else {}
    if "kill" in job:
        options["progress"] = kill_at(*job["kill"])
    train(Path(job["folder"]), config=job["config"], task=job.get("task"), **options)
    if job.get("break") and not stops_everywhere():
        raise SystemExit("this process did not stop")


if __name__ == "__main__":
    main()
