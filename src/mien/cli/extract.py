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
Plot = Annotated[
    Path | None, typer.Option(help="Folder for one picture per recording: descriptors under a spectrogram.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")]


def extract(
    name: Name,
    paths: Paths,
    out: Out,
    level: Level = "functionals",
    workers: Workers = 1,
    plot: Plot = None,
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
    if plot is not None:
        _draw(name, sorted(set(table["file"])), plot)
    for reason in failures.values():
        typer.echo(f"mien: {reason}", err=True)
    if not quiet:
        columns = max(len(table.columns) - len(KEYS), 0)
        text = f"{len(table)} rows of {columns} descriptors of {table['file'].nunique()} files in {out}"
        typer.echo(text + (f"; {len(failures)} failed" if failures else ""), err=True)
    if failures:
        raise typer.Exit(EXIT_SOME_FAILED if len(table) else EXIT_NONE_SUCCEEDED)


def _draw(name: str, files: list[str], folder: Path) -> None:
    """Write one picture per recording; one that is too long to draw is named."""
    from matplotlib import pyplot

    from mien.core.errors import InputError
    from mien.features.extraction import extract_table
    from mien.reports.descriptor_plot import plot_descriptors
    from mien.signals.decode import decode

    pyplot.switch_backend("agg")
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        signal = decode(file, mono=True)
        frames = extract_table(name, signal.samples[0], rate_hz=signal.rate_hz, level="lld")
        try:
            figure = plot_descriptors(signal.samples[0], frames, rate_hz=signal.rate_hz)
        except InputError as error:
            typer.echo(f"mien: not drawn, `{file}`: {error}", err=True)
            continue
        figure.savefig(folder / f"{Path(file).stem}.png", dpi=120)
        pyplot.close(figure)
