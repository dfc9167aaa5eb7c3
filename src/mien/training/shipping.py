"""Turn a finished recipe into a model folder with weights, summary, card and licence."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from mien.core.files import sha256_of
from mien.core.registry import find
from mien.core.weights import known_weights
from mien.evaluation.run_evaluation import evaluate_predictions
from mien.nets.encoder_facts import describe_encoder
from mien.nets.load_encoder import pretrained_encoders
from mien.reports.evaluation_tables import EvaluationTables
from mien.training.checkpoint import read_weights
from mien.training.copies import dimension_targets
from mien.training.export import export_onnx
from mien.training.finish_run import OutOfFold, Shipment, finish_run, score_corpus
from mien.training.model_card import licence_text, recipe_facts
from mien.training.onnx_contract import describe_contract, write_contract
from mien.training.recipe_files import FOLDS, answers_of, weights_of
from mien.training.recipe_settings import Recipe, build_net, net_config

PROTOCOL = "joint-5-fold"
DRAWS = 2000
WHY = "They carry the strictest licence of what they were made of:"


def ship(settings: Recipe, table: pd.DataFrame, *, folder: Path, data_root: Path) -> Path:
    """Calibrate, export, judge and describe a run whose parts are all finished.

    Args:
        settings: the resolved recipe.
        table: the clips, as `load_table` gives them.
        folder: the run's folder, with all fold files and the refit.
        data_root: folder of corpora; `esc10_noise` in it is used for goal U3 if it is there.

    Returns:
        The model folder, see `finish_run`.
    """
    shipment = Shipment(
        name=settings.name,
        categories=tuple(settings.data.categories),
        dimensions=tuple(settings.data.dimensions),
        licence_text=licence_text(settings.licence, credits_of(settings), why=WHY),
        export=partial(export_model, settings, folder),
        judge=partial(evaluate_predictions, protocol=PROTOCOL, draws=DRAWS),
        scores=partial(_scores, settings),
        facts=partial(recipe_facts, settings, table),
        data_root=data_root,
    )
    return finish_run(shipment, read_out_of_fold(settings, table, folder=folder), folder)


def check_export(settings: Recipe) -> None:
    """Write the untrained network as ONNX, so that nobody trains in vain.

    Raises:
        WeightsError: no graph can hold this network.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write_graph(
            settings, build_net(settings, settings.seed), Path(folder, "model.onnx"), temperature=1.0
        )


def export_model(settings: Recipe, folder: Path, model: Path, temperature: float) -> dict[str, Any]:
    """Write `model.onnx` from the refit's weights and return what model.toml says of it."""
    net = read_weights(build_net(settings, settings.seed), weights_of(folder, FOLDS))
    path = model / "model.onnx"
    _write_graph(settings, net, path, temperature=temperature)
    facts = _describe(settings)
    stated = ("rate_hz", "categories", "dimensions", "licence", "shelf")
    write_contract(path, describe_contract(path, **{name: facts[name] for name in stated}))
    return {
        **facts,
        "sha256": sha256_of(path),
        "members": net.config.members,
        "parameters": sum(p.numel() for p in net.parameters()),
        "size_mb": round(path.stat().st_size / 1e6, 2),
    }


def _write_graph(settings: Recipe, net: nn.Module, path: Path, *, temperature: float) -> None:
    export_onnx(net.eval(), path, temperature=temperature, dimensions=settings.data.dimensions)


def read_out_of_fold(settings: Recipe, table: pd.DataFrame, *, folder: Path) -> OutOfFold:
    """Pool the folds' held-out logits; every clip occurs once."""
    parts = [np.load(answers_of(folder, number)) for number in range(FOLDS)]
    rows = np.concatenate([part["rows"] for part in parts])
    order = np.argsort(rows)
    numbers = {name: index for index, name in enumerate(settings.data.categories)}
    clips = table.iloc[rows[order]].reset_index(drop=True)
    further = np.concatenate([part["dimension"] for part in parts])[order]
    return OutOfFold(
        table=clips,
        logits=np.concatenate([part["category"] for part in parts])[order],
        values=1 / (1 + np.exp(-further)),
        truth=table["category"].map(numbers).to_numpy()[rows[order]],
        true_values=dimension_targets(clips, settings.data.dimensions),
    )


def _scores(settings: Recipe, tables: EvaluationTables) -> dict[str, dict[str, Any]]:
    about = {"seeds": 1, "protocol": PROTOCOL, "command": f"mien train {settings.name} --data DATA"}
    return {
        corpus: score_corpus(tables, corpus.replace("-", "_"), **about) for corpus in settings.data.corpora
    }


def credits_of(settings: Recipe) -> list[str]:
    """Return what the weights of a recipe are made of, each with its licence."""
    cards = [find("corpora", name).CARD for name in settings.data.corpora]
    credits = [f"{card['title']}: {card['citation']} Licence: {card['licence']}." for card in cards]
    if encoder := getattr(net_config(settings), "encoder", None):
        credits.append(_credit(encoder))
    return credits


def _credit(encoder: str) -> str:
    """Return whom to credit for the encoder that is part of the model."""
    if encoder not in pretrained_encoders():
        return f"{encoder}, part of the model. Licence: {describe_encoder(encoder).licence}."
    entry = known_weights()[pretrained_encoders()[encoder][1]]
    return f"{entry.title}, part of the model: {entry.url}. Licence: {entry.licence}, {entry.notice}."


def _nature(settings: Recipe) -> str:
    config = net_config(settings)
    if not hasattr(config, "encoder"):
        return "A small network that hears how something is said; it knows no words."
    encoder = describe_encoder(config.encoder)
    named = f"{encoder.title or encoder.name}, {encoder.licence}"
    if getattr(config, "learns", True):
        kept = f"the first {layers} layers of " if (layers := _layers_kept(config)) else ""
        return (
            f"It is made of {kept}an encoder ({named}) that was trained further. The encoder was made for "
            "words, so words may sway it."
        )
    return (
        f"Linear opinions on what an encoder hears in each of its layers ({named}). The encoder was made to "
        "write words down, so words may sway it."
    )


def _layers_kept(config: Any) -> int | None:
    return getattr(config, "layers", None) or getattr(config, "options", {}).get("layers")


def _describe(settings: Recipe) -> dict[str, Any]:
    cards = [find("corpora", name).CARD for name in settings.data.corpora]
    languages = list(dict.fromkeys(card["language"] for card in cards))
    unheard = "acted speech of few speakers, in quiet rooms"
    return {
        "name": settings.name,
        "title": f"Expressed emotion from the voice, {len(settings.data.categories)} categories",
        "source": "voice",
        "shelf": settings.shelf,
        "licence": settings.licence,
        "rate_hz": 16000,
        "categories": settings.data.categories,
        "dimensions": settings.data.dimensions,
        "min_duration_s": 0.5,
        "max_duration_s": 15.0,
        "trained_on": settings.data.corpora,
        "languages": languages,
        "summary": f"{_nature(settings)} It was trained on {unheard} "
        f"({', '.join(card['title'] for card in cards)}).",
        "limits": [
            "Trained on acted speech: spontaneous speech is subtler, and scores on it are lower.",
            f"Heard only these languages: {', '.join(languages)}.",
            "Says which affect a voice expresses, never what a person feels.",
            "Not for decisions about people, nor for health, honesty, work or school.",
        ],
    }
