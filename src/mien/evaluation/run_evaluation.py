"""From predictions and labels on disk to an evaluation on disk."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError, InputError
from mien.core.files import write_texts
from mien.core.registry import find
from mien.core.tables import read_table
from mien.corpora.overlap import overlap, refuse_leaks
from mien.corpora.split import Fold
from mien.evaluation.answers import join_truth, read_predictions, with_truth
from mien.evaluation.floors import FLOORS, MEANING
from mien.evaluation.judge import judge
from mien.evaluation.stored_ladder import stored_robustness
from mien.prediction.model_card import ModelSummary, shipped
from mien.reports.evaluation_report import write_evaluation as write_reports
from mien.reports.evaluation_tables import EvaluationTables

IN_JSON = ("scores", "goals", "groups", "gaps", "calibrators", "conformal", "guarantee", "doubts")
TABLES = (*IN_JSON, "strip", "confusion", "reliability", "risk_coverage", "overlap")


def evaluate_predictions(
    source: str | Path,
    *,
    truth: str | Path | None = None,
    root: str | Path | None = None,
    label: str | None = None,
    missing: str = "refuse",
    non_speech: str | Path | None = None,
    protocol: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> EvaluationTables:
    """Read predictions, find their truth, refuse leaks, and judge.

    Args:
        source: folder of `mien analyze --out` or `mien train`, or a prediction table. Answers for degraded
            clips in `robustness/answers.parquet` of the folder are judged too (goal U6).
        truth: a table of labels or the name of a corpus; None where the predictions hold the truth.
        root: folder of the corpus that `truth` names.
        label: column of the true category.
        missing: `refuse` or `drop` labelled items without a prediction.
        non_speech: the model's predictions for sounds without speech, for goal U3; by default those in
            `non-speech.parquet` beside the predictions.
        protocol: what was held out, for the report.
        draws: resamples per interval.
        seed: seeds the resampling.

    Raises:
        InputError: something cannot be read.
        DataError: predictions and labels do not fit, or test data took part in training.
    """
    predictions = read_predictions(source)
    beside = Path(source) / "non-speech.parquet"
    if non_speech is None and beside.is_file():
        non_speech = beside
    notes: list[str] = []
    if truth is None:
        answers = with_truth(predictions, label=label)
    else:
        answers, notes = join_truth(predictions, labels_of(truth, root), label=label, missing=missing)
    shared = what_is_shared(answers, predictions)
    refuse_leaks(shared)
    given: dict[str, Any] = {"--truth": truth, "--root": root, "--label": label, "--non-speech": non_speech}
    given |= {"--missing": None if missing == "refuse" else missing, "--protocol": protocol}
    given |= {"--draws": draws, "--seed": seed}
    sounds = None if non_speech is None else read_predictions(non_speech)
    summary = _summary(answers, predictions, command=_command(source, given), protocol=protocol)
    return judge(
        answers,
        summary=summary,
        floors=FLOORS,
        non_speech=sounds,
        robustness=stored_robustness(source, model=summary["model"], draws=draws, seed=seed),
        overlap=shared.rename(columns={"reason": "note"}),
        notes=notes,
        draws=draws,
        seed=seed,
    )


def write_evaluation(tables: EvaluationTables, folder: str | Path) -> None:
    """Write an evaluation as HTML, Markdown, LaTeX, JSON and CSV tables.

    Args:
        tables: the evaluation.
        folder: is created if needed; files of an earlier evaluation in it are replaced.

    Raises:
        InputError: the folder cannot be written.
    """
    target = make_folder(folder)
    write_reports(target, tables)
    texts = {f"{name}.csv": getattr(tables, name).to_csv(index=False, lineterminator="\n") for name in TABLES}
    texts["evaluation.json"] = json.dumps(as_json(tables), indent=1, ensure_ascii=False) + "\n"
    write_texts(target, texts)


def make_folder(folder: str | Path) -> Path:
    """Create a folder to write into, before long work begins.

    Raises:
        InputError: it cannot be created.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"Got `{target}`, which cannot be created, expected a folder. ({error})") from error
    return target


def as_json(tables: EvaluationTables) -> dict[str, Any]:
    """Return summary, notes and the tables `IN_JSON` as plain values; null for what is missing."""
    plain = {name: json.loads(getattr(tables, name).to_json(orient="records")) for name in IN_JSON}
    return {"summary": dict(tables.summary), **plain, "notes": list(tables.notes)}


