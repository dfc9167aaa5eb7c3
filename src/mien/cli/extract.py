"""`mien extract`: recordings in, expert descriptors out."""

from pathlib import Path
from typing import Annotated

import typer

EXIT_SOME_FAILED = 1
EXIT_NONE_SUCCEEDED = 3

Name = Annotated[str, typer.Argument(help="Feature set: egemaps.", show_default=False)]
Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Recordings, folders, or CSV/Parquet tables with column `file` (and start, end, segment).",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Parquet or CSV file to write.", show_default=False)]
Level = Annotated[str, typer.Option(help="functionals: a row per segment; lld: a row per frame.")]
Workers = Annotated[int, typer.Option(help="Processes; 0: one per core.", min=0)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")]


def extract(
    name: Name,
    paths: Paths,
    out: Out,
    level: Level = "functionals",
    workers: Workers = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Describe recordings by expert descriptors, such as the Geneva set: one row per segment or per frame.

    Example: mien extract egemaps interviews/ --out features.parquet

    A run that was stopped goes on where it was. Exit codes: 0 all done, 1 some failed, 2 usage, 3 none.
    """
    import logging
    import os

    from mien.features.extraction import KEYS
    from mien.features.extraction import extract_table as run

    if not quiet:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    table = run(
        name, paths, level=level, workers=workers or os.cpu_count() or 1, out=out, overwrite=overwrite
    )
    failures = table.attrs["failures"]
    for reason in failures.values():
        typer.echo(f"mien: {reason}", err=True)
    if not quiet:
        columns = max(len(table.columns) - len(KEYS), 0)
        text = f"{len(table)} rows of {columns} descriptors of {table['file'].nunique()} files in {out}"
        typer.echo(text + (f"; {len(failures)} failed" if failures else ""), err=True)
    if failures:
        raise typer.Exit(EXIT_SOME_FAILED if len(table) else EXIT_NONE_SUCCEEDED)
