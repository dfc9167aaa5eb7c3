"""Write a trained recognizer as one ONNX file that takes samples, and check it against the network."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mien.core.errors import InputError, WeightsError
from mien.core.onnx import OnnxSession

OPSET = 17
LENGTHS = ((40000, 16000, 9000), (40000,), (16000, 9000), (23457,), (160000, 8000))
"""Lengths in samples of the batches on which the file is checked; the first is also the one traced."""

LARGEST_DIFFERENCE = 1e-3


class Exported(nn.Module):
    """The network as it ships: temperature applied, dimensions one by one.

    Args:
        net: takes `samples (B, S)` and `length (B,)`; gives category logits `(B, M, K)` and dimensions
            `(B, M, N)`.
        temperature: divides the logits.
        squash: dimensions are logits too, and become values from 0 to 1.
    """

    def __init__(self, net: nn.Module, *, temperature: float, squash: bool = True) -> None:
        super().__init__()
        self.net, self.temperature, self.squash = net, temperature, squash

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, ...]:
        """Return category logits `(B, M, K)` and each dimension `(B, M)`."""
        logits, further = self.net(samples, length)
        values = torch.sigmoid(further) if self.squash else further
        return (logits / self.temperature, *(values[..., n] for n in range(further.shape[2])))


def export_onnx(
    net: nn.Module, path: Path, *, temperature: float, dimensions: Sequence[str], squash: bool = True
) -> float:
    """Export, run both on clips of random noise and return the largest difference of any output.

    Args:
        net: as for `Exported`.
        path: where the ONNX file goes.
        temperature: divides the category logits.
        dimensions: names of the further outputs.
        squash: as for `Exported`.

    Raises:
        WeightsError: the network cannot be written as a graph, or the two differ by more than 1e-3.
    """
    whole = Exported(net, temperature=temperature, squash=squash).eval()
    names = ["category_logits", *dimensions]
    # The tracer warns of a batch size that it might have fixed; _check_same tries others.
    with warnings.catch_warnings(), Traceable():
        warnings.simplefilter("ignore")
        try:
            _trace(whole, *_probe(LENGTHS[0]), names=names, path=path)
        except (RuntimeError, ValueError, TypeError) as error:
            first = str(error).strip().partition("\n")[0][:200]
            raise WeightsError(
                f"Got a network that cannot be written as ONNX ({first}), expected one that can; take "
                "another encoder, such as whisper-tiny or mel-recurrent."
            ) from error
    return _check_same(whole, path)


class Traceable(TorchFunctionMode):
    """Replace operations that ONNX does not have by products and look-ups that give the same."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call the replacement, or the function itself."""
        if function is torch.Tensor.unfold:
            return _unfold(*args)
        if function is torch.fft.rfft:
            return _spectrum(*args)
        if function is torch.view_as_real:
            return args[0]  # `_spectrum` has given real and imaginary parts
        return function(*args, **(kwargs or {}))


def _unfold(values: Tensor, axis: int, size: int, step: int) -> Tensor:
    """Return overlapping stretches of an axis, as a look-up by place."""
    count = (values.shape[axis] - size) // step + 1
    place = torch.arange(count).unsqueeze(1) * step + torch.arange(size)
    others = [number for number in range(values.ndim) if number != axis]
    found = values.permute(*others, axis)[..., place]  # (others, count, size)
    order = list(range(len(others)))
    return found.permute(*order[:axis], values.ndim - 1, *order[axis:], values.ndim)


def _spectrum(frames: Tensor) -> Tensor:
    """Return the transform of real frames `(…, N)` as a product, `(…, N / 2 + 1, 2)`."""
    size = int(frames.shape[-1])
    angle = 2 * torch.pi * torch.outer(torch.arange(size), torch.arange(size // 2 + 1)).double() / size
    kernel = torch.stack([angle.cos(), -angle.sin()], dim=2).float().flatten(1)  # (N, 2F)
    return (frames @ kernel).unflatten(-1, (size // 2 + 1, 2))


def _trace(whole: nn.Module, samples: Tensor, length: Tensor, *, names: list[str], path: Path) -> None:
    torch.onnx.export(
        whole,
        (samples, length),
        str(path),
        input_names=["samples", "length"],
        output_names=names,
        dynamic_axes={
            "samples": {0: "batch", 1: "time"},
            "length": {0: "batch"},
            **{n: {0: "batch"} for n in names},
        },
        opset_version=OPSET,
        dynamo=False,
    )


def _probe(lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return noise that swells and fades differently in each clip, so that no stretch is like another."""
    generator = torch.Generator().manual_seed(0)
    length, longest = torch.tensor(lengths), max(lengths)
    place = torch.arange(longest)
    swelling = 1.1 + torch.sin(place / 4000 * torch.arange(1, len(lengths) + 1)[:, None])
    samples = 0.05 * swelling * torch.randn(len(lengths), longest, generator=generator)
    return samples * (place < length[:, None]), length


def _check_same(whole: nn.Module, path: Path) -> float:
    session, difference = OnnxSession(path), 0.0
    for lengths in LENGTHS:
        samples, length = _probe(lengths)
        with torch.inference_mode():
            wanted = [output.numpy() for output in whole(samples, length)]
        try:
            got = session.run({"samples": samples.numpy(), "length": length.numpy()})
        except InputError as error:
            raise WeightsError(
                f"Got an exported graph that takes {', '.join(session.inputs)}, expected samples and length; "
                "the network looks at the length in a way that a graph cannot."
            ) from error
        gaps = [float(np.abs(a - b).max()) for a, b in zip(wanted, got.values(), strict=True) if a.size]
        difference = max(difference, *gaps)
    if not difference <= LARGEST_DIFFERENCE:
        raise WeightsError(
            f"Got an exported graph `{path}` that differs by {difference:.2g}, expected at most "
            f"{LARGEST_DIFFERENCE:g}; take another encoder, such as whisper-tiny or mel-recurrent."
        )
    return difference
