"""What a batch of samples costs a recognizer, and what the recognizer says of clips."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.training.batch import Batch
from mien.training.clip_training import ClipTraining, Tuning
from mien.training.distillation import mutual_information
from mien.training.label_loss import DIMENSION_SHARE, LabelLoss, clip_weights
from mien.training.made_sounds import made_sounds
from mien.training.objectives import concordance
from mien.training.placement import move
from mien.training.sampled_clips import SampleBatches, SampledClips, whole_clips

RATE_HZ = 16000
ENOUGH_DISAGREEMENT = 0.5
"""Nats of doubt about what is no speech; that about a clip of a new speaker is mostly below 0.1."""


class SampleObjective(nn.Module):
    """Cross-entropy of the categories, and one minus the concordance of dimensions where they are labelled.

    A batch in which fewer than four clips have a dimension's label adds nothing to that dimension.

    Args:
        net: `(samples (B, S), length (B,)) -> (category logits (B, M, K), dimension logits (B, M, N))`;
            `config.members` says M.
        clips: labelled clips.
        rows: int, which clips to train on.
        config: gives batches and label smoothing; `Tuning` also the encoder's rate, and sounds that are no
            speech, on which the members learn to differ.
        seed: seeds the batches and the clips' weights per member.

    Source:
        Concordance: J. Wagner et al., Dawn of the Transformer Era in Speech Emotion Recognition, TPAMI 2023.
    """

    def __init__(
        self,
        net: nn.Module,
        clips: SampledClips,
        rows: NDArray[np.intp],
        *,
        config: ClipTraining,
        seed: int,
    ) -> None:
        super().__init__()
        self.tuning = config if isinstance(config, Tuning) else None
        self.sounds = made_sounds(self.tuning.sounds, seed=seed) if self.tuning else []
        self.net, self.clips, self.rows, self.config, self.seed = net, clips, rows, config, seed
        self.labels = LabelLoss(
            clips.category,
            clips.dimensions,
            weights=clip_weights(clips.table, rows, members=net.config.members, seed=seed),
            label_smoothing=config.label_smoothing,
        )
        self.concordance = concordance.build(concordance.Config())

    def batches(self, epoch: int) -> SampleBatches:
        """Return an epoch's batches, for `fit`."""
        return SampleBatches(
            self.clips,
            self.rows,
            batch_size=self.config.batch_size,
            longest=round(self.config.longest_crop_s * RATE_HZ),
            seed=self.seed,
            epoch=epoch,
            sounds=self.sounds,
            sounds_per_batch=self.tuning.sounds_per_batch if self.tuning else 0,
        )

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch: category, and where the net or batch has them dimensions, sounds."""
        logits, further = self.net(batch.x, batch.valid.sum(dim=1))
        clips = int((batch.row >= 0).sum())
        losses = self._of_clips(logits[:clips], further[:clips], batch.row[:clips]) if clips else {}
        if self.tuning and clips < len(logits):
            disagreement = mutual_information(logits[clips:])
            missing = nn.functional.relu(ENOUGH_DISAGREEMENT - disagreement).mean()
            losses["sounds"] = self.tuning.sounds_weight * missing
        return losses

    def _of_clips(self, logits: Tensor, further: Tensor, row: NDArray[np.intp]) -> dict[str, Tensor]:
        losses = self.labels(logits, further[..., :0], row=row) if logits.shape[2] else {}
        if further.shape[2]:
            share = DIMENSION_SHARE if losses else 1.0
            losses["dimensions"] = share * self._of_dimensions(torch.sigmoid(further), row)
        return losses

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return groups of trainable weights with a rate (`lr`) each; the encoder's come last.

        Args:
            learning_rate: of all but the encoder.
        """
        weights = {name: weight for name, weight in self.named_parameters() if weight.requires_grad}
        of_encoder = {name for name in weights if name.startswith("net.encoder.")}
        rest = [weight for name, weight in weights.items() if name not in of_encoder]
        groups = [{"params": rest, "lr": learning_rate}]
        if of_encoder:
            rate = learning_rate * (self.tuning.encoder_rate if self.tuning else 1.0)
            encoder = [weight for name, weight in weights.items() if name in of_encoder]
            groups.append({"params": encoder, "lr": rate})
        return groups

    def _of_dimensions(self, values: Tensor, row: NDArray[np.intp]) -> Tensor:
        """Return the mean of the members' losses for values `(B, M, N)`, each over the whole batch."""
        rows = torch.from_numpy(row).to(values.device)
        truth, weight = self.labels.dimensions[rows], self.labels.weights[rows]
        members = [
            self.concordance(values[:, member], truth, weight[:, member]) for member in range(values.shape[1])
        ]
        return torch.stack(members).mean()


def recognize_samples(
    net: nn.Module, clips: SampledClips, rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what a net says of whole clips, on the device where its weights are.

    Args:
        net: as for `SampleObjective`; in evaluation mode.
        clips: labelled clips.
        rows: int, which of them.

    Returns:
        Category logits `(rows, M, K)` and dimension logits `(rows, M, N)`, in the order of `rows`.
    """
    device = next(net.parameters()).device
    heard, category, dimension = [], [], []
    with torch.inference_mode():
        for batch in whole_clips(clips, rows):
            here = move(batch, device)
            logits, further = net(here.x, here.valid.sum(dim=1))
            heard.append(batch.row)
            category.append(logits.float().cpu().numpy())
            dimension.append(further.float().cpu().numpy())
    place = {row: index for index, row in enumerate(np.concatenate(heard).tolist())}
    order = [place[row] for row in rows.tolist()]
    return np.concatenate(category)[order], np.concatenate(dimension)[order]
