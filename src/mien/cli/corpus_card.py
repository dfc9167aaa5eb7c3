"""`mien corpora card`: a corpus on one page, with its traps and what may not be concluded."""

from pathlib import Path
from typing import Annotated

import typer


def card(
    corpus: Annotated[str, typer.Argument(help="Name, see `mien corpora list`.", show_default=False)],
    root: Annotated[Path, typer.Option(help="Folder of the corpus.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write, ending in .md or .html; by default, Markdown is printed."),
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Decode every clip: copies, silence, damage.")
    ] = True,
    workers: Annotated[int, typer.Option(help="Processes that decode.")] = 1,
) -> None:
    """Draw a corpus' data card: licence, people, labels, splits, traps, use and limits."""
    from mien.cli.corpora import scan_recordings
    from mien.core import registry
    from mien.core.errors import ConfigError
    from mien.core.files import write_atomically
    from mien.corpora.data_card import data_card
    from mien.reports.data_card import data_card_html, data_card_markdown

    drawers = {".md": data_card_markdown, ".html": data_card_html}
    if out is not None and out.suffix not in drawers:
        raise ConfigError(f"Got --out `{out}`, expected a name ending in .md or .html; rename it.")
    module = registry.find("corpora", corpus)
    table = module.load(root)
    scan = scan_recordings(table, workers) if audio else None
    made = data_card(table, module.CARD, name=corpus.replace("_", "-"), scan=scan)
    if out is None:
        typer.echo(data_card_markdown(made), nl=False)
        return
    text = drawers[out.suffix](made)
    with write_atomically(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
