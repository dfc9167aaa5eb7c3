"""A fine-tuned network as it ships: samples in, category logits and ratings out."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mien.training.adapters import CATEGORY, DIMENSIONS
from mien.training.supervised import Supervised


class TunedNet(nn.Module):
    """Answer for samples, ratings on their own scales.

    Args:
        net: takes samples.
        scales: lowest and highest value of each rating.
    """

    def __init__(self, net: Supervised, scales: Sequence[tuple[float, float]]) -> None:
        super().__init__()
        self.net, self.scales = net, tuple(scales)

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return category logits `(B, M, K)` and ratings `(B, M, N)`; K or N may be 0."""
        valid = torch.arange(samples.shape[1], device=samples.device) < length[:, None]
        outputs = self.net(samples, valid)
        first = next(iter(outputs.values()))
        none = first[..., :0]
        ratings = outputs[DIMENSIONS] if DIMENSIONS in outputs else none
        return outputs.get(CATEGORY, none), on_scale(ratings, self.scales)


def on_scale(values: Tensor, scales: Sequence[tuple[float, float]]) -> Tensor:
    """Return values in [-1, 1] on their own scales, `(…, N)`; what lies beyond an end is cut to it.

    Args:
        values: `(…, N)`.
        scales: lowest and highest value of each.

    Example:
        >>> on_scale(torch.tensor([[0.0, 2.0]]), [(1, 7), (0, 1)]).tolist()
        [[4.0, 1.0]]
    """
    if not scales:
        return values
    low, high = torch.tensor(scales, dtype=values.dtype, device=values.device).unbind(dim=1)
    return low + (values.clamp(-1.0, 1.0) + 1.0) / 2.0 * (high - low)
