"""Train what a fine-tuning run asks for: heads, networks apart, or one network taught by networks apart."""

import shutil
import time
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from mien.core.files import write_atomically
from mien.corpora.split import Fold
from mien.prediction.predictor import Outputs
from mien.training.adapters import CATEGORY, DIMENSIONS
from mien.training.batch import pad
from mien.training.checkpoint import stored_weights, write_weights
from mien.training.clip_samples import ClipSamples
from mien.training.distillation import TeacherAnswers
from mien.training.ensemble import EnsembleRun, as_ensemble
from mien.training.fine_tune_parts import close_part, train_parts
from mien.training.fine_tune_run import TuneRun
from mien.training.finish_run import calibrate_across_folds
from mien.training.loop import Fit, fit
from mien.training.progress import show_progress
from mien.training.student import DistillConfig, Student, StudentBatches, copy_of
from mien.training.supervised import Supervised
from mien.training.teacher_and_student import answer_table, compare_with_teacher, comparison_lines
from mien.training.tune_batches import answer

HEARD_S = 60.0
"""Most padded seconds that the networks hear at once."""


def train_members(run: TuneRun) -> TuneRun:
    """Train the parts of a run, and return it as what ships.

    Args:
        run: `net.ensemble` says whether its members are heads, networks, or heads taught by networks.

    Raises:
        DataError: a fold's training part has one category only.
        ConfigError: out of memory, or settings that do not fit.
    """
    kind = run.settings.net.ensemble
    if kind is None:
        train_parts(run)
        return run
    teacher = as_ensemble(run)
    teacher.train()
    if kind == "networks":
        _clear(run, teacher)
        return teacher
    for number, fold in enumerate(run.plan.folds):
        if not run.fold_file(number).exists():
            _teach_fold(run, teacher, fold, number)
    if not run.refit_file.exists():
        nets = [member.trained() for member in teacher.members()]
        rows = run.plan.refit
        net, _ = _teach(run, nets, rows, rows[:0], number=len(run.plan.folds))
        write_weights(stored_weights(net), run.refit_file)
    _clear(run, teacher)
    return run


def describe_distillation(run: TuneRun) -> None:
    """Add student beside teacher, on held-out clips, to the card; runs without a student stay as they are.

    Args:
        run: as `train_members` gives it, shipped.
    """
    if run.settings.net.ensemble != "distilled":
        return
    teacher, settings = as_ensemble(run), run.settings
    compared = compare_with_teacher(
        _held_out(teacher, f"{settings.name}, {settings.net.members} networks"),
        _held_out(run, settings.name),
        dimensions=settings.data.dimensions,
    )
    compared.to_csv(run.folder / "distillation.csv", index=False)
    section = f"""
## What distillation kept

Teacher: {settings.net.members} networks trained apart. Student: one network, each of whose heads learned what
one of them answers. Both on held-out clips: {run.plan.held_out}.

{chr(10).join(comparison_lines(compared))}
"""
    with (run.folder / "model" / "CARD.md").open("a", encoding="utf-8") as card:
        card.write(section)


def hear(
    nets: list[Supervised], clips: ClipSamples, rows: NDArray[np.intp], *, copies: int, seed: int
) -> TeacherAnswers:
    """Return what networks of one member each answer to copies of clips, `(copies · clips, M, …)`.

    Args:
        nets: they take samples; they are put into evaluation mode.
        clips: the recordings.
        rows: which clips they hear; of others nothing is known.
        copies: degraded copies of each, beside the clip itself.
        seed: seeds the degradations.
    """
    found: dict[str, NDArray[np.float32]] = {}
    order = rows[np.argsort(clips.lengths_s()[rows], kind="stable")]
    at_once = max(1, int(HEARD_S / clips.lengths_s()[rows].max()))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    nets = [net.to(device).eval() for net in nets]
    for copy in range(copies + 1):
        for start in range(0, len(order), at_once):
            some = order[start : start + at_once]
            sounds = [copy_of(clips, int(row), copy, seed=seed) for row in some]
            x, valid = (part.to(device) for part in pad(sounds))
            for task, said in _answers(nets, x, valid).items():
                empty = ((copies + 1) * len(clips), *said.shape[1:])
                table = found.setdefault(task, np.full(empty, np.nan, np.float32))
                table[copy * len(clips) + some] = said
    none = np.zeros(((copies + 1) * len(clips), len(nets), 0), np.float32)
    return TeacherAnswers(found.get(CATEGORY, none), found.get(DIMENSIONS))


def _answers(nets: list[Supervised], x: torch.Tensor, valid: torch.Tensor) -> dict[str, NDArray[np.float32]]:
    with torch.inference_mode():
        said = [net(x, valid) for net in nets]
        return {task: torch.cat([one[task] for one in said], dim=1).float().cpu().numpy() for task in said[0]}


def _teach_fold(run: TuneRun, teacher: EnsembleRun, fold: Fold, number: int) -> None:
    """Train a fold's student on what its networks learned from, and store its answers."""
    net, fitted = _teach(run, teacher.fold_nets(number), fold.train, fold.dev, number=number)
    outputs = answer(net, run.data, fold.test)
    empty = np.zeros((len(fold.test), run.settings.net.members, 0), np.float32)
    parts = {name: outputs.get(name, empty) for name in (CATEGORY, DIMENSIONS)}
    with write_atomically(run.fold_file(number)) as temporary:
        np.savez(temporary, rows=fold.test, epoch=fitted.epoch, **parts)


def _clear(run: TuneRun, teacher: EnsembleRun) -> None:
    """Throw away the weights of folds: their answers are stored."""
    for one in (run, *teacher.members()):
        for number in range(len(run.plan.folds)):
            shutil.rmtree(one.folder / f"fold-{number}", ignore_errors=True)
    shutil.rmtree(run.folder / "refit", ignore_errors=True)


def _teach(
    run: TuneRun, nets: list[Supervised], train: Any, dev: Any, *, number: int
) -> tuple[Supervised, Fit]:
    """Train one student of a fold's networks, or of the refits where there is no dev."""
    settings, part = run.settings, f"fold-{number}" if number < len(run.plan.folds) else "refit"
    seed, learned = settings.seed + number, DistillConfig(copies=settings.training.degraded_copies)
    config = settings.training
    if part == "refit":
        config = config.model_copy(update={"epochs": run.refit_epochs()})
    if not len(dev):
        config = config.model_copy(update={"patience": 0})
    began = time.monotonic()
    answers = hear(nets, run.clips, train, copies=learned.copies, seed=seed)
    torch.manual_seed(seed)
    student = Student(run.build(train), answers, learned)
    batches = StudentBatches(
        run.clips, train, run.target.classes, learned.copies, config.batch_size, config.longest_crop_s, seed
    )

    def dev_score(objective: nn.Module) -> float:
        return run.dev_score(objective.net, dev)

    with show_progress(f"{settings.name} student, {part}") as progress:
        fitted = fit(
            student, batches, config=config, seed=seed, folder=run.folder / part, progress=progress,
            dev=dev_score if len(dev) else None,
        )  # fmt: skip
    close_part(run, part, fitted, began, clips=len(train), dev_clips=len(dev))
    return student.net.eval(), fitted


def _held_out(run: TuneRun | EnsembleRun, model: str) -> pd.DataFrame:
    found, dimensions = run.out_of_fold(), run.settings.data.dimensions
    p = calibrate_across_folds(found)
    values = {name: found.values[..., number] for number, name in enumerate(dimensions)}
    return answer_table(found.table, Outputs(p, values), categories=run.settings.data.categories, model=model)
