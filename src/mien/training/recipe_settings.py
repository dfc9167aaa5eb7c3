"""What a recipe says, and the network it names."""

from typing import Any, Literal

import torch
from pydantic import Field

from mien.core.registry import find
from mien.core.settings import Settings, parse
from mien.training.clip_training import ClipTraining, Tuning


class DataConfig(Settings):
    """What to train on."""

    corpora: list[str] = Field(description="names of the corpora")
    categories: list[str] = Field(description="categories in the order of the outputs")
    dimensions: list[str] = Field(default=[], description="further targets in [0, 1]")
    degraded_copies: int = Field(6, ge=0, description="degraded copies of each clip")


class Recipe(Settings):
    """A resolved recipe."""

    name: str = Field(description="name of the model")
    system: str = Field(description="name of the system in mien.systems")
    net: dict[str, Any] = Field(default={}, description="settings of the system that are not its defaults")
    shelf: Literal["open", "research"] = Field(description="shelf of the weights")
    licence: str = Field(description="licence of the weights")
    seed: int = Field(7, description="seeds everything")
    data: DataConfig
    training: ClipTraining
    tuning: Tuning | None = Field(None, description="then train the whole network, encoder and heads")


def net_config(settings: Recipe) -> Settings:
    """Return the settings of the recipe's network.

    Raises:
        ConfigError: a setting in `[net]` that the system does not know.
    """
    counts = {"categories": len(settings.data.categories), "dimensions": len(settings.data.dimensions)}
    return parse(find("systems", settings.system).Config, {**settings.net, **counts})


def build_net(settings: Recipe, seed: int) -> torch.nn.Module:
    """Return the recipe's network, with random weights of this seed where they are not given.

    Raises:
        ConfigError: a setting in `[net]` that the system does not know.
    """
    config = net_config(settings)
    torch.manual_seed(seed)
    return find("systems", settings.system).build(config)
