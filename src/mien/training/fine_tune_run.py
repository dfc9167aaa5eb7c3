"""One fine-tuning run: what it reads, builds and leaves in its folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien.core.errors import UndefinedScore
from mien.core.files import write_atomically
from mien.evaluation.dimension_metrics import concordance_correlation
from mien.prediction.model_card import ModelSummary
from mien.training.adapters import CATEGORY, DIMENSIONS, build_tuned, describing, layer_shares, whole_net
from mien.training.checkpoint import read_weights
from mien.training.clip_samples import ClipSamples
from mien.training.fine_tune_settings import FineTune
from mien.training.finish_run import OutOfFold, flat_toml
from mien.training.hearing import Hearing
from mien.training.held_out import Plan
from mien.training.supervised import Supervised
from mien.training.target_table import TargetTable
from mien.training.tune_batches import TuneData, answer
from mien.training.tuned_net import on_scale


@dataclass(frozen=True)
class TuneRun:
    """Hold what a run is made of.

    Attributes:
        settings: resolved.
        target: labelled clips.
        plan: which are held out where.
        folder: of the run.
        facts: what the encoder is.
        hearing: the recordings and what the encoder says of them; runs may share it.
        vary: gives the settings for further overrides and, if it is not None, another way to adapt.
        given: overrides by the user.
    """

    settings: FineTune
    target: TargetTable
    plan: Plan
    folder: Path
    facts: ModelSummary
    hearing: Hearing
    vary: Callable[[Sequence[str], str | None], FineTune]
    given: tuple[str, ...] = ()

    @property
    def refit_file(self) -> Path:
        """Where the weights of the model that ships are."""
        return self.folder / "refit.safetensors"

    def fold_file(self, number: int) -> Path:
        """Return where a fold's answers are."""
        return self.folder / f"fold-{number}.npz"

    @property
    def clips(self) -> ClipSamples:
        """The recordings."""
        return self.hearing.clips

    @cached_property
    def data(self) -> TuneData:
        """What batches are made of; a frozen encoder hears every clip here, once."""
        targets: dict[str, NDArray[np.generic]] = {}
        if self.target.categories:
            targets[CATEGORY] = self.target.classes
        if self.settings.data.scales:
            low, high = np.array(self.settings.data.scales, np.float32).T
            targets[DIMENSIONS] = (self.target.ratings - low) / (high - low) * 2 - 1
        described = None
        if self.settings.net.adapt == "probe":
            described = self.hearing.describe(self.settings.training.degraded_copies)
        return TuneData(self.clips, targets, described)

    @cached_property
    def data_as_is(self) -> TuneData:
        """The same clips as the encoder describes them before it learns anything."""
        if self.settings.net.adapt == "probe":
            return self.data
        return replace(self.data, described=self.hearing.describe(0))

    def encoder(self) -> nn.Module:
        """Return the encoder as loaded; random weights are those of torch's present seed."""
        return self.hearing.encoder()

    def build(self, train: NDArray[np.intp] | None = None) -> Supervised:
        """Return the network to train.

        Args:
            train: rows that train; they bring the values of a trained encoder to one scale. None leaves
                that open.
        """
        front = describing(self.encoder())
        if train is not None and self.settings.net.weights:
            front.described.fit(torch.from_numpy(self.data_as_is.described[0, train]))
        kept = front.described if self.settings.net.adapt == "probe" else front
        data = self.settings.data
        return build_tuned(
            kept, self.settings.net, categories=len(data.categories), dimensions=len(data.dimensions)
        )

    def trained(self) -> Supervised:
        """Return the refit."""
        return read_weights(self.build(), self.refit_file)

    def whole(self) -> nn.Module:
        """Return the refit as a network that takes samples."""
        return whole_net(self.trained(), self.encoder(), self.settings.net)

    def shares(self) -> Sequence[float]:
        """Return how much each layer of the refit counts; they sum to 1."""
        return layer_shares(self.trained())

    def refit_epochs(self) -> int:
        """Return the median of the epochs that the folds chose."""
        chosen = [int(np.load(self.fold_file(number))["epoch"]) for number in range(len(self.plan.folds))]
        return max(1, round(float(np.median(chosen))))

    def dev_score(self, net: nn.Module, rows: NDArray[np.intp]) -> float:
        """Return the mean of average recall and of each rating's concordance, over known targets."""
        return self.score_of(answer(net, self.data, rows), rows)

    def score_of(self, outputs: Mapping[str, NDArray[np.float32]], rows: NDArray[np.intp]) -> float:
        """Return the score of answers, as `dev_score` does of a network's.

        Args:
            outputs: task → `(rows, M, K)`, as `answer` gives them.
            rows: which clips they are about.
        """
        scores = []
        if CATEGORY in outputs:
            truth = self.data.targets[CATEGORY][rows]
            said = torch.softmax(torch.from_numpy(outputs[CATEGORY]), dim=2).mean(dim=1).argmax(dim=1).numpy()
            recalls = [(said[truth == one] == one).mean() for one in np.unique(truth[truth >= 0])]
            scores += [np.mean(recalls)] if recalls else []
        if DIMENSIONS in outputs:
            truth, said = self.data.targets[DIMENSIONS][rows], outputs[DIMENSIONS].mean(axis=1)
            scores += [_concordance(truth[:, n], said[:, n]) for n in range(truth.shape[1])]
        return float(np.mean(scores)) if scores else 0.0

    def out_of_fold(self) -> OutOfFold:
        """Return the held-out answers of all folds, in the order of the table."""
        parts = [np.load(self.fold_file(number)) for number in range(len(self.plan.folds))]
        rows = np.concatenate([part["rows"] for part in parts])
        order = np.argsort(rows)
        names = np.concatenate([[fold.name] * len(fold.test) for fold in self.plan.folds])
        table = self.target.table.iloc[rows[order]].reset_index(drop=True)
        values = np.concatenate([part["dimensions"] for part in parts])[order]
        return OutOfFold(
            table=table.assign(fold=names[order]),
            logits=np.concatenate([part["category"] for part in parts])[order],
            values=on_scale(torch.from_numpy(values), self.settings.data.scales).numpy(),
            truth=self.target.classes[rows[order]],
            true_values=self.target.ratings[rows[order]],
        )

    def write_recipe(self) -> None:
        """Write the resolved settings as `recipe.toml`."""
        plain = self.settings.plain()
        top = {name: value for name, value in plain.items() if not isinstance(value, dict)}
        inner = {name: value for name, value in plain.items() if isinstance(value, dict)}
        with write_atomically(self.folder / "recipe.toml") as temporary:
            temporary.write_text(flat_toml(top, inner), encoding="utf-8")


def _concordance(truth: NDArray[np.float32], said: NDArray[np.float32]) -> float:
    known = ~np.isnan(truth)
    try:
        return float(concordance_correlation(truth[known], said[known]))
    except UndefinedScore:
        return 0.0
