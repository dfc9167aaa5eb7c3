"""`mien corpora`: which corpora mien reads, and whether one is fit to be scored on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli import corpus_card, corpus_raters, corpus_report
from mien.cli.print_table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from mien.corpora.card import CorpusCard
    from mien.corpora.findings import CorpusCheck

EXIT_PROBLEMS = 1

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]

app = typer.Typer(
    help="List the corpora that mien reads; know one before scoring on it.", invoke_without_command=True
)


@app.callback()
def _help(context: typer.Context) -> None:
    """List the corpora that mien reads; know one before scoring on it."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_corpora(json: Json = False) -> None:
    """List the corpora that mien reads: language, size, classes, licence."""
    from mien.core import registry

    cards = {name: registry.find("corpora", name).CARD for name in registry.names("corpora")}
    if json:
        for name, card in cards.items():
            _echo_json({"name": name, **card})
        return
    header = ["name", "language", "of", "segments", "classes", "dimensions", "shelf", "title"]
    rows = [
        [
            name,
            card["language"],
            ", ".join(card["modality"]),
            str(card["size"]),
            str(len(card["classes"]) or "-"),
            str(len(card["dimensions"]) or "-"),
            card["shelf"],
            card["title"],
        ]
        for name, card in cards.items()
    ]
    print_table(header, rows, left=("name", "language", "of", "shelf", "title"))


@app.command("check")
def check(
    corpus: Annotated[
        str,
        typer.Argument(
            help="Name (see `mien corpora list`), or your own: a CSV or Parquet table of files and labels, a "
            "folder of class folders, or an audformat database.",
            show_default=False,
        ),
    ],
    root: Annotated[
        Path | None, typer.Option(help="Folder of a corpus that is given by its name.", show_default=False)
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Of your table: what a column is for, --column label=mood; of an audformat database: "
            "--column table=segments --column label=mood."
        ),
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Of your class folders: regular expression, its group is the speaker.")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Decode every clip: copies, silence, damage.")
    ] = True,
    workers: Annotated[int, typer.Option(help="Processes that decode.")] = 1,
    json: Json = False,
) -> None:
    """Check a corpus: counts, durations, copies, speakers per class, sexes, texts, licence.

    Exit code 0: nothing that must be dealt with; 1: problems found; 2: the corpus cannot be read.
    """
    from mien.corpora.corpus_check import check_corpus

    table, card = load_corpus(corpus, root, column=column or [], speaker=speaker)
    scan = scan_recordings(table, workers) if audio else None
    found = check_corpus(table, card=card, scan=scan)
    if json:
        _echo_json(found.record())
    else:
        _print_check(found)
    if found.problems:
        raise typer.Exit(EXIT_PROBLEMS)


app.command("card")(corpus_card.card)
app.command("raters")(corpus_raters.raters)
app.command("report")(corpus_report.report)


def load_corpus(
    corpus: str, root: Path | None, *, column: list[str], speaker: str | None
) -> "tuple[pd.DataFrame, CorpusCard | None]":
    """Read a corpus that mien knows, with its card, or somebody's own, which has none."""
    from mien.core import registry
    from mien.core.errors import ConfigError

    own = Path(corpus)
    if root is not None:
        known = registry.find("corpora", corpus)
        return known.load(root), known.CARD
    if own.is_file():
        from mien.corpora.read_label_table import read_label_table

        return read_label_table(own, columns=_columns(column)), None
    if (own / "db.yaml").is_file():
        from mien.corpora.read_audformat import read_audformat

        return read_audformat(own, **_audformat_options(column)), None
    if own.is_dir():
        from mien.corpora.read_class_folders import read_class_folders

        return read_class_folders(own, speaker=speaker), None
    registry.find("corpora", corpus)
    raise ConfigError(f"Got corpus `{corpus}` without its folder; pass --root.")


def _audformat_options(given: list[str]) -> dict[str, str]:
    """Return which table and column of an audformat database to read."""
    from mien.core.errors import ConfigError
    from mien.core.nearest import did_you_mean

    options = {"table": "table", "label": "column"}
    for use in _columns(given):
        if use not in options:
            raise ConfigError(
                f"Got --column `{use}=…` of an audformat database, expected table or label."
                f"{did_you_mean(use, options)}"
            )
    return {options[use]: name for use, name in _columns(given).items()}


def _columns(given: list[str]) -> dict[str, str]:
    """Return use → column from words as `label=mood`."""
    from mien.core.errors import ConfigError

    for word in given:
        if "=" not in word:
            raise ConfigError(f"Got --column `{word}`, expected <use>=<column>, such as label=mood.")
    return {use: name for use, _, name in (word.partition("=") for word in given)}


def scan_recordings(table: "pd.DataFrame", workers: int) -> "pd.DataFrame":
    """Decode every clip of a table; a person at a terminal is told how many that are."""
    from mien.corpora.duplicates import scan_audio

    files = table["file"].nunique()
    if files and sys.stderr.isatty():
        typer.echo(f"Decoding {files} files; --no-audio leaves that out.", err=True)
    return scan_audio(table, workers=workers)


def _print_check(found: "CorpusCheck") -> None:
    """Print the classes, the findings, and the verdict last, where eyes are."""
    typer.echo(found.title)
    typer.echo()
    table = found.classes.drop(columns="duration_s").assign(minutes=found.classes["duration_s"] / 60)
    table = table.dropna(axis="columns", how="all")
    if len(table):
        shown = table.astype({"minutes": "object"}) if "minutes" in table else table
        rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
        print_table([str(one) for one in table], rows, left=("class",))
        typer.echo()
    rows = [[one.area, one.verdict, one.text] for one in found.findings]
    print_table(["area", "verdict", "finding"], rows, left=("area", "verdict", "finding"))
    typer.echo()
    typer.echo(found.summary)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return "-" if value is None or value != value else str(value)


def _echo_json(values: dict[str, Any]) -> None:
    import json

    # numpy's numbers, which json does not know, know their plain value
    typer.echo(json.dumps(values, ensure_ascii=False, default=lambda value: value.item()))
