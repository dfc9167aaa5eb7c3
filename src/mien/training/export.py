"""Write a trained recognizer as one ONNX file that takes samples, and check it against the network."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.core.errors import InputError, WeightsError
from mien.core.onnx import OnnxSession
from mien.training.traceable import Traceable

OPSET = 17
LENGTHS = ((40000, 16000, 9000), (40000,), (16000, 9000), (23457,), (160000, 8000))
"""Lengths in samples of the batches on which the file is checked; the first is also the one traced."""

LARGEST_DIFFERENCE = 1e-3
LARGEST_SHARE = 0.02
"""Of the standard deviation of an answer over these clips: answers that hardly vary must differ less."""

ROUNDING = 1e-5


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
        WeightsError: the network cannot be written as a graph, or the two differ by more than 1e-3, or by
            more than 2 % of an answer's standard deviation.
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
    wanted, got = _answers(whole, OnnxSession(path))
    difference = 0.0
    for one, other in zip(wanted, got, strict=True):
        if not one.size:
            continue
        gap = np.abs(one - other).max(axis=0)
        allowed = np.clip(LARGEST_SHARE * one.std(axis=0), ROUNDING, LARGEST_DIFFERENCE)
        if not (gap <= allowed).all():
            raise WeightsError(
                f"Got an exported graph `{path}` that differs by {gap.max():.2g} in answers that vary by "
                f"{one.std(axis=0).max():.2g} (standard deviation), expected less; take another encoder, "
                "such as whisper-tiny or mel-recurrent."
            )
        difference = max(difference, float(gap.max()))
    return difference


def _answers(whole: nn.Module, session: OnnxSession) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Return each output of network and graph for all clips on which they are compared."""
    wanted, got = [], []
    for lengths in LENGTHS:
        samples, length = _probe(lengths)
        with torch.inference_mode():
            wanted.append([output.numpy() for output in whole(samples, length)])
        try:
            got.append(list(session.run({"samples": samples.numpy(), "length": length.numpy()}).values()))
        except InputError as error:
            raise WeightsError(
                f"Got an exported graph that takes {', '.join(session.inputs)}, expected samples and length; "
                "the network looks at the length in a way that a graph cannot."
            ) from error
    return _joined(wanted), _joined(got)


def _joined(batches: list[list[NDArray[Any]]]) -> list[NDArray[Any]]:
    return [np.concatenate(output) for output in zip(*batches, strict=True)]
