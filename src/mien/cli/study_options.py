"""Options that every command on labelled corpora has."""

from pathlib import Path
from typing import Annotated

import typer

Corpora = Annotated[
    list[str],
    typer.Option(
        "--corpus",
        help="Names of corpora (see `mien corpora list`; the beginning is enough), or your own tables with "
        "`file` or `text`, a label and, where known, speaker, sex, split. Several words.",
        show_default=False,
    ),
]
Data = Annotated[Path | None, typer.Option(help="Folder that holds the corpora.", show_default=False)]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder for descriptors and embeddings, for several runs. (default: OUT/cache)"),
]
Seeds = Annotated[int, typer.Option(help="Repetitions of whatever is trained.", min=1)]
Draws = Annotated[int, typer.Option(help="Resamples per interval; ten times as many per p-value.", min=100)]
Workers = Annotated[int, typer.Option(help="Processes.", min=1)]
Again = Annotated[bool, typer.Option("--again", help="Try cells that failed once more.")]
