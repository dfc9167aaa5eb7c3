"""Finish a run whose parts are trained: calibrate, predict, export, judge, describe."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.evaluation.calibration import fit_temperature, member_probabilities
from mien.evaluation.non_speech import hear_non_speech
from mien.evaluation.run_evaluation import write_evaluation
from mien.prediction.doubt import split_doubt
from mien.reports.evaluation_tables import EvaluationTables
from mien.training.model_card import CardFacts, card_text

ABSTAIN_SHARE = 0.2
_ABOUT = ("segment", "corpus", "speaker", "sex", "age", "language", "text_id", "fold", "category", "end")


@dataclass(frozen=True)
class OutOfFold:
    """Hold what the fold models said of clips that they had not heard.

    Attributes:
        table: the clips, in the order of the logits, with `fold`.
        logits: `(clips, M, K)` category logits; K may be 0.
        values: `(clips, M, N)` dimensions, on their own scales.
        truth: int `(clips,)`, -1 for unknown.
        true_values: `(clips, N)`, NaN for unknown.
    """

    table: pd.DataFrame
    logits: np.ndarray
    values: np.ndarray
    truth: np.ndarray
    true_values: np.ndarray


@dataclass(frozen=True)
class Shipment:
    """Say what is particular about a run that is finished.

    Attributes:
        name: of the model.
        categories: in the order of the outputs.
        dimensions: names of the further outputs.
        licence_text: of the LICENSE file.
        export: writes `model.onnx` into a folder for a temperature; returns the fields of model.toml.
        judge: judges the run's folder, in which the predictions lie.
        scores: what model.toml says of the scores, corpus → fields.
        facts: what the card says beyond that.
        data_root: folder of corpora, for recorded sounds without speech; None for made ones alone.
    """

    name: str
    categories: tuple[str, ...]
    dimensions: tuple[str, ...]
    licence_text: str
    export: Callable[[Path, float], dict[str, Any]]
    judge: Callable[[Path], EvaluationTables]
    scores: Callable[[EvaluationTables], dict[str, dict[str, Any]]]
    facts: Callable[[EvaluationTables], CardFacts]
    data_root: Path | None = None


def finish_run(shipment: Shipment, held_out: OutOfFold, folder: Path) -> Path:
    """Write predictions, model, evaluation, scores, card and licence of a run.

    Args:
        shipment: what is particular about it.
        held_out: answers for clips that no model of theirs had heard.
        folder: the run's folder.

    Returns:
        The model folder `folder/model`: model.onnx, model.toml, CARD.md, LICENSE; beside it are
        `predictions.parquet` (out of fold), `non-speech.parquet`, `scores.json` and `evaluation/`.
    """
    model = folder / "model"
    model.mkdir(exist_ok=True)
    probabilities = calibrate_across_folds(held_out)
    predictions = prediction_table(shipment, held_out, probabilities)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    known = held_out.truth >= 0
    temperature = (
        fit_temperature(held_out.logits[known], held_out.truth[known]) if shipment.categories else 1.0
    )
    summary = shipment.export(model, temperature)
    if shipment.categories:
        total_doubt = sum(split_doubt(probabilities))
        summary["abstain_above"] = round(float(np.quantile(total_doubt, 1 - ABSTAIN_SHARE)), 4)
    (model / "model.toml").write_text(flat_toml(summary, {}), encoding="utf-8")
    if shipment.categories:
        hear_non_speech(model, shipment.data_root).to_parquet(folder / "non-speech.parquet", index=False)
    tables = shipment.judge(folder)
    write_evaluation(tables, folder / "evaluation")
    scores = shipment.scores(tables)
    (folder / "scores.json").write_text(json.dumps(scores, indent=2), encoding="utf-8")
    by_corpus = {f"scores.{corpus}": values for corpus, values in scores.items()}
    (model / "model.toml").write_text(flat_toml(summary, by_corpus), encoding="utf-8")
    card = card_text(summary, tables, shipment.facts(tables), temperature=temperature)
    (model / "CARD.md").write_text(card, encoding="utf-8")
    (model / "LICENSE").write_text(shipment.licence_text, encoding="utf-8")
    return model


def calibrate_across_folds(held_out: OutOfFold) -> np.ndarray:
    """Return `(clips, M, K)` probabilities; each fold's temperature is fitted on the other folds.

    With one fold alone there is nothing to fit on: its probabilities stay as they are.
    """
    fold, known = held_out.table["fold"].to_numpy(), held_out.truth >= 0
    probabilities = np.empty_like(held_out.logits, dtype=np.float64)
    for number in np.unique(fold):
        here = fold == number
        others = ~here & known
        fitted = others.any() and held_out.logits.shape[2]
        temperature = fit_temperature(held_out.logits[others], held_out.truth[others]) if fitted else 1.0
        probabilities[here] = member_probabilities(held_out.logits[here].astype(np.float64), temperature)
    return probabilities


def prediction_table(shipment: Shipment, held_out: OutOfFold, probabilities: np.ndarray) -> pd.DataFrame:
    """Return the out-of-fold predictions with their truth, one row per clip, without file paths."""
    table = held_out.table.reindex(columns=_ABOUT)
    table = table.drop(columns=[] if shipment.categories else "category")
    table = table.rename(columns={"end": "duration_s"}).assign(source="voice", model=shipment.name)
    for index, name in enumerate(shipment.categories):
        table[f"p.{name}"] = probabilities.mean(axis=1)[:, index].round(5)
    for index, name in enumerate(shipment.dimensions):
        table[name] = held_out.values[..., index].mean(axis=1).round(5)
        table[f"{name}.truth"] = held_out.true_values[:, index]
    if shipment.categories:
        doubt = split_doubt(probabilities)
        table["aleatoric.category"] = doubt.aleatoric.round(5)
        table["epistemic.category"] = doubt.epistemic.round(5)
    return table


def score_corpus(tables: EvaluationTables, corpus: str, **about: Any) -> dict[str, Any]:
    """Return one corpus' scores: UAR with its interval by speaker, calibration, gain of abstaining.

    Args:
        tables: the evaluation.
        corpus: as in its tables.
        about: further fields, such as `protocol` and `command`.
    """
    scores = tables.scores[tables.scores["corpus"] == corpus].set_index("metric")
    found: dict[str, Any] = {}
    if "uar" in scores.index:
        goals = tables.goals[tables.goals["corpus"] == corpus].set_index("id")
        uar, gain = scores.loc["uar"], goals.loc["U4", "value"]
        found = {
            "uar": _rounded(uar["value"]),
            "low": _rounded(uar["low"]),
            "high": _rounded(uar["high"]),
            "uar_when_abstaining_on_20_percent": _rounded(uar["value"] + gain),
            "ece": _rounded(scores.loc["ece", "value"]),
            "classes": round(1 / float(uar["chance"])),
        }
    for metric in (name for name in scores.index if str(name).endswith(".ccc")):
        line = scores.loc[metric]
        found |= {metric: _rounded(line["value"])}
        found |= {f"{metric}.{side}": _rounded(line[side]) for side in ("low", "high")}
    first = scores.iloc[0]
    found |= {
        "n": int(first["n"]),
        "speakers": None if pd.isna(first["speakers"]) else int(first["speakers"]),
    }
    return {name: value for name, value in {**found, **about}.items() if value is not None}


def flat_toml(values: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return TOML of plain values and of tables; what is None is left out.

    JSON's texts, numbers and lists are TOML as well.

    Args:
        values: plain values of the top level.
        tables: name, with a dot for a table in a table → plain values.

    Example:
        >>> print(flat_toml({"name": "a"}, {"scores.b": {"uar": 0.5}}), end="")
        name = "a"
        <BLANKLINE>
        [scores.b]
        uar = 0.5
    """
    lines = _toml_lines(values)
    for table, inner in tables.items():
        name, dot, part = table.partition(".")
        lines += ["", f"[{name}{dot}{_key(part) if dot else ''}]", *_toml_lines(inner)]
    return "\n".join(lines) + "\n"


def _toml_lines(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value is not None
    ]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _rounded(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 4)
