"""Teach a small network what a large one answers, on recordings that need no labels."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.training.adapters import build_tuned, describing
from mien.training.clip_samples import describe_clips
from mien.training.distill_run import DistillRun, open_run
from mien.training.distill_shipping import ship_student
from mien.training.loop import fit
from mien.training.progress import show_progress
from mien.training.quantizable import LEAST_WEIGHTS
from mien.training.quantization_aware import AWARE, freeze, prepare
from mien.training.quantize import LayerError
from mien.training.student import Student, StudentBatches
from mien.training.supervised import Supervised

LOGGER = logging.getLogger(__name__)
SCALED_ON = 256
"""Clips that bring a trained encoder's values to one scale."""


@dataclass(frozen=True)
class Distilled:
    """Say what a distillation left.

    Attributes:
        folder: the student, a model folder.
        compared: with its teacher on held-out clips, see `compare_with_teacher`.
        layers: what 8 bit did to each layer; empty without `quantize_aware`.
    """

    folder: Path
    compared: pd.DataFrame
    layers: tuple[LayerError, ...] = ()


def distill(
    teacher: str,
    student: str,
    data: Sequence[str | Path],
    out: Path,
    *,
    epochs: int | None = None,
    quantize_aware: bool = False,
    overrides: Sequence[str] = (),
    download: bool = False,
) -> Distilled:
    """Train a student to answer as its teacher does, each head as one member, and write it as a model.

    Use it to make a model small or fast, or to join networks that were trained apart. No labels are needed;
    those that a table has are learned too. One in five speakers (files, where nobody says who speaks) is
    learned from by nobody but heard by both, and says how alike they are. A run that was stopped goes on.

    Args:
        teacher: run folder, model folder, shipped model, or `hf:<checkpoint>`.
        student: encoder of the student, as for `load_encoder`; all its weights learn.
        data: recordings, folders of them, and tables, see `read_pool`.
        out: folder of the student.
        epochs: passes over the clips; by default what fits the encoder.
        quantize_aware: let the last epochs compute as 8 bit will, and write 8 bit.
        overrides: settings such as `distill.temperature=2`.
        download: True if the user asked for weights to be fetched.

    Raises:
        ConfigError: an unknown teacher, student or setting, or `out` holds a model.
        InputError: no recordings that can be read.
        DataError: too few clips, labels that the teacher does not know, other members than the teacher's.

    Source:
        G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015; one head per
        member: L. Tran et al., Hydra: Preserving Ensemble Diversity for Model Distillation, 2020.
    """
    began = time.monotonic()
    if (out / "model.toml").exists():
        raise ConfigError(f"Got `{out}` to write, which holds a model; choose another folder with --out.")
    run = open_run(
        teacher, student, data, out=out, epochs=epochs, quantize_aware=quantize_aware, overrides=overrides,
        download=download,
    )  # fmt: skip
    net = train_student(run)
    compared, layers = ship_student(run, net, out, seconds=time.monotonic() - began)
    shutil.rmtree(run.work.parent)
    return Distilled(out, compared, tuple(layers))


def train_student(run: DistillRun) -> Supervised:
    """Train the student on what is not held out.

    Args:
        run: the distillation.

    Raises:
        ConfigError: no layer is large enough to go on in 8 bit.
        DataError: student and teacher do not fit.
    """
    settings, rows = run.settings, np.flatnonzero(~run.held_out)
    torch.manual_seed(settings.seed)
    net, config = _build(run, rows), settings.training
    objective = Student(net, run.scaled_answers(), settings.distill)
    large = large_layers(net)
    if settings.quantize_aware and not large:
        raise ConfigError(
            f"Got --quantize-aware with `{settings.net.encoder}`, none of whose layers is large enough for "
            f"8 bit ({LEAST_WEIGHTS} weights); leave it out."
        )
    batches = StudentBatches(
        run.clips, rows, run.labels, settings.distill.copies, config.batch_size, config.longest_crop_s,
        settings.seed,
    )  # fmt: skip
    _fit(objective, batches, run, config=config, part="float")
    if settings.quantize_aware:
        prepare(net, large)
        slow: dict[str, Any] = {"epochs": config.aware_epochs, "learning_rate": config.learning_rate / 10}
        careful = config.model_copy(update={**slow, "schedule": "constant", "warmup_share": 0.0})
        _fit(objective, batches, run, config=careful, part="8 bit")
        freeze(net)
    return net.eval()


def large_layers(net: nn.Module) -> list[str]:
    """Return the names of layers that `quantize_int8` computes in 8 bit.

    Args:
        net: the network that is exported.
    """
    return [
        name
        for name, layer in net.named_modules()
        if type(layer) in AWARE
        and layer.weight.numel() >= LEAST_WEIGHTS
        and "front_end" not in name
        and "pooling" not in name
    ]


def _fit(objective: Student, batches: StudentBatches, run: DistillRun, *, config: Any, part: str) -> None:
    settings = run.settings
    with show_progress(f"{settings.name} in {part}") as progress:
        fit(objective, batches, config=config, seed=settings.seed, folder=run.work / part, progress=progress)


def _build(run: DistillRun, rows: np.ndarray) -> Supervised:
    """Return the student; the values of a trained encoder are brought to one scale on some clips."""
    settings, summary = run.settings, run.teacher.summary
    front = describing(run.encoder())
    if settings.net.weights:
        some = np.random.default_rng(settings.seed).permutation(rows)[:SCALED_ON]
        described = describe_clips(
            run.clips, front.eval(), rows=some, copies=min(1, settings.distill.copies), seed=settings.seed,
            cache=None, of=settings.net.weights,
        )  # fmt: skip
        front.described.fit(torch.from_numpy(described).flatten(0, 1))
    return build_tuned(
        front, settings.net, categories=len(summary.categories), dimensions=len(summary.dimensions)
    )
