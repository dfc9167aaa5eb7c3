"""Run a recipe: joint 5-fold for an honest score, then the refit that ships."""

import json
import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
from accelerate import PartialState
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.files import write_atomically
from mien.core.registry import find
from mien.core.settings import parse, read_recipe, signature
from mien.corpora.partition import joint_5fold
from mien.nets.load_encoder import load_encoder
from mien.training.checkpoint import stored_weights, write_weights
from mien.training.loop import fit
from mien.training.material import Material, prepare
from mien.training.progress import show_progress
from mien.training.recipe_files import FOLDS, answers_of, part_name, weights_of
from mien.training.recipe_settings import DataConfig, Recipe, build_net, net_config
from mien.training.shipping import check_export, ship

LOGGER = logging.getLogger(__name__)


def run(
    recipe: str,
    overrides: list[str],
    *,
    data_root: Path,
    out: Path,
    fold: int | None = None,
    download: bool = False,
) -> Path:
    """Train a recipe's folds and its refit, and write the model folder.

    Finished parts are kept: a run that was stopped goes on where it was.

    Args:
        recipe: name of a shipped recipe or path of a TOML file.
        overrides: settings such as `training.epochs=2`.
        data_root: folder that holds one folder per corpus.
        out: folder of runs; this run gets `<name>-<8 hex of the settings>` in it.
        fold: train this fold only, from 0 to 4, or 5 for the refit; all by default.
        download: True if the user asked for the encoder to be fetched where it is not on this machine.

    Returns:
        The run's folder; `model/` in it can be given to `mien analyze --model`.

    Raises:
        ConfigError: the recipe is not valid.
        WeightsError: its encoder is not on this machine and may not be fetched, or cannot be.
    """
    settings = parse(Recipe, read_recipe(recipe, overrides))
    if download and (encoder := getattr(net_config(settings), "encoder", None)):
        load_encoder(encoder, download=True)
    folder = out / f"{settings.name}-{signature(settings.model_dump(mode='json'))}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(settings.model_dump_json(indent=2))
    table = load_table(settings.data, data_root)
    wanted = range(FOLDS + 1) if fold is None else [fold]
    if missing := [number for number in wanted if not weights_of(folder, number).exists()]:
        check_export(settings)
        material = prepare(settings, table, folder=folder, workers=os.cpu_count() or 1)
        LOGGER.info("prepared %d clips of %d speakers", len(table), table["speaker"].nunique())
        for number in missing:
            train_part(settings, material, table["fold"].to_numpy(), number, folder=folder)
    whole = all(weights_of(folder, number).exists() for number in range(FOLDS + 1))
    if whole and PartialState().is_main_process:
        ship(settings, table, folder=folder, data_root=data_root)
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


def train_part(
    settings: Recipe, material: Material, fold: NDArray[np.int64], number: int, *, folder: Path
) -> None:
    """Train one fold and store its weights and held-out logits, or train on everything.

    A part that was stopped goes on from its last checkpoint. Its log stays in a sub-folder of its name.

    Args:
        settings: the resolved recipe.
        material: what the network learns from.
        fold: `(clips,)`, each clip's fold.
        number: the fold that is held out; 5 for none.
        folder: of the run.
    """
    seed, rows = settings.seed + number, np.flatnonzero(fold != number)
    net, began, inside = build_net(settings, seed), time.monotonic(), folder / part_name(number)
    for stage in material.stages(net, rows, settings=settings, seed=seed):
        with show_progress(f"{settings.name} {part_name(number)}, {stage.title}") as progress:
            fit(
                stage.objective,
                stage.objective.batches,
                config=stage.config,
                seed=seed,
                folder=inside / stage.title,
                progress=progress,
            )
    if not PartialState().is_main_process:
        return
    if number < FOLDS:
        held_out = np.flatnonzero(fold == number)
        category, dimension = material.recognize(net, held_out)
        with write_atomically(answers_of(folder, number)) as temporary:
            np.savez(temporary, rows=held_out, category=category, dimension=dimension)
    write_weights(stored_weights(net), weights_of(folder, number))
    for stopped in inside.rglob("checkpoints"):
        shutil.rmtree(stopped)
    for stage_weights in inside.rglob("weights.safetensors"):
        stage_weights.unlink()
    spent = {"part": part_name(number), "seconds": round(time.monotonic() - began, 1), "clips": rows.size}
    with (folder / "time.jsonl").open("a") as file:
        file.write(json.dumps(spent) + "\n")
