"""From several systems' predictions on disk to a comparison on disk."""

import json
import shlex
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.files import write_texts
from mien.corpora.overlap import refuse_leaks
from mien.evaluation.answers import join_truth, read_predictions, with_truth
from mien.evaluation.paired_systems import compare_answers
from mien.evaluation.run_evaluation import labels_of, make_folder, what_is_shared
from mien.reports.comparison_report import write_comparison as write_reports
from mien.reports.comparison_tables import ComparisonTables
from mien.reports.comparison_words import plain_sentences


def compare_predictions(
    source: str | Path,
    against: Sequence[str | Path],
    *,
    metrics: Sequence[str] = ("uar",),
    test: str = "permutation",
    correction: str = "holm",
    truth: str | Path | None = None,
    root: str | Path | None = None,
    label: str | None = None,
    missing: str = "refuse",
    protocol: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> ComparisonTables:
    """Read several systems' predictions, find their truth, refuse leaks, and compare the first with each.

    Args:
        source: folder of `mien analyze --out` or `mien train`, or a prediction table; with a column `seed`
            where it holds several training runs.
        against: the same of the other systems, at least one.
        metrics: what to compare; see `mien.evaluation.summed_scores.find_score`.
        test: `permutation` or `bootstrap`.
        correction: `holm`, `bh` or `none`.
        truth: a table of labels or the name of a corpus, for all systems; None where each holds the truth.
        root: folder of the corpus that `truth` names.
        label: column of the true category.
        missing: `refuse` or `drop` items that one system or the labels have alone.
        protocol: what was held out, for the report.
        draws: resamples per interval; ten times as many swaps per p-value.
        seed: seeds resamples and swaps.

    Raises:
        InputError: something cannot be read.
        DataError: predictions and labels, or two systems, do not fit; or test data took part in training.
        ConfigError: an option is unknown, or the same predictions are given twice.
    """
    paths = [Path(source), *(Path(other) for other in against)]
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigError("Got the same predictions twice, expected different systems; name each once.")
    labels = None if truth is None else labels_of(truth, root)
    notes: list[str] = []
    systems: dict[str, pd.DataFrame] = {}
    tables = [read_predictions(path) for path in paths]
    for name, predictions in zip(_names(paths, tables), tables, strict=True):
        answers, said = _answers(predictions, labels, label=label, missing=missing)
        refuse_leaks(what_is_shared(answers, predictions))
        systems[name] = answers
        notes += [f"{name}: {note}" for note in said]
    first, *_ = systems
    given: dict[str, Any] = {"--truth": truth, "--root": root, "--label": label, "--protocol": protocol}
    given |= {"--missing": None if missing == "refuse" else missing, "--test": test}
    given |= {"--correction": correction, "--draws": draws, "--seed": seed}
    return compare_answers(
        systems.pop(first),
        systems,
        name=first,
        metrics=metrics,
        test=test,
        correction=correction,
        missing=missing,
        draws=draws,
        seed=seed,
        summary={"items": "clips", "command": _command(paths, metrics, given)}
        | ({"protocol": protocol} if protocol else {}),
        notes=notes,
    )


def write_comparison(tables: ComparisonTables, folder: str | Path) -> None:
    """Write a comparison as HTML, Markdown, LaTeX, JSON and CSV.

    Args:
        tables: the comparison.
        folder: is created if needed; files of an earlier comparison in it are replaced.

    Raises:
        InputError: the folder cannot be written.
    """
    target = make_folder(folder)
    write_reports(target, tables)
    texts = {
        "comparison.csv": tables.rows.to_csv(index=False, lineterminator="\n"),
        "comparison.json": json.dumps(as_json(tables), indent=1, ensure_ascii=False) + "\n",
    }
    write_texts(target, texts)


def as_json(tables: ComparisonTables) -> dict[str, Any]:
    """Return summary, rows with their sentences, and notes as plain values; null for what is missing."""
    rows = json.loads(tables.rows.to_json(orient="records", double_precision=15))
    sentences = plain_sentences(tables)
    told = [row | {"sentence": one} for row, one in zip(rows, sentences, strict=True)]
    return {"summary": dict(tables.summary), "rows": told, "notes": list(tables.notes)}


def _names(paths: Sequence[Path], tables: Sequence[pd.DataFrame]) -> list[str]:
    """Return what to call the systems: their models' names, or their files' where these are not enough."""
    models = [
        str(table["model"].iloc[0]) if "model" in table and len(table) else path.stem
        for path, table in zip(paths, tables, strict=True)
    ]
    for names in (models, [path.stem for path in paths]):
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def _answers(
    predictions: pd.DataFrame, labels: pd.DataFrame | None, *, label: str | None, missing: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return the answers, of every seed by itself, and notes about what was left out."""
    if "seed" not in predictions:
        parts: list[tuple[Hashable, pd.DataFrame]] = [(None, predictions)]
    elif predictions["seed"].isna().any():
        raise DataError(
            f"Got {int(predictions['seed'].isna().sum())} predictions without a seed, expected one for each; "
            "fill or remove the column."
        )
    else:
        parts = list(predictions.groupby("seed", sort=True))
    found, notes = [], []
    for seed, part in parts:
        if labels is None:
            answers = with_truth(part, label=label)
        else:
            answers, said = join_truth(part, labels, label=label, missing=missing)
            notes += [note for note in said if note not in notes]
        found.append(answers if seed is None else answers.assign(seed=part["seed"].iloc[0]))
    return pd.concat(found, ignore_index=True), notes


def _command(paths: Sequence[Path], metrics: Sequence[str], options: dict[str, Any]) -> str:
    words = ["mien", "evaluate", str(paths[0])]
    for path in paths[1:]:
        words += ["--against", str(path)]
    for metric in metrics:
        words += ["--metric", metric]
    for name, value in options.items():
        words += [name, str(value)] if value is not None else []
    return shlex.join(words)
