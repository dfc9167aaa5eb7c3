"""Convolutions over time and frequency that never look at padding."""

import torch
from torch import Tensor, nn


class MaskedConvolution(nn.Module):
    """Convolve, normalize and rectify a time-frequency map; frames behind the clip's end stay zero.

    Because the frames that are not valid are zero before and after, a clip gives the same result
    alone and in a padded batch.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: odd side length of the square kernel.
        stride: steps over (frequency, time).
    """

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, stride: tuple[int, int] = (2, 1)
    ) -> None:
        super().__init__()
        self.time_stride = stride[1]
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.normalization = nn.BatchNorm2d(outputs)

    def forward(self, maps: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps `(B, C', F', T')` and valid `(B, T')` for maps `(B, C, F, T)`, valid `(B, T)`."""
        maps = torch.relu(self.normalization(self.convolution(maps)))
        valid = valid[:, :: self.time_stride]
        return maps * valid[:, None, None, :].to(maps.dtype), valid


def mel_convolutions(channels: tuple[int, int, int, int]) -> nn.ModuleList:
    """Return four masked convolutions that turn mel frames into maps of a sixteenth of the bands.

    Two of them halve time as well.

    Args:
        channels: of their outputs.
    """
    first, second, third, fourth = channels
    return nn.ModuleList(
        [
            MaskedConvolution(1, first, kernel=5, stride=(2, 2)),
            MaskedConvolution(first, second, stride=(2, 2)),
            MaskedConvolution(second, third, stride=(2, 1)),
            MaskedConvolution(third, fourth, stride=(2, 1)),
        ]
    )
