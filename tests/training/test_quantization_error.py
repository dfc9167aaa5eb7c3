import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from mien.training.quantizable import find_layers
from mien.training.quantization_error import own_errors_db, record, round_activations, signal_to_noise_db


def product(weights: np.ndarray):
    """Return a network of one matrix product."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_ten_times_less_noise_is_twenty_decibels_more() -> None:
    wanted = [np.ones(4), np.full(2, 3.0)]
    ratios = [signal_to_noise_db(wanted, [one * (1 + part) for one in wanted]) for part in (0.1, 0.01)]
    assert ratios == pytest.approx([20, 40])


def test_equal_arrays_have_no_noise_and_silence_no_signal() -> None:
    assert signal_to_noise_db([np.ones(2)], [np.ones(2)]) == math.inf
    assert signal_to_noise_db([np.zeros(2)], [np.ones(2)]) == -math.inf


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=20), st.booleans())
def test_rounded_activations_are_at_most_half_a_step_away(values: list[float], static: bool) -> None:
    array = np.array(values, dtype=np.float32)
    step = (max(array.max(), 0) - min(array.min(), 0)) / 255
    rounded = round_activations([array], static=static)[0]
    assert np.abs(rounded - array).max() <= 1.001 * step + 1e-6
    assert len(np.unique(rounded)) <= 256


def test_one_range_serves_all_clips_where_it_is_static() -> None:
    quiet, loud = np.array([0.001], dtype=np.float32), np.array([1.0], dtype=np.float32)
    assert round_activations([quiet, loud], static=True)[0] == 0
    assert round_activations([quiet, loud], static=False)[0] == pytest.approx(0.001)


def test_a_layers_own_error_equals_rounding_written_out() -> None:
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((64, 32)).astype(np.float32)
    x = generator.uniform(-1, 3, (5, 64)).astype(np.float32)
    model = product(weights)
    layers = find_layers(model, static=True)
    got = own_errors_db(model, layers, [{"x": x}], static=True)["product"]
    rounded = np.empty_like(weights)
    for column in range(32):
        step = np.abs(weights[:, column]).max() / 127
        rounded[:, column] = np.round(weights[:, column] / step) * step
    step = (x.max() - x.min()) / 255
    zero = np.round(-x.min() / step)
    inputs = (np.clip(np.round(x / step) + zero, 0, 255) - zero) * step
    wanted, noise = x @ weights, x @ weights - inputs @ rounded
    assert got == pytest.approx(10 * np.log10((wanted**2).sum() / (noise**2).sum()), abs=0.05)


def test_recorded_tensors_are_those_of_the_graph() -> None:
    weights = np.full((64, 32), 0.5, dtype=np.float32)
    x = np.ones((1, 64), dtype=np.float32)
    kept = record(product(weights), ["x", "y"], [{"x": x}])[0]
    assert np.array_equal(kept["x"], x)
    assert np.array_equal(kept["y"], np.full((1, 32), 32.0))
