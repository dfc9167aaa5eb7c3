import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.training.quantizable import find_layers
from mien.training.small_constants import keep_constants_in_16_bit, keep_weights_in_8_bit


def network(weights: np.ndarray) -> onnx.ModelProto:
    """Return a recurrence over frames of 40 values."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    constants = {
        "w": weights,
        "r": np.zeros((1, 96, 32), dtype=np.float32),
    }
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], name="recurrence", hidden_size=32)
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.fixture
def weights() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, 96, 40)).astype(np.float32)


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((7, 1, 40)).astype(np.float32)


def test_8_bit_weights_compute_as_the_rounded_ones_in_a_quarter_of_the_space(weights, frames) -> None:
    model = network(weights)
    size = len(model.SerializeToString())
    keep_weights_in_8_bit(model, find_layers(model, static=True))
    step = np.abs(weights).max(axis=2, keepdims=True) / 127
    twin = network((np.round(weights / step) * step).astype(np.float32))
    assert np.allclose(run(model, frames), run(twin, frames), atol=1e-6)
    assert len(model.SerializeToString()) < 0.32 * size


def test_16_bit_constants_compute_as_rounded_in_half_the_space(weights, frames) -> None:
    model = network(weights)
    size = len(model.SerializeToString())
    assert keep_constants_in_16_bit(model) == ["w", "r"]
    twin = network(weights.astype(np.float16).astype(np.float32))
    assert np.allclose(run(model, frames), run(twin, frames), atol=1e-6)
    assert len(model.SerializeToString()) < 0.55 * size


@pytest.mark.parametrize("factor", [1e6, 1e-9])
def test_a_constant_that_16_bit_cannot_render_stays(weights, frames, factor: float) -> None:
    model = network(weights * np.float32(factor))
    assert keep_constants_in_16_bit(model) == ["r"]
