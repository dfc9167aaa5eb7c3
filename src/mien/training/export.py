"""Write a trained recognizer as one ONNX file that takes samples, and check it against the network."""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mien.core.errors import WeightsError

OPSET = 17


class Exported(nn.Module):
    """The network as it ships: temperature applied, dimensions as probabilities."""

    def __init__(self, net: nn.Module, *, temperature: float) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, samples: Tensor, length: Tensor) -> tuple[Tensor, ...]:
        """Return category logits `(B, M, K)` and each dimension `(B, M)`."""
        logits, further = self.net(samples, length)
        return (logits / self.temperature, *(torch.sigmoid(further[..., n]) for n in range(further.shape[2])))


def export_onnx(net: nn.Module, path: Path, *, temperature: float, dimensions: list[str]) -> float:
    """Export, run both on clips of random noise and return the largest difference of any output.

    Args:
        net: takes `samples (B, S)` and `length (B,)`.
        path: where the ONNX file goes.
        temperature: divides the category logits.
        dimensions: names of the further outputs.

    Raises:
        WeightsError: the exported graph and the network differ by more than 1e-3.
    """
    whole = Exported(net, temperature=temperature).eval()
    samples, length = _probe()
    names = ["category_logits", *dimensions]
    # The tracer warns of a batch size that it might have fixed; _check_same tries others.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _trace(whole, samples, length, names=names, path=path)
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


def _probe() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    length = torch.tensor([40000, 16000, 5000])
    samples = 0.1 * torch.randn(3, 40000, generator=generator)
    return samples * (torch.arange(40000) < length[:, None]), length


def _check_same(whole: nn.Module, path: Path) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    all_samples, all_lengths = _probe()
    difference = 0.0
    for rows in (slice(0, 3), slice(0, 1), slice(1, 3)):
        samples, length = all_samples[rows, : all_lengths[rows].max()], all_lengths[rows]
        with torch.inference_mode():
            wanted = [output.numpy() for output in whole(samples, length)]
        got = session.run(None, {"samples": samples.numpy(), "length": length.numpy()})
        difference = max(difference, *(float(np.abs(a - b).max()) for a, b in zip(wanted, got, strict=True)))
    if difference > 1e-3:
        raise WeightsError(
            f"Got an exported graph `{path}` that differs by {difference:.2g}, expected at most 1e-3."
        )
    return difference
