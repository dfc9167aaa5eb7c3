import numpy as np
import pytest

from mien.core.weights import resolve
from mien.signals.onnx_tensors import float_tensors


def test_arrays_are_those_that_the_onnx_package_reads():
    onnx = pytest.importorskip("onnx")
    path = resolve("silero-vad")
    expected = {}

    def walk(graph):
        for tensor in graph.initializer:
            expected[tensor.name] = tensor
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    expected[node.output[0]] = attribute.t
                elif attribute.type == onnx.AttributeProto.GRAPH:
                    walk(attribute.g)

    walk(onnx.load(str(path)).graph)
    found = float_tensors(path)
    floats = {k: t for k, t in expected.items() if t.data_type == onnx.TensorProto.FLOAT and t.raw_data}
    assert found.keys() == floats.keys()
    for name, tensor in floats.items():
        np.testing.assert_array_equal(found[name], onnx.numpy_helper.to_array(tensor))
