"""`mien train`: labelled clips or a recipe in, a trained, judged and exported model out."""

from pathlib import Path
from typing import Annotated, Any

import typer

Source = Annotated[
    str,
    typer.Argument(
        help="Your clips: a CSV or Parquet table with `file`, a label, and where known speaker, sex, split, "
        "start, end; or the name of a corpus, or of a recipe (voice-small), or a recipe's TOML file.",
        show_default=False,
    ),
]
Data = Annotated[Path | None, typer.Option(help="Folder that holds the corpora, for a corpus or recipe.")]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="whisper-tiny, mel-recurrent …, hf:<owner>/<name>, or a folder. For clips and corpora."
    ),
]
Adapt = Annotated[
    str,
    typer.Option(
        help="probe: the encoder stays frozen (fast); lora: low-rank additions; full: every weight. "
        "With --search also several: probe,lora."
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(help="Column to learn: words are categories, numbers are ratings. Ratings can be several."),
]
Root = Annotated[
    Path | None, typer.Option(help="Folder that relative paths start from. (default: the table's)")
]
Folds = Annotated[
    int, typer.Option(help="Folds of whole speakers; not used where the table has a split.", min=2)
]
SplitColumn = Annotated[
    str | None, typer.Option(help="Column with train, dev, test; none: ignore it. (default: split)")
]
Categories = Annotated[
    str | None, typer.Option(help="Labels that may occur: anger,joy. (default: those that do)")
]
Scale = Annotated[
    list[str] | None, typer.Option(help="Scale of a rating: valence=1:7. (default: what occurs)")
]
Missing = Annotated[str, typer.Option(help="Listed files that are not there: raise, or drop (counted).")]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the data at most. (default: by --adapt)", min=1)
]
Licence = Annotated[str | None, typer.Option(help="Licence of the new weights. (default: not stated)")]
Name = Annotated[str | None, typer.Option(help="Name of the model. (default: table-encoder-adapt)")]
Out = Annotated[Path, typer.Option(help="Folder for runs.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change a setting: --set training.learning_rate=1e-4.")
]
Fold = Annotated[int | None, typer.Option(help="Of a recipe: this fold only, 0 to 4, or 5 for the refit.")]
Seeds = Annotated[int, typer.Option(help="Train with this many seeds and store the spread.", min=1)]
Ensemble = Annotated[
    int | None,
    typer.Option(help="So many opinions: heads of a probe; with lora and full, networks trained apart."),
]
Distill = Annotated[
    bool, typer.Option("--distill", help="With --ensemble: one network that learned what those answer.")
]
Search = Annotated[
    int | None,
    typer.Option(
        help="Try so many settings inside each fold's training part, and train with the best.", min=1
    ),
]
SearchMinutes = Annotated[float | None, typer.Option(help="Time for all trials together. (default: no end)")]
Sampler = Annotated[
    str | None, typer.Option(help="What chooses the next trial: tpe, random, smac. (default: tpe)")
]
LabelCounts = Annotated[
    str | None,
    typer.Option(
        help="Learning curve: train on so many labelled clips per fold, 25,50,100,all, and export nothing."
    ),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch a hub checkpoint that is not here.")]


def train(
    source: Source,
    data: Data = None,
    encoder: Encoder = None,
    adapt: Adapt = "probe",
    target: Target = None,
    root: Root = None,
    folds: Folds = 5,
    split_column: SplitColumn = None,
    categories: Categories = None,
    scale: Scale = None,
    missing: Missing = "raise",
    epochs: Epochs = None,
    licence: Licence = None,
    name: Name = None,
    out: Out = Path("runs"),
    settings: Set = None,
    fold: Fold = None,
    seeds: Seeds = 1,
    ensemble: Ensemble = None,
    distill: Distill = False,
    search: Search = None,
    search_minutes: SearchMinutes = None,
    sampler: Sampler = None,
    label_counts: LabelCounts = None,
    download: Download = False,
) -> None:
    """Train a model on your clips, a corpus or a recipe; judge it on speakers it has not heard; export it.

    Example: mien train clips.csv --encoder whisper-tiny --target emotion

    A run that was stopped goes on where it was; the same command on a finished run only says where it is.
    """
    # long because it hands on every option of the command
    import logging

    from mien.core.optional import require

    # Said before any import of ours needs it: what to install, instead of a traceback.
    require("torch", "train")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given = {"--encoder": encoder, "--target": target, "--root": root, "--split-column": split_column}
    given |= {"--categories": categories, "--scale": scale, "--epochs": epochs, "--licence": licence}
    given |= {"--name": name, "--ensemble": ensemble, "--distill": distill or None, "--search": search}
    given |= {"--search-minutes": search_minutes, "--sampler": sampler, "--label-counts": label_counts}
    if _is_recipe(source):
        _refuse(source, given)
        _train_recipe(source, settings or [], data=data, out=out, fold=fold, seeds=seeds, download=download)
        return
    options: dict[str, Any] = {
        "encoder": encoder, "adapt": adapt, "targets": target or (), "data": data, "root": root,
        "folds": folds, "split_column": split_column, "categories": _words(categories),
        "scales": _scales(scale or []), "missing": missing, "epochs": epochs, "licence": licence,
        "name": name, "overrides": settings or [], "out": out, "download": download,
    }  # fmt: skip
    _check_table_options(options, fold)
    _add_search(options, search, minutes=search_minutes, sampler=sampler)
    _add_members(options, ensemble, distill=distill)
    if label_counts is not None:
        _learning_curve(source, label_counts, options, seeds=seeds)
    else:
        _fine_tune(source, options, seeds=seeds)


def _check_table_options(options: dict[str, Any], fold: int | None) -> None:
    """Refuse what no run on a table can start with."""
    from mien.core.errors import ConfigError

    if options["encoder"] is None:
        raise ConfigError(
            "Got no --encoder, expected one, such as whisper-tiny; `mien embed --help` names more."
        )
    if fold is not None:
        raise ConfigError("Got --fold, which recipes have; leave it out: a stopped run goes on by itself.")


def _add_search(
    options: dict[str, Any], trials: int | None, *, minutes: float | None, sampler: str | None
) -> None:
    """Say in the settings how they are searched; several ways to adapt are for a search alone."""
    from importlib import import_module

    asked = import_module("mien.training.fine_tune_settings").search_overrides
    options["adapt"], found = asked(trials, minutes, sampler, adapt=options["adapt"])
    options["overrides"] = [*found, *options["overrides"]]


def _add_members(options: dict[str, Any], ensemble: int | None, *, distill: bool) -> None:
    """Say in the settings how many opinions there are, and whose."""
    from importlib import import_module

    members = import_module("mien.training.ensemble").ensemble_settings
    found = members(ensemble, adapt=options["adapt"], distill=distill)
    options["overrides"] = [*found, *options["overrides"]]


def _is_recipe(source: str) -> bool:
    """Tell a recipe from a table and a corpus; refuse what is none of them."""
    from importlib.resources import files

    from mien.core.errors import ConfigError
    from mien.core.nearest import did_you_mean
    from mien.core.registry import names

    kind = Path(source).suffix.lower()
    if kind in (".toml", ".csv", ".tsv", ".parquet"):
        return kind == ".toml"
    folder = files("mien").joinpath("recipes")
    recipes = [
        Path(path.name).stem.replace("_", "-") for path in folder.iterdir() if path.name.endswith(".toml")
    ]
    wanted = source.replace("_", "-")
    if wanted in recipes or wanted in names("corpora"):
        return wanted in recipes
    known = sorted([*recipes, *names("corpora")])
    raise ConfigError(
        f"Got `{source}`, expected a table (.csv, .tsv, .parquet), a recipe (.toml), or one of "
        f"{', '.join(known)}.{did_you_mean(wanted, known)}"
    )


def _refuse(source: str, given: dict[str, Any]) -> None:
    """Refuse options that a recipe would ignore."""
    from mien.core.errors import ConfigError

    if wrong := [option for option, value in given.items() if value is not None]:
        raise ConfigError(
            f"Got {wrong[0]} with recipe `{source}`, which says that itself; leave it out, or change the "
            "recipe by --set."
        )


def _train_recipe(
    recipe: str,
    settings: list[str],
    *,
    data: Path | None,
    out: Path,
    fold: int | None,
    seeds: int,
    download: bool,
) -> None:
    from importlib import import_module

    from mien.core.errors import ConfigError

    if data is None:
        raise ConfigError(f"Got recipe `{recipe}` without --data, expected the folder of corpora; pass it.")
    # At run time only: the command line must work where torch is not installed.
    if seeds > 1:
        if fold is not None:
            raise ConfigError("Got --fold with --seeds, expected one of them; train all folds for a spread.")
        run_seeds = import_module("mien.training.seeds").run_seeds
        folder = run_seeds(recipe, settings, seeds=seeds, data_root=data, out=out, download=download)
        typer.echo(f"Spread: {folder / 'seeds.json'}")
    else:
        run = import_module("mien.training.recipe").run
        folder = run(recipe, settings, data_root=data, out=out, fold=fold, download=download)
    model = folder / "model"
    typer.echo(f"Model: {model}" if model.is_dir() else f"Run: {folder} (folds are missing; run it again)")


def _learning_curve(source: str, counts: str, options: dict[str, Any], *, seeds: int) -> None:
    """Train on ever more labels and say where the curve is."""
    from importlib import import_module

    curve = import_module("mien.training.learning_curve").learning_curve
    folder = curve(source, counts.split(","), seeds=seeds, **options)
    typer.echo((folder / "learning-curve.md").read_text(encoding="utf-8").splitlines()[2])
    typer.echo(f"Report: {folder / 'learning-curve.html'}")
    typer.echo(f"Table:  {folder / 'learning-curve.csv'}")


def _fine_tune(source: str, options: dict[str, Any], *, seeds: int) -> None:
    """Fine-tune, with one seed or several, and say what there is now and what to do next."""
    import time
    from importlib import import_module

    began = time.monotonic()
    if seeds > 1:
        folder = import_module("mien.training.seeds").fine_tune_seeds(source, seeds=seeds, **options)
        typer.echo(f"Spread: {folder / 'seeds.json'}")
    else:
        folder = import_module("mien.training.fine_tune").fine_tune(source, **options)
    typer.echo(import_module("mien.training.fine_tune_words").result_words(folder))
    typer.echo(f"Took {time.monotonic() - began:.0f} s.")
    typer.echo(f"Report: {folder / 'evaluation' / 'evaluation.html'}")
    if (folder / "search.html").is_file():
        typer.echo(f"Search: {folder / 'search.html'}")
    typer.echo(f"Card:   {folder / 'model' / 'CARD.md'}")
    typer.echo(f"Next:   mien analyze new.wav --model {folder / 'model'}")


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()] if text else []


def _scales(given: list[str]) -> dict[str, tuple[float, float]]:
    """Read `valence=1:7`."""
    from mien.core.errors import ConfigError

    found = {}
    for text in given:
        name, _, ends = text.partition("=")
        low, _, high = ends.partition(":")
        try:
            found[name] = (float(low), float(high))
        except ValueError:
            raise ConfigError(f"Got --scale {text}, expected a name and two numbers: valence=1:7.") from None
        if not found[name][0] < found[name][1]:
            raise ConfigError(f"Got --scale {text}, expected the lowest value first: valence=1:7.")
    return found
