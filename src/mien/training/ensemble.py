"""Deep ensembles: networks trained apart that answer as the members of one model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.files import write_atomically
from mien.training.adapters import layer_shares, whole_net
from mien.training.checkpoint import read_weights
from mien.training.fine_tune_parts import train_parts
from mien.training.fine_tune_run import TuneRun
from mien.training.supervised import Supervised

SEEDS_APART = 1000
"""Distance between the seeds of two networks; a run counts its parts from its own."""


class Ensemble(nn.Module):
    """Answer as many networks, each with one opinion, side by side.

    Use it where doubt matters more than size: it is as large and as slow as all its networks together.

    Args:
        nets: of the same tasks, each with one member.

    Source:
        B. Lakshminarayanan, A. Pritzel, C. Blundell, Simple and Scalable Predictive Uncertainty Estimation
        using Deep Ensembles, NeurIPS 2017.
    """

    def __init__(self, nets: Sequence[Supervised]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """Return each task's outputs `(B, M, K)` for what the networks take, `(B, T)` and valid `(B, T)`."""
        answers = [net(x, valid) for net in self.nets]
        return {task: torch.cat([one[task] for one in answers], dim=1) for task in answers[0]}


@dataclass(frozen=True)
class EnsembleRun(TuneRun):
    """Hold a fine-tuning run whose members are networks of their own, each a run inside its folder."""

    def members(self) -> list[TuneRun]:
        """Return the networks' runs: other seeds, so other weights, order and counts of the clips."""
        net = self.settings.net.model_copy(update={"members": 1})
        return [
            TuneRun(
                self.settings.model_copy(
                    update={"net": net, "seed": self.settings.seed + SEEDS_APART * number}
                ),
                self.target, self.plan, _folder(self.folder / f"network-{number}"), self.facts, self.hearing,
                self.vary,
            )
            for number in range(self.settings.net.members)
        ]  # fmt: skip

    def train(self) -> None:
        """Train all networks on every fold and on everything, and put their answers side by side.

        Raises:
            DataError: a fold's training part has one category only.
            ConfigError: out of memory, or settings that do not fit.
        """
        members = self.members()
        for member in members:
            train_parts(member)
        for number in range(len(self.plan.folds)):
            parts = [np.load(member.fold_file(number)) for member in members]
            with write_atomically(self.fold_file(number)) as temporary:
                np.savez(
                    temporary,
                    rows=parts[0]["rows"],
                    category=np.concatenate([part["category"] for part in parts], axis=1),
                    dimensions=np.concatenate([part["dimensions"] for part in parts], axis=1),
                    epoch=np.median([part["epoch"] for part in parts]),
                )

    def fold_nets(self, number: int) -> list[Supervised]:
        """Return the networks of a fold, in evaluation mode; none of them heard its test clips."""
        return [
            read_weights(member.build(), member.folder / f"fold-{number}" / "weights.safetensors").eval()
            for member in self.members()
        ]

    def whole(self) -> Ensemble:
        """Return the refits as one network that takes samples."""
        return Ensemble(
            [whole_net(member.trained(), self.encoder(), self.settings.net) for member in self.members()]
        )

    def shares(self) -> list[float]:
        """Return how much each layer counts, the mean over networks."""
        shares = [layer_shares(member.trained()) for member in self.members()]
        return [round(float(share), 3) for share in np.mean(shares, axis=0)]


def ensemble_settings(members: int | None, *, adapt: str, distill: bool) -> list[str]:
    """Return the settings of a fine-tuning run for as many members as are asked for.

    A probe has heads on one frozen encoder, each with weights of its own for the clips; with the other ways
    each member is a whole network.

    Args:
        members: 2 or more; None where none were asked for.
        adapt: `probe`, `lora` or `full`.
        distill: one network shall learn what they answer.

    Raises:
        ConfigError: too few members, or nothing to distil.

    Example:
        >>> ensemble_settings(5, adapt="full", distill=False)
        ['net.members=5', 'net.ensemble=networks']
    """
    if distill and (members is None or adapt == "probe"):
        why = "no --ensemble" if members is None else "--adapt probe, whose members share one encoder already"
        raise ConfigError(
            f"Got --distill with {why}, expected several networks; pass --ensemble 5 with --adapt lora or "
            "full, or use `mien distill` on a finished run."
        )
    if members is None:
        return []
    if members < 2:
        raise ConfigError(f"Got --ensemble {members}, expected 2 or more; leave it out for one network.")
    apart = [] if adapt == "probe" else [f"net.ensemble={'distilled' if distill else 'networks'}"]
    return [f"net.members={members}", *apart]


def as_ensemble(run: TuneRun) -> EnsembleRun:
    """Return a run as one whose members are networks of their own, in a folder inside its folder.

    Args:
        run: its `net.members` says how many networks.
    """
    inside = run.folder if run.settings.net.ensemble == "networks" else _folder(run.folder / "ensemble")
    return EnsembleRun(run.settings, run.target, run.plan, inside, run.facts, run.hearing, run.vary)


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path
