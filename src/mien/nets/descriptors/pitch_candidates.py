"""Pitch candidates by sub-harmonic summation, in torch: all frames of a batch at once."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.features.voice.framing import gauss
from mien.features.voice.geneva_frames import LONG_S, QUIETEST
from mien.features.voice.shs import (
    CANDIDATES,
    HIGHEST_HZ,
    LOWEST_HZ,
    SCALE_FROM_HZ,
    OctaveScale,
    harmonic_weights,
    octave_scale,
)
from mien.nets.descriptors.hearing import hear, whole_precision
from mien.nets.descriptors.over_time import first_rows
from mien.nets.descriptors.spectra import PowerSpectra, hold, root

BESIDE = 2
"""Bins to each side of a peak that stay."""


class FrameCandidates(NamedTuple):
    """Hold up to six pitch candidates of each 60-ms frame, the highest sum first.

    Attributes:
        hz: `(B, T, 6)`, 0 where there is none.
        voicing: `(B, T, 6)`, from 0 to 1 (all energy on its harmonics).
        score: `(B, T, 6)`, the sum over harmonics.
        quiet: bool `(B, T)`, frames too quiet for a voice.
        valid: bool `(B, T)`, True = real.
    """

    hz: Tensor
    voicing: Tensor
    score: Tensor
    quiet: Tensor
    valid: Tensor


class PitchCandidates(nn.Module):
    """Find pitch candidates of a padded batch, as `features.voice.shs` does.

    Use it on a GPU, or where a loss is to move a pitch: frequencies have a gradient as long as the peak that
    they are of stays. It does not choose among the candidates: `features.voice.pitch_path` does, on the CPU.
    Candidates of frames that are `quiet` may differ from numpy's: one sample in digital silence has a flat
    spectrum, of which rounding makes peaks.

    Args:
        rate_hz: of the clips, 8000 or more.
        lowest_hz: lowest pitch.
        highest_hz: highest pitch.

    Example:
        >>> tone = torch.sign(torch.sin(2 * torch.pi * 200 * torch.arange(1600) / 16000))
        >>> found = PitchCandidates(16000)(0.1 * tone[None], torch.tensor([1600]))
        >>> found.hz.shape, bool((found.hz[0, :, 0] - 200).abs().max() < 2)
        (torch.Size([1, 5, 6]), True)
    """

    def __init__(self, rate_hz: int, *, lowest_hz: float = LOWEST_HZ, highest_hz: float = HIGHEST_HZ) -> None:
        super().__init__()
        self.spectra = PowerSpectra(gauss(round(LONG_S * rate_hz)), rate_hz)
        self.lowest_hz, self.highest_hz = lowest_hz, highest_hz
        scale = octave_scale(self.spectra.size, rate_hz)
        self.octaves = scale.octaves
        self.spline: Tensor
        self.harmonics: Tensor
        hold(self, "spline", _spline(scale))
        hold(self, "harmonics", _harmonics(scale))

    def forward(self, samples: Tensor, length: Tensor) -> FrameCandidates:
        """Return the candidates of each frame, 0 where it is not real.

        Args:
            samples: `(B, S)` in [-1, 1], each clip's real samples first.
            length: int `(B,)`, real samples of each clip, 60 ms or more.

        Raises:
            ConfigError: the module was moved to half precision.
            DataError: a clip is too short or longer than its row, or holds values that are not finite.
        """
        window = self.spectra.window
        heard = hear(samples, length, least=window.numel(), kind=window.dtype)
        with whole_precision(heard):
            frames = self.spectra.cut(heard)
            spread = (_clear(root(self.spectra.power(frames))) @ self.spline).clamp(min=0)
            found = self._pick(spread @ self.harmonics)  # (B, T, 6) each
            quiet = frames.square().mean(dim=2) <= QUIETEST**2
        valid = first_rows(quiet, (length - window.numel()) // self.spectra.hop + 1)
        return FrameCandidates(*(one.masked_fill(~valid[..., None], 0.0) for one in found), quiet, valid)

    def _pick(self, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return frequency, voicing and height of the highest peaks of sums `(B, T, points)`."""
        left, top, right = total[..., :-2], total[..., 1:-1], total[..., 2:]
        peaks = torch.where((top > left) & (top >= right), top, 0).detach()
        place = peaks.topk(CANDIDATES, dim=-1).indices  # (B, T, 6), one below that of the peak
        left, top, right = (side.gather(-1, place) for side in (left, top, right))
        bend = (left - top) + (right - top)
        away = 0.5 * (left - right) / torch.where(bend == 0, 1, bend)
        height = top - 0.25 * (left - right) * away
        octave = (place + 1 + away) * (self.octaves / (total.shape[-1] - 1))
        hz = SCALE_FROM_HZ * 2**octave
        kept = (peaks.gather(-1, place) > 0) & (hz >= self.lowest_hz) & (hz <= self.highest_hz)
        heard = torch.where(kept, height, 1)
        voicing = (1 - total.mean(dim=-1, keepdim=True) / heard).clamp(min=0)
        order = _order(kept, height)
        found = (one.masked_fill(~kept, 0.0).gather(-1, order) for one in (hz, voicing, height))
        hz, voicing, height = found
        return hz, voicing, height


