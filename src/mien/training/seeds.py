"""Run a recipe with several seeds and say how much its scores move."""

import json
from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError
from mien.core.settings import parse, read_recipe
from mien.evaluation.seeds import SeedSummary, summarize_seeds
from mien.training.fine_tune import fine_tune
from mien.training.recipe import run
from mien.training.recipe_settings import Recipe

FIRST_SEED = 7
"""Seed of an ordinary run of fine-tuning."""

APART = 10
"""Distance between seeds; a run uses one seed per fold, counted from its own."""


def run_seeds(
    recipe: str, overrides: list[str], *, seeds: int, data_root: Path, out: Path, download: bool = False
) -> Path:
    """Train a recipe with several seeds, each as a run of its own, and store the spread of its scores.

    Use it before a difference between two recipes is believed. Runs that exist are not repeated, and the
    first one is the recipe's ordinary run.

    Args:
        recipe: name of a shipped recipe or path of a TOML file.
        overrides: settings such as `training.epochs=2`.
        seeds: how many, at least 2.
        data_root: folder that holds one folder per corpus.
        out: folder of runs.
        download: as for `run`.

    Returns:
        The first seed's run, which also gets `seeds.json`: the spread of each corpus' UAR.

    Raises:
        ConfigError: the recipe is not valid, or fewer than 2 seeds.
    """
    if seeds < 2:
        raise ConfigError(
            f"Got {seeds} seeds, expected at least 2 for a spread; train more, or one plain run."
        )
    first = parse(Recipe, read_recipe(recipe, overrides)).seed
    numbers = [first + APART * number for number in range(seeds)]
    folders = [
        run(recipe, [*overrides, f"seed={seed}"], data_root=data_root, out=out, download=download)
        for seed in numbers
    ]
    spread = {corpus: summary._asdict() for corpus, summary in spread_of(folders).items()}
    found = {"metric": "uar", "seeds": numbers, "runs": [folder.name for folder in folders], "spread": spread}
    (folders[0] / "seeds.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    return folders[0]


def fine_tune_seeds(source: str, *, seeds: int, **options: Any) -> Path:
    """Fine-tune with several seeds, each as a run of its own, and store the spread of its scores.

    The folds are dealt anew with each seed, so the spread is that of training and of the split together.

    Args:
        source: as for `fine_tune`.
        seeds: how many, at least 2.
        options: as for `fine_tune`, without `seed`.

    Returns:
        The first seed's run, which also gets `seeds.json`.

    Raises:
        UndefinedScore: fewer than 2 seeds.
    """
    numbers = [FIRST_SEED + APART * number for number in range(seeds)]
    folders = [fine_tune(source, seed=seed, **options) for seed in numbers]
    first = json.loads((folders[0] / "scores.json").read_text(encoding="utf-8"))
    metrics = sorted({name for found in first.values() for name in found if _is_score(name)})
    spread = {
        metric: {corpus: one._asdict() for corpus, one in spread_of(folders, metric=metric).items()}
        for metric in metrics
    }
    found = {"seeds": numbers, "runs": [folder.name for folder in folders], "spread": spread}
    (folders[0] / "seeds.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
    return folders[0]


def spread_of(folders: list[Path], *, metric: str = "uar") -> dict[str, SeedSummary]:
    """Return corpus → mean, standard deviation and range of a score over finished runs.

    Args:
        folders: of runs of one recipe, each with `scores.json`.
        metric: name of the score in it.

    Raises:
        UndefinedScore: fewer than 2 runs.
    """
    scores = [json.loads((folder / "scores.json").read_text(encoding="utf-8")) for folder in folders]
    corpora = scores[0] if scores else {}
    return {corpus: summarize_seeds([one[corpus][metric] for one in scores]) for corpus in corpora}


def _is_score(name: str) -> bool:
    return name == "uar" or name.endswith(".ccc")
