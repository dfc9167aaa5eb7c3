"""Do one optimizer step: share, forward, backward, clip, update, average; on any device."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import gather_object, set_seed
from accelerate.utils.memory import should_reduce_batch_size
from torch import Tensor, nn

from mien.core.errors import ConfigError, DataError
from mien.training.average import Average
from mien.training.checkpoint import Checkpoints
from mien.training.loop_config import LoopConfig
from mien.training.placement import Share, count_rows, move, share_of
from mien.training.schedule import make_schedule

ROWS_SHOWN = 20


@dataclass(frozen=True)
class Where:
    """Name a step for messages.

    Attributes:
        epoch: from 1.
        step: of the epoch, from 1.
        checkpoints: of the run; None without a folder.
    """

    epoch: int
    step: int
    checkpoints: Checkpoints | None = None

    def __str__(self) -> str:
        return f"epoch {self.epoch}, step {self.step}"

    @property
    def kept(self) -> str:
        """Say what is left of the run."""
        last = self.checkpoints.last() if self.checkpoints else None
        return "No checkpoint was written." if last is None else f"The last good checkpoint is `{last}`."


class Steps(nn.Module):
    """Make `step` the forward pass, which is what mixed precision and several processes hook into."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, batch: Any) -> dict[str, Tensor]:
        """Return the objective's named losses of a batch."""
        return self.objective.step(batch)


class Stepper:
    """Hold the optimizer and all that moves with it.

    Batches of one step, and the shares of several processes, are weighted by their rows: together they
    give the gradient of one large batch wherever a loss is a mean over rows. It is not that for losses
    that compare rows with each other (CCC, contrastive), nor through batch normalization.

    Args:
        objective: has `step(batch)`, and may have `parameter_groups(learning_rate)`.
        config: of the loop.
        steps: optimizer steps of the whole run.
        seed: seeds the global generators; each process gets its own.

    Raises:
        ConfigError: the objective has nothing to train, its groups leave weights out, or fp16 without GPU.
    """

    def __init__(self, objective: nn.Module, *, config: LoopConfig, steps: int, seed: int) -> None:
        self.config, self.steps, self.objective = config, steps, objective
        self.accelerator = _start(config.mixed_precision)
        set_seed(seed, device_specific=True)
        # Moved before the optimizer is made, which holds on to the weights where they are.
        objective.to(self.accelerator.device)
        groups = _groups(objective, config.learning_rate)
        self.learned = [weight for group in groups for weight in group["params"]]
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
        self.schedule = make_schedule(optimizer, config=config, steps=steps)
        self.model, self.optimizer = self.accelerator.prepare(Steps(objective), optimizer)
        self.average = Average(config.average_decay) if config.average_decay else None

    @property
    def learning_rate(self) -> float:
        """The first group's present rate."""
        return float(self.optimizer.param_groups[0]["lr"])

    def step(self, batches: Sequence[Any], where: Where) -> dict[str, float]:
        """Take one step on one or more batches and return this process' losses by name.

        Raises:
            DataError: a loss or gradient is no number.
            ConfigError: memory does not suffice, or `step` gives no losses.
        """
        try:
            return self._step(batches, where)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, MemoryError) or should_reduce_batch_size(error):
                raise self._out_of_memory(batches, where) from error
            raise

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on, beside the weights and the random generators."""
        scaler = self.accelerator.scaler
        return {
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": scaler.state_dict() if scaler else {},
            "average": self.average.tensors if self.average else {},
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        if self.average:
            device = self.accelerator.device
            self.average.tensors = {name: tensor.to(device) for name, tensor in state["average"].items()}

    def agree(self, wish: bool) -> bool:
        """Return the main process' wish in every process."""
        return bool(self.gather(wish)[0])

    def gather(self, value: Any) -> list[Any]:
        """Return every process' value, the main one's first."""
        return gather_object([value])

    def _step(self, batches: Sequence[Any], where: Where) -> dict[str, float]:
        processes, process = self.accelerator.num_processes, self.accelerator.process_index
        shares = [share_of(batch, process=process, processes=processes) for batch in batches]
        total = sum(count_rows(batch) for batch in batches)
        sums: dict[str, float] = {}
        for number, share in enumerate(shares, start=1):
            # Processes exchange gradients once per step, after the last batch.
            last = number == len(shares)
            with nullcontext() if last else self.accelerator.no_sync(self.model):
                losses = self._losses(share, where)
                weight = share.rows / total
                self.accelerator.backward(sum(losses.values()) * (weight * processes))
            for name, value in _as_numbers(losses).items():
                sums[name] = sums.get(name, 0.0) + weight * processes * value
        self._update(where)
        return sums

    def _losses(self, share: Share, where: Where) -> dict[str, Tensor]:
        losses = self.model(move(share.batch, self.accelerator.device))
        if not isinstance(losses, dict) or not losses or any(value.numel() != 1 for value in losses.values()):
            raise ConfigError(
                f"Got a {type(losses).__name__} from the objective's step, expected a dict of named losses, "
                "each one number; take the mean over the batch."
            )
        wrong = [name for name, value in _as_numbers(losses).items() if not math.isfinite(value)]
        # All processes stop together; one alone would leave the others waiting for ever.
        if any(self.gather(bool(wrong))) if self.accelerator.num_processes > 1 else wrong:
            raise _no_number(f"loss {', '.join(wrong) or 'of another process'}", share.batch, where)
        return losses

    def _update(self, where: Where) -> None:
        norm = self.accelerator.clip_grad_norm_(self.learned, self.config.clip_norm or math.inf)
        # With fp16 an endless gradient only means that the scale was too large; its step is left out.
        if self.accelerator.scaler is None and not torch.isfinite(norm):
            raise _no_number("gradient", None, where)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.accelerator.optimizer_step_was_skipped:
            return
        if self.schedule.last_epoch < self.steps - 1:
            self.schedule.step()
        if self.average:
            self.average.update(self.objective)

    def _out_of_memory(self, batches: Sequence[Any], where: Where) -> ConfigError:
        rows = max(count_rows(batch) for batch in batches)
        return ConfigError(
            f"Got out of memory in {where}, on a batch of {rows} rows; lower batch_size (and raise "
            f"accumulation_steps to keep the step's size) or the longest crop, longest_crop_s. {where.kept}"
        )


