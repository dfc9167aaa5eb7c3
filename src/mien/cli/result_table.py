"""Print an analysis as a table: drawn on a terminal, plain columns elsewhere."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd

    from mien.prediction.affect import Affect


def print_result(affect: "Affect") -> None:
    """Print one line per segment on stdout."""
    header, rows = readable_rows(affect.table)
    if sys.stdout.isatty():
        _print_drawn(header, rows)
    else:
        _print_plain(header, rows)
    if affect.table["abstain"].any() and sys.stdout.isatty():
        typer.echo("? the model is too unsure to be read.")


def readable_rows(table: "pd.DataFrame") -> tuple[list[str], list[list[str]]]:
    """Return a header and one row of short texts per segment.

    Args:
        table: a prediction table.

    Returns:
        Columns: file, start and end in seconds, the likeliest category with its probability (`?` where the
        model abstains), dimensions, and total doubt in nats.
    """
    categories = [name for name in table.columns if name.startswith("p.")]
    dimensions = [
        name
        for name in table.columns[7:]
        if not name.startswith(("p.", "aleatoric.", "epistemic.")) and name != "abstain"
    ]
    speaks = table["speaker"].notna().any()
    header = [
        "file",
        "start",
        "end",
        *(["speaker"] if speaks else []),
        *(["affect", "p"] if categories else []),
    ]
    header += [*dimensions, *(["doubt"] if categories else [])]
    rows = []
    for record in table.to_dict("records"):
        row = [str(record["file"]), f"{record['start']:.2f}", f"{record['end']:.2f}"]
        row += [str(record["speaker"])] if speaks else []
        if categories:
            best = max(categories, key=lambda name: record[name])
            row += [best.removeprefix("p.") + (" ?" if record["abstain"] else ""), f"{record[best]:.2f}"]
        # Adding 0.0 turns -0.00 into 0.00.
        row += [f"{round(record[name], 2) + 0.0:.2f}" for name in dimensions]
        if categories:
            row.append(f"{record['aleatoric.category'] + record['epistemic.category']:.2f}")
        rows.append(row)
    return header, rows


def json_lines(table: "pd.DataFrame") -> Iterator[str]:
    """Yield one JSON object per segment, with the columns of the table; what is missing is null."""
    columns = [str(name) for name in table.columns]
    for values in table.astype(object).where(table.notna(), None).itertuples(index=False, name=None):
        yield json.dumps(dict(zip(columns, values, strict=True)), ensure_ascii=False)


def _print_plain(header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _print_drawn(header: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name in header:
        text = name in ("file", "speaker", "affect")
        table.add_column(name, justify="left" if text else "right", overflow="fold")
    for row in rows:
        table.add_row(*[escape(text) for text in row])
    Console().print(table)
