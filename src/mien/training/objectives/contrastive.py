"""Supervised contrast: find the items of one's own class among all others of the batch."""

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.settings import Settings
from mien.training.objectives.targets import (
    in_full_precision,
    known_targets,
    share_of,
    weighted_mean,
    widen,
)
from mien.training.objectives.triplet import unit_length

CARD = {
    "title": "Supervised contrastive loss",
    "paper": "P. Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, equation 2",
    "year": 2020,
    "outputs": "an embedding; read at length one",
    "departures": "one view of each item unless the batch holds several; items without another of their "
    "class only serve as contrast",
}


class Config(Settings):
    """Size of the embedding and sharpness of the contrast."""

    width: int = Field(64, ge=1, description="values of the embedding")
    temperature: float = Field(0.1, gt=0, description="cosine difference that counts as one unit of contrast")


class Contrastive(nn.Module):
    """Make items of a class more alike than items of other classes, all of them at once.

    Use like `triplet`, where batches are large (64 or more) and smooth gradients are wanted.

    Targets are `(B,)` class numbers with -1 for unknown.
    """

    kind = "metric"
    least_known = 3

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    def outputs(self, count: int) -> int:
        """Return the width of the embedding, whatever the number of classes."""
        return self.config.width

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of embeddings `(B, W)` for targets `(B,)` and weights `(B,)`."""
        present = share_of(known_targets(target), weight) > 0
        rest = present & ~torch.eye(len(target), dtype=torch.bool, device=target.device)
        own = rest & (target[:, None] == target)
        point = unit_length(outputs)
        likeness = point @ point.T / self.config.temperature  # (B, B)
        # a finite floor, not minus infinity: a row with nothing in it must have a gradient of 0
        among = likeness.masked_fill(~rest, -1e4).logsumexp(dim=1, keepdim=True)
        loss = ((among - likeness) * own).sum(dim=1) / own.sum(dim=1).clamp(min=1)
        return weighted_mean(loss, present & own.any(dim=1), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return embeddings of length one, shaped like `outputs` `(…, W)`."""
        return unit_length(widen(outputs))


def build(config: Config) -> Contrastive:
    """Return the objective."""
    return Contrastive(config)
