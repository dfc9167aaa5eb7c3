"""What the parts of a recipe are trained on, and in which stages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from mien.core.errors import ConfigError
from mien.core.registry import find
from mien.training.clip_training import ClipTraining, Tuning
from mien.training.recipe_settings import Recipe, build_net
from mien.training.sample_objective import SampleObjective, recognize_samples
from mien.training.sampled_clips import SampledClips, sample_clips
from mien.training.statistics import Heard, hear_clips
from mien.training.statistics_objective import StatisticsObjective, recognize_heard

Rows = NDArray[np.intp]
Answers = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Stage:
    """Hold what `fit` trains at once, how, and what to call it."""

    title: str
    objective: Any
    config: ClipTraining


class Material(Protocol):
    """Give the stages in which a network learns, and its answers for clips as recorded."""

    def stages(self, net: nn.Module, rows: Rows, *, settings: Recipe, seed: int) -> Iterator[Stage]:
        """Yield the stages of training on these clips; each is made when the one before is trained."""

    def recognize(self, net: nn.Module, rows: Rows) -> Answers:
        """Return category logits `(rows, M, K)` and dimension logits `(rows, M, N)`."""


@dataclass(frozen=True)
class HeardMaterial:
    """Hold what a fixed encoder hears in the clips: heads learn from that alone."""

    heard: Heard

    def stages(self, net: nn.Module, rows: Rows, *, settings: Recipe, seed: int) -> Iterator[Stage]:
        """Yield the training of the heads."""
        config = settings.training
        yield Stage("heads", StatisticsObjective(net, self.heard, rows, config=config, seed=seed), config)

    def recognize(self, net: nn.Module, rows: Rows) -> Answers:
        """Return category and dimension logits of whole clips."""
        return recognize_heard(net, self.heard, rows)


@dataclass(frozen=True)
class SampleMaterial:
    """Hold the clips themselves: the whole network learns."""

    clips: SampledClips

    def stages(self, net: nn.Module, rows: Rows, *, settings: Recipe, seed: int) -> Iterator[Stage]:
        """Yield the training of the network."""
        config = settings.training
        yield Stage("network", SampleObjective(net, self.clips, rows, config=config, seed=seed), config)

    def recognize(self, net: nn.Module, rows: Rows) -> Answers:
        """Return category and dimension logits of whole clips."""
        return recognize_samples(net, self.clips, rows)


@dataclass(frozen=True)
class TunedMaterial:
    """Hold both: heads learn from what the encoder hears as it is, then encoder and heads learn together.

    Source:
        A. Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution,
        ICLR 2022: heads first.
    """

    heard: Heard
    clips: SampledClips
    tuning: Tuning

    def stages(self, net: nn.Module, rows: Rows, *, settings: Recipe, seed: int) -> Iterator[Stage]:
        """Yield the training of the heads, then of the network."""
        yield from HeardMaterial(self.heard).stages(net, rows, settings=settings, seed=seed)
        config = self.tuning
        yield Stage("network", SampleObjective(net, self.clips, rows, config=config, seed=seed), config)

    def recognize(self, net: nn.Module, rows: Rows) -> Answers:
        """Return category and dimension logits of whole clips."""
        return recognize_samples(net, self.clips, rows)


def prepare(settings: Recipe, table: pd.DataFrame, *, folder: Path, workers: int) -> Material:
    """Return what the recipe's network learns from.

    Args:
        settings: the resolved recipe.
        table: the clips, with `file`, `speaker`, `corpus`, `category`, `fold`.
        folder: the run's folder; what an encoder heard is kept there.
        workers: processes that read the clips.

    Raises:
        ConfigError: `[tuning]` for a network that learns whole anyway, or whose encoder is fixed.
    """
    data = settings.data
    options: dict[str, Any] = {"categories": data.categories, "dimensions": data.dimensions}
    options |= {"degraded_copies": data.degraded_copies, "seed": settings.seed, "workers": workers}
    if find("systems", settings.system).CARD["learns_from"] == "samples":
        if settings.tuning:
            raise ConfigError(f"Got [tuning] for `{settings.system}`, which learns whole; leave it out.")
        return SampleMaterial(sample_clips(table, **options))
    net = build_net(settings, settings.seed)
    if settings.tuning and not net.config.learns:
        raise ConfigError("Got [tuning] for a fixed encoder; set `learns = true` in [net].")
    store = folder / "statistics.npy"
    heard = hear_clips(table, net, system=settings.system, store=store, **options)
    if settings.tuning is None:
        return HeardMaterial(heard)
    return TunedMaterial(heard, sample_clips(table, **options), settings.tuning)
