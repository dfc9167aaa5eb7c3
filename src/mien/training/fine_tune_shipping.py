"""Judge, describe and export a fine-tuned model, in its owner's words and under its owner's licence."""

import json
import platform
import shlex
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien import __version__
from mien.core.files import sha256_of, write_atomically
from mien.corpora.overlap import overlap
from mien.evaluation.answers import PERSON_COLUMNS, read_predictions, with_truth
from mien.evaluation.judge import judge
from mien.evaluation.score_table import score_table
from mien.reports.evaluation_tables import EvaluationTables
from mien.training.adapters import whole_net
from mien.training.clip_samples import RATE_HZ
from mien.training.export import export_onnx
from mien.training.fine_tune_run import TuneRun
from mien.training.finish_run import Shipment, finish_run, score_corpus
from mien.training.hearing import LONGEST_S
from mien.training.model_card import CardFacts, heard, licence_text
from mien.training.onnx_contract import describe_contract, write_contract
from mien.training.supervised import Supervised
from mien.training.tuned_net import TunedNet

DRAWS = 1000
SHORTEST_S, USUAL_S = 0.5, 15.0
HOW = {
    "probe": "frozen; only the shares of its layers and the heads on top were trained",
    "lora": "frozen, with low-rank additions that were trained with the heads and are now part of it",
    "full": "trained with the heads, every weight of it",
}


def ship_tuned(run: TuneRun, *, seconds: float) -> Path:
    """Finish a run whose folds and refit are trained.

    Args:
        run: the run.
        seconds: that it has taken so far, for `run.json`.

    Returns:
        The model folder, see `finish_run`.
    """
    settings = run.settings
    _write_run(run, seconds)
    about = {"protocol": run.plan.protocol, "seeds": 1, "command": command()}
    shipment = Shipment(
        name=settings.name,
        categories=settings.data.categories,
        dimensions=settings.data.dimensions,
        licence_text=licence_text(
            settings.licence, _credits(run), why="Whoever trained them answers for that. They were made of:"
        ),
        export=partial(_export, run),
        judge=partial(_judge, run),
        scores=lambda tables: {one: score_corpus(tables, one, **about) for one in tables.corpora},
        facts=partial(_facts, run),
    )
    return finish_run(shipment, run.out_of_fold(), run.folder)


def check_export(run: TuneRun) -> None:
    """Write the network as ONNX before anything is trained, so that nobody trains in vain.

    Raises:
        WeightsError: no graph can hold this encoder.
    """
    net = whole_net(run.build(), run.encoder(), run.settings.net)
    with tempfile.TemporaryDirectory() as folder:
        _write_graph(run, net, Path(folder) / "model.onnx", temperature=1.0)


def _write_graph(run: TuneRun, net: Supervised, path: Path, *, temperature: float) -> None:
    export_onnx(
        TunedNet(net, run.settings.data.scales),
        path,
        temperature=temperature,
        dimensions=run.settings.data.dimensions,
        squash=False,
    )


def _export(run: TuneRun, model: Path, temperature: float) -> dict[str, Any]:
    """Write `model.onnx` and return what model.toml says of it."""
    settings, config = run.settings, run.settings.net
    net = run.whole()
    path = model / "model.onnx"
    _write_graph(run, net, path, temperature=temperature)
    stated = {"rate_hz": RATE_HZ, "licence": settings.licence, "shelf": settings.shelf}
    stated |= {"categories": settings.data.categories, "dimensions": settings.data.dimensions}
    write_contract(path, describe_contract(path, **stated))
    table = run.target.table
    longest = float(np.nanmax(run.clips.lengths_s()))
    languages = sorted(table["language"].dropna().unique()) if "language" in table else []
    return {
        "name": settings.name,
        "title": f"Expressed {_what(run)} from the voice, fine-tuned on {settings.data.source}",
        "source": "voice",
        **{name: list(value) if isinstance(value, tuple) else value for name, value in stated.items()},
        "min_duration_s": SHORTEST_S,
        "max_duration_s": min(LONGEST_S, max(USUAL_S, longest)),
        "trained_on": [settings.data.source],
        "languages": languages,
        "summary": f"{config.encoder} ({run.facts.licence}), {HOW[config.adapt]}, on {settings.data.source}.",
        "limits": _limits(run, languages),
        "sha256": sha256_of(path),
        "members": config.members,
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "size_mb": round(path.stat().st_size / 1e6, 2),
    }


def _judge(run: TuneRun, folder: Path) -> EvaluationTables:
    """Judge the held-out predictions of a run's folder."""
    predictions = read_held_out(folder, categories=bool(run.settings.data.categories))
    promised = ("segment", "speaker") if run.plan.by_speaker else ("segment",)
    shared = overlap(run.target.table, run.plan.folds, disjoint=promised).rename(columns={"reason": "note"})
    folds = [f"{fold.name}: {note}." for fold in run.plan.folds for note in fold.notes]
    notes = [*run.target.notes, *run.plan.notes, *folds, *search_sentences(folder)]
    summary = {
        "title": f"{run.settings.name} on {run.settings.data.source}",
        "model": run.settings.name,
        "protocol": run.plan.protocol,
        "held_out": run.plan.held_out,
        "n": len(predictions),
        "speakers": int(predictions["speaker"].nunique()),
        "corpora": list(predictions["corpus"].unique()),
        "items": "clips",
        "command": command(),
        "licence": f"{run.settings.licence} ({run.settings.shelf} shelf)",
        "encoder": f"{run.settings.net.encoder} ({run.facts.licence}), {run.settings.net.adapt}",
    }
    if run.settings.data.categories:
        summary["probabilities"] = (
            "already divided by a temperature, each fold's fitted on the other folds"
            if len(run.plan.folds) > 1
            else "as the network gives them: one test part leaves nothing to fit a temperature on"
        )
        sounds = read_predictions(folder / "non-speech.parquet")
        return judge(
            predictions, summary=summary, non_speech=sounds, overlap=shared, notes=notes, draws=DRAWS
        )
    scores = score_table(predictions, draws=DRAWS)
    return EvaluationTables(summary, scores, overlap=shared, notes=notes)


