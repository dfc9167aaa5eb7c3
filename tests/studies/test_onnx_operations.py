import numpy as np
import onnx
from onnx import TensorProto, helper

from mien.studies.onnx_operations import count_onnx


def write_onnx(path, nodes, inputs, arrays):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def test_multiply_adds_of_a_known_onnx_network_are_exact(tmp_path):
    weights = np.zeros((4, 2, 3), np.float32), np.zeros((4, 5), np.float32), np.zeros((5, 6), np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["heard"]),
        helper.make_node("Transpose", ["heard"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["turned", "wide"], ["more"]),
        helper.make_node("ReduceMean", ["more"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Gemm", ["mean", "last"], ["out"]),
    ]
    arrays = dict(zip(("kernel", "wide", "last"), weights, strict=True))
    path = write_onnx(tmp_path / "net.onnx", nodes, {"x": [1, 2, "time"]}, arrays)
    x = np.zeros((1, 2, 12), np.float32)
    assert count_onnx(path, {"x": x}) == 10 * 4 * 2 * 3 + 10 * 4 * 5 + 5 * 6


def test_multiply_adds_of_onnx_grow_with_the_length_of_the_input(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "wide"], ["out"])]
    path = write_onnx(
        tmp_path / "net.onnx", nodes, {"x": ["time", 4]}, {"wide": np.zeros((4, 5), np.float32)}
    )
    assert [count_onnx(path, {"x": np.zeros((n, 4), np.float32)}) for n in (3, 6)] == [60, 120]
