"""`mien ablate`: does a link of the chain earn its place on these data?"""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.study_options import Again, Cache, Corpora, Data, Draws, Seeds, Workers

EXIT_SOME_FAILED = 1

System = Annotated[
    str,
    typer.Option(
        help="<stream>[,<stream>][+speaker]+<learner>, such as egemaps+svm or whisper-tiny+logistic.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for report, tables, cells and cache.", show_default=False)]
Links = Annotated[
    list[str] | None,
    typer.Option(
        "--links",
        help="calibration, scaling, speaker-normalization, level, voice-activity, choice, ensemble, "
        "more-streams, pretraining, augmentation. Several words. (default: all)",
        show_default=False,
    ),
]
Protocol = Annotated[
    str,
    typer.Option(
        help="loso, speaker-kfold, joint-5-fold, split, script-disjoint, or fitting: own split, else loso up "
        "to 30 speakers, else speaker-kfold."
    ),
]
Metric = Annotated[
    str, typer.Option(help="uar, accuracy, macro_f1 or weighted_f1; calibration is judged by nll.")
]
Label = Annotated[str | None, typer.Option(help="Column to learn. (default: the corpus' own classes)")]


def ablate(
    corpus: Corpora,
    system: System,
    out: Out,
    links: Links = None,
    data: Data = None,
    cache: Cache = None,
    protocol: Protocol = "fitting",
    metric: Metric = "uar",
    label: Label = None,
    seeds: Seeds = 1,
    draws: Draws = 1000,
    workers: Workers = 1,
    again: Again = False,
) -> None:
    """Ask of each link of a chain whether it earns its place: with and without, paired, cheapest first.

    Example: mien ablate --corpus emodb --system egemaps+svm --data data --out ablation

    A run that was stopped goes on where it was. Exit code 1: a link could not be judged because it failed.
    """
    # long because it hands on every option of the command
    import logging

    from mien.reports.ablation_report import write_ablation
    from mien.reports.ablation_words import UNFIT
    from mien.studies.ablate import AblationPlan
    from mien.studies.ablate import ablate as run

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    plan = AblationPlan(
        corpus, system, links=links or None, protocol=protocol, metric=metric, seeds=seeds, label=label,
        data=data, cache=cache, draws=draws, workers=workers, again=again,
        command=shlex.join(["mien", *sys.argv[1:]]),
    )  # fmt: skip
    tables = run(plan, out)
    write_ablation(out, tables)
    _show(tables)
    typer.echo(f"{out / 'ablation.html'}", err=True)
    unjudged = tables.rows["difference"].isna() & ~tables.rows["verdict"].str.startswith(UNFIT)
    if unjudged.any():
        raise typer.Exit(EXIT_SOME_FAILED)


def _show(tables: object) -> None:
    """Print difference, interval, cost and verdict of every link."""
    from mien.cli.print_table import print_table
    from mien.reports.ablation_words import cost_words
    from mien.reports.evaluation_numbers import between, shown

    header = [
        "corpus",
        "link",
        "metric",
        "without",
        "with",
        "difference",
        "interval",
        "ms per clip",
        "verdict",
    ]
    lines = []
    for row in tables.rows.to_dict("records"):  # type: ignore[attr-defined]
        names = ("value_without", "value_with", "difference", "low", "high")
        without, with_it, difference, low, high = (shown(row[name], row["metric"]) for name in names)
        lines.append(
            [
                *(row["corpus"], row["link"], row["metric"], without, with_it, f"{difference}{row['stars']}"),
                *(between(low, high), cost_words(row["cost_ms"]), row["verdict"]),
            ]
        )
    print_table(header, lines, left=("corpus", "link", "metric", "verdict"))
