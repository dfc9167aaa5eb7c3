"""One distillation: its settings, the recordings, and what the teacher says of them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import nn

from mien.core.errors import ConfigError
from mien.core.files import write_atomically
from mien.core.registry import names
from mien.core.settings import Settings, override_settings, parse, signature
from mien.evaluation.run_evaluation import make_folder
from mien.nets.encoder_facts import describe_encoder
from mien.nets.load_encoder import load_encoder
from mien.prediction.model_card import ModelSummary
from mien.prediction.predictor import Outputs, Predictor, load_predictor
from mien.training.adapters import describing
from mien.training.clip_samples import ClipSamples, describe_clips
from mien.training.distillation import TeacherAnswers
from mien.training.export_folder import find_model
from mien.training.fine_tune_settings import NetConfig, training_defaults
from mien.training.loop_config import LoopConfig
from mien.training.pool import Pool, read_pool
from mien.training.student import DistillConfig, copy_of

LOGGER = logging.getLogger(__name__)
LEAST_P = 1e-6
"""A probability of 0 has no logit."""

HEARD_AT_ONCE = 32
NO_CHOICE = {"patience": 0, "schedule": "one-cycle", "warmup_share": 0.2}
"""Nothing is chosen by dev: the student learns for as long as it is told, at a rate that falls to nothing."""

RATE_HZ = 16000


class DistillTraining(LoopConfig):
    """How to train the student."""

    batch_size: int = Field(32, ge=1, description="most clips per batch")
    longest_crop_s: float = Field(6.0, gt=0, description="longer clips are cropped at random in training")
    aware_epochs: int = Field(5, ge=1, description="with --quantize-aware: epochs in 8 bit after the others")


class DistillSettings(Settings):
    """A resolved distillation."""

    name: str = Field(description="name of the student")
    seed: int = Field(7, description="seeds everything")
    teacher: str = Field(description="name of the teacher")
    teacher_sha256: str = Field("", description="hash of its weights")
    features: str = Field(
        "", description="encoder whose description of each clip is learned too; empty: none"
    )
    quantize_aware: bool = Field(False, description="the last epochs compute as 8 bit will")
    clips: str = Field(description="hash of the recordings and labels")
    net: NetConfig
    distill: DistillConfig = DistillConfig()
    training: DistillTraining


@dataclass(frozen=True)
class DistillRun:
    """Hold what a distillation is made of.

    Attributes:
        settings: resolved.
        teacher: answers.
        pool: recordings.
        facts: what the student's encoder is.
        work: folder of what a stopped run with these settings needs to go on, inside one for all settings.
        download: True if the user asked for weights to be fetched.
    """

    settings: DistillSettings
    teacher: Predictor
    pool: Pool
    facts: ModelSummary
    work: Path
    download: bool = False

    @cached_property
    def clips(self) -> ClipSamples:
        """The recordings."""
        return ClipSamples(self.pool.table, longest_s=self.teacher.summary.max_duration_s)

    def encoder(self) -> nn.Module:
        """Return the student's encoder as loaded; random weights are those of torch's present seed."""
        return load_encoder(self.settings.net.encoder, download=self.download)

    @cached_property
    def answers(self) -> TeacherAnswers:
        """What the teacher says of every copy of every clip, `(copies · clips, M, …)`."""
        settings, summary = self.settings, self.teacher.summary
        asked = [settings.teacher, settings.teacher_sha256, settings.clips, settings.seed]
        # beside the folder of these settings: trained otherwise, the teacher still says the same
        file = self.work.parent / f"answers-{signature({'asked': [*asked, settings.distill.copies]})}.npz"
        if not file.is_file():
            made = self._hear()
            with write_atomically(file) as temporary:
                np.savez(temporary, logits=made[0], values=made[1])
        found = np.load(file)
        values = found["values"] if summary.dimensions else None
        return TeacherAnswers(found["logits"], values, self._features())

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class number of each clip, -1 for unknown."""
        return self.pool.labels(self.teacher.summary.categories)

    @cached_property
    def held_out(self) -> NDArray[np.bool_]:
        """Which clips judge."""
        logits = self.answers.logits[: len(self.clips)]
        top = logits.mean(axis=1).argmax(axis=1) if logits.shape[2] else np.zeros(len(logits), np.int64)
        return self.pool.held_out(top, seed=self.settings.seed)

    @cached_property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """The lowest and highest value that the teacher gives to each dimension of what is learned."""
        values = self.answers.values
        if values is None:
            return ()
        seen = values[np.tile(~self.held_out, len(values) // len(self.clips))]
        low, high = seen.min(axis=(0, 1)), seen.max(axis=(0, 1))
        return tuple(
            (float(one), float(max(other, one + 1e-6))) for one, other in zip(low, high, strict=True)
        )

    def scaled_answers(self) -> TeacherAnswers:
        """Return the answers with dimensions brought to -1 … 1, as the student's head gives them."""
        answers = self.answers
        if answers.values is None:
            return answers
        low, high = np.array(self.scales, np.float32).T
        scaled = (answers.values - low) / (high - low) * 2 - 1
        return TeacherAnswers(answers.logits, scaled.astype(np.float32), answers.features)

    def teacher_outputs(self, rows: NDArray[np.intp]) -> Outputs:
        """Return what the teacher says of clips as recorded."""
        answers, names = self.answers, self.teacher.summary.dimensions
        p = torch.from_numpy(answers.logits[rows]).double().softmax(dim=2).numpy()
        values = (
            {}
            if answers.values is None
            else dict(zip(names, answers.values[rows].transpose(2, 0, 1), strict=True))
        )
        return Outputs(p, values)

    def _hear(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        summary, copies = self.teacher.summary, self.settings.distill.copies + 1
        places = [(copy, row) for copy in range(copies) for row in range(len(self.clips))]
        LOGGER.info("%s hears %d clips, %d times each", summary.name, len(self.clips), copies)
        shape = (len(places), summary.members)
        logits = np.zeros((*shape, len(summary.categories)), np.float32)
        values = np.zeros((*shape, len(summary.dimensions)), np.float32)
        began, told = time.monotonic(), time.monotonic()
        for start in range(0, len(places), HEARD_AT_ONCE):
            some = places[start : start + HEARD_AT_ONCE]
            sounds = [copy_of(self.clips, row, copy, seed=self.settings.seed) for copy, row in some]
            heard = self.teacher.predict(sounds)
            here = slice(start, start + len(some))
            logits[here] = np.log(np.clip(heard.p, LEAST_P, 1.0))
            for number, name in enumerate(summary.dimensions):
                values[here, :, number] = heard.dimensions[name]
            if time.monotonic() - told > 30:
                told = time.monotonic()
                left = (told - began) * (len(places) / (start + len(some)) - 1)
                LOGGER.info(
                    "%s heard %d of %d, %.0f s left", summary.name, start + len(some), len(places), left
                )
        return logits, values

    def _features(self) -> NDArray[np.float32] | None:
        """Return mean and deviation over time of the last layer of the encoder whose features are learned."""
        name = self.settings.features
        if not name:
            return None
        front = describing(load_encoder(name, download=self.download)).eval()
        described = describe_clips(
            self.clips, front, rows=range(len(self.clips)), copies=0, seed=self.settings.seed,
            cache=self.work.parent / "features", of=f"{name} {describe_encoder(name).sha256}",
        )  # fmt: skip
        # a degraded copy shall be described as the clip itself
        return np.tile(described[0, :, -1], (self.settings.distill.copies + 1, 1))


def open_run(
    teacher: str,
    student: str,
    data: Sequence[str | Path],
    *,
    out: Path,
    epochs: int | None,
    quantize_aware: bool,
    overrides: Sequence[str],
    download: bool,
) -> DistillRun:
    """Read the recordings, open the teacher and resolve the settings.

    Raises:
        ConfigError: an unknown teacher, student or setting.
        InputError: no recordings that can be read.
        DataError: too few clips, or labels that the teacher does not know.
    """
    predictor = _open_teacher(teacher)
    summary = predictor.summary
    facts = describe_encoder(student, download=download)
    if not facts.sha256 and student.replace("_", "-") not in names("encoders"):
        load_encoder(student)  # says which there are
    pool = read_pool(data, longest_s=summary.max_duration_s)
    pool.labels(summary.categories)
    training = training_defaults("full", pretrained=bool(facts.sha256)) | NO_CHOICE
    plain: dict[str, Any] = {
        "name": out.name,
        "teacher": summary.name,
        "teacher_sha256": summary.sha256,
        "quantize_aware": quantize_aware,
        "clips": pool.content(),
        "net": {"encoder": student, "weights": facts.sha256, "adapt": "full", "dropout": 0.1}
        | {"members": summary.members},
        "training": training | ({"epochs": epochs} if epochs else {}),
    }
    override_settings(plain, overrides)
    settings = parse(DistillSettings, plain)
    work = make_folder(make_folder(out / "work") / signature(settings.model_dump(mode="json")))
    return DistillRun(settings, predictor, pool, facts, work, download)


def _open_teacher(teacher: str) -> Predictor:
    predictor = load_predictor(teacher if teacher.startswith("hf:") else find_model(teacher))
    summary = predictor.summary
    if summary.source != "voice" or summary.rate_hz != RATE_HZ:
        raise ConfigError(
            f"Got teacher `{summary.name}`, which hears {summary.source} at {summary.rate_hz} Hz, "
            f"expected voice at {RATE_HZ} Hz; take another."
        )
    if summary.members == 1:
        LOGGER.warning(
            "%s gives one opinion, so the student learns no epistemic doubt; take a teacher with members.",
            summary.name,
        )
    return predictor
