"""A network that learns what a teacher answers: its losses, and the clips that it hears."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import DataError
from mien.core.settings import Settings
from mien.training.adapters import CATEGORY, DIMENSIONS
from mien.training.augment import crop
from mien.training.batch import Batch, make_batch
from mien.training.clip_samples import RATE_HZ, ClipSamples, Samples, degraded
from mien.training.distillation import (
    FeatureMatch,
    TeacherAnswers,
    answer_loss,
    check_members,
    doubt_loss,
    value_loss,
)
from mien.training.samplers import length_bucketed
from mien.training.supervised import Supervised


class DistillConfig(Settings):
    """What of the teacher is learned."""

    temperature: float = Field(
        1.0, gt=0, description="divides both sides' logits; above 1 shows rare answers"
    )
    doubt_weight: float = Field(3.0, ge=0, description="weight of the members' disagreement")
    value_weight: float = Field(1.0, ge=0, description="weight of the dimensions")
    feature_weight: float = Field(
        0.3, ge=0, description="weight of the teacher's features, where there are some"
    )
    label_share: float = Field(
        0.3, ge=0, le=1, description="share of true labels, where known; the rest is the teacher's answer"
    )
    copies: int = Field(2, ge=0, description="degraded copies of each clip, which the teacher hears too")


class Student(nn.Module):
    """Train a network to answer as its teacher does, head by member, on the clips of a batch.

    Args:
        net: with a head `category` of K categories or one of `dimensions`, and one member per member of the
            teacher.
        answers: of the teacher; the batch's `row` says which.
        config: what is learned.

    Raises:
        DataError: the network has other members or outputs than the teacher.

    Source:
        Share of labels: G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015.
    """

    def __init__(self, net: Supervised, answers: TeacherAnswers, config: DistillConfig) -> None:
        super().__init__()
        self.net, self.config = net, config
        tables = {CATEGORY: answers.logits, DIMENSIONS: answers.values}
        for task, table in tables.items():
            there = None if table is None or not table.shape[2] else torch.from_numpy(table).float()
            self.register_buffer(f"teacher_{task}", there, persistent=False)
            _check_head(net, task, there)
        features = None if answers.features is None else torch.from_numpy(answers.features).float()
        self.register_buffer("teacher_features", features, persistent=False)
        width = net.pooling.factor * net.encoder.width
        self.match = None if features is None else FeatureMatch(width, features)

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted losses: category, labels, doubt, dimensions, features, as far as there are."""
        described = self.net.describe(batch.x, batch.valid)
        outputs = {task: head(described) for task, head in self.net.heads.items()}
        row, config = torch.from_numpy(batch.row).to(described.device), self.config
        losses = {}
        if CATEGORY in outputs:
            losses |= self._of_categories(outputs[CATEGORY], self.teacher_category[row], batch)
        if DIMENSIONS in outputs:
            wanted = self.teacher_dimensions[row]
            losses[DIMENSIONS] = config.value_weight * value_loss(outputs[DIMENSIONS], wanted)
        if self.match is not None:
            wanted = self.teacher_features[row]
            losses["features"] = config.feature_weight * self.match(described, wanted)
        return losses

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return the network's groups, and one for what predicts the teacher's features."""
        groups = self.net.parameter_groups(learning_rate)
        if self.match is None:
            return groups
        return [*groups, {"name": "features", "params": list(self.match.parameters()), "lr": learning_rate}]

    def _of_categories(self, logits: Tensor, wanted: Tensor, batch: Batch) -> dict[str, Tensor]:
        config, labels = self.config, batch.targets.get(CATEGORY)
        known = torch.zeros(len(logits)) if labels is None else (labels >= 0).float()
        by_label = config.label_share * known.to(logits.device)  # a clip without a label: the teacher alone
        answers = answer_loss(logits, wanted, temperature=config.temperature, weight=1 - by_label)
        losses = {CATEGORY: answers * (1 - by_label).mean()}
        if labels is not None and bool(by_label.any()):
            target = labels.clamp(min=0)[:, None].expand(-1, logits.shape[1])
            entropy = nn.functional.cross_entropy(
                logits.flatten(0, 1).float(), target.flatten(), reduction="none"
            ).view(target.shape)
            losses["labels"] = (entropy.mean(dim=1) * by_label).mean()
        if config.doubt_weight and logits.shape[1] > 1:
            losses["doubt"] = config.doubt_weight * doubt_loss(logits, wanted)
        return losses


@dataclass(frozen=True)
class StudentBatches:
    """Give the batches of an epoch for its number: each clip once, in one of its copies.

    A batch's `row` is the place of clip and copy in the teacher's answers: copy · clips + clip.

    Attributes:
        clips: the recordings.
        rows: which clips train.
        labels: `(clips,)` class numbers, -1 for unknown.
        copies: degraded copies of each clip.
        batch_size: most clips per batch.
        longest_crop_s: longer clips are cropped at random.
        seed: of the run.
    """

    clips: ClipSamples
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]
    copies: int
    batch_size: int
    longest_crop_s: float
    seed: int

    def __call__(self, epoch: int) -> "StudentEpoch":
        """Return the batches of an epoch, counted from 0."""
        lengths = np.minimum(self.clips.lengths_s(), self.longest_crop_s)
        groups = length_bucketed(
            lengths, seed=self.seed, epoch=epoch, most_items=self.batch_size, rows=self.rows
        )
        return StudentEpoch(self, groups, epoch)


@dataclass(frozen=True)
class StudentEpoch:
    """Hold one epoch: which clips make up each batch."""

    batches: StudentBatches
    groups: list[NDArray[np.intp]]
    epoch: int

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Batch]:
        whole = self.batches
        generator = np.random.default_rng([whole.seed, self.epoch])
        for rows in self.groups:
            copies = generator.integers(whole.copies + 1, size=len(rows))
            items = [
                crop(
                    copy_of(whole.clips, int(row), int(copy), seed=whole.seed),
                    generator,
                    longest=round(whole.longest_crop_s * RATE_HZ),
                )
                for row, copy in zip(rows, copies, strict=True)
            ]
            yield make_batch(items, {CATEGORY: whole.labels[rows]}, row=copies * len(whole.clips) + rows)


def copy_of(clips: ClipSamples, row: int, copy: int, *, seed: int) -> Samples:
    """Return a clip as recorded (copy 0) or as one of its degraded copies, always the same.

    Args:
        clips: the recordings.
        row: which clip.
        copy: which copy.
        seed: seeds the degradations, together with row and copy.
    """
    samples = clips.read(row)
    return samples if copy == 0 else degraded(samples, np.random.default_rng([seed, row, copy]))


def _check_head(net: Supervised, task: str, answers: Tensor | None) -> None:
    if (answers is None) != (task not in net.heads):
        side = "student" if answers is None else "teacher"
        raise DataError(f"Got {task} of the {side} alone, expected both to answer it; leave it out.")
    if answers is not None:
        width = net.pooling.factor * net.encoder.width
        with torch.no_grad():
            check_members(net.heads[task](torch.zeros(1, width)), answers[:1])
