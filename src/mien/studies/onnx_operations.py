"""Count the multiply-adds of an ONNX network by the shapes of one pass."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

PRODUCTS = ("MatMul", "Gemm", "Conv", "MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv")
"""ONNX operators that multiply and add."""


def count_onnx(path: Path, arrays: Mapping[str, NDArray[Any]]) -> float:
    """Return the multiply-adds of an ONNX network for given inputs: those of `PRODUCTS`.

    Every product gives its shapes away in one run, since they may hang on the inputs.

    Args:
        path: of the network.
        arrays: input name → array.

    Raises:
        MissingExtra: `onnx` is not installed.
    """
    from mien.core.optional import require

    onnx = require("onnx", "train")
    import onnxruntime

    model = onnx.load(path)
    nodes = [node for node in model.graph.node if node.op_type in PRODUCTS]
    known = {one.name: tuple(one.dims) for one in model.graph.initializer}
    wanted = {name for node in nodes for name in (*_factors(node), node.output[0])} - set(known)
    given = {one.name for one in model.graph.input}
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted - given))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    asked = [one.name for one in session.get_outputs()]
    shapes = dict(zip(asked, (one.shape for one in session.run(asked, dict(arrays))), strict=True))
    shapes |= known | {name: array.shape for name, array in arrays.items()}
    return float(sum(_products(node, shapes) for node in nodes))


def _factors(node: Any) -> tuple[str, str]:
    """Return the names of what is multiplied; quantized operators put scales between them."""
    return (node.input[0], node.input[3 if node.op_type.startswith("QLinear") else 1])


def _products(node: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return the multiply-adds of one operator: values that come out, times what each is a sum of."""
    first, second = (shapes[name] for name in _factors(node))
    out = prod(shapes[node.output[0]])
    if "Conv" in node.op_type:
        return out * prod(second[1:])
    turned = any(one.name == "transA" and one.i for one in node.attribute)
    return out * first[-2 if turned else -1]
