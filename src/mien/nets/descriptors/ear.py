"""Mel bands, loudness and cepstra in torch."""

from torch import Tensor, nn

from mien.features.voice import auditory
from mien.nets.descriptors.spectra import hold


class Ear(nn.Module):
    """Hear power spectra through mel bands, as `features.voice.auditory` does.

    Args:
        size: samples of the Fourier transform.
        rate_hz: of the clips.
        cepstra: coefficients, from the first on.
    """

    def __init__(self, size: int, rate_hz: int, *, cepstra: int) -> None:
        super().__init__()
        self.mel: Tensor
        self.loudness: Tensor
        self.cosines: Tensor
        hold(self, "mel", auditory.mel_bank(size, rate_hz))
        hold(self, "loudness", auditory.equal_loudness(rate_hz))
        hold(self, "cosines", auditory.cosines(1, cepstra, auditory.BANDS))

    def bands(self, power: Tensor) -> Tensor:
        """Return floored band powers `(B, T, bands)` of power spectra `(B, T, bins)`."""
        return (power @ self.mel).clamp(min=float(auditory.FAINTEST))

    def compress(self, bands: Tensor) -> Tensor:
        """Return band powers weighted and compressed as the ear does, `(B, T, bands)`."""
        return (bands * self.loudness) ** auditory.COMPRESSION

    def cepstra(self, bands: Tensor) -> Tensor:
        """Return liftered cepstral coefficients `(B, T, coefficients)` of floored band powers."""
        return (bands * auditory.FULL_SCALE**2).log() @ self.cosines
