import runpy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.core.errors import ConfigError, InputError, WeightsError
from mien.training.quantizable import find_layers, hoist_constants
from mien.training.quantize import quantize_int8

_SMALL = runpy.run_path(str(Path(__file__).with_name("small_export.py")))
write_small_model, feeds = _SMALL["write_small_model"], _SMALL["feeds"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("quantize") / "small") / "model.onnx"


def run(path: Path, feed: dict[str, np.ndarray]) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["category_logits"], feed)[0]


@pytest.mark.parametrize("ranges", ["static", "dynamic"])
def test_the_small_network_answers_almost_as_the_float_one_in_less_space(source, tmp_path, ranges) -> None:
    quantize_int8(source, tmp_path / "small.onnx", feeds(6), ranges=ranges)
    for feed in feeds(3, seed=1):
        wanted, got = run(source, feed), run(tmp_path / "small.onnx", feed)
        assert np.abs(wanted - got).max() < 0.02 * np.abs(wanted).max()
        assert not np.array_equal(wanted, got)
    assert (tmp_path / "small.onnx").stat().st_size < 0.55 * source.stat().st_size


def test_each_kind_of_layer_is_kept_as_promised(source, tmp_path) -> None:
    rows = {row.layer: row for row in quantize_int8(source, tmp_path / "s.onnx", feeds(4), ranges="static")}
    kept = {name.split("/")[2]: row.kept for name, row in rows.items()}
    assert kept["convolutions.2"] == "int8"
    assert kept["recurrence"] == "int8 weights"
    assert kept["heads.0"] == "int8"
    assert not any("front_end" in name or "pooling" in name for name in rows)
    quantize_int8(source, tmp_path / "d.onnx", feeds(4), ranges="dynamic")
    static, dynamic = onnx.load(tmp_path / "s.onnx"), onnx.load(tmp_path / "d.onnx")
    assert "MatMulInteger" in {node.op_type for node in dynamic.graph.node}
    assert "QuantizeLinear" in {node.op_type for node in static.graph.node}
    for model in (static, dynamic):
        kinds = {one.name: one.data_type for one in model.graph.initializer}
        spectrum = next(node for node in model.graph.node if node.name == "/net/front_end/Conv")
        assert kinds[spectrum.input[1] + ".half"] == TensorProto.FLOAT16


def test_errors_are_finite_and_grow_on_the_way_through_the_network(source, tmp_path) -> None:
    rows = quantize_int8(source, tmp_path / "s.onnx", feeds(4), ranges="dynamic")
    assert all(20 < row.own_db < 80 for row in rows)
    assert all(np.isfinite(row.whole_db) for row in rows)
    heads = [row for row in rows if "heads" in row.layer]
    assert all(row.whole_db < row.own_db for row in heads)


def test_a_layer_with_too_large_an_error_stays_float(source, tmp_path) -> None:
    every = quantize_int8(source, tmp_path / "all.onnx", feeds(4))
    limit = float(np.median([row.own_db for row in every]))
    some = quantize_int8(source, tmp_path / "some.onnx", feeds(4), keep_above_db=limit)
    assert [row.kept == "float" for row in some] == [row.own_db < limit for row in every]
    assert [row.own_db for row in some] == [row.own_db for row in every]
    for name, rows in (("all", every), ("some", some)):
        kept = [row.weights for row in rows if row.kept != "float"]
        assert eight_bit_values(tmp_path / f"{name}.onnx") == sum(kept)


def eight_bit_values(path: Path) -> int:
    """Return how many weights a file keeps in 8 bit, those of small vectors aside."""
    stored = [numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer]
    return sum(values.size for values in stored if values.dtype == np.int8 and values.size >= 1024)


def test_seven_bits_lose_more_than_eight(source, tmp_path) -> None:
    eight = quantize_int8(source, tmp_path / "8.onnx", feeds(4), ranges="dynamic")
    seven = quantize_int8(source, tmp_path / "7.onnx", feeds(4), ranges="dynamic", reduce_range=True)
    assert all(a.own_db > b.own_db for a, b in zip(eight, seven, strict=True) if a.op == "Gemm")
    assert largest_weight(tmp_path / "7.onnx") <= 64 < largest_weight(tmp_path / "8.onnx")


