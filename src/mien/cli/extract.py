"""`mien extract`: recordings in, expert descriptors out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.features.extraction import Written

EXIT_SOME_FAILED = 1
EXIT_NONE_SUCCEEDED = 3
LINE_EVERY_S = 10.0

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
Descriptors = Annotated[
    str | None,
    typer.Option(help="Names, with commas between: Loudness,mfcc1_delta; or all, all_delta. (default: all)"),
]
Functionals = Annotated[
    str | None,
    typer.Option(help="Of each descriptor: mean,stddev,p50,slope …; or all. (default: the set's own)"),
]
Budget = Annotated[
    float | None,
    typer.Option(help="Seconds of one core per second of audio; what tells --target best within is chosen."),
]
Target = Annotated[str | None, typer.Option(help="Column of labels in the table, for --budget-rtf.")]
Costs = Annotated[Path | None, typer.Option(help="A .choice.json whose costs are taken, to repeat a choice.")]
Earlier = Annotated[Path | None, typer.Option(help="A .choice.json; its columns are written.")]
Workers = Annotated[int, typer.Option(help="Processes; 0: one per core.", min=0)]
On = Annotated[
    str, typer.Option(help="processes of this machine, or ray: a cluster, or Ray on this machine.")
]
Address = Annotated[
    str | None, typer.Option(help="Of the Ray cluster. (default: RAY_ADDRESS, else one is started here)")
]
Plot = Annotated[
    Path | None, typer.Option(help="Folder for one picture per recording: descriptors under a spectrogram.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]


def extract(
    name: Name,
    paths: Paths,
    out: Out,
    level: Level = "functionals",
    descriptors: Descriptors = None,
    functionals: Functionals = None,
    budget_rtf: Budget = None,
    target: Target = None,
    costs: Costs = None,
    choice: Earlier = None,
    workers: Workers = 1,
    on: On = "processes",
    address: Address = None,
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

    from mien.cli.extract_budget import Asked, columns_within
    from mien.features.extraction import Crew, extract_to_file

    if not quiet:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    crew = Crew(workers or os.cpu_count() or 1, on, address)
    asked = Asked(name, paths, budget_rtf, target=target, costs=costs, choice=choice, workers=crew.workers)
    named = bool(descriptors or functionals) or level != "functionals"
    chosen = columns_within(asked, out, named=named, overwrite=overwrite, quiet=quiet)
    with _told_when_interrupted():
        done = extract_to_file(
            name,
            paths,
            out,
            level=level,
            descriptors=_names(descriptors) if chosen is None else chosen,
            functionals=_names(functionals),
            crew=crew,
            overwrite=overwrite,
            heard=None if quiet else _progress(),
        )
    if plot is not None:
        _draw(name, sorted(done.files), plot)
    _tell(done, quiet=quiet)


@contextmanager
def _told_when_interrupted() -> Iterator[None]:
    """Say, when a run is stopped, that it can go on."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("mien: what is finished is kept; the same command goes on.", err=True)
        raise


def _tell(done: "Written", *, quiet: bool) -> None:
    """Say what was written and what failed, and end accordingly."""
    for reason in done.failures.values():
        typer.echo(f"mien: {reason}", err=True)
    if not quiet:
        text = f"{done.rows} rows of {len(done.columns)} descriptors of {len(done.files)} files in {done.out}"
        typer.echo(text + (f"; {len(done.failures)} failed" if done.failures else ""), err=True)
    if done.failures:
        raise typer.Exit(EXIT_SOME_FAILED if done.rows else EXIT_NONE_SUCCEEDED)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _progress() -> Callable[[int, int], None]:
    """Return a function that says every ten seconds how far a run is."""
    import time

    began = said = time.monotonic()

    def heard(done: int, count: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LINE_EVERY_S and done < count:
            said = now
            left_s = (now - began) * (count - done) / done
            typer.echo(f"{done / count:.0%} done, about {left_s:.0f} s left", err=True)

    return heard


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
