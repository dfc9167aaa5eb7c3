"""The descriptors of the Geneva set that need no pitch, in torch."""

import torch
from torch import Tensor, nn

from mien.features.voice.egemaps import FAINTEST_POWER, SHARES
from mien.features.voice.framing import hamming
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD, SPECTRAL
from mien.features.voice.geneva_frames import LONG_S, SHORT_S, SLOPES_HZ, flux_bins
from mien.features.voice.spectral import ALPHA_HZ, HAMMARBERG_HZ, slope_weights, split_bins
from mien.nets.descriptors.contours import Contours, Raw
from mien.nets.descriptors.ear import Ear
from mien.nets.descriptors.over_time import deviation, mean, percentiles
from mien.nets.descriptors.spectra import PowerSpectra, decibels, flux, hold, mean_square, root

COLUMNS = LLD[: len(SPECTRAL)]
WITH_BOTH = [0, *range(5, len(SPECTRAL))]
"""Columns whose mean and spread over all frames the set has; of the others it takes them over voice."""
_BASES = ("loudness_sma3", *(COLUMNS[column] for column in WITH_BOTH[1:]))
CEPSTRA = sum(one.name.startswith("mfcc") for one in SPECTRAL)


class Geneva(nn.Module):
    """Describe a padded batch by the ten spectral columns of eGeMAPSv02, and 17 of its 88 functionals.

    Args:
        rate_hz: of the clips.
    """

    columns = COLUMNS
    change_columns = tuple(f"{column}_delta" for column in COLUMNS)
    functional_columns = (
        *(name for name in FUNCTIONALS if name.startswith("loudness_sma3_p")),
        *(f"{base}_{what}" for what in ("amean", "stddevNorm") for base in _BASES),
        FUNCTIONALS[-1],
    )
    ending_with_long = len(COLUMNS)

    def __init__(self, rate_hz: int) -> None:
        super().__init__()
        self.spectra = PowerSpectra(hamming(round(SHORT_S * rate_hz)), rate_hz)
        size, self.rate_hz, self.long_size = self.spectra.size, rate_hz, round(LONG_S * rate_hz)
        self.ear = Ear(size, rate_hz, cepstra=CEPSTRA)
        self.lower_slope: Tensor
        self.upper_slope: Tensor
        for name, (low_hz, high_hz) in zip(("lower_slope", "upper_slope"), SLOPES_HZ, strict=True):
            hold(self, name, slope_weights(low_hz, high_hz, size, rate_hz))

    def forward(self, samples: Tensor) -> Raw:
        """Return the columns before smoothing, of samples `(B, S)`."""
        power = self.spectra(samples)  # (B, T, bins)
        bands = self.ear.bands(power)  # (B, T, bands)
        strength = root(power[..., : flux_bins(self.spectra.size, self.rate_hz)])
        loudness = self.ear.compress(bands).mean(dim=2)
        columns = [loudness, *self._balance(power), *self._slopes(power), flux(strength)]
        short = torch.cat([torch.stack(columns, dim=2), self.ear.cepstra(bands)], dim=2)  # (B, T, 10)
        return Raw(short, samples.unfold(1, self.long_size, self.spectra.hop)[..., :0])

    def _balance(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Return alpha ratio and Hammarberg index, `(B, T)` each."""
        grid = {"size": self.spectra.size, "rate_hz": self.rate_hz}
        below, above = split_bins(ALPHA_HZ, **grid)
        ratio = decibels(power[..., above].sum(dim=2)) - decibels(power[..., below].sum(dim=2))
        below, above = split_bins(HAMMARBERG_HZ, **grid)
        index = decibels(power[..., below].amax(dim=2)) - decibels(power[..., above].amax(dim=2))
        return ratio, index

    def _slopes(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Return the slopes up to 500 Hz and from there on, `(B, T)` each."""
        low = decibels(power[..., : self.upper_slope.numel()])
        return low[..., : self.lower_slope.numel()] @ self.lower_slope, low @ self.upper_slope

    def functionals(self, samples: Tensor, contours: Contours) -> Tensor:
        """Return `functional_columns`, `(B, 17)`."""
        short, counts = contours.short[:, :-1], contours.short_counts
        centre = mean(short, counts)[:, WITH_BOTH]
        spread = deviation(short, counts)[:, WITH_BOTH]
        heard = torch.where(centre == 0, 1, centre)
        relative = torch.where(centre == 0, 0, spread / heard)
        shares = percentiles(short[..., 0], counts, SHARES)
        power = mean(mean_square(samples, self.spectra.window.numel(), self.spectra.hop)[..., None], counts)
        level = 10 * power.clamp(min=FAINTEST_POWER).log10()
        return torch.cat([shares, shares[:, 2:] - shares[:, :1], centre, relative, level], dim=1)
