"""Proxies: each class has a learned point, and items are compared with these points only."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import ConfigError
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
    "title": "Proxy-Anchor and Proxy-NCA losses",
    "paper": "anchor: S. Kim et al., Proxy Anchor Loss for Deep Metric Learning, CVPR 2020, equation 4; "
    "nca: Y. Movshovitz-Attias et al., No Fuss Distance Metric Learning using Proxies, ICCV 2017, equation 4",
    "year": 2020,
    "outputs": "an embedding; read at length one",
    "departures": "nca scales squared distances by 9, as E. W. Teh et al. (ProxyNCA++, ECCV 2020) advise; "
    "in anchor an item's weight multiplies its exponential",
}


class Config(Settings):
    """Number of proxies, size of the embedding, and which loss."""

    categories: int = Field(ge=2, description="number of classes, one proxy each")
    width: int = Field(64, ge=1, description="values of the embedding")
    method: Literal["anchor", "nca"] = Field(
        "anchor", description="anchor: each proxy against the batch; nca: each item against all proxies"
    )
    scale: float | None = Field(None, gt=0, description="sharpness; empty: 32 for anchor, 9 for nca")
    margin: float = Field(0.1, ge=0, description="cosine margin of anchor")
    rate_factor: float = Field(100.0, gt=0, description="learning rate of the proxies over that of the net")


class Proxy(nn.Module):
    """Pull items to the learned point of their class and away from the points of others.

    Use like `triplet`, where batches are small or classes many: no mining, and a batch needs no two items
    of a class. The loss of `nca` may be negative. Has parameters: hand them to the optimizer.

    Targets are `(B,)` class numbers with -1 for unknown.
    """

    kind = "metric"
    least_known = 1

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.scale = config.scale or (32.0 if config.method == "anchor" else 9.0)
        self.rate_factor = config.rate_factor
        self.may_be_negative = config.method == "nca"
        self.proxies = nn.Parameter(torch.randn(config.categories, config.width))

    def outputs(self, count: int) -> int:
        """Return the width of the embedding.

        Raises:
            ConfigError: there are proxies for another number of classes.
        """
        if count != self.config.categories:
            raise ConfigError(f"Got {self.config.categories} categories, expected {count}, as the task has.")
        return self.config.width

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of embeddings `(B, W)` for targets `(B,)` and weights `(B,)`."""
        share = share_of(known_targets(target), weight)
        cosine = unit_length(outputs) @ unit_length(self.proxies.to(outputs.dtype)).T  # (B, K)
        own = target[:, None] == torch.arange(self.config.categories, device=target.device)
        if self.config.method == "nca":
            return weighted_mean(self._nca(cosine, own), known_targets(target), weight)
        return self._anchor(cosine, own, share)

    def _nca(self, cosine: Tensor, own: Tensor) -> Tensor:
        """Return each item's loss `(B,)`: log-ratio of nearness to its proxy and to all others."""
        nearness = -self.scale * (2 - 2 * cosine)
        return nearness.masked_fill(own, -1e4).logsumexp(dim=1) - (nearness * own).sum(dim=1)

    def _anchor(self, cosine: Tensor, own: Tensor, share: Tensor) -> Tensor:
        """Return the mean over proxies of how far their items are and how near others come."""
        log_share = share.clamp(min=1e-30).log()[:, None]  # (B, 1)
        absent = ~(share > 0)[:, None]
        pull = (log_share - self.scale * (cosine - self.config.margin)).masked_fill(absent | ~own, -1e4)
        push = (log_share + self.scale * (cosine + self.config.margin)).masked_fill(absent | own, -1e4)
        found = (own & ~absent).any(dim=0)
        pulled = nn.functional.softplus(pull.logsumexp(dim=0))  # log(1 + sum of exponentials), (K,)
        pushed = nn.functional.softplus(push.logsumexp(dim=0))
        return weighted_mean(pulled, found) + pushed.mean()

    def read(self, outputs: Tensor) -> Tensor:
        """Return embeddings of length one, shaped like `outputs` `(…, W)`."""
        return unit_length(widen(outputs))


def build(config: Config) -> Proxy:
    """Return the objective with random proxies."""
    return Proxy(config)
