"""Write operations that ONNX does not have as products, slices and look-ups that give the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


@dataclass(frozen=True)
class Spectrum:
    """Stand for a complex tensor, which ONNX does not have.

    Attributes:
        real: `(…, F)`.
        imag: `(…, F)`.
    """

    real: Tensor
    imag: Tensor


class Traceable(TorchFunctionMode):
    """Replace operations while a network is traced for export.

    Use it around `torch.onnx.export`: networks are then written with the operations that read best and run
    best in torch, and their graphs hold what onnxruntime runs fast. Of a spectrum, a network may take `real`
    and `imag`.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call the replacement, or the function itself."""
        if function is torch.Tensor.unfold:
            return _unfold(*args)
        if function is torch.fft.rfft:
            return _spectrum(*args)
        if function is torch.Tensor.sum and args[0].dtype == torch.bool:
            # onnxruntime sums floats ten times as fast as integers; they count exactly up to 16.7 million
            return function(args[0].float(), *args[1:], **(kwargs or {})).long()
        if function is torch.Tensor.sum and args[0].is_floating_point() and _over_time(args, kwargs):
            # a product adds up over time ten times as fast
            return (torch.ones_like(args[0][:, :, 0]).unsqueeze(1) @ args[0]).squeeze(1)
        if function is torch.Tensor.masked_fill and args[2:] == (0.0,) and args[0].is_floating_point():
            return args[0] * (~args[1]).float()  # twice as fast as a choice
        return function(*args, **(kwargs or {}))


def _over_time(args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> bool:
    return args[0].ndim == 3 and len(args) == 1 and kwargs == {"dim": 1}


def _unfold(values: Tensor, axis: int, size: int, step: int) -> Tensor:
    """Return overlapping stretches of an axis, put together from blocks of `step`; `size` comes last."""
    last = values.ndim - 1
    axis = axis % values.ndim  # the exporter writes negative ones into the graph, which are invalid there
    count = (values.shape[axis] - size) // step + 1
    blocks, rest = -(-size // step), size % step
    values = values.movedim(axis, last)  # (…, T)
    if rest:
        values = nn.functional.pad(values, (0, step))  # the last block may be cut short; no stretch sees this
    values = values[..., : (count + blocks - 1) * step]
    values = values.reshape(*values.shape[:-1], -1, step)
    parts = [values[..., number : number + count, :] for number in range(blocks)]  # (…, count, step) each
    parts[-1] = parts[-1][..., : rest or step]
    return torch.cat(parts, dim=last + 1).movedim(last, axis)


def _spectrum(frames: Tensor) -> Spectrum:
    """Return the transform of real frames `(…, N)` as products, `(…, N / 2 + 1)`.

    Cosines are alike and sines opposite at n and N - n: sums and differences of the samples there need half
    the products.
    """
    size = int(frames.shape[-1])
    half = (size - 1) // 2
    left, right = frames[..., 1 : half + 1], frames[..., size - half :].flip(-1)  # n and N - n
    sums = [frames[..., :1], left + right]
    if size % 2 == 0:
        sums.append(frames[..., half + 1 : half + 2])
    bins = torch.arange(size // 2 + 1)
    turns = torch.outer(bins, bins).remainder(size)  # whole turns taken out: exact angles
    angle = turns.double() * (2 * math.pi / size)  # (n, bin)
    real = torch.cat(sums, dim=-1) @ angle.cos().float()
    return Spectrum(real, (left - right) @ -angle[1 : half + 1].sin().float())
