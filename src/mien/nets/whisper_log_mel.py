"""Whisper's log-mel frames, of the real length and not of 30 s."""

import numpy as np
import torch
from torch import Tensor, nn

from mien.nets.real_samples import count_real_samples

WINDOW, HOP, RATE_HZ = 400, 160, 16000


class WhisperLogMel(nn.Module):
    """Compute what Whisper hears: log-mel frames of 25 ms every 10 ms.

    Behind a clip's end lies silence, as where Whisper fills up to 30 s, so its frames are those of
    Whisper up to the clip's end. The range of 8 decades below the loudest value is counted from the loudest
    real frame of the clip itself.

    Args:
        bands: number of mel bands; 80, or 128 from large-v3 on.

    Source:
        A. Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023, section 2.2;
        constants as in openai/whisper, audio.py.
    """

    def __init__(self, *, bands: int = 80) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        self.register_buffer("mel", torch.from_numpy(slaney_mel_matrix(bands)), persistent=False)

    def forward(self, samples: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            samples: `(B, S)` at 16 kHz in [-1, 1].
            valid: `(B, S)` bool.

        Returns:
            Frames `(B, bands, T)` with T = S / 160 rounded up, about -1 to 1.5, zero where not real;
            valid `(B, T)`.

        Raises:
            DataError: a clip has no real sample, or padding before or between them.
        """
        length = count_real_samples(samples, valid)
        # rounded up in this way: an exported graph divides negative numbers towards zero
        count = (samples.shape[1] + HOP - 1) // HOP
        energy = self.mel @ self._power(samples * valid, count)  # (B, bands, T)
        real = torch.arange(count, device=samples.device) < torch.ceil(length / HOP).unsqueeze(1)  # (B, T)
        mask = real.unsqueeze(1)
        level = energy.clamp(min=1e-10).log10()
        loudest = level.masked_fill(~mask, -10.0).amax(dim=(1, 2), keepdim=True)
        return ((torch.maximum(level, loudest - 8.0) + 4.0) / 4.0) * mask, real

    def _power(self, samples: Tensor, count: int) -> Tensor:
        """Return the power spectrum `(B, F, T)` of frames centred on every 160th sample."""
        half = WINDOW // 2
        needed = max((count - 1) * HOP + half, half + 1)
        behind = samples.new_zeros(samples.shape[0], max(0, needed - samples.shape[1]))
        start = torch.cat([samples[:, 1 : half + 1], behind], dim=1)[:, :half]
        before = start.flip(1)  # Whisper mirrors the clip at its start
        frames = torch.cat([before, samples, behind], dim=1).unfold(1, WINDOW, HOP)  # (B, T, window)
        # A transform per frame: a convolution would round by the length of the batch.
        spectrum = torch.fft.rfft(frames * self.window)
        return (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2)


def slaney_mel_matrix(bands: int) -> np.ndarray:
    """Return Slaney's triangular mel filters of equal area, 0 to 8 kHz, float32 `(bands, 201)`.

    Source:
        M. Slaney, Auditory Toolbox, Interval Research Technical Report 1998-010: linear below 1 kHz
        (200 / 3 Hz per mel), above it 27 mels per factor of 6.4.
    """
    knee_mel, step = 15.0, np.log(6.4) / 27.0
    highest = knee_mel + np.log(RATE_HZ / 2 / 1000) / step
    mels = np.linspace(0.0, highest, bands + 2)
    edges_hz = np.where(
        mels < knee_mel, mels * 200 / 3, 1000 * np.exp(step * np.maximum(mels - knee_mel, 0.0))
    )
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    bins_hz = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    rising, falling = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)
