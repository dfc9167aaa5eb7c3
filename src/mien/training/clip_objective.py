"""What a batch of labelled clips costs a recognizer with several opinions, and what it says of clips."""

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from mien.training.clips import Batch, Clips, EpochBatches, evaluation_batches
from mien.training.label_loss import LabelLoss, clip_weights
from mien.training.loop_config import LoopConfig
from mien.training.placement import move
from mien.training.teacher import Hint, Teacher, heard_at, principal_components

FRAMES_PER_SECOND = 16000 / 256


class ClipTraining(LoopConfig):
    """How to train on clips."""

    batch_size: int = Field(32, ge=2, description="clips per batch")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="probability spread over all categories")
    longest_crop_s: float = Field(4.0, gt=0, description="longest stretch of a clip, in seconds")


class ClipObjective(nn.Module):
    """Cross-entropy, the dimensions' errors where they are labelled, and the teacher's hint.

    Args:
        net: has `describe(frames, valid) -> (frames (B, T', W), valid (B, T'))`, of width
            `described_width` W at every `stride`-th frame, and
            `judge(…) -> (category logits (B, M, K), dimension logits (B, M, N))` of these.
        clips: labelled clips.
        rows: int, which clips to train on.
        config: gives batches and label smoothing.
        seed: seeds the batches and the clips' weights per member.
        teacher: an encoder's frames that the net learns to predict beside the labels; of the given rows
            alone.
    """

    def __init__(
        self,
        net: nn.Module,
        clips: Clips,
        rows: np.ndarray,
        *,
        config: ClipTraining,
        seed: int,
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__()
        self.net, self.clips, self.rows, self.config, self.seed = net, clips, rows, config, seed
        self.teacher, self.hint = teacher, None
        if teacher is not None:
            mean, projection = principal_components(teacher.heard, rows, components=teacher.components)
            self.hint = Hint(net.described_width, mean=mean, projection=projection)
        self.labels = LabelLoss(
            clips.category,
            clips.dimensions,
            weights=clip_weights(clips.table, rows, members=net.config.members, seed=seed),
            label_smoothing=config.label_smoothing,
        )

    def batches(self, epoch: int) -> EpochBatches:
        """Return an epoch's batches, for `fit`."""
        return EpochBatches(
            self.clips,
            self.rows,
            batch_size=self.config.batch_size,
            longest_frames=int(self.config.longest_crop_s * FRAMES_PER_SECOND),
            seed=self.seed,
            epoch=epoch,
        )

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch: category, dimensions and, with a teacher, hint."""
        described, valid = self.net.describe(batch.frames, batch.valid)
        logits, further = self.net.judge(described, valid)  # (B, M, K), (B, M, N)
        losses = self.labels(logits, further, row=batch.row)
        if self.teacher is not None and self.hint is not None:
            wanted = heard_at(self.teacher.heard, batch, stride=self.net.stride).to(logits.device)
            losses["hint"] = self.teacher.loss_weight * self.hint.loss(described, valid, wanted)
        return losses


def recognize_clips(net: nn.Module, clips: Clips, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a net says of whole clips, on the device where its weights are.

    Args:
        net: has `recognize(frames, valid)`; in evaluation mode.
        clips: labelled clips.
        rows: int, which of them.

    Returns:
        Category logits `(rows, M, K)` and dimension logits `(rows, M, N)`, in the order of `rows`.
    """
    device = next(net.parameters()).device
    place = {row: index for index, row in enumerate(rows)}
    category: list = [None] * rows.size
    dimension: list = [None] * rows.size
    with torch.inference_mode():
        for batch in evaluation_batches(clips, rows):
            here = move(batch, device)
            logits, further = (output.cpu().numpy() for output in net.recognize(here.frames, here.valid))
            for index, row in enumerate(batch.row):
                category[place[row]], dimension[place[row]] = logits[index], further[index]
    return np.stack(category), np.stack(dimension)
