"""Heads: from one vector per item to the outputs of a task, as one or more opinions."""

import torch
from torch import Tensor, nn


class Head(nn.Module):
    """Give each member's outputs for pooled vectors: linear, or with one hidden layer.

    Use linear heads (`hidden=0`) to probe what an encoder knows, a hidden layer to train for a task.
    Members are heads of their own, with their own initial weights and dropout: an ensemble on one trunk.

    Args:
        width: values per vector.
        outputs: values to give, as the task's objective says.
        hidden: width of the hidden layer; 0 for none.
        dropout: chance to drop a value, before the hidden layer and before the outputs.
        members: opinions, 1 or more.

    Source:
        Hidden layer with tanh: J. Wagner et al., Dawn of the Transformer Era in Speech Emotion
        Recognition, TPAMI 2023; members: M. Valdenegro-Toro, Deep Sub-Ensembles, 2019.
    """

    def __init__(
        self, width: int, outputs: int, *, hidden: int = 0, dropout: float = 0.0, members: int = 1
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.members = nn.ModuleList(
            _one_member(width, outputs, hidden=hidden, dropout=dropout) for _ in range(members)
        )

    def forward(self, pooled: Tensor) -> Tensor:
        """Return `(B, M, outputs)` for pooled vectors `(B, W)`."""
        return torch.stack([member(pooled) for member in self.members], dim=1)


def _one_member(width: int, outputs: int, *, hidden: int, dropout: float) -> nn.Sequential:
    if not hidden:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, outputs))
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(width, hidden),
        nn.Tanh(),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs),
    )
