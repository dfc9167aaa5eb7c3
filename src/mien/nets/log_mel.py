"""Turn samples into log-mel frames inside the network, so that an exported model takes samples."""

import math

import numpy as np
import torch
from torch import Tensor, nn


class LogMel(nn.Module):
    """Compute level-independent log-mel energies by a windowed DFT written as a convolution.

    Power is divided by the clip's own mean before the logarithm, so gain does not matter and the
    floor lies a fixed distance below the speech, whatever the recording level.

    Args:
        rate_hz: sampling rate in Hz.
        window: window length in samples.
        hop: samples between frames.
        bands: number of mel bands.
        floor_db: energies more than this far below the clip's mean are cut off.

    Source:
        HTK mel scale: 2595 log10(1 + f / 700), S. Young et al., The HTK Book, section 5.6.
    """

    def __init__(
        self,
        *,
        rate_hz: int = 16000,
        window: int = 512,
        hop: int = 256,
        bands: int = 64,
        floor_db: float = -50.0,
    ) -> None:
        super().__init__()
        self.window, self.hop = window, hop
        self.floor = 10 ** (floor_db / 10)
        self.register_buffer("dft", torch.from_numpy(dft_kernel(window)), persistent=False)
        mel = mel_matrix(rate_hz=rate_hz, window=window, bands=bands)
        self.register_buffer("mel", torch.from_numpy(mel), persistent=False)

    def frame_count(self, length: Tensor) -> Tensor:
        """Return how many whole frames fit into `length` samples; at least one."""
        return (torch.div(length - self.window, self.hop, rounding_mode="floor") + 1).clamp(min=1)

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return normalized log-mel frames and which of them are real.

        Args:
            samples: float `(B, S)`, zero-padded behind each clip's end; at least `window` long.
            length: int `(B,)`, real samples of each clip.

        Returns:
            Frames `(B, bands, T)`, about zero mean and unit spread over speech, zero where not
            valid; valid `(B, T)` bool.
        """
        spectrum = nn.functional.conv1d(samples.unsqueeze(1), self.dft, stride=self.hop)  # (B, 2F, T)
        real, imaginary = spectrum.chunk(2, dim=1)
        energy = torch.matmul(self.mel, real.square() + imaginary.square())  # (B, bands, T)
        positions = torch.arange(energy.shape[2], device=energy.device)
        valid = positions.unsqueeze(0) < self.frame_count(length).unsqueeze(1)  # (B, T)
        mask = valid.unsqueeze(1).to(energy.dtype)
        total = (energy * mask).sum(dim=(1, 2), keepdim=True)
        mean = total / (mask.sum(dim=(1, 2), keepdim=True) * energy.shape[1])
        level = torch.log10(energy / (mean + 1e-10) + self.floor)
        return (level + 1.5) * mask, valid


def dft_kernel(window: int) -> np.ndarray:
    """Return Hann-windowed cosines and sines, float32 `(2 · (window / 2 + 1), 1, window)`."""
    time = np.arange(window)
    hann = 0.5 - 0.5 * np.cos(2 * math.pi * time / window)
    angle = 2 * math.pi * np.outer(np.arange(window // 2 + 1), time) / window
    kernel = np.concatenate([np.cos(angle), -np.sin(angle)]) * hann
    return kernel[:, None, :].astype(np.float32)


def mel_matrix(*, rate_hz: int, window: int, bands: int, low_hz: float = 50.0) -> np.ndarray:
    """Return triangular mel filters of unit area, float32 `(bands, window / 2 + 1)`."""
    frequencies_hz = np.arange(window // 2 + 1) * rate_hz / window
    mels = np.linspace(*(2595 * np.log10(1 + np.array([low_hz, rate_hz / 2]) / 700)), bands + 2)
    edges_hz = 700 * (10 ** (mels / 2595) - 1)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (frequencies_hz - low) / (centre - low)
    falling = (high - frequencies_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    # The lowest triangles are narrower than one bin: the nearest bin then stands for the band.
    for band in np.flatnonzero(triangles.sum(axis=1) == 0):
        triangles[band, np.argmin(np.abs(frequencies_hz - edges_hz[band + 1]))] = 1.0
    return (triangles / triangles.sum(axis=1, keepdims=True)).astype(np.float32)
