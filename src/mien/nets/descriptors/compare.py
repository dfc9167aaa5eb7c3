"""The descriptors of the ComParE set that need no pitch, in torch."""

import torch
from torch import Tensor, nn

from mien.features.voice.compare_columns import ENERGY, LLD, LLD_DELTAS, VOICED
from mien.features.voice.compare_frames import CEPSTRA, FLUX_AT, LONG_S, SHORT_S
from mien.features.voice.framing import HOP_S, hamming
from mien.nets.descriptors.contours import Contours, Raw
from mien.nets.descriptors.ear import Ear
from mien.nets.descriptors.over_time import deviation, mean, rasta
from mien.nets.descriptors.spectra import PowerSpectra, flux, mean_square, root
from mien.nets.descriptors.spectrum_shape import SpectrumShape

COLUMNS = LLD[len(VOICED) :]
INNER = 2
"""Last rows that standard deviations leave out."""


class Compare(nn.Module):
    """Describe a padded batch by the 59 columns of ComParE_2016 that need no pitch, and 118 functionals.

    Args:
        rate_hz: of the clips.
    """

    columns = COLUMNS
    change_columns = LLD_DELTAS[len(VOICED) :]
    functional_columns = tuple(f"{name}_{what}" for what in ("amean", "stddev") for name in COLUMNS)
    ending_with_long = len(ENERGY)

    def __init__(self, rate_hz: int) -> None:
        super().__init__()
        self.spectra = PowerSpectra(hamming(round(SHORT_S * rate_hz)), rate_hz)
        self.long_size = round(LONG_S * rate_hz)
        self.ear = Ear(self.spectra.size, rate_hz, cepstra=CEPSTRA)
        self.shape = SpectrumShape(self.spectra.size, rate_hz)

    def forward(self, samples: Tensor) -> Raw:
        """Return the columns before smoothing, of samples `(B, S)`."""
        power = self.spectra(samples)  # (B, T, bins)
        bands = self.ear.bands(power)  # (B, T, bands)
        filtered = self.ear.compress(rasta(bands.log(), hop_s=HOP_S).exp())
        energy = [
            self.ear.compress(bands).mean(dim=2),
            filtered.mean(dim=2),
            root(mean_square(samples, self.spectra.window.numel(), self.spectra.hop)),
        ]
        shape = self.shape(power)
        parts = [
            torch.stack(energy, dim=2),
            filtered,
            shape[..., :FLUX_AT],
            flux(root(power[..., 1:]))[..., None],
            shape[..., FLUX_AT:],
            self.ear.cepstra(bands),
        ]
        return Raw(torch.cat(parts, dim=2), self._zero_crossings(samples)[..., None])

    def _zero_crossings(self, samples: Tensor) -> Tensor:
        """Return how often each long frame crosses zero, per sample, `(B, T')`; it has no slope."""
        before, here, after = samples[:, :-2], samples[:, 1:-1], samples[:, 2:]
        crossed = (before * here < 0) | ((here == 0) & (before * after <= 0))
        total = nn.functional.pad(crossed.cumsum(dim=1), (1, 0))
        inside = self.long_size - 2
        crossings = total[:, inside :: self.spectra.hop] - total[:, : -inside : self.spectra.hop]
        return crossings.to(samples.dtype) / self.long_size

    def functionals(self, samples: Tensor, contours: Contours) -> Tensor:
        """Return `functional_columns`, `(B, 118)`."""
        del samples  # the contours have the energy
        centre = mean(contours.rows, contours.counts)
        energy = deviation(contours.rows[..., : len(ENERGY)], (contours.counts - INNER).clamp(min=1))
        spectrum = contours.short[..., len(ENERGY) - 1 :]
        inner = (contours.short_counts - INNER).clamp(min=1)
        return torch.cat([centre, energy, deviation(spectrum, inner)], dim=1)
