"""`mien corpora raters`: how far a corpus' raters agree, who they are, and what that allows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.print_table import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mien.evaluation.rater_study import RaterStudy

PAGE, RECORD = "raters.md", "raters.json"


def raters(
    corpus: Annotated[
        str,
        typer.Argument(
            help="Name (see `mien corpora list`), or your own CSV or Parquet table of segment, target, rater "
            "and value and, for traces, time in seconds.",
            show_default=False,
        ),
    ],
    root: Annotated[
        Path | None, typer.Option(help="Folder of a corpus that is given by its name.", show_default=False)
    ] = None,
    every: Annotated[
        float, typer.Option(help="Seconds between the moments of traces that are studied.")
    ] = 1.0,
    draws: Annotated[int, typer.Option(help="Resamples of segments for the intervals.")] = 500,
    seed: Annotated[int, typer.Option(help="Seeds all chance.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help=f"Folder for {PAGE} and {RECORD}, made if it is not there.", show_default=False),
    ] = None,
) -> None:
    """Study the raters of a corpus: agreement, each rater, gold standards, the ceiling, disagreement."""
    import json as json_format

    studies = []
    for study in _studies(corpus, root, every_s=every, draws=draws, seed=seed):
        studies.append(study)
        if json:
            typer.echo(json_format.dumps(study.record(), ensure_ascii=False))
        else:
            _print_study(study)
    if out is not None:
        place = "" if root is None else " --root FOLDER"
        command = f"mien corpora raters {corpus}{place} --every {every:g} --draws {draws} --seed {seed}"
        write_studies(studies, out / PAGE, out / RECORD, title=f"Raters of {corpus}", command=command)


def write_studies(studies: "list[RaterStudy]", page: Path, record: Path, *, title: str, command: str) -> None:
    """Write studies as a Markdown page and as a JSON list.

    Args:
        studies: what to write.
        page: Markdown file; its folder is made if it is not there.
        record: JSON file beside it.
        title: heading of the page.
        command: what made it.
    """
    import json as json_format

    from mien.core.files import write_atomically
    from mien.reports.rater_report import rater_markdown

    page.parent.mkdir(parents=True, exist_ok=True)
    text = rater_markdown(
        [(one.name, one.tables, one.sentences) for one in studies], title=title, command=command
    )
    records = json_format.dumps([one.record() for one in studies], ensure_ascii=False, indent=1)
    for path, content in ((page, text), (record, records + "\n")):
        with write_atomically(path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def _studies(
    corpus: str, root: Path | None, *, every_s: float, draws: int, seed: int
) -> "Iterable[RaterStudy]":
    """Study a corpus that mien knows, or somebody's own table of ratings."""
    from mien.core import registry
    from mien.core.errors import ConfigError
    from mien.evaluation.corpus_raters import corpus_raters, table_raters

    if root is not None:
        module = registry.find("corpora", corpus)
        return corpus_raters(module, root, every_s=every_s, draws=draws, seed=seed)
    if Path(corpus).is_file():
        from mien.core.tables import read_table

        name = Path(corpus).stem
        return table_raters(read_table(corpus), name=name, every_s=every_s, draws=draws, seed=seed)
    registry.find("corpora", corpus)
    raise ConfigError(f"Got corpus `{corpus}` without its folder; pass --root.")


def _print_study(study: "RaterStudy") -> None:
    """Print the tables of a study, and what they mean last, where eyes are."""
    from mien.reports.rater_report import counts_line, printed_study

    typer.echo(f"{study.name}: {counts_line(study.tables['counts'])}")
    typer.echo()
    for table in printed_study(study.tables):
        left = [title for title, numeric in zip(table.columns, table.numeric, strict=True) if not numeric]
        typer.echo(table.title)
        rows = [[one.text + (f" ({one.note})" if one.note else "") for one in row] for row in table.rows]
        print_table(table.columns, rows, left=left)
        for number, note in enumerate(table.notes, start=1):
            typer.echo(f"({number}) {note}")
        typer.echo()
    for sentence in study.sentences:
        typer.echo(f"- {sentence}")
    typer.echo()
