"""`mien hear`: frozen encoders on many small tasks, in one leaderboard."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

EXIT_SOME_FAILED = 1
EXIT_INTERRUPTED = 130

Encoder = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        help="mel-means, egemaps, compare, bags:<codebook.npz>, whisper-tiny, voice-embedding …, "
        "hf:<owner>/<name>, or a folder; repeat it.",
        show_default=False,
    ),
]
Module = Annotated[
    list[str] | None,
    typer.Option("--module", help="Python module with the interface of HEAR; repeat it.", show_default=False),
]
Weights = Annotated[
    list[str] | None,
    typer.Option("--weights", help="What load_model of each --module takes.", show_default=False),
]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--tasks", help="hear-mini, single tasks of it, or task folders of hear-preprocess; repeat it."
    ),
]
Data = Annotated[Path, typer.Option(help="Folder that holds the corpora.", show_default=False)]
Out = Annotated[
    Path, typer.Option(help="Folder for leaderboard.csv, .json, .md and .html.", show_default=False)
]
Work = Annotated[
    Path | None, typer.Option(help="Folder that keeps embeddings and finished cells; <out>/work.")
]
Grid = Annotated[int, typer.Option(help="Settings of the head to try, in the first fold.")]
Seed = Annotated[int, typer.Option(help="Of the head.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


def hear(
    data: Data,
    out: Out,
    encoder: Encoder = None,
    module: Module = None,
    weights: Weights = None,
    tasks: Tasks = None,
    work: Work = None,
    grid: Grid = 8,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Score frozen encoders on emotion, voices, sounds, pitch and events, with a small head on top.

    What was finished is not repeated: stop it and give the same command again, or add an encoder.

    Exit codes: 0 all cells done, 1 some failed (the table says why), 2 usage, 130 interrupted.
    """
    from importlib import import_module

    from mien.core.optional import require

    require("torch", "train")
    run = import_module("mien.studies.hear_leaderboard")
    names = [*(encoder or []), *_modules(module or [], weights or [])]

    def watch(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    try:
        board = run.run_hear(
            names, tasks or ["hear-mini"], data, work=work or out / "work", grid=grid, seed=seed, watch=watch
        )
    except KeyboardInterrupt:
        typer.echo("mien: interrupted; the same command goes on from here.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    run.write_hear(board, out, command=_command(sys.argv[1:]))
    for name, reason in board.skipped.items():
        watch(f"not run: {name} ({reason})")
    watch(f"{len(board.cells)} cells in {out / 'leaderboard.md'}")
    raise typer.Exit(EXIT_SOME_FAILED if (board.cells["status"] == "failed").any() else 0)


def _command(words: list[str]) -> str:
    """Return the command as the table shows it: without --work, which changes no number."""
    at = words.index("--work") if "--work" in words else len(words)
    return shlex.join(["mien", *words[:at], *words[at + 2 :]])


def _modules(modules: list[str], weights: list[str]) -> list[str]:
    """Return names of encoders from modules, each with its weights where there are some."""
    from mien.core.errors import ConfigError

    if weights and len(weights) != len(modules):
        raise ConfigError(
            f"Got {len(weights)} --weights for {len(modules)} --module, expected one for each, or none; "
            "use '' for a module's default."
        )
    given = weights or [""] * len(modules)
    return [
        f"module:{name}:{one}" if one else f"module:{name}" for name, one in zip(modules, given, strict=True)
    ]
