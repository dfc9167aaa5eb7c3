"""Contours of a padded batch over time: smoothing, changes, filtering, and numbers for whole clips."""

import math

import torch
from torch import Tensor

from mien.features.voice.rasta import WARM_UP, rasta_weights
from mien.nets.descriptors.spectra import root

REACH = 2
"""Frames to either side that a change is computed from."""


def smooth(values: Tensor, counts: Tensor) -> Tensor:
    """Return the mean over each frame and its two neighbours, with one frame more.

    Args:
        values: `(B, T, D)`.
        counts: int `(B,)`, frames of each clip, at least 1; its first and last stand in for missing ones.

    Returns:
        `(B, T + 1, D)`, each clip's first `counts + 1` rows as `features.voice.smoothing.smooth` gives them.
    """
    longer = _hold_ends(values, counts, before=1, after=2)
    return (longer[:, :-2] + longer[:, 1:-1] + longer[:, 2:]) / 3


def changes(values: Tensor, counts: Tensor) -> Tensor:
    """Return the slope of each contour over two frames to either side, `(B, T, D)`, per frame.

    Args:
        values: `(B, T, D)`.
        counts: int `(B,)`, frames of each clip, at least 1; its first and last stand in for missing ones.
    """
    rows = values.shape[1]
    longer = _hold_ends(values, counts, before=REACH, after=REACH)
    steps = range(1, REACH + 1)
    total = sum(
        step * (longer[:, REACH + step :][:, :rows] - longer[:, REACH - step :][:, :rows]) for step in steps
    )
    return total / (2 * sum(step**2 for step in steps))


def rasta(logs: Tensor, *, hop_s: float) -> Tensor:
    """Filter logarithms of band powers over time, as `features.voice.rasta` does, all frames at once.

    The recursion is summed in strides that double, so that a clip of T frames takes log2(T) steps.

    Args:
        logs: `(B, T, bands)`; padding behind a clip does not reach its frames.
        hop_s: seconds from one frame to the next.
    """
    pole, (outer, inner) = rasta_weights(hop_s)
    held = torch.zeros_like(logs)
    held[:, WARM_UP:] = outer * (logs[:, WARM_UP:] - logs[:, WARM_UP - 4 : -4]) + inner * (
        logs[:, WARM_UP - 1 : -1] - logs[:, WARM_UP - 3 : -3]
    )
    step = 1
    while step < logs.shape[1]:
        earlier = torch.nn.functional.pad(held[:, :-step], (0, 0, step, 0))
        held, step = held + pole**step * earlier, 2 * step
    return held


def mean(values: Tensor, counts: Tensor) -> Tensor:
    """Return the mean over each clip's first `counts` rows, `(B, D)`, of values `(B, T, D)`."""
    return _keep(values, counts).sum(dim=1) / counts[:, None]


def deviation(values: Tensor, counts: Tensor) -> Tensor:
    """Return the standard deviation over each clip's first `counts` rows, `(B, D)`, of `(B, T, D)`."""
    return root(mean((values - mean(values, counts)[:, None]).square(), counts))


def percentiles(contour: Tensor, counts: Tensor, shares: tuple[float, ...]) -> Tensor:
    """Return percentiles over each clip's first `counts` frames, `(B, shares)`, of a contour `(B, T)`."""
    ordered = contour.masked_fill(~first_rows(contour, counts), math.inf).sort(dim=1).values
    place = torch.tensor(shares, device=contour.device) * (counts[:, None] - 1)  # (B, shares)
    below = place.long()
    above = torch.minimum(below + 1, counts[:, None] - 1)
    return torch.lerp(ordered.gather(1, below), ordered.gather(1, above), (place - below).to(contour.dtype))


def first_rows(values: Tensor, counts: Tensor) -> Tensor:
    """Return which rows of `(B, T, …)` are among each clip's first `counts`, bool `(B, T)`."""
    return torch.arange(values.shape[1], device=values.device) < counts[:, None]


def _keep(values: Tensor, counts: Tensor) -> Tensor:
    return values.masked_fill(~first_rows(values, counts)[:, :, None], 0.0)


def _hold_ends(values: Tensor, counts: Tensor, *, before: int, after: int) -> Tensor:
    """Return contours with their first value before them and each clip's last one behind it."""
    last = values.take_along_dim((counts - 1)[:, None, None], dim=1)  # (B, 1, D)
    held = torch.where(first_rows(values, counts)[:, :, None], values, last)
    return torch.cat([held[:, :1].expand(-1, before, -1), held, last.expand(-1, after, -1)], dim=1)