def labels_of(truth: str | Path, root: str | Path | None) -> pd.DataFrame:
    """Read labels from a table, or from a corpus by name.

    Args:
        truth: a table's path, or the name of a corpus.
        root: folder of the corpus.

    Raises:
        InputError: a corpus without its folder, or a table that cannot be read.
        DataError: the corpus has no categories.
    """
    if Path(truth).suffix:
        return read_table(truth)
    if root is None:
        raise InputError(f"Got corpus `{truth}` without its folder, expected --root; pass the folder.")
    table: pd.DataFrame = find("corpora", str(truth)).load(root)
    if "category" not in table:
        raise DataError(f"Got corpus `{truth}`, which has no categories; expected one that has.")
    # What has no shared category cannot be judged: the model was never asked for it.
    return table[table["category"].notna()].reset_index(drop=True)


def what_is_shared(answers: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Report what the judged items share with those that trained the model, as far as that is known."""
    if answers["fold"].notna().all():
        fold = answers["fold"].astype(str).to_numpy()
        folds = [
            Fold(name, np.flatnonzero(fold != name), np.array([], np.int64), np.flatnonzero(fold == name))
            for name in sorted(set(fold))
        ]
        return overlap(answers, folds, disjoint=("segment", "speaker"))
    row = {"check": "training corpora", "shared": None, "verdict": "unknown", "reason": ""}
    model = str(predictions["model"].iloc[0]) if "model" in predictions else ""
    heard = next((one.trained_on for one in shipped() if one.name == model), None)
    if heard is None:
        reason = "What the model was trained on is not known here: make sure that none of it is judged."
        return pd.DataFrame([row | {"reason": reason}])
    both = sorted(set(answers["corpus"]) & {name.replace("-", "_") for name in heard})
    found = {"train": len(heard), "test": answers["corpus"].nunique(), "shared": len(both)}
    if both:
        reason = f"{model} was trained on these recordings; its held-out predictions are in docs/results"
        return pd.DataFrame(
            [row | found | {"examples": ", ".join(both), "verdict": "leak", "reason": reason}]
        )
    return pd.DataFrame(
        [row | found | {"verdict": "ok", "reason": f"{model} was trained on {', '.join(heard)}"}]
    )


def _summary(
    answers: pd.DataFrame, predictions: pd.DataFrame, *, command: str, protocol: str | None
) -> dict[str, Any]:
    model = str(predictions["model"].iloc[0]) if "model" in predictions else "unnamed model"
    corpora = list(answers["corpus"].unique())
    card = next((one for one in shipped() if one.name == model), None)
    by_fold = bool(answers["fold"].notna().all())
    held_out = (
        f"every item is judged by a model that did not hear its speaker ({answers['fold'].nunique()} folds)"
        if by_fold
        else "not known from the predictions"
    )
    licence = {} if card is None else {"licence": f"{card.licence} ({card.shelf} shelf)"}
    return {
        "title": f"{model} on {', '.join(corpora)}",
        "model": model,
        "protocol": protocol or ("by fold" if by_fold else "not said"),
        "held_out": held_out,
        "n": len(answers),
        "speakers": int(answers["speaker"].nunique()),
        "corpora": corpora,
        "items": "clips",
        "floor": MEANING,
        "command": command,
        **_scaled_before(card, by_fold=by_fold),
        **licence,
    }


def _scaled_before(card: ModelSummary | None, *, by_fold: bool) -> dict[str, str]:
    """Say that the stored probabilities were divided by a temperature, where the model card says so."""
    found = re.search(r"temperature\s+is\s+([\d.]*\d)", card.card if card else "")
    if not found:
        return {}
    how = f"already divided by a temperature of {found[1]}, says the model card"
    if by_fold:
        how = (
            "already divided by a temperature, each fold's fitted on the other folds (the weights that ship "
            f"use {found[1]}, says the model card)"
        )
    return {"probabilities": how}


def _command(source: str | Path, options: Mapping[str, Any]) -> str:
    words = ["mien", "evaluate", str(source)]
    for name, value in options.items():
        words += [name, str(value)] if value is not None else []
    return shlex.join(words)