def largest_weight(path: Path) -> int:
    """Return the largest 8-bit weight of the matrix products."""
    model = onnx.load(path)
    used = {node.input[1] for node in model.graph.node if node.op_type == "MatMulInteger"}
    arrays = [numpy_helper.to_array(one) for one in model.graph.initializer if one.name in used]
    return max(int(np.abs(values.astype(int)).max()) for values in arrays)


def test_a_clip_alone_equals_the_clip_in_a_padded_batch_with_static_ranges(source, tmp_path) -> None:
    quantize_int8(source, tmp_path / "s.onnx", feeds(4), ranges="static")
    long, short = feeds(3)[2], feeds(3)[0]
    size = long["samples"].shape[1]
    padded = np.pad(short["samples"], ((0, 0), (0, size - short["samples"].shape[1])))
    both = {
        "samples": np.concatenate([long["samples"], padded]),
        "length": np.concatenate([long["length"], short["length"]]),
    }
    assert np.allclose(run(tmp_path / "s.onnx", both)[1], run(tmp_path / "s.onnx", short)[0], atol=2e-3)


def test_a_quantized_network_is_not_quantized_again(source, tmp_path) -> None:
    quantize_int8(source, tmp_path / "s.onnx", feeds(2))
    with pytest.raises(WeightsError, match="quantized already"):
        quantize_int8(tmp_path / "s.onnx", tmp_path / "t.onnx", feeds(2))


def test_a_network_in_float16_is_refused(source, tmp_path) -> None:
    model = onnx.load(source)
    one = next(item for item in model.graph.initializer if item.name.endswith("hidden.weight"))
    one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype(np.float16), one.name))
    onnx.save(model, tmp_path / "half.onnx")
    with pytest.raises(WeightsError, match=r"16 bit.*float32"):
        quantize_int8(tmp_path / "half.onnx", tmp_path / "t.onnx", feeds(2))


def test_unknown_ranges_and_no_clips_are_refused(source, tmp_path) -> None:
    with pytest.raises(ConfigError, match="static, dynamic"):
        quantize_int8(source, tmp_path / "t.onnx", feeds(1), ranges="guessed")
    with pytest.raises(InputError, match="at least one"):
        quantize_int8(source, tmp_path / "t.onnx", [])


def test_a_weight_that_is_turned_around_in_the_graph_is_found_and_kept_once() -> None:
    weights = np.random.default_rng(0).standard_normal((48, 4, 12)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["w"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["turned"]),
        helper.make_node("Identity", ["turned"], ["shared"]),
        helper.make_node("MatMul", ["x", "turned"], ["a"], name="first"),
        helper.make_node("MatMul", ["a", "shared"], ["y"], name="second"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", 48]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph)
    hoist_constants(model)
    assert [layer.weights for layer in find_layers(model, static=False)] == [("turned",), ("shared",)]
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    assert sorted(constants) == ["shared", "turned"]
    assert np.array_equal(constants["turned"], weights.reshape(48, 48).T)


def test_onnxruntime_has_nothing_to_complain_about(source, tmp_path, caplog) -> None:
    quantize_int8(source, tmp_path / "s.onnx", feeds(2), ranges="static")
    quantize_int8(source, tmp_path / "d.onnx", feeds(2), ranges="dynamic")
    assert not caplog.records


def test_without_a_part_named_front_end_the_first_logarithm_ends_it() -> None:
    weights = {name: np.ones((40, 40), dtype=np.float32) for name in ("spectrum", "first", "last")}
    nodes = [
        helper.make_node("MatMul", ["x", "spectrum"], ["a"], name="bands"),
        helper.make_node("Log", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "first"], ["c"], name="hidden"),
        helper.make_node("MatMul", ["c", "last"], ["d"], name="output"),
        helper.make_node("Log", ["d"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", 40]) for name in "xy"]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], constants))
    hoist_constants(model)
    assert [layer.name for layer in find_layers(model, static=False)] == ["hidden", "output"]
