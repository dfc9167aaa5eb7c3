"""Turn frames of any number into one vector per clip."""

import torch
from torch import Tensor, nn


class AttentiveStatistics(nn.Module):
    """Pool frames into their attention-weighted mean and standard deviation.

    Args:
        width: values per frame.
        hidden: width of the layer that computes the attention.

    Source:
        K. Okabe, T. Koshinaka, K. Shinoda, Attentive Statistics Pooling for Deep Speaker
        Embedding, Interspeech 2018, equations 2 to 6.
    """

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
