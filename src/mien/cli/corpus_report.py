"""`mien corpora report`: whether a corpus can be trusted, on one page with its sound."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    corpus: Annotated[
        str,
        typer.Argument(
            help="Name (see `mien corpora list`), or your own: a table of files and labels, a folder of "
            "class folders, or an audformat database.",
            show_default=False,
        ),
    ],
    root: Annotated[
        Path | None, typer.Option(help="Folder of a corpus that is given by its name.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write, ending in .html or .md; by default, Markdown is printed."),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Of your table: what a column is for, --column label=mood.")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Of your class folders: regular expression, its group is the speaker.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another corpus, on which you train: what both share is a leak.", show_default=False
        ),
    ] = None,
    against_root: Annotated[
        Path | None, typer.Option(help="Its folder, where it is given by its name.", show_default=False)
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Decode every clip: copies, levels, shortcuts.")
    ] = True,
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="Rank labels by models; the slowest part.")
    ] = True,
    clips: Annotated[int, typer.Option(min=0, help="Doubtful clips that the page plays.")] = 12,
    workers: Annotated[int, typer.Option(min=1, help="Processes that listen.")] = 1,
) -> None:
    """Report on a corpus: copies, doubtful labels, shortcuts, leaks, balance, languages, licence.

    Exit code 0: written, whatever was found; 2: the corpus cannot be read.
    """
    # long because every option has its help beside it
    from mien.cli.corpora import load_corpus
    from mien.core.errors import ConfigError
    from mien.core.files import write_atomically
    from mien.reports.corpus_report import corpus_report_html, corpus_report_markdown
    from mien.studies.corpus_report import Other, study_corpus

    if out is not None and out.suffix not in (".html", ".md"):
        raise ConfigError(f"Got --out `{out}`, expected a name ending in .html or .md; rename it.")
    if against_root is not None and against is None:
        raise ConfigError("Got --against-root without --against, expected both; name the other corpus.")
    table, card = load_corpus(corpus, root, column=column or [], speaker=speaker)
    other = None
    if against is not None:
        other = Other(load_corpus(against, against_root, column=[], speaker=None)[0], Path(against).name)
    study = study_corpus(
        table,
        name=Path(corpus).name,
        card=card,
        other=other,
        audio=audio,
        labels=labels,
        workers=workers,
        command=_command(corpus, root, against),
    )
    if out is None:
        typer.echo(corpus_report_markdown(study), nl=False)
        return
    text = corpus_report_html(study, clips=clips) if out.suffix == ".html" else corpus_report_markdown(study)
    with write_atomically(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    typer.echo(f"{study.check.summary}\nWritten: {out}")


def _command(corpus: str, root: Path | None, against: str | None) -> str:
    """Return the command without folders, which say more about a machine than about a corpus."""
    words = ["mien corpora report", Path(corpus).name, *(["--root FOLDER"] if root else [])]
    return " ".join([*words, *([f"--against {Path(against).name}"] if against else [])])