def _start(mixed_precision: str) -> Accelerator:
    # Accelerate remembers the first run's precision for the whole process and refuses any other.
    AcceleratorState._reset_state()
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(mixed_precision=mixed_precision, kwargs_handlers=[unused])
    if mixed_precision == "fp16" and accelerator.device.type == "cpu":
        raise ConfigError("Got mixed_precision = fp16 without a GPU, expected no or bf16; change it.")
    return accelerator


def _groups(objective: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """Return the objective's parameter groups without frozen weights; check that none is left out."""
    trained = {id(weight): name for name, weight in objective.named_parameters() if weight.requires_grad}
    if not trained:
        raise ConfigError("Got an objective whose weights are all frozen, expected some to train.")
    own = getattr(objective, "parameter_groups", None)
    given = own(learning_rate) if own else [{"params": list(objective.parameters())}]
    groups = [{**group, "params": [w for w in group["params"] if w.requires_grad]} for group in given]
    reached = {id(weight) for group in groups for weight in group["params"]}
    if left_out := [name for number, name in trained.items() if number not in reached]:
        raise ConfigError(
            f"Got parameter groups without {', '.join(left_out[:5])} ({len(left_out)} in all), expected "
            "every weight that is not frozen; add them, or freeze them."
        )
    return [group for group in groups if group["params"]]


def _as_numbers(losses: dict[str, Tensor]) -> dict[str, float]:
    values = torch.stack([value.detach().float().reshape(()) for value in losses.values()]).tolist()
    return dict(zip(losses, values, strict=True))


def _no_number(what: str, batch: Any, where: Where) -> DataError:
    rows = getattr(batch, "row", None)
    named = "" if rows is None else f" (rows {_list(rows)})"
    return DataError(
        f"Got a {what} that is no number in {where}{named}, expected a finite one; lower learning_rate or "
        f"look at these data. {where.kept}"
    )


def _list(rows: Any) -> str:
    numbers = [str(int(row)) for row in rows]
    return ", ".join(numbers[:ROWS_SHOWN]) + (" …" if len(numbers) > ROWS_SHOWN else "")
