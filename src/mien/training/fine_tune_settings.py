"""The settings of fine-tuning: what to learn, on which encoder, and how much of it learns."""

import json
from typing import Any, Literal

from pydantic import Field

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.core.settings import Settings
from mien.training.loop_config import LoopConfig

Adapt = Literal["probe", "lora", "full"]

WAYS: dict[str, dict[str, Any]] = {
    "probe": {
        "epochs": 150,
        "learning_rate": 1e-3,
        "patience": 25,
        "average_decay": 0.95,
        "batch_size": 32,
        "checkpoint_every": 25,
    },
    "lora": {"epochs": 20, "learning_rate": 5e-4, "patience": 5, "average_decay": 0.9},
    "full": {"epochs": 20, "learning_rate": 1e-4, "patience": 5, "average_decay": 0.9},
}
"""Way to adapt → settings of the loop that fit it. The rate is level, so that the number of epochs that the
folds found means the same for the refit."""

FROM_NOTHING: dict[str, Any] = {"epochs": 60, "learning_rate": 2e-3, "patience": 20, "average_decay": 0.95}
"""Settings of the loop for an encoder with random weights."""


class TableConfig(Settings):
    """What to learn from."""

    source: str = Field(description="name of the table or corpus")
    content: str = Field(description="hash of recordings, labels, speakers and parts")
    category: str = Field("", description="column of the category; empty: none is learned")
    categories: tuple[str, ...] = Field((), description="categories in the order of the outputs")
    dimensions: tuple[str, ...] = Field((), description="columns of ratings")
    scales: tuple[tuple[float, float], ...] = Field((), description="lowest and highest rating of each")
    folds: int = Field(5, ge=2, description="folds of speakers, where the table has no split")


class NetConfig(Settings):
    """What learns."""

    encoder: str = Field(description="name, hub name or folder of the encoder")
    weights: str = Field("", description="hash of its weights; empty: random")
    adapt: Adapt = Field("probe", description="probe: frozen; lora: low-rank additions; full: every weight")
    members: int = Field(4, ge=1, description="opinions; their disagreement is epistemic doubt")
    ensemble: Literal["networks", "distilled"] | None = Field(
        None,
        description="none: opinions are heads of one network; networks: of networks trained apart; "
        "distilled: of one network whose heads learn what networks trained apart answer",
    )
    hidden: int = Field(0, ge=0, description="width of each head's hidden layer; 0: linear")
    dropout: float = Field(0.3, ge=0, lt=1, description="chance to drop a value in the heads")
    warm_start: bool = Field(
        True,
        description="with lora and full: first train the heads on the encoder as it is, if it is trained",
    )
    layer_decay: float = Field(
        0.9, gt=0, le=1, description="with full: rate of each layer over that of the layer above it"
    )
    rank: int = Field(8, ge=1, description="with lora: rank of the additions")
    alpha: float = Field(16.0, gt=0, description="with lora: their scale, divided by the rank")
    lora_dropout: float = Field(0.05, ge=0, lt=1, description="with lora: chance to drop one of their inputs")


class TuneTraining(LoopConfig):
    """How to train."""

    schedule: Literal["one-cycle", "cosine", "constant"] = Field(
        "constant", description="course of the rate, see LoopConfig"
    )
    warmup_share: float = Field(0.0, ge=0, lt=1, description="share of all steps in which the rate rises")
    batch_size: int = Field(16, ge=1, description="most clips per batch")
    longest_crop_s: float = Field(10.0, gt=0, description="longer clips are cropped at random in training")
    degraded_copies: int = Field(
        2, ge=0, description="with probe: degraded copies of each clip; else 0 switches degrading off"
    )
    balance: float = Field(
        0.5, ge=0, le=1, description="how far rare categories count more: 0 not at all, 1 as much as others"
    )


class SearchConfig(Settings):
    """How to search settings inside the training folds."""

    trials: int = Field(ge=1, description="trials of each search: one per fold, and one for what ships")
    minutes: float | None = Field(None, gt=0, description="time for all trials of all searches; none: no end")
    sampler: Literal["tpe", "random", "smac"] = Field("tpe", description="what chooses the next trial")
    ways: tuple[Adapt, ...] = Field((), description="ways to adapt to choose from; empty: the run's own")
    inner_folds: int = Field(3, ge=2, description="folds of the training speakers that judge a trial")


class FineTune(Settings):
    """A resolved fine-tuning run; what is marked as excluded is no part of its signature."""

    name: str = Field(description="name of the model")
    shelf: Literal["open", "research"] = Field("research", description="shelf of the weights")
    licence: str = Field("not stated", description="licence of the weights")
    seed: int = Field(7, description="seeds everything")
    data: TableConfig
    net: NetConfig
    training: TuneTraining
    search: SearchConfig | None = None

    def plain(self) -> dict[str, Any]:
        """Return what a run's signature and its recipe are made of; what is not set is left out."""
        return self.model_dump(mode="json", exclude_none=True)


def training_defaults(adapt: str, *, pretrained: bool) -> dict[str, Any]:
    """Return the settings of the loop that fit a way to adapt an encoder.

    Args:
        adapt: `probe`, `lora` or `full`.
        pretrained: False for an encoder with random weights.

    Raises:
        ConfigError: there is no such way.
    """
    if adapt not in WAYS:
        raise ConfigError(f"Got --adapt {adapt}, expected {', '.join(WAYS)}.{did_you_mean(adapt, WAYS)}")
    if adapt == "full" and not pretrained:
        return dict(FROM_NOTHING)
    return dict(WAYS[adapt])


def search_overrides(
    trials: int | None, minutes: float | None, sampler: str | None, *, adapt: str
) -> tuple[str, list[str]]:
    """Return the way to adapt and the overrides of settings that a search is asked for with.

    Args:
        trials: per search; None: no search.
        minutes: for all trials together; None: no end.
        sampler: what chooses the next trial; None: the usual one.
        adapt: one way to adapt, or, with a search, several with commas.

    Raises:
        ConfigError: how to search without a search, several ways without one, or no such way.

    Example:
        >>> search_overrides(20, None, "smac", adapt="probe,lora")
        ('probe', ['search.trials=20', 'search.ways=["probe", "lora"]', 'search.sampler="smac"'])
    """
    ways = [way.strip() for way in adapt.split(",")]
    for way in ways:
        training_defaults(way, pretrained=True)
    if trials is None:
        wrong = "--search-minutes" if minutes is not None else "--sampler" if sampler is not None else ""
        wrong = f"--adapt {adapt}" if len(ways) > 1 else wrong
        if wrong:
            raise ConfigError(f"Got {wrong} without --search; say how many trials: --search 20.")
        return ways[0], []
    found = [f"search.trials={trials}"]
    found += [f"search.ways={json.dumps(ways)}"] if len(ways) > 1 else []
    found += [f"search.minutes={float(minutes)}"] if minutes is not None else []
    return ways[0], found + ([f"search.sampler={json.dumps(sampler)}"] if sampler else [])
