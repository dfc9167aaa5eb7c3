"""Ordered classes by cumulative logits: one yes-or-no question per step between classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.core.errors import ConfigError
from mien.core.settings import Settings
from mien.training.objectives.targets import in_full_precision, known_targets, weighted_mean, widen

CARD = {
    "title": "Rank-consistent ordinal regression with cumulative logits",
    "paper": "W. Cao, V. Mirjalili, S. Raschka, Rank Consistent Ordinal Regression for Neural Networks "
    "with Application to Age Estimation, Pattern Recognition Letters 140, 2020, equation 4",
    "year": 2020,
    "outputs": "one value less than there are classes; read as class probabilities",
    "departures": "ranks are consistent because each logit is the one before it minus a positive gap, which "
    "may depend on the item (CORAL: one score and shared thresholds); mean over the questions, not sum",
}


class Config(Settings):
    """Nothing to set."""


class Ordinal(nn.Module):
    """Compare ordered classes: being off by two classes costs more than being off by one.

    Use for grades (weak, medium, strong; sentiment 1 to 5), not for categories without an order. For
    class k of K the question is "higher than k?", for k = 0 … K - 2.

    Targets are `(B,)` class numbers in ascending order with -1 for unknown.
    """

    kind = "ordinal"
    least_known = 1

    def outputs(self, count: int) -> int:
        """Return how many values the head must give for `count` classes.

        Raises:
            ConfigError: there are fewer than two classes.
        """
        if count < 2:
            raise ConfigError(f"Got {count} ordered classes, expected two or more.")
        return count - 1

    @in_full_precision
    def forward(self, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the loss of outputs `(B, K - 1)` for targets `(B,)` and weights `(B,)`."""
        logits = _cumulative_logits(outputs)  # (B, K - 1)
        steps = torch.arange(outputs.shape[1], device=outputs.device)
        higher = (target[:, None] > steps).to(outputs.dtype)
        loss = functional.binary_cross_entropy_with_logits(logits, higher, reduction="none").mean(dim=1)
        return weighted_mean(loss, known_targets(target), weight)

    def read(self, outputs: Tensor) -> Tensor:
        """Return probabilities `(…, K)` that sum to one, of outputs `(…, K - 1)`."""
        higher = torch.sigmoid(_cumulative_logits(widen(outputs)))
        ones = torch.ones_like(higher[..., :1])
        edges = torch.cat([ones, higher, torch.zeros_like(ones)], dim=-1)  # (…, K + 1)
        return edges[..., :-1] - edges[..., 1:]


def _cumulative_logits(outputs: Tensor) -> Tensor:
    """Return descending logits of "higher than k": the first value, then positive gaps taken off."""
    gaps = functional.softplus(outputs[..., 1:]).cumsum(dim=-1)
    return torch.cat([outputs[..., :1], outputs[..., :1] - gaps], dim=-1)


def build(config: Config) -> Ordinal:
    """Return the objective."""
    return Ordinal()
