"""Cut clips into windowed frames and take their power spectra, in torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.features.voice.framing import fft_size, hop_samples
from mien.features.voice.spectral import FLOOR


class PowerSpectra(nn.Module):
    """Return the power spectrum of each frame of a padded batch.

    Args:
        window: (samples,), what a frame is multiplied by.
        rate_hz: of the clips.
    """

    def __init__(self, window: NDArray[np.float32], rate_hz: int) -> None:
        super().__init__()
        self.window: Tensor
        hold(self, "window", window)
        self.hop, self.size = hop_samples(rate_hz), fft_size(window.size)

    def cut(self, samples: Tensor) -> Tensor:
        """Return windowed frames `(B, T, window)` of samples `(B, S)`, one wherever one fits whole."""
        return samples.unfold(1, self.window.numel(), self.hop) * self.window

    def forward(self, samples: Tensor) -> Tensor:
        """Return `(B, T, bins)` for samples `(B, S)`."""
        return self.power(self.cut(samples))

    def power(self, frames: Tensor) -> Tensor:
        """Return power spectra `(B, T, bins)` of windowed frames."""
        spectrum = torch.fft.rfft(frames, self.size)
        return spectrum.real.square() + spectrum.imag.square()


def hold(module: nn.Module, name: str, weights: NDArray[np.floating]) -> None:
    """Give a module fixed weights that move with it and are not saved."""
    # a copy: the arrays are kept and shared by those who made them
    module.register_buffer(name, torch.tensor(weights, dtype=torch.float32), persistent=False)


def root(values: Tensor) -> Tensor:
    """Return square roots; at 0 the slope is 0, where that of the root has no end."""
    tiny = torch.finfo(values.dtype).tiny
    return values.clamp(min=tiny).sqrt().masked_fill(values <= tiny, 0.0)


def decibels(power: Tensor) -> Tensor:
    """Return 10 log10 of powers, floored as in `features.voice.spectral`."""
    return 10 * power.clamp(min=float(FLOOR)).log10()


def flux(strength: Tensor) -> Tensor:
    """Return how much each magnitude spectrum differs from the one before, `(B, T)`; 0 for the first.

    Args:
        strength: `(B, T, bins)`.
    """
    apart = strength[:, 1:] - strength[:, :-1]
    return nn.functional.pad(root(apart.square().mean(dim=2)), (1, 0))


def mean_square(samples: Tensor, size: int, hop: int) -> Tensor:
    """Return the mean square of the samples `(B, S)` of each frame, `(B, T)`."""
    return samples.square().unfold(1, size, hop).mean(dim=2)
