"""Keep a training run on disk, so that it goes on exactly where it was stopped."""

import logging
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mien.core.errors import ConfigError, WeightsError
from mien.core.files import write_atomically

KEPT = 2
DIFFERENCES_SHOWN = 5
LOGGER = logging.getLogger(__name__)
UNREADABLE = (OSError, EOFError, RuntimeError, KeyError, pickle.UnpicklingError, SafetensorError)


@dataclass(frozen=True)
class Checkpoint:
    """Hold what a run needs to go on.

    Attributes:
        epoch: finished epochs.
        step: finished steps of the epoch under way.
        weights: every stored tensor of the objective.
        best: the weights that scored best on dev so far; empty without dev.
        best_epoch: their epoch, counted from 1; 0 without.
        state: everything else, of plain values and tensors.
    """

    epoch: int
    step: int
    weights: dict[str, Tensor]
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """File name without its ending; names sort by time."""
        return f"epoch-{self.epoch:05d}-step-{self.step:07d}"


class Checkpoints:
    """Write a run's checkpoints into a folder and find the last one that is whole.

    The weights are written first and the state last, each whole or not at all: a checkpoint counts once
    its state is there. The last two are kept, and the best weights that they name.

    Args:
        folder: made at the first write.
        fingerprint: name → value of all that must be the same for a run to go on; plain values only.
    """

    def __init__(self, folder: Path, *, fingerprint: Mapping[str, Any]) -> None:
        self.folder = folder
        self.fingerprint = dict(fingerprint)
        self._best_written = 0

    def write(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint and delete those that are no longer needed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if checkpoint.best_epoch != self._best_written:
            write_weights(checkpoint.best, self._best_file(checkpoint.best_epoch))
            self._best_written = checkpoint.best_epoch
        write_weights(checkpoint.weights, self.folder / f"{checkpoint.name}.safetensors")
        about = {
            "fingerprint": self.fingerprint,
            "epoch": checkpoint.epoch,
            "step": checkpoint.step,
            "best_epoch": checkpoint.best_epoch,
            "state": checkpoint.state,
        }
        with write_atomically(self.folder / f"{checkpoint.name}.pt") as temporary:
            torch.save(about, temporary)
        self._prune()

    def last(self) -> Path | None:
        """Return the newest checkpoint's state file, or None."""
        return max(self.folder.glob("epoch-*.pt"), default=None)

    def read(self) -> Checkpoint | None:
        """Return the newest checkpoint that can be read, or None where there is none.

        Raises:
            ConfigError: it is of another run; the message names what differs.
            WeightsError: there are checkpoints, but none can be read.
        """
        files = sorted(self.folder.glob("epoch-*.pt"), reverse=True)
        for file in files:
            try:
                return self._read(file)
            except UNREADABLE as error:
                LOGGER.warning("checkpoint %s cannot be read (%s); trying the one before", file, error)
        if files:
            raise WeightsError(
                f"Got no readable checkpoint in `{self.folder}`, expected one of {len(files)}; delete this "
                "folder to train from the beginning."
            )
        return None

    def _read(self, file: Path) -> Checkpoint:
        about = torch.load(file, weights_only=True)
        self._check(about["fingerprint"])
        best = self._best_file(about["best_epoch"])
        self._best_written = about["best_epoch"]
        return Checkpoint(
            epoch=about["epoch"],
            step=about["step"],
            weights=load_file(file.with_suffix(".safetensors")),
            best=load_file(best) if about["best_epoch"] else {},
            best_epoch=about["best_epoch"],
            state=about["state"],
        )

    def _check(self, there: Mapping[str, Any]) -> None:
        names = sorted(there.keys() | self.fingerprint.keys())
        other = [name for name in names if there.get(name) != self.fingerprint.get(name)]
        if not other:
            return
        shown = [f"{n} {_say(there, n)} there, {_say(self.fingerprint, n)} here" for n in other]
        hidden = len(shown) - DIFFERENCES_SHOWN
        listed = "; ".join(shown[:DIFFERENCES_SHOWN]) + (f"; and {hidden} more" if hidden > 0 else "")
        raise ConfigError(
            f"Got checkpoints of another run in `{self.folder}`: {listed}. "
            "Expected those of this run; set it up as it was, or choose another folder."
        )

    def _best_file(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch:05d}.safetensors"

    def _prune(self) -> None:
        states = sorted(self.folder.glob("epoch-*.pt"))
        kept = states[-KEPT:]
        for file in set(states) - set(kept):
            file.unlink()
        named = {file.with_suffix(".safetensors").name for file in kept}
        named |= {self._best_file(_best_epoch_of(file)).name for file in kept}
        # Hidden files are what a write left that was killed.
        for file in (*self.folder.glob("*.safetensors"), *self.folder.glob(".*.part.pt")):
            if file.name not in named:
                file.unlink()


def _best_epoch_of(file: Path) -> int:
    """Return the epoch of the best weights that a state file names; 0 for none or if it is damaged."""
    try:
        return int(torch.load(file, weights_only=True, mmap=True)["best_epoch"])
    except UNREADABLE:
        return 0


def stored_weights(net: nn.Module) -> dict[str, Tensor]:
    """Return a copy of every stored tensor of a network, in main memory."""
    return {name: tensor.detach().cpu().clone() for name, tensor in net.state_dict().items()}


def write_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors as safetensors, whole or not at all; no two may share memory."""
    with write_atomically(path) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, temporary)


def read_weights(net: nn.Module, path: Path) -> nn.Module:
    """Give a network the weights that `fit` left in a file.

    Raises:
        WeightsError: the file cannot be read, or is of another network.
    """
    try:
        net.load_state_dict(load_file(path))
    except UNREADABLE as error:
        raise WeightsError(
            f"Got `{path}`, expected the weights of this network; check it. ({error})"
        ) from error
    return net


def _say(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else "missing"
