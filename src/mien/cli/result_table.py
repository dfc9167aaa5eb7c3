"""Print an analysis: a table for people, JSON lines for programs."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from mien.cli.print_table import print_table

if TYPE_CHECKING:
    import pandas as pd

    from mien.prediction.affect import Affect


def print_result(affect: "Affect") -> None:
    """Print one line per segment on stdout."""
    header, rows = readable_rows(affect.table)
    print_table(header, rows, left=("file", "speaker", "affect"))
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
