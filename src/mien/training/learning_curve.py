"""Train on ever more labelled clips and judge on the same held-out ones."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.files import write_texts
from mien.evaluation.learning_curve import judge_learning_curve
from mien.evaluation.run_evaluation import make_folder
from mien.reports.learning_curve_report import write_learning_curve
from mien.training.fine_tune_parts import train_fold
from mien.training.fine_tune_plan import prepare_run
from mien.training.fine_tune_run import TuneRun
from mien.training.fine_tune_shipping import command
from mien.training.held_out_answers import answers_of, speakers_of
from mien.training.label_subsets import labelled_fold

LOGGER = logging.getLogger(__name__)
ALL = "all"
APART = 10
"""Distance between seeds; a run uses one seed per fold, counted from its own."""

DRAWS = 1000


def learning_curve(source: str, counts: Sequence[int | str], *, seeds: int = 1, **options: Any) -> Path:
    """Train with so many labelled clips per fold, and write how the held-out scores grow with them.

    Use it before more clips are labelled: a curve that still rises says that it would help. Folds, held-out
    clips and settings are those of `fine_tune` with the same options. The clips are drawn by seed, balanced
    over the categories, and nested: the 50 hold the 25. All of them train, for as many epochs as the settings
    say: a part that chooses the number of epochs would cost labels, most where there are few. So with all
    labels the score is not quite that of `fine_tune`. No model is exported. A curve that was stopped goes on
    where it was.

    Args:
        source: table of clips or name of a corpus, as for `prepare_run`.
        counts: labelled clips per fold, whole numbers or `all`.
        seeds: draws of the labelled clips, at least 1.
        options: as for `prepare_run`.

    Returns:
        The folder `<name>-curve-<8 hex of the settings>` with `learning-curve.csv`, `.json`, `.html` and
        `.md`, and the answers of every network.

    Raises:
        ConfigError: no counts, one that is no whole number, or fewer than 1 seed; else as for `prepare_run`.
        DataError: more clips than a fold may learn from, or fewer than there are categories.
    """
    wanted = _checked(counts, seeds)
    run = prepare_run(source, kind="curve", **options)
    if run.settings.search or run.settings.net.ensemble:
        raise ConfigError(
            "Got a learning curve with --search or --ensemble of networks, expected it alone; leave them out."
        )
    drawn = {
        (count, number): _labelled(run, count, run.settings.seed + APART * number)
        for count in wanted
        for number in range(seeds)
    }
    labels = [round(np.mean([len(f.train) for f in drawn[count, 0].plan.folds])) for count in wanted]
    if len(set(labels)) < len(labels):
        raise DataError(f"Got {wanted[-2]} and `{ALL}`, which are the same clips here; leave one out.")
    for (count, number), part in drawn.items():
        LOGGER.info("%s labelled clips per fold, draw %d of %d", count, number + 1, seeds)
        for place, fold in enumerate(part.plan.folds):
            train_fold(part, fold, place)
    return _write(run, dict(zip(wanted, labels, strict=True)), drawn, seeds=seeds)


def _checked(counts: Sequence[int | str], seeds: int) -> list[int | str]:
    """Return the counts, rising and each once, `all` last."""
    if seeds < 1:
        raise ConfigError(f"Got {seeds} seeds, expected at least 1; train with one or more.")
    given = [ALL if str(count).strip().lower() == ALL else str(count).strip() for count in counts]
    wrong = [count for count in given if count != ALL and (not count.isdecimal() or int(count) < 1)]
    if wrong or not given:
        raise ConfigError(
            f"Got {wrong[0] if wrong else 'no number'} as count of labelled clips, expected whole numbers or "
            f"`{ALL}`: 25,50,100,{ALL}."
        )
    numbers: list[int | str] = [*sorted({int(count) for count in given if count != ALL})]
    return [*numbers, *([ALL] if ALL in given else [])]


def _labelled(run: TuneRun, count: int | str, seed: int) -> TuneRun:
    """Return the run with folds in which only so many clips are labelled, in a folder of its own."""
    number = None if count == ALL else int(count)
    folds = tuple(labelled_fold(fold, run.target.stratum, number, seed=seed) for fold in run.plan.folds)
    settings = run.settings.model_copy(update={"seed": seed})
    folder = make_folder(run.folder / f"labels-{count}-seed-{seed}")
    return replace(run, settings=settings, plan=replace(run.plan, folds=folds), folder=folder)


def _write(
    run: TuneRun, labels: dict[int | str, int], drawn: dict[tuple[int | str, int], TuneRun], *, seeds: int
) -> Path:
    """Judge the curve of each target and write its files; `labels` is count → clips per fold."""
    counts = list(labels)
    found = [[drawn[count, number].out_of_fold() for number in range(seeds)] for count in counts]
    speaker = speakers_of(found[0][0])
    answered = [[answers_of(run, one) for one in draws] for draws in found]
    parts, areas = [], []
    for place, first in enumerate(answered[0][0]):
        known = ~np.isnan(first.truth)
        said = np.array([[one[place].said for one in draws] for draws in answered])
        table, area = judge_learning_curve(
            first.score, first.truth[known], said[:, :, known], labels=list(labels.values()), draws=DRAWS,
            speaker=None if speaker is None else speaker[known],
        )  # fmt: skip
        chance = 1 / len(run.settings.data.categories) if first.metric == "uar" else None
        parts.append(table.assign(metric=first.metric, all=[count == ALL for count in counts], chance=chance))
        if area is not None:
            areas.append({"metric": first.metric, "value": area.value, "low": area.low, "high": area.high})
    table = pd.concat(parts, ignore_index=True)
    write_learning_curve(run.folder, table, areas, summary=_summary(run, seeds=seeds))
    write_texts(run.folder, {"learning-curve.csv": table.to_csv(index=False, lineterminator="\n")})
    return run.folder


def _summary(run: TuneRun, *, seeds: int) -> dict[str, Any]:
    """Return what a reader of the curve must know."""
    data = run.settings.data
    return {
        "title": f"Learning curve of {run.settings.name}",
        "model": run.settings.name,
        "learned": ", ".join(one for one in (data.category, *data.dimensions) if one),
        "encoder": f"{run.settings.net.encoder} ({run.facts.licence}), {run.settings.net.adapt}",
        "protocol": run.plan.protocol,
        "held_out": run.plan.held_out,
        "draws": seeds,
        "labels": "in each fold, balanced over the categories; the larger draws hold the smaller ones",
        "epochs": f"{run.settings.training.epochs}, chosen by no clip",
        "command": command(),
        "split": run.plan.record(run.target.table)["checksum"][:16],
        "notes": [*run.target.notes, *run.plan.notes],
    }
