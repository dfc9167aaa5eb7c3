"""Train anything that says what a batch costs: epochs, selection on dev, checkpoints, log."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError, DataError
from mien.training.checkpoint import Checkpoint, Checkpoints, stored_weights, write_weights
from mien.training.loop_config import LoopConfig
from mien.training.progress import Moment
from mien.training.random_states import random_states, restore_random
from mien.training.run_log import EpochRecord, RunLog
from mien.training.stepper import Stepper, Where

LOGGER = logging.getLogger(__name__)
Batches = Callable[[int], Iterable[Any]]


@dataclass(frozen=True)
class Fit:
    """Hold what training gave.

    Attributes:
        objective: the objective that was given, with the chosen weights, in evaluation mode.
        epoch: whose weights were chosen, from 1: the best on dev, or the last.
        score: of that epoch on dev; None without dev.
        records: one per epoch.
        seconds: of all epochs together, also of those before a resume.
    """

    objective: nn.Module
    epoch: int
    score: float | None
    records: tuple[EpochRecord, ...]
    seconds: float


def fit(
    objective: nn.Module,
    batches: Batches,
    *,
    config: LoopConfig,
    seed: int,
    folder: Path | None = None,
    dev: Callable[[nn.Module], float] | None = None,
    progress: Callable[[Moment], None] | None = None,
) -> Fit:
    """Train an objective in place and return it with the chosen weights.

    Nothing is selected on anything but `dev`; without it, the last weights are taken. What is taken and
    judged are the averaged weights unless `average_decay` is 0. A run with a folder that was stopped, by
    whatever, goes on where its last checkpoint is, and ends with the weights it would have had (on a CPU
    to the bit). Start it with `accelerate launch` to use several processes: each gets a share of every
    batch.

    Args:
        objective: has `step(batch) -> {name: loss}`, each loss a scalar and already weighted; their sum is
            what falls. It may have `parameter_groups(learning_rate) -> list[dict]` with own rates (`lr`).
        batches: gives an epoch's batches for its number, which counts from 0; the same ones whenever it is
            asked for the same number. A batch has `.to(device)` or is a dataclass, dict or tuple of
            tensors; where it has `row`, errors name its rows. Give the epoch a length: one without is
            run through once beforehand to count its batches.
        config: how to train.
        seed: seeds Python's, NumPy's and torch's global generators.
        folder: gets `checkpoints/`, `log.jsonl` and, at the end, `weights.safetensors`.
        dev: returns a score, higher is better; it is given the objective in evaluation mode.
        progress: called after each step, and after each epoch with its record.

    Raises:
        ConfigError: patience without dev, checkpoints of another run, nothing to train, out of memory.
        DataError: no batches; a loss, gradient or dev score is no number (the last good checkpoint stays).
        WeightsError: there are checkpoints but none can be read.

    Example:
        >>> class Line(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope = nn.Parameter(torch.zeros(1))
        ...     def step(self, batch):
        ...         return {"error": (self.slope * batch - 3 * batch).square().mean()}
        >>> config = LoopConfig(epochs=50, learning_rate=0.3, average_decay=0.9)
        >>> fitted = fit(Line(), lambda epoch: [torch.ones(4)] * 5, config=config, seed=0)
        >>> round(float(fitted.objective.slope.detach()), 1), len(fitted.records)
        (3.0, 50)
    """
    if config.patience and dev is None:
        raise ConfigError(
            f"Got patience = {config.patience} without dev, expected a score to judge by; give dev or set 0."
        )
    run = _Run(objective, batches, config=config, seed=seed, folder=folder, dev=dev, progress=progress)
    run.resume()
    while not run.finished:
        run.train_epoch()
        run.close_epoch()
    return run.finish()


@dataclass
class _Place:
    """Where a run is: finished epochs, and what is done of the epoch under way."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_score: float = -math.inf


class _Run:
    """One call of `fit`."""

    def __init__(
        self,
        objective: nn.Module,
        batches: Batches,
        *,
        config: LoopConfig,
        seed: int,
        folder: Path | None,
        dev: Callable[[nn.Module], float] | None,
        progress: Callable[[Moment], None] | None,
    ) -> None:
        self.objective, self.batches, self.config = objective, batches, config
        self.folder, self.dev, self.progress = folder, dev, progress
        self.place, self.sums, self.best = _Place(), {}, {}
        self.steps = -(-_count(batches(0)) // config.accumulation_steps)
        self._check_some(self.steps)
        self.stepper = Stepper(objective, config=config, steps=self.steps * config.epochs, seed=seed)
        self.is_main = self.stepper.accelerator.is_main_process
        self.checkpoints = self._checkpoints(seed)
        self.random: dict[str, Any] | None = None
        self.records: list[EpochRecord] = []
        self.mark = self.written = time.monotonic()

    @property
    def finished(self) -> bool:
        """All epochs are done, or dev has not risen for `patience` epochs."""
        waited = self.place.epoch - self.place.best_epoch
        return self.place.epoch >= self.config.epochs or 0 < self.config.patience <= waited

    def resume(self) -> None:
        """Go to the last checkpoint, where there is one, and open the log."""
        found = self.checkpoints.read() if self.checkpoints else None
        if found is not None:
            self.objective.load_state_dict(found.weights)
            self.stepper.load_state(found.state["stepper"])
            self.best, self.sums = found.best, dict(found.state["sums"])
            self.place = _Place(**found.state["place"])
            self.random = found.state["random"][self.stepper.accelerator.process_index]
            self.records = [EpochRecord(**record) for record in found.state["records"]]
            LOGGER.info("going on after epoch %d, step %d", found.epoch, found.step)
        if self.is_main:
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
            self.log = RunLog(self.folder, records=self.records, tensorboard=self.config.tensorboard)
        self.mark = self.written = time.monotonic()

    def train_epoch(self) -> None:
        """Take the steps of one epoch, from where the run is."""
        self.stepper.model.train()
        groups = _grouped(self.batches(self.place.epoch), self.config.accumulation_steps)
        for _ in range(self.place.step):
            next(groups, None)
        if self.random is not None:
            restore_random(self.random)
            self.random = None
        for group in groups:
            where = Where(self.place.epoch + 1, self.place.step + 1, self.checkpoints)
            losses = self.stepper.step(group, where)
            self.place.step += 1
            for name, value in losses.items():
                self.sums[name] = self.sums.get(name, 0.0) + value
            self._tell(sum(losses.values()))
            self._write_if_due()
        self._check_some(self.place.step)

    def close_epoch(self) -> None:
        """Judge, write the log's line and the checkpoint, and go to the next epoch."""
        score = self._judge()
        gathered = self.stepper.gather(self.sums)
        names = list(dict.fromkeys(name for sums in gathered for name in sums))
        steps = self.place.step * len(gathered)
        losses = {name: sum(sums.get(name, 0.0) for sums in gathered) / steps for name in names}
        self._spend()
        record = EpochRecord(
            epoch=self.place.epoch + 1,
            loss=sum(losses.values()),
            losses=losses,
            learning_rate=self.stepper.learning_rate,
            seconds=round(self.place.seconds, 3),
            dev=score,
        )
        self.records.append(record)
        self.place = replace(self.place, epoch=record.epoch, step=0, seconds=0.0)
        self.sums = {}
        if self.is_main:
            self.log.add(record)
        if self.finished or self.place.epoch % self.config.checkpoint_every == 0:
            self._write()
        self._tell(record.loss, record)

    def finish(self) -> Fit:
        """Choose the weights, store them and say how long it took."""
        self.objective.load_state_dict(self.best if self.dev else self._averaged())
        self.objective.eval()
        seconds = sum(record.seconds for record in self.records)
        epoch = self.place.best_epoch if self.dev else self.place.epoch
        if self.is_main:
            self.log.close()
            if self.folder is not None:
                write_weights(stored_weights(self.objective), self.folder / "weights.safetensors")
            where = f" in `{self.folder}`" if self.folder else ""
            LOGGER.info(
                "trained %d epochs in %.0f s%s; took epoch %d", self.place.epoch, seconds, where, epoch
            )
        score = self.place.best_score if self.dev else None
        return Fit(self.objective, epoch, score, tuple(self.records), seconds)

    def _check_some(self, steps: int) -> None:
        if not steps:
            raise DataError(f"Got no batch in epoch {self.place.epoch + 1}, expected one; check the data.")

    def _judge(self) -> float | None:
        if self.dev is None:
            return None
        average = self.stepper.average
        self.objective.eval()
        with torch.no_grad(), average.in_place_of(self.objective) if average else torch.no_grad():
            # Every process judges, so that none waits; the main one's score counts.
            score = float(self.stepper.gather(float(self.dev(self.objective)))[0])
            if math.isnan(score):
                where = Where(self.place.epoch + 1, self.place.step, self.checkpoints)
                raise DataError(
                    f"Got a dev score that is no number in {where}, expected one; "
                    f"check the dev data. {where.kept}"
                )
            if score > self.place.best_score or not self.best:
                self.best = stored_weights(self.objective)
                self.place.best_epoch, self.place.best_score = self.place.epoch + 1, score
        return score

    def _averaged(self) -> dict[str, Tensor]:
        if self.stepper.average is None:
            return stored_weights(self.objective)
        with self.stepper.average.in_place_of(self.objective):
            return stored_weights(self.objective)

    def _tell(self, loss: float, record: EpochRecord | None = None) -> None:
        if self.progress is None or not self.is_main:
            return
        epoch, step = self.place.epoch + 1, self.place.step
        if record is not None:
            epoch, step = record.epoch, self.steps
        self.progress(Moment(epoch, self.config.epochs, step, self.steps, loss, record))

    def _spend(self) -> None:
        now = time.monotonic()
        self.place.seconds += now - self.mark
        self.mark = now

    def _write_if_due(self) -> None:
        if self.checkpoints is None:
            return
        due = time.monotonic() - self.written >= self.config.checkpoint_seconds
        if self.stepper.agree(due) if self.stepper.accelerator.num_processes > 1 else due:
            self._write()

    def _write(self) -> None:
        if self.checkpoints is None:
            return
        self._spend()
        random = self.stepper.gather(random_states())
        if self.is_main:
            state = {
                "stepper": self.stepper.state(),
                "place": asdict(self.place),
                "sums": self.sums,
                "records": [asdict(record) for record in self.records],
                "random": random,
            }
            weights, best = stored_weights(self.objective), (self.best, self.place.best_epoch)
            self.checkpoints.write(Checkpoint(self.place.epoch, self.place.step, weights, *best, state))
        self.written = time.monotonic()

    def _checkpoints(self, seed: int) -> Checkpoints | None:
        if self.folder is None:
            return None
        shapes = {f"shape of {n}": list(tensor.shape) for n, tensor in self.objective.state_dict().items()}
        fingerprint = {
            "objective": type(self.objective).__name__,
            **self.config.model_dump(mode="json"),
            "seed": seed,
            "steps per epoch": self.steps,
            "processes": self.stepper.accelerator.num_processes,
            "dev": self.dev is not None,
            **shapes,
        }
        return Checkpoints(self.folder / "checkpoints", fingerprint=fingerprint)


def _count(epoch: Iterable[Any]) -> int:
    if hasattr(epoch, "__len__"):
        return len(epoch)
    return sum(1 for _ in epoch)


def _grouped(epoch: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of `size` batches; the last one may be shorter."""
    group: list[Any] = []
    for batch in epoch:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