def _order(kept: Tensor, height: Tensor) -> Tensor:
    """Return the places of candidates, those kept first, and the highest changed with the first of them."""
    order = (~kept).to(torch.uint8).argsort(dim=-1, stable=True)
    highest = height.masked_fill(~kept, 0.0).gather(-1, order).argmax(dim=-1, keepdim=True)
    swap = torch.arange(order.shape[-1], device=order.device).expand_as(order).clone()
    swap[..., :1] = highest
    swap.scatter_(-1, highest, 0)
    return order.gather(-1, swap)


def _clear(spectrum: Tensor) -> Tensor:
    """Return spectra `(B, T, bins)`, zero between their peaks, smoothed by (1, 2, 1) / 4.

    Two bins to each side of a peak stay, and everything below the first peak and above the last.
    """
    left, here, right = spectrum[..., :-2], spectrum[..., 1:-1], spectrum[..., 2:]
    first = spectrum[..., :1] > spectrum[..., 1:2]
    last = spectrum[..., -1:] > spectrum[..., -2:-1]
    peak = torch.cat([first, (here > left) & (here >= right), last], dim=-1).to(spectrum.dtype)
    near = nn.functional.max_pool1d(peak, kernel_size=2 * BESIDE + 1, stride=1, padding=BESIDE) > 0
    outside = (peak.cumsum(dim=-1) == 0) | (peak.flip(-1).cumsum(dim=-1).flip(-1) == 0)
    kept = nn.functional.pad(spectrum.masked_fill(~(near | outside), 0.0), (1, 1))
    smooth = 0.5 * kept[..., 1:-1] + 0.25 * (kept[..., :-2] + kept[..., 2:])
    return torch.cat([smooth[..., :-1], kept[..., -2:-1]], dim=-1)


def _spline(scale: OctaveScale) -> NDArray[np.float32]:
    """Return what each bin adds to each point of the octave scale, (bins, points)."""
    points, reach = scale.lower.size, scale.bend.shape[0] // 2
    curves = np.zeros((points + 2 * reach, points), dtype=np.float32)
    for tap, weights in enumerate(scale.bend):
        curves[np.arange(points) + tap, np.arange(points)] = weights
    values, curves = np.eye(points, dtype=np.float32), curves[reach : reach + points]
    left, right, left_bend, right_bend = scale.share
    low = scale.lower.astype(np.int64)
    return np.asarray(
        left * values[:, low]
        + right * values[:, low + 1]
        + left_bend * curves[:, low]
        + right_bend * curves[:, low + 1]
    )


def _harmonics(scale: OctaveScale) -> NDArray[np.float32]:
    """Return what each point of the octave scale, as the ear weighs it, adds to each sum, (points, sums)."""
    points = scale.lower.size
    matrix = np.zeros((points, points), dtype=np.float32)
    for weight, shift in zip(harmonic_weights(), scale.shift, strict=True):
        matrix[np.arange(shift, points), np.arange(points - shift)] += weight
    return scale.ear[:, None] * matrix
