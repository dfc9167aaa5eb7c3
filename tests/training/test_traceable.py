"""What replaces an operation in an exported graph gives the same, and the graph stays small and general."""

import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mien.training.traceable import Traceable


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_stretches_are_those_that_torch_cuts(data):
    shape = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=3))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shape[axis] = data.draw(st.integers(1, 60))
    size, step = data.draw(st.integers(1, shape[axis])), data.draw(st.integers(1, 15))
    values = torch.randn(shape)
    with Traceable():
        found = values.unfold(axis, size, step)
    assert torch.equal(found, values.unfold(axis, size, step))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 16, 25, 399, 400, 402, 512])
def test_spectrum_of_frames_is_that_of_torch(size):
    frames = torch.randn(2, 7, size, generator=torch.Generator().manual_seed(size))
    wanted = torch.fft.rfft(frames.double())
    with Traceable():
        found = torch.fft.rfft(frames)
    assert found.real.shape == wanted.shape
    for ours, theirs in ((found.real, wanted.real), (found.imag, wanted.imag)):
        assert (ours - theirs).norm() <= 1e-6 * wanted.abs().norm()


def test_sums_counts_and_masks_are_those_of_torch():
    values, mask = torch.randn(3, 50, 4), torch.rand(3, 200_000) < 0.7
    with Traceable():
        total, count, kept = values.sum(dim=1), mask.sum(dim=1), mask.sum(dim=1, keepdim=True)
        emptied, filled = values.masked_fill(values > 0.5, 0.0), values.masked_fill(values > 0.5, -7.0)
    torch.testing.assert_close(total, values.sum(dim=1))
    assert torch.equal(emptied, values.masked_fill(values > 0.5, 0.0))
    assert torch.equal(filled, values.masked_fill(values > 0.5, -7.0))
    assert count.dtype == torch.int64
    assert torch.equal(count, mask.sum(dim=1))
    assert torch.equal(kept, mask.sum(dim=1, keepdim=True))


class Power(nn.Module):
    """Cut frames, and return their power spectrum."""

    def forward(self, samples):
        spectrum = torch.fft.rfft(samples.unfold(1, 25, 10))
        return spectrum.real.square() + spectrum.imag.square()


def test_the_graph_fits_clips_of_other_lengths_and_looks_nothing_up(tmp_path):
    path = tmp_path / "power.onnx"
    axes = {"samples": {0: "batch", 1: "time"}}
    with Traceable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes of frames and bins are fixed on purpose
        torch.onnx.export(
            Power(),
            (torch.randn(2, 300),),
            str(path),
            input_names=["samples"],
            dynamic_axes=axes,
            dynamo=False,
        )
    session = onnxruntime.InferenceSession(str(path))
    for clips, length in ((1, 25), (2, 300), (3, 1237)):
        samples = torch.randn(clips, length)
        found = session.run(None, {"samples": samples.numpy()})[0]
        np.testing.assert_allclose(found, Power()(samples), rtol=1e-4, atol=1e-5)
    graph = onnx.load(path).graph
    maker = {output: node.op_type for node in graph.node for output in node.output}
    looked_up = {maker.get(node.input[0]) for node in graph.node if node.op_type == "Gather"}
    assert looked_up <= {"Shape"}
