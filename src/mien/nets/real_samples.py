"""Count, check and map the real samples of a padded batch."""

from collections.abc import Callable

import torch
from torch import Tensor

from mien.core.errors import DataError


def count_real_samples(samples: Tensor, valid: Tensor) -> Tensor:
    """Return how many real samples each clip has, int64 `(B,)`.

    Args:
        samples: `(B, S)`.
        valid: `(B, S)` bool, True = real; each clip's real samples come first, its padding last.

    Raises:
        DataError: the shapes differ, a clip has no real sample, or padding lies between real samples.
    """
    if samples.ndim != 2 or samples.shape != valid.shape:
        raise DataError(
            f"Got samples {tuple(samples.shape)} and valid {tuple(valid.shape)}, "
            "expected both as (clips, samples); pass one bool per sample."
        )
    length = valid.sum(dim=1)
    if bool((length == 0).any()):
        row = int((length == 0).nonzero()[0, 0])
        raise DataError(f"Got clip {row} of the batch without a real sample; leave it out.")
    if bool((valid[:, 1:] & ~valid[:, :-1]).any()):
        raise DataError("Got padding before or between real samples, expected it behind them; move it there.")
    return length


def map_real(values: Tensor, length: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function to the real part of each clip by itself; behind it come zeros.

    Use it for statistics over time, such as a normalization: with padding in between they would change, and
    with the padding masked they would still round by the length of the batch.

    Args:
        values: `(B, …, T)`, real values first.
        length: int `(B,)`, real values of each clip, at least 1.
        function: takes `(b, …, t)`, gives the same shape, and treats each clip alike alone and with others.
    """
    if bool((length == values.shape[-1]).all()):
        return function(values)
    mapped = torch.zeros_like(values)
    for row, size in enumerate(length.tolist()):
        mapped[row, ..., :size] = function(values[row : row + 1, ..., :size])[0]
    return mapped


def normalize_real(values: Tensor, length: Tensor, *, eps: float) -> Tensor:
    """Bring the real part of each row to mean 0 and variance 1; behind it come zeros.

    Args:
        values: `(B, T)` or `(B, C, T)`, real values first.
        length: int `(B,)`, real values of each clip, at least 1.
        eps: added to the variance.
    """
    if torch.jit.is_tracing():  # a graph cannot go through the clips one by one
        return _normalize_masked(values, length, eps=eps)
    return map_real(
        values, length, lambda clip: torch.nn.functional.layer_norm(clip, clip.shape[-1:], eps=eps)
    )


def _normalize_masked(values: Tensor, length: Tensor, *, eps: float) -> Tensor:
    """Do the same with a mask, which rounds by the length of the batch."""
    count = length.reshape(-1, *(1,) * (values.ndim - 1))
    real = torch.arange(values.shape[-1], device=values.device) < count
    mean = (values * real).sum(dim=-1, keepdim=True) / count
    centred = (values - mean) * real
    variance = centred.square().sum(dim=-1, keepdim=True) / count
    return centred / (variance + eps).sqrt()
