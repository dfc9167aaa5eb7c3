"""Expert descriptors of voice as a part of a network: batched, on any device, with gradients."""

import torch
from torch import Tensor, nn

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.features.voice.clip_checks import LOWEST_RATE_HZ
from mien.nets.descriptors.compare import Compare
from mien.nets.descriptors.contours import Contours
from mien.nets.descriptors.geneva import Geneva
from mien.nets.descriptors.hearing import hear, whole_precision
from mien.nets.descriptors.over_time import changes, first_rows, smooth
from mien.nets.frames import Frames

SETS = {"compare": Compare, "egemaps": Geneva}


class VoiceDescriptors(nn.Module):
    """Describe clips by the spectral and energy descriptors of an expert set, a row every 10 ms.

    Use it to describe many clips on a GPU, as the front end of a network, or where a loss is to be a loudness
    or a spectral slope. What follows the pitch (jitter, formants, harmonics …) is not here: take `mien
    extract`. Numbers are those of `mien extract`, to 1e-4 of each column's spread; only the roll-off may be a
    bin away in near silence, where a share of the power ends on a bin's edge and rounding decides.

    Nothing is learned, and nothing is saved. Gradients reach the samples through all columns but zero
    crossings and roll-off, which move in steps. The harmonicity of ComParE and the strongest bins of the
    Hammarberg index have one between the places where another bin takes over. Below the floor of a column
    (digital silence) it is 0.

    Args:
        name: `egemaps`, 10 columns, or `compare`, 59.
        rate_hz: of the clips, 8000 or more; they are not resampled.
        with_changes: append how each column changes from row to row: ComParE's `_sma_de`, the Geneva set's
            `_delta`.

    Raises:
        ConfigError: no such set, or a rate below 8 kHz.

    Example:
        >>> describe = VoiceDescriptors("egemaps", rate_hz=16000)
        >>> frames = describe(0.1 * torch.randn(2, 16000), torch.tensor([16000, 9000]))
        >>> frames.values.shape, frames.valid.sum(dim=1).tolist()
        (torch.Size([2, 96, 10]), [96, 52])
    """

    def __init__(self, name: str, *, rate_hz: int, with_changes: bool = False) -> None:
        super().__init__()
        if name not in SETS:
            raise ConfigError(
                f"Got descriptors `{name}`, expected one of {', '.join(SETS)}.{did_you_mean(name, SETS)}"
            )
        if rate_hz < LOWEST_RATE_HZ:
            raise ConfigError(f"Got {rate_hz} Hz, expected {LOWEST_RATE_HZ} or more; resample the clips.")
        self.set = SETS[name](rate_hz)
        self.rate_hz, self.with_changes = rate_hz, with_changes
        self.columns = (*self.set.columns, *(self.set.change_columns if with_changes else ()))
        self.functional_columns = self.set.functional_columns
        self.frame_rate_hz = rate_hz / self.set.spectra.hop

    @property
    def device(self) -> torch.device:
        """Return where the numbers are computed."""
        return self.set.spectra.window.device

    def forward(self, samples: Tensor, length: Tensor) -> Frames:
        """Return a row of `columns` every 10 ms.

        Args:
            samples: `(B, S)` in [-1, 1], each clip's real samples first; what lies behind them is not heard.
            length: int `(B,)`, real samples of each clip, 60 ms or more.

        Returns:
            Values `(B, T, columns)`, the rows of `mien.extract(…, level="lld")` and zeros behind them.

        Raises:
            ConfigError: the module was moved to half precision.
            DataError: a clip is too short or longer than its row, or holds values that are not finite.
        """
        _, contours = self._listen(samples, length)
        counts = contours.counts + 1
        parts = [contours.rows]
        if self.with_changes:
            long, rows = self.set.ending_with_long, contours.rows
            spectrum = contours.short[..., long - (rows.shape[2] - contours.short.shape[2]) :]
            parts.append(changes(rows[..., :long], counts))
            parts.append(changes(spectrum, contours.short_counts + 1)[:, : rows.shape[1]])
        valid = first_rows(contours.rows, counts)
        values = torch.cat(parts, dim=2).masked_fill(~valid[:, :, None], 0.0)
        return Frames(values, valid, self.frame_rate_hz)

    def functionals(self, samples: Tensor, length: Tensor) -> Tensor:
        """Return `functional_columns`, `(B, F)`: the set's functionals that need no pitch.

        Of eGeMAPS 17: mean and relative spread of loudness, flux and cepstra, percentiles of loudness, and
        the level. Of ComParE 118: mean and standard deviation of each column.

        Args:
            samples: `(B, S)` in [-1, 1], each clip's real samples first.
            length: int `(B,)`, real samples of each clip, 60 ms or more.

        Raises:
            ConfigError: the module was moved to half precision.
            DataError: a clip is too short or longer than its row, or holds values that are not finite.
        """
        heard, contours = self._listen(samples, length)
        with whole_precision(heard):
            return self.set.functionals(heard, contours)

    def _listen(self, samples: Tensor, length: Tensor) -> tuple[Tensor, Contours]:
        """Return the samples as openSMILE scales them, and the smoothed contours."""
        spectra, long_size = self.set.spectra, self.set.long_size
        heard = hear(samples, length, least=long_size, kind=spectra.window.dtype)
        with whole_precision(heard):
            raw = self.set(heard)
            short_counts = (length - spectra.window.numel()) // spectra.hop + 1
            counts = (length - long_size) // spectra.hop + 1
            short, long = smooth(raw.short, short_counts), smooth(raw.long, counts)
            before = self.set.ending_with_long - long.shape[2]
            beside = short[:, : long.shape[1]]
            rows = torch.cat([beside[..., :before], long, beside[..., before:]], dim=2)
        return heard, Contours(rows, short, counts, short_counts)
