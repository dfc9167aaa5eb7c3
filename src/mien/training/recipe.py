"""Run a recipe: joint 5-fold for an honest score, then the refit that ships."""

import importlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from accelerate import PartialState
from pydantic import Field

from mien.core.errors import ConfigError
from mien.core.files import write_atomically
from mien.core.registry import find
from mien.core.settings import Settings, parse, read_recipe, signature
from mien.corpora.partition import joint_5fold
from mien.training.checkpoint import stored_weights
from mien.training.clip_objective import ClipObjective, ClipTraining, recognize_clips
from mien.training.clips import Clips, prepare_clips
from mien.training.loop import fit
from mien.training.progress import show_progress
from mien.training.statistics import Heard, hear_clips
from mien.training.statistics_objective import StatisticsObjective, recognize_heard
from mien.training.teacher import Teacher, TeacherConfig, hear

LOGGER = logging.getLogger(__name__)
FOLDS = 5


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
    shelf: Literal["open", "research"] = Field(description="shelf of the weights")
    licence: str = Field(description="licence of the weights")
    seed: int = Field(7, description="seeds everything")
    data: DataConfig
    training: ClipTraining
    teacher: TeacherConfig | None = Field(None, description="an encoder to learn from beside the labels")


def run(recipe: str, overrides: list[str], *, data_root: Path, out: Path, fold: int | None = None) -> Path:
    """Train a recipe's folds and its refit, and write the model folder.

    Finished parts are kept: a run that was stopped goes on where it was.

    Args:
        recipe: name of a shipped recipe or path of a TOML file.
        overrides: settings such as `training.epochs=2`.
        data_root: folder that holds one folder per corpus.
        out: folder of runs; this run gets `<name>-<8 hex of the settings>` in it.
        fold: train this fold only, from 0 to 4, or 5 for the refit; all by default.

    Returns:
        The run's folder; `model/` in it can be given to `mien analyze --model`.

    Raises:
        ConfigError: the recipe is not valid.
    """
    settings = parse(Recipe, read_recipe(recipe, overrides))
    folder = out / f"{settings.name}-{signature(settings.model_dump(mode='json'))}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(settings.model_dump_json(indent=2))
    table = load_table(settings.data, data_root)
    wanted = range(FOLDS + 1) if fold is None else [fold]
    if missing := [number for number in wanted if not (folder / part_name(number)).exists()]:
        material = prepare(settings, table, folder=folder, workers=os.cpu_count() or 1)
        LOGGER.info("prepared %d clips of %d speakers", len(table), table["speaker"].nunique())
        for number in missing:
            train_part(settings, material, number, folder=folder)
    whole = all((folder / part_name(number)).exists() for number in range(FOLDS + 1))
    if whole and PartialState().is_main_process:
        # Imported late: shipping reads this module's recipe.
        importlib.import_module("mien.training.shipping").ship(
            settings, table, folder=folder, data_root=data_root
        )
    return folder


def load_table(data: DataConfig, data_root: Path) -> pd.DataFrame:
    """Return the clips of all corpora that carry one of the categories, with their `fold`.

    Raises:
        ConfigError: a speaker is not in the joint 5-fold partition.
    """
    tables = [find("corpora", name).load(data_root / name.replace("-", "_")) for name in data.corpora]
    table = pd.concat(tables, ignore_index=True)
    table = table[table["category"].isin(data.categories)].reset_index(drop=True)
    folds = joint_5fold().set_index("speaker")["fold"]
    table["fold"] = table["speaker"].map(folds)
    if table["fold"].isna().any():
        missing = sorted(table.loc[table["fold"].isna(), "speaker"].unique())
        raise ConfigError(f"Got speakers {missing} without a fold in the joint 5-fold partition.")
    return table


