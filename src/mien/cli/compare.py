"""`mien compare`: systems × corpora in one table, with stars, intervals, doubt and cost."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.study_options import Again, Cache, Corpora, Data, Draws, Seeds, Workers

EXIT_SOME_FAILED = 1

Systems = Annotated[
    list[str],
    typer.Option(
        "--systems",
        help="majority; <stream>[,<stream>][+speaker]+<learner> such as egemaps+svm; <encoder>+probe, +lora "
        "or +full; 'late(egemaps+svm,minilm+svm)'; a shipped model; or a prediction table. Several words.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for tables, report, cells and cache.", show_default=False)]
Protocol = Annotated[
    str,
    typer.Option(
        help="loso, speaker-kfold, joint-5-fold, split, script-disjoint, matrix (from each corpus to each "
        "other), or fitting: own split, else loso up to 30 speakers, else speaker-kfold."
    ),
]
Reference = Annotated[
    str | None, typer.Option(help="System that the others are tested against. (default: the first)")
]
Metric = Annotated[str, typer.Option(help="uar, accuracy, macro_f1 or weighted_f1.")]
Label = Annotated[
    str | None,
    typer.Option(help="Column to learn; category: the classes that corpora share. (default: own classes)"),
]
Ladder = Annotated[
    str | None, typer.Option(help="Also judge on degraded test clips: middle (level 3) or all levels. Slow.")
]
SearchMinutes = Annotated[
    float | None, typer.Option(help="Time of each auto(…) on each corpus. (default: 24 trials per fold)")
]
Cost = Annotated[
    bool,
    typer.Option("--cost", help="Also measure size, operations, latency, memory, and estimate energy. Slow."),
]
LabelCounts = Annotated[
    str | None,
    typer.Option(help="Also judge classical learners on so many labels (25,50,100) and on all. Slow."),
]
On = Annotated[str, typer.Option(help="processes, or ray.")]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster. (default: RAY_ADDRESS, or a local Ray)")]


def compare(
    corpus: Corpora,
    systems: Systems,
    out: Out,
    data: Data = None,
    cache: Cache = None,
    protocol: Protocol = "fitting",
    reference: Reference = None,
    metric: Metric = "uar",
    label: Label = None,
    seeds: Seeds = 1,
    draws: Draws = 1000,
    ladder: Ladder = None,
    search_minutes: SearchMinutes = None,
    cost: Cost = False,
    label_counts: LabelCounts = None,
    workers: Workers = 1,
    on: On = "processes",
    address: Address = None,
    again: Again = False,
) -> None:
    """Judge systems on corpora in one table: scores, stars, intervals, doubt, groups, cost.

    Example: mien compare --corpus emodb urdu --systems egemaps+svm voice-small --data data --out table

    A study that was stopped goes on where it was. Exit code 1: some cells are empty, and say why.
    """
    # long because it hands on every option of the command
    import logging

    from mien.reports.study_report import write_study
    from mien.studies.compare import Plan
    from mien.studies.compare import compare as run

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    plan = Plan(
        corpus, systems, protocol=protocol, reference=reference, metric=metric, seeds=seeds, label=label,
        data=data, cache=cache, draws=draws, workers=workers, on=on, address=address, again=again,
        ladder=ladder, search_minutes=search_minutes, cost=cost, label_counts=_counts(label_counts),
        command=shlex.join(["mien", *sys.argv[1:]]),
    )  # fmt: skip
    tables = run(plan, out)
    write_study(out, tables)
    _show(tables, out)
    if tables.rows["value"].isna().any():
        raise typer.Exit(EXIT_SOME_FAILED)


def _counts(given: str | None) -> tuple[int, ...]:
    """Return the numbers of labels, in the order given."""
    from mien.core.errors import ConfigError

    words = [] if given is None else given.split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise ConfigError(f"Got --label-counts {given}, expected numbers such as 25,50,100.")
    return tuple(int(word) for word in words)


def _show(tables: object, out: Path) -> None:
    """Print score, interval, difference and stars of every row, and say where the rest is."""
    from mien.cli.print_table import print_table

    rows = tables.rows  # type: ignore[attr-defined]
    header = ["corpus", "system", tables.summary["metric"], "interval", "difference", "", "n"]  # type: ignore[attr-defined]
    lines = [
        [
            *(row["corpus"], row["system"], _percent(row["value"]), _interval(row)),
            _points(row["difference"]),
            *(row["stars"], "-" if row["n"] != row["n"] else f"{row['n']:.0f}"),
        ]
        for row in rows.to_dict("records")
    ]
    print_table(header, lines, left=("corpus", "system", ""))
    for row in rows[rows["value"].isna()].to_dict("records"):
        typer.echo(f"{row['system']} on {row['corpus']}: {row['note']}", err=True)
    typer.echo(f"{out / 'study.html'}", err=True)


def _percent(value: float) -> str:
    return "-" if value != value else f"{100 * value:.1f}"


def _points(value: float) -> str:
    return "" if value != value else f"{100 * value:+.1f}"


def _interval(row: dict[str, float]) -> str:
    return "" if row["low"] != row["low"] else f"[{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
