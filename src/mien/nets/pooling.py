"""Turn frames of any number into one vector per clip."""

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean


class MeanPooling(nn.Module):
    """Pool frames into their mean; a clip without a real frame gives zeros."""

    factor = 1

    def forward(self, values: Tensor, valid: Tensor) -> Tensor:
        """Return `(B, D)` for values `(B, T, D)` and valid `(B, T)`."""
        return _mean(values, valid)


class StatisticsPooling(nn.Module):
    """Pool frames into their mean and standard deviation.

    Source:
        D. Snyder et al., X-Vectors, ICASSP 2018, section 2.1: statistics pooling layer.
    """

    factor = 2

    def forward(self, values: Tensor, valid: Tensor) -> Tensor:
        """Return `(B, 2 · D)` for values `(B, T, D)` and valid `(B, T)`."""
        mean = _mean(values, valid)
        variance = _mean((values - mean.unsqueeze(1)).square(), valid)
        # a root at 0 has no slope: a constant frame would stop training
        return torch.cat([mean, variance.clamp(min=1e-5).sqrt()], dim=1)


class AttentiveStatistics(nn.Module):
    """Pool frames into their attention-weighted mean and standard deviation.

    Args:
        width: values per frame.
        hidden: width of the layer that computes the attention.

    Source:
        K. Okabe, T. Koshinaka, K. Shinoda, Attentive Statistics Pooling for Deep Speaker
        Embedding, Interspeech 2018, equations 2 to 6.
    """

    factor = 2

    def __init__(self, width: int, *, hidden: int = 32) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, values: Tensor, valid: Tensor) -> Tensor:
        """Return `(B, 2 · D)` for values `(B, T, D)` and valid `(B, T)`."""
        scores = self.attention(values).squeeze(2).masked_fill(~valid, -1e4)  # (B, T)
        weights = torch.softmax(scores, dim=1).unsqueeze(2)  # (B, T, 1)
        mean = (weights * values).sum(dim=1)
        variance = (weights * values.square()).sum(dim=1) - mean.square()
        return torch.cat([mean, variance.clamp(min=1e-5).sqrt()], dim=1)


POOLINGS = ("mean", "statistics", "attentive")


def build_pooling(kind: str, *, width: int) -> nn.Module:
    """Return a pooling by its name in recipes.

    Args:
        kind: `mean`, `statistics` or `attentive`.
        width: values per frame, D; the pooling gives `factor` times as many.

    Raises:
        ConfigError: the kind is unknown.

    Example:
        >>> build_pooling("statistics", width=384).factor
        2
    """
    if kind not in POOLINGS:
        raise ConfigError(
            f"Got pooling `{kind}`, expected one of {', '.join(POOLINGS)}.{did_you_mean(kind, POOLINGS)}"
        )
    if kind == "attentive":
        return AttentiveStatistics(width)
    return MeanPooling() if kind == "mean" else StatisticsPooling()


def _mean(values: Tensor, valid: Tensor) -> Tensor:
    """Return the mean over real frames, `(B, D)`; zeros where there is none."""
    total = values.masked_fill(~valid.unsqueeze(2), 0.0).sum(dim=1)
    return total / valid.sum(dim=1, keepdim=True).clamp(min=1)