def read_held_out(folder: Path, *, categories: bool) -> pd.DataFrame:
    """Return a run's held-out predictions with their truth.

    Args:
        folder: of the run.
        categories: whether it has learned any.
    """
    if categories:
        return with_truth(read_predictions(folder), label="category")
    table = pd.read_parquet(folder / "predictions.parquet")
    known = table.reindex(columns=[*table, *(name for name in PERSON_COLUMNS if name not in table)])
    return known.assign(corpus=known["corpus"].fillna("all"))


def _facts(run: TuneRun, tables: EvaluationTables) -> CardFacts:
    data = run.settings.data
    rated = [
        f"{name} from {low:g} to {high:g}"
        for name, (low, high) in zip(data.dimensions, data.scales, strict=True)
    ]
    doubt = ", with two kinds of doubt" if data.categories else ""
    parted_by = "speaker" if run.plan.by_speaker else "file"
    chosen = (
        f"was chosen on further clips of the training part, by {parted_by}, never on what is scored"
        if any(len(fold.dev) for fold in run.plan.folds)
        else "was fixed beforehand"
    )
    refit_on = "train and dev, never the test part" if run.plan.protocol == "own split" else "all clips"
    what = "The settings, and the number of epochs," if run.settings.search else "The number of epochs"
    protocol = f"Protocol: {run.plan.protocol}; {run.plan.held_out}. {what} {chosen}. One seed."
    count = len(run.plan.folds)
    return CardFacts(
        answers="; ".join([*([", ".join(data.categories)] if data.categories else []), *rated]) + doubt,
        heard=heard(run.target.table),
        from_what=(
            ("Encoder", f"{run.settings.net.encoder}, {run.facts.licence}; {HOW[run.settings.net.adapt]}"),
            ("Shares of its layers", f"{', '.join(map(str, run.shares()))} (input to output)"),
        ),
        protocol="\n\n".join(
            [*(f"**{note}**" for note in run.plan.notes), protocol, *search_sentences(run.folder)]
        ),
        reproduce=f"Reproduce: `{command()}`. The whole report is `evaluation/evaluation.html` in the run's "
        "folder.",
        refit=f"The scores are those of the {f'{count} models of the folds' if count > 1 else 'model'} that "
        f"did not hear the clips in question. The weights in this folder are a refit on {refit_on}, for "
        f"{run.refit_epochs()} epochs ({_who_chose(run)}).",
    )


def _who_chose(run: TuneRun) -> str:
    if run.settings.search:
        return "the median of what the inner folds of its search chose; search.html in the run's folder"
    return f"the {'median of what the folds' if len(run.plan.folds) > 1 else 'number that dev'} chose"


def search_sentences(folder: Path) -> list[str]:
    """Return what a search of settings was worth; nothing where there was none.

    Args:
        folder: of the run.
    """
    path = folder / "search.json"
    return json.loads(path.read_text(encoding="utf-8"))["sentences"] if path.is_file() else []


def _limits(run: TuneRun, languages: list[str]) -> list[str]:
    people = run.target.table["speaker"].nunique() if "speaker" in run.target.table else 0
    return [
        f"Knows the voices, rooms and labels of {run.settings.data.source} "
        f"({f'{people} speakers' if people else 'speakers not known'}); elsewhere its scores are lower.",
        f"Heard only these languages: {', '.join(languages)}."
        if languages
        else "Its languages are not stated.",
        "Says which affect a voice expresses, never what a person feels.",
        "Not for decisions about people, nor for health, honesty, work or school.",
    ]


def _what(run: TuneRun) -> str:
    data = run.settings.data
    named = [f"{data.category} ({len(data.categories)} categories)"] if data.categories else []
    return " and ".join([*named, *data.dimensions])


def _credits(run: TuneRun) -> list[str]:
    return [
        f"{run.settings.data.source}: {run.target.credit.rstrip('.')}.",
        f"{run.settings.net.encoder} (encoder): {run.facts.title or run.facts.name}, {run.facts.licence}.",
    ]


def _write_run(run: TuneRun, seconds: float) -> None:
    """Write `run.json`: enough to cite the run and to repeat it."""
    packages = ("torch", "transformers", "accelerate", "numpy", "onnxruntime")
    found = {
        "name": run.settings.name,
        "command": command(),
        "mien": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "encoder": {
            "name": run.facts.name,
            "sha256": run.facts.sha256,
            "licence": run.facts.licence,
            "shelf": run.facts.shelf,
        },
        "split": run.plan.record(run.target.table),
        "clips": len(run.target.table),
        "seconds": round(seconds, 1),
    }
    with write_atomically(run.folder / "run.json") as temporary:
        temporary.write_text(json.dumps(found, indent=2, ensure_ascii=False), encoding="utf-8")


def command() -> str:
    """Return the command line that was given, or what stands for it where there was none."""
    if Path(sys.argv[0]).stem in ("mien", "__main__"):
        return shlex.join(["mien", *sys.argv[1:]])
    return "mien.training.fine_tune.fine_tune(…), settings in recipe.toml"
