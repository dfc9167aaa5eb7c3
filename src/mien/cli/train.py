"""`mien train`: a recipe in, a trained and exported model out."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[str, typer.Argument(help="Shipped recipe or TOML file.", show_default=False)],
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for runs.")] = Path("runs"),
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: --set training.learning_rate=1e-4.")
    ] = None,
    fold: Annotated[
        int | None, typer.Option(help="Train this fold only, 0 to 4, or 5 for the refit.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Train with this many seeds and store the spread of the scores.")
    ] = 1,
) -> None:
    """Train a model from a recipe that anyone can run again, and write the folder that ships.

    A run that was stopped goes on where it was; --fold lets several processes share one run.
    """
    import logging
    from importlib import import_module

    from mien.core.errors import ConfigError
    from mien.core.optional import require

    # Said before any import of ours needs it: what to install, instead of a traceback.
    require("torch", "train")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # At run time only: the command line must work where torch is not installed.
    if seeds > 1:
        if fold is not None:
            raise ConfigError("Got --fold with --seeds, expected one of them; train all folds for a spread.")
        run_seeds = import_module("mien.training.seeds").run_seeds
        folder = run_seeds(recipe, settings or [], seeds=seeds, data_root=data, out=out)
        typer.echo(f"Spread: {folder / 'seeds.json'}")
    else:
        run = import_module("mien.training.recipe").run
        folder = run(recipe, settings or [], data_root=data, out=out, fold=fold)
    model = folder / "model"
    typer.echo(f"Model: {model}" if model.is_dir() else f"Run: {folder} (folds are missing; run it again)")
