"""`mien evaluate`: predictions and labels in, scores with intervals and doubt out, or a comparison."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mien.reports.comparison_tables import ComparisonTables
    from mien.reports.evaluation_tables import EvaluationTables
    from mien.reports.printed_cells import Cell, PrintedTable

Source = Annotated[
    Path,
    typer.Argument(
        help="Folder of `mien analyze --out` or `mien train`, or a CSV/Parquet prediction table.",
        show_default=False,
    ),
]
Truth = Annotated[
    str | None,
    typer.Option(
        help="Labels: a CSV/Parquet table with `segment` or `file` and the category, or the name of a corpus "
        "(with --root). Not needed where the predictions hold the truth.",
    ),
]
Root = Annotated[Path | None, typer.Option(help="Folder of the corpus that --truth names.")]
Label = Annotated[str | None, typer.Option(help="Column of the true category. (default: category, truth, …)")]
Missing = Annotated[
    str,
    typer.Option(
        help="Labelled items without a prediction, or items of one system alone: refuse, or drop (counted in "
        "the report)."
    ),
]
Against = Annotated[
    list[Path] | None,
    typer.Option(help="Another system's predictions for the same items; can be given again. Compares."),
]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        help="With --against: uar, accuracy, macro_f1, weighted_f1, brier, nll, or a dimension's, such as "
        "valence.ccc; can be given again. (default: uar)",
    ),
]
Test = Annotated[
    str | None, typer.Option(help="With --against: permutation or bootstrap. (default: permutation)")
]
Correction = Annotated[
    str | None, typer.Option(help="With --against, for several tests: holm, bh or none. (default: holm)")
]
NonSpeech = Annotated[
    Path | None, typer.Option(help="The same model's predictions for sounds without speech, for goal U3.")
]
Protocol = Annotated[
    str | None, typer.Option(help="What was held out, for the report: loso, joint-5-fold, … (see docs).")
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for evaluation.html (or comparison.html), .md, .tex, .json, .csv.")
]
Draws = Annotated[int, typer.Option(help="Resamples per interval; ten times as many per p-value.", min=100)]
Seed = Annotated[int, typer.Option(help="Seeds the resampling.")]
Json = Annotated[bool, typer.Option("--json", help="Print the numbers as one JSON object.")]


def evaluate(
    source: Source,
    truth: Truth = None,
    root: Root = None,
    label: Label = None,
    missing: Missing = "refuse",
    against: Against = None,
    metric: Metric = None,
    test: Test = None,
    correction: Correction = None,
    non_speech: NonSpeech = None,
    protocol: Protocol = None,
    out: Out = None,
    draws: Draws = 1000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score predictions per corpus, with intervals by speaker, calibration, doubt and groups.

    With --against, compare systems on the same items instead: paired differences, tests by speaker.

    Example: mien evaluate results/ --truth labels.csv --out evaluation/
    """
    from mien.core.optional import require

    require("audmetric", "study")
    from mien.evaluation.run_evaluation import make_folder

    _check_options(against, {"--metric": metric, "--test": test, "--correction": correction}, non_speech)
    if out is not None:
        make_folder(out)
    given = {"truth": truth, "root": root, "label": label, "missing": missing, "protocol": protocol}
    given |= {"draws": draws, "seed": seed}
    if against:
        how = {"metrics": metric or ("uar",), "test": test, "correction": correction}
        how = {name: value for name, value in how.items() if value is not None}
        _compare(source, against, out, json=json, **given, **how)
    else:
        _evaluate(source, out, json=json, non_speech=non_speech, **given)


def _check_options(
    against: list[Path] | None, of_comparison: dict[str, Any], non_speech: Path | None
) -> None:
    """Refuse options that would have no effect."""
    from mien.core.errors import ConfigError

    alone = [name for name, value in of_comparison.items() if value]
    if not against and alone:
        raise ConfigError(f"Got {alone[0]} without --against, expected both; name what to compare with.")
    if against and non_speech:
        raise ConfigError("Got --non-speech with --against, expected one of them; judge each system alone.")


def _evaluate(source: Path, out: Path | None, *, json: bool, **given: Any) -> None:
    from mien.evaluation.run_evaluation import as_json, evaluate_predictions, write_evaluation

    tables = evaluate_predictions(source, **given)
    if out is not None:
        write_evaluation(tables, out)
    if json:
        _print_json(as_json(tables))
        return
    _show(tables)
    if out is not None:
        typer.echo(f"Report: {out / 'evaluation.html'}")


def _compare(source: Path, against: list[Path], out: Path | None, *, json: bool, **given: Any) -> None:
    from mien.evaluation.run_comparison import as_json, compare_predictions, write_comparison

    tables = compare_predictions(source, against, **given)
    if out is not None:
        write_comparison(tables, out)
    if json:
        _print_json(as_json(tables))
        return
    _show_comparison(tables)
    if out is not None:
        typer.echo(f"Report: {out / 'comparison.html'}")


def _print_json(plain: dict[str, Any]) -> None:
    from json import dumps

    typer.echo(dumps(plain, ensure_ascii=False))


def _show_comparison(tables: "ComparisonTables") -> None:
    """Print what each row says, all numbers, and what a reader must know."""
    from mien.reports.comparison_printed import comparison_table
    from mien.reports.comparison_words import main_rows, method_words, row_sentence
    from mien.reports.plain_words import NO_BREAK

    for row in main_rows(tables).to_dict("records"):
        typer.echo(row_sentence(row, tables).replace(NO_BREAK, " "))
    typer.echo("")
    _print(comparison_table(tables))
    typer.echo(f"\n{method_words(tables)}")
    for note in tables.notes:
        typer.echo(f"Note: {note}")


def _show(tables: "EvaluationTables") -> None:
    """Print the headline, every score and every goal, then what a reader must know."""
    from mien.reports.evaluation_headline import headline
    from mien.reports.printed_tables import printed_tables

    typer.echo("\n".join(headline(tables)))
    for table in printed_tables(tables):
        if table.key in ("scores", "goals"):
            typer.echo(f"\n{table.title}")
            _print(table)
    for note in tables.notes:
        typer.echo(f"Note: {note}")


def _print(table: "PrintedTable") -> None:
    """Print a table with its footnotes."""
    from mien.cli.print_table import print_table

    left = [name for name, numeric in zip(table.columns, table.numeric, strict=True) if not numeric]
    print_table(table.columns, [[_cell(cell) for cell in row] for row in table.rows], left=left)
    for number, note in enumerate(table.notes, start=1):
        typer.echo(f"({number}) {note}")


def _cell(cell: "Cell") -> str:
    return f"{cell.text} ({cell.note})" if cell.note else cell.text