@dataclass(frozen=True)
class ClipMaterial:
    """Hold log-mel clips, and what a teacher hears in them, for nets that learn from frames."""

    clips: Clips
    teacher: Teacher | None

    @property
    def fold(self) -> np.ndarray:
        """Return each clip's fold."""
        return self.clips.table["fold"].to_numpy()

    def objective(self, net: torch.nn.Module, rows: np.ndarray, *, config: ClipTraining, seed: int) -> Any:
        """Return what `fit` trains."""
        return ClipObjective(net, self.clips, rows, config=config, seed=seed, teacher=self.teacher)

    def recognize(self, net: torch.nn.Module, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return category and dimension logits of whole clips."""
        return recognize_clips(net, self.clips, rows)


@dataclass(frozen=True)
class HeardMaterial:
    """Hold what a frozen encoder hears in the clips, for nets that learn from statistics."""

    heard: Heard

    @property
    def fold(self) -> np.ndarray:
        """Return each clip's fold."""
        return self.heard.table["fold"].to_numpy()

    def objective(self, net: torch.nn.Module, rows: np.ndarray, *, config: ClipTraining, seed: int) -> Any:
        """Return what `fit` trains."""
        return StatisticsObjective(net, self.heard, rows, config=config, seed=seed)

    def recognize(self, net: torch.nn.Module, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return category and dimension logits of whole clips."""
        return recognize_heard(net, self.heard, rows)


Material = ClipMaterial | HeardMaterial


def prepare(settings: Recipe, table: pd.DataFrame, *, folder: Path, workers: int) -> Material:
    """Return what the recipe's net learns from.

    Args:
        settings: the resolved recipe.
        table: the clips, as `load_table` gives them.
        folder: the run's folder; what an encoder heard is kept there.
        workers: processes that read the clips.

    Raises:
        ConfigError: a teacher for a net that learns from no frames.
    """
    data = settings.data
    options = {"categories": data.categories, "dimensions": data.dimensions, "seed": settings.seed}
    options |= {"degraded_copies": data.degraded_copies, "workers": workers}
    if find("systems", settings.system).CARD["learns_from"] == "statistics":
        if settings.teacher is not None:
            raise ConfigError(
                f"Got a teacher for `{settings.system}`, whose encoder is fixed and cannot learn from one; "
                "leave [teacher] out."
            )
        net = build_net(settings, settings.seed)
        store = folder / "statistics.npy"
        return HeardMaterial(hear_clips(table, net, system=settings.system, store=store, **options))
    clips = prepare_clips(table, **options)
    if settings.teacher is None:
        return ClipMaterial(clips, None)
    heard = hear(list(table["file"]), weights=settings.teacher.weights)
    return ClipMaterial(clips, Teacher(heard, settings.teacher.components, settings.teacher.loss_weight))


def part_name(number: int) -> str:
    """Return the file of a fold's or, for 5, the refit's weights and predictions."""
    return "refit.pt" if number == FOLDS else f"fold-{number}.npz"


def build_net(settings: Recipe, seed: int) -> torch.nn.Module:
    """Return the recipe's network with random weights of this seed."""
    system = find("systems", settings.system)
    torch.manual_seed(seed)
    return system.build(
        system.Config(categories=len(settings.data.categories), dimensions=len(settings.data.dimensions))
    )


def train_part(settings: Recipe, material: Material, number: int, *, folder: Path) -> None:
    """Train one fold and store its held-out logits, or train on everything and store the weights.

    A part that was stopped goes on from its last checkpoint. Its log stays in a sub-folder of its name.
    """
    target = folder / part_name(number)
    held_out = material.fold == number
    seed, rows = settings.seed + number, np.flatnonzero(~held_out)
    net = build_net(settings, seed)
    objective = material.objective(net, rows, config=settings.training, seed=seed)
    name = f"{settings.name} {'refit' if number == FOLDS else f'fold {number}'}"
    inside = folder / target.stem
    with show_progress(name) as progress:
        fitted = fit(
            objective,
            objective.batches,
            config=settings.training,
            seed=seed,
            folder=inside,
            progress=progress,
        )
    if not PartialState().is_main_process:
        return
    with write_atomically(target) as temporary:
        if number == FOLDS:
            torch.save(stored_weights(net), temporary)
        else:
            rows = np.flatnonzero(held_out)
            category, dimension = material.recognize(net, rows)
            np.savez(temporary, rows=rows, category=category, dimension=dimension)
    shutil.rmtree(inside / "checkpoints")
    spent = {"part": name, "seconds": round(fitted.seconds, 1), "clips": int((~held_out).sum())}
    with (folder / "time.jsonl").open("a") as file:
        file.write(json.dumps(spent) + "\n")
