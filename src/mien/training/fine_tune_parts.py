"""Train the parts of a fine-tuning run: one network per fold, then the refit that ships."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from mien.core.files import write_atomically
from mien.corpora.split import Fold
from mien.training.adapters import CATEGORY, DIMENSIONS
from mien.training.fine_tune_fit import check_rows, fit_rows
from mien.training.fine_tune_run import TuneRun
from mien.training.loop import Fit
from mien.training.tune_batches import answer


def train_parts(run: TuneRun) -> None:
    """Train the folds and the refit that are not there yet.

    Args:
        run: what is trained, and where.

    Raises:
        DataError: a fold's training part has one category only.
        ConfigError: out of memory, or settings that do not fit.
    """
    for number, fold in enumerate(run.plan.folds):
        train_fold(run, fold, number)
    train_refit(run)


def train_fold(run: TuneRun, fold: Fold, number: int) -> None:
    """Train without a fold's test clips, choose the epoch on its dev clips, and store its answers, once.

    Args:
        run: what is trained, and where; a fold whose answers are there is left alone.
        fold: its rows; without dev the number of epochs is fixed.
        number: of the fold, from 0.

    Raises:
        DataError: the training part has one category only.
        ConfigError: out of memory, or settings that do not fit.
    """
    if run.fold_file(number).exists():
        return
    began = time.monotonic()
    check_rows(run, fold.train)
    part = f"fold-{number}"
    net, fitted = fit_rows(
        run, fold.train, fold.dev, seed=run.settings.seed + number, folder=run.folder / part,
        title=f"fold {number + 1}",
    )  # fmt: skip
    outputs = answer(net, run.data, fold.test)
    empty = np.zeros((len(fold.test), run.settings.net.members, 0), np.float32)
    with write_atomically(run.fold_file(number)) as temporary:
        np.savez(
            temporary,
            rows=fold.test,
            category=outputs.get(CATEGORY, empty),
            dimensions=outputs.get(DIMENSIONS, empty),
            epoch=fitted.epoch,
        )
    close_part(run, part, fitted, began, clips=len(fold.train), dev_clips=len(fold.dev))


def train_refit(run: TuneRun) -> None:
    """Train on all clips that may train, for the median of the epochs that were chosen, once.

    Args:
        run: what is trained, and where; a refit that is there is left alone.

    Raises:
        ConfigError: out of memory, or settings that do not fit.
    """
    if run.refit_file.exists():
        return
    began, rows = time.monotonic(), run.plan.refit
    config = run.settings.training.model_copy(update={"epochs": run.refit_epochs(), "patience": 0})
    seed, folder = run.settings.seed + len(run.plan.folds), run.folder / "refit"
    _, fitted = fit_rows(run, rows, rows[:0], seed=seed, config=config, folder=folder, title="refit")
    (folder / "weights.safetensors").replace(run.refit_file)
    close_part(run, "refit", fitted, began, clips=len(rows), dev_clips=0)


def close_part(run: TuneRun, name: str, fitted: Fit, began: float, **counts: int) -> None:
    """Throw away what only a stopped part needs, and note what it took.

    Args:
        run: what was trained.
        name: of the part: its folder inside the run's.
        fitted: what training gave.
        began: monotonic clock in seconds when it began.
        counts: further numbers for the log.
    """
    inside: Path = run.folder / name
    shutil.rmtree(inside / "checkpoints", ignore_errors=True)
    if run.settings.net.ensemble is None:  # a network of an ensemble is asked for its answers later
        (inside / "weights.safetensors").unlink(missing_ok=True)
    spent: dict[str, Any] = {
        "part": name,
        "epochs": len(fitted.records),
        "epoch": fitted.epoch,
        "dev": fitted.score,
        "seconds": round(time.monotonic() - began, 1),
        **counts,
    }
    with (run.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(spent) + "\n")
