"""How a spectrum is shaped, in torch."""

import torch
from torch import Tensor, nn

from mien.features.voice.spectral_shape import FAINTEST, ROLL_OFF, bin_weights
from mien.nets.descriptors.spectra import hold

SILENT = 1e-30
"""Power at or below which a spectrum has no shape: gradients of its shares would overflow float32."""


class SpectrumShape(nn.Module):
    """Describe the shape of power spectra, as `features.voice.spectral_shape` does.

    Roll-off moves from bin to bin and has no slope; harmonicity has one between the places where a peak comes
    or goes. All else is smooth where there is sound.

    Args:
        size: samples of the Fourier transform.
        rate_hz: of the clips.
    """

    def __init__(self, size: int, rate_hz: int) -> None:
        super().__init__()
        self.size, self.rate_hz = size, rate_hz
        weights = bin_weights(size, rate_hz)
        self.linear: Tensor
        self.place: Tensor
        hold(self, "linear", weights[:, :4])
        hold(self, "place", weights[:, 5])  # 4 and on: powers of the place on the way to the highest bin

    def forward(self, power: Tensor) -> Tensor:
        """Return `(B, T, 14)`, columns as in `spectral_shape.NAMES`, for power `(B, T, bins)`."""
        above = power[..., 1:]
        gathered = above.detach().cumsum(dim=-1)
        total = above.sum(dim=-1)
        heard = torch.where(total > SILENT, total, 1)
        sums = above @ self.linear  # (B, T, 4): two bands, slope, sharpness
        centroid, *moments = self._moments(above / heard[..., None])
        return torch.stack(
            [
                sums[..., 0],
                sums[..., 1],
                *(self._roll_off(gathered, share) for share in ROLL_OFF),
                centroid,
                _entropy(above, total),
                *moments,
                sums[..., 2],
                sums[..., 3] / heard,
                self._harmonicity(above),
            ],
            dim=-1,
        )

    def _moments(self, share: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return centroid in Hz, variance in Hz², skewness and kurtosis."""
        top = self.rate_hz / 2
        centroid = share @ self.place
        away = self.place - centroid[..., None]
        # around the centroid: sums of high powers of the place itself would cancel in float32
        second, third, fourth = ((share * away**power).sum(dim=-1) for power in (2, 3, 4))
        spread = torch.where(second > 0, second, 1)
        return centroid * top, second * top**2, third / spread**1.5, fourth / spread**2

    def _roll_off(self, gathered: Tensor, share: float) -> Tensor:
        """Return the frequency in Hz below which a share of the power lies."""
        at = (gathered < share * gathered[..., -1:]).sum(dim=-1)
        return (at.clamp(max=gathered.shape[-1] - 1) + 1).to(gathered.dtype) * (self.rate_hz / self.size)

    def _harmonicity(self, above: Tensor) -> Tensor:
        """Return half the way up and down between peaks and valleys, per bin."""
        here = above[..., 2:-2]
        near, far = (above[..., 1:-3], above[..., 3:-1]), (above[..., :-4], above[..., 4:])
        peak = (here > torch.maximum(*near)) & (here > torch.maximum(*far))
        valley = (here < torch.minimum(*near)) & (here < torch.minimum(*far))
        turns = peak | valley
        bins = torch.arange(here.shape[-1], device=here.device)
        latest = torch.where(turns, bins, -1).cummax(dim=-1).values
        before = nn.functional.pad(latest[..., :-1], (1, 0), value=-1)
        steps = (here - here.gather(-1, before.clamp(min=0))).abs()
        return steps.masked_fill(~turns | (before < 0), 0.0).sum(dim=-1) / (2 * above.shape[-1])


def _entropy(above: Tensor, total: Tensor) -> Tensor:
    """Return the entropy of each spectrum in bits; faint bins count as if they had `FAINTEST`."""
    faintest = float(FAINTEST)
    share = above.clamp(min=faintest) / total.clamp(min=faintest)[..., None]
    return -(share * share.log2()).sum(dim=-1)
