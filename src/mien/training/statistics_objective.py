"""What a batch of heard clips costs a probe, and what the probe says of clips."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mien.training.clip_training import ClipTraining
from mien.training.label_loss import LabelLoss, clip_weights
from mien.training.statistics import Heard


@dataclass(frozen=True)
class HeardBatch:
    """One step's input: statistics `(B, D)` and the clips' rows `(B,)`."""

    statistics: Tensor
    row: np.ndarray


@dataclass(frozen=True)
class HeardBatches:
    """Give one epoch in random batches, each clip in a copy drawn at random; made by seed and epoch alone."""

    heard: Heard
    rows: np.ndarray
    batch_size: int
    seed: int
    epoch: int

    def __len__(self) -> int:
        return -(-self.rows.size // self.batch_size)

    def __iter__(self) -> Iterator[HeardBatch]:
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(self.rows)
        copies = generator.integers(len(self.heard.statistics), size=order.size)
        for start in range(0, order.size, self.batch_size):
            part = slice(start, start + self.batch_size)
            statistics = self.heard.statistics[copies[part], order[part]]
            yield HeardBatch(torch.from_numpy(statistics), order[part])


class StatisticsObjective(nn.Module):
    """Cross-entropy, and the dimensions' errors where they are labelled, on what a frozen encoder heard.

    Building it brings the net's inputs to mean 0 and deviation 1 over the training clips.

    Args:
        net: has `centre` and `scale` `(D,)`, and `judge((B, D)) -> (category logits (B, M, K), dimension
            logits (B, M, N))`.
        heard: labelled clips.
        rows: int, which clips to train on.
        config: gives batches and label smoothing.
        seed: seeds the batches and the clips' weights per member.
    """

    def __init__(
        self, net: nn.Module, heard: Heard, rows: np.ndarray, *, config: ClipTraining, seed: int
    ) -> None:
        super().__init__()
        self.net, self.heard, self.rows, self.config, self.seed = net, heard, rows, config, seed
        known = heard.statistics[:, rows].reshape(-1, heard.statistics.shape[2])
        net.centre.copy_(torch.from_numpy(known.mean(axis=0, dtype=np.float64)))
        net.scale.copy_(torch.from_numpy(known.std(axis=0, dtype=np.float64) + 1e-4))
        self.labels = LabelLoss(
            heard.category,
            heard.dimensions,
            weights=clip_weights(heard.table, rows, members=net.config.members, seed=seed),
            label_smoothing=config.label_smoothing,
        )

    def batches(self, epoch: int) -> HeardBatches:
        """Return an epoch's batches, for `fit`."""
        return HeardBatches(self.heard, self.rows, self.config.batch_size, self.seed, epoch)

    def step(self, batch: HeardBatch) -> dict[str, Tensor]:
        """Return the losses of a batch: category and dimensions."""
        return self.labels(*self.net.judge(batch.statistics), row=batch.row)


def recognize_heard(net: nn.Module, heard: Heard, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return category logits `(rows, M, K)` and dimension logits `(rows, M, N)` of the recordings as made.

    Args:
        net: in evaluation mode.
        heard: labelled clips.
        rows: int, which of them.
    """
    with torch.inference_mode():
        described = torch.from_numpy(heard.statistics[0, rows]).to(net.centre.device)
        category, dimension = net.judge(described)
    return category.cpu().numpy(), dimension.cpu().numpy()
