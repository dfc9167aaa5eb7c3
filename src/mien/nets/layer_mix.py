"""Mix the layers of an encoder in learned shares."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mien.core.errors import DataError
from mien.nets.frames import Frames


class LayerMix(nn.Module):
    """Sum the layers of an encoder, each weighted by a learned share; the shares are equal at first.

    Use it on a frozen encoder: what tells affect is seldom strongest in the last layer, and the shares
    say where it was found.

    Args:
        layers: number of layers, the encoder's `layer_count`.

    Source:
        M. Peters et al., Deep Contextualized Word Representations, NAACL 2018, equation 1, without its
        common factor; S.-W. Yang et al., SUPERB, Interspeech 2021, section 2.2.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers))

    @property
    def shares(self) -> Tensor:
        """Return the share of each layer, `(L,)`; they sum to 1."""
        return torch.softmax(self.weights, dim=0)

    def forward(self, layers: Sequence[Frames]) -> Frames:
        """Return the mixed frames of L layers, as `encode_layers` gives them.

        Raises:
            DataError: there are more or fewer layers than shares.
        """
        if len(layers) != len(self.weights):
            raise DataError(
                f"Got {len(layers)} layers, expected {len(self.weights)}; build LayerMix with the encoder's "
                "layer_count."
            )
        values = torch.stack([frames.values for frames in layers])  # (L, B, T, D)
        mixed = torch.einsum("l,lbtd->btd", self.shares, values)
        return Frames(mixed, layers[0].valid, layers[0].rate_hz)
