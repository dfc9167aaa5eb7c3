"""Triplets: an item shall lie nearer to its own class than to any other, by a margin."""

from typing import Literal

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

CARD = {
    "title": "Triplet loss with mining inside the batch",
    "paper": "A. Hermans, L. Beyer, B. Leibe, In Defense of the Triplet Loss for Person Re-Identification, "
    "2017, equation 5; semi-hard: F. Schroff et al., FaceNet, CVPR 2015, section 3.2",
    "year": 2017,
    "outputs": "an embedding; read at length one",
    "departures": "squared distances on the unit sphere (Hermans: plain distances in free space); mean "
    "over anchors, each anchor's triplets averaged first",
}


class Config(Settings):
    """Size of the embedding and choice of triplets."""

    width: int = Field(64, ge=1, description="values of the embedding")
    margin: float = Field(
        0.2, gt=0, description="by how much other classes shall be farther, in squared units"
    )
    mining: Literal["hard", "semihard", "all"] = Field(
        "hard",
        description="hard: farthest of the own class, nearest other; semihard: for each of the own class the "
        "nearest other that is farther than it, else the farthest; all: every triplet",
    )


class Triplet(nn.Module):
    """Pull items of a class together and push others away, by their hardest triplets.

    Use to learn an embedding for search, few examples or many classes (speakers), with batches that hold
    several items of several classes (`samplers.several_of_each`); for few classes with many labels
    `cross-entropy` does better. A loss that stays at `margin` says that all embeddings became one: lower
    the learning rate or begin with `all`.

    Targets are `(B,)` class numbers with -1 for unknown; an item with no other of its class, or with no
    other class beside it, adds nothing.
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
        same = (target[:, None] == target) & present[:, None] & present
        other = (target[:, None] != target) & present[:, None] & present
        own = same & ~torch.eye(len(target), dtype=torch.bool, device=target.device)
        point = unit_length(outputs)
        distance = 2 - 2 * point @ point.T  # (B, B)
        loss = _MINING[self.config.mining](distance, own, other, self.config.margin)
        return weighted_mean(loss, own.any(dim=1) & other.any(dim=1), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return embeddings of length one, shaped like `outputs` `(…, W)`."""
        return unit_length(widen(outputs))


def unit_length(outputs: Tensor) -> Tensor:
    """Scale vectors `(…, W)` to length one.

    Vectors shorter than a thousandth stay short, so that the gradient at zero is bounded.
    """
    return nn.functional.normalize(outputs, dim=-1, eps=1e-3)


def _hard(distance: Tensor, own: Tensor, other: Tensor, margin: float) -> Tensor:
    """Return each anchor's loss `(B,)` for its farthest own and nearest other item."""
    farthest = distance.masked_fill(~own, -torch.inf).amax(dim=1)
    nearest = distance.masked_fill(~other, torch.inf).amin(dim=1)
    return (_zero_where_none(farthest) - _zero_where_none(nearest) + margin).relu()


def _semihard(distance: Tensor, own: Tensor, other: Tensor, margin: float) -> Tensor:
    """Return each anchor's loss `(B,)`, averaged over the items of its class."""
    beyond = other[:, None, :] & (distance[:, None, :] > distance[:, :, None])  # (anchor, own, other)
    wide = distance[:, None, :].expand_as(beyond)
    nearest = wide.masked_fill(~beyond, torch.inf).amin(dim=2)
    farthest = distance.masked_fill(~other, -torch.inf).amax(dim=1, keepdim=True).expand_as(nearest)
    negative = torch.where(beyond.any(dim=2), nearest, farthest)
    return _mean_where((distance - _zero_where_none(negative) + margin).relu(), own)


def _all(distance: Tensor, own: Tensor, other: Tensor, margin: float) -> Tensor:
    """Return each anchor's loss `(B,)`, averaged over all its triplets."""
    triplets = own[:, :, None] & other[:, None, :]
    loss = (distance[:, :, None] - distance[:, None, :] + margin).relu()
    return _mean_where(loss.flatten(1), triplets.flatten(1))


def _zero_where_none(extreme: Tensor) -> Tensor:
    """Replace the infinity that stands for an empty choice; a NaN stays one, for the loop to see."""
    return torch.where(torch.isinf(extreme), 0.0, extreme)


def _mean_where(values: Tensor, chosen: Tensor) -> Tensor:
    return (values * chosen).sum(dim=1) / chosen.sum(dim=1).clamp(min=1)


_MINING = {"hard": _hard, "semihard": _semihard, "all": _all}


def build(config: Config) -> Triplet:
    """Return the objective."""
    return Triplet(config)
