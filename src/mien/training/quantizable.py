"""Find the layers of an exported network that 8-bit weights suit."""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from mien.core.errors import WeightsError

COMPUTED = ("MatMul", "Gemm", "Conv")
"""Operators that onnxruntime computes on 8-bit numbers."""
RECURRENT = ("GRU", "LSTM", "RNN")
"""Operators whose weights are kept in 8 bit and multiplied in float."""
REARRANGING = ("Identity", "Transpose", "Flatten")
"""Operators by which torch turns a stored weight around, or shares it."""
FRONT_END = "front_end"
KEPT_FLOAT = (FRONT_END, "pooling", "_norm", "normalization")
"""Parts of a layer's name: statistics and spectra lose more by rounding than they are large."""
LEAST_WEIGHTS = 1024
"""Below this many weights a layer is not worth the rounding."""


@dataclass(frozen=True)
class Layer:
    """Name one layer of the graph.

    Attributes:
        name: of the node.
        op: its operator.
        weights: names of its weight tensors.
        output: name of what it answers.
        computed: True if it runs on 8-bit numbers; False if only its weights are kept so.
        transposed: True if the rows of its weight matrix are its outputs.
    """

    name: str
    op: str
    weights: tuple[str, ...]
    output: str
    computed: bool
    transposed: bool = False

    def scale(self, weights: NDArray[np.float32], *, levels: int = 127) -> NDArray[np.float32]:
        """Return the step between levels, one per output channel, in a shape that multiplies the weights.

        Args:
            weights: one of the layer's weight tensors.
            levels: the largest 8-bit number used; 63 where sums of products must fit into 16 bit.
        """
        if self.op == "Conv":
            axes = tuple(range(1, weights.ndim))
        elif self.op in RECURRENT or self.transposed:
            axes = (weights.ndim - 1,)
        else:
            axes = (weights.ndim - 2,)
        largest = np.abs(weights).max(axis=axes, keepdims=True)
        return np.asarray(np.where(largest > 0, largest / levels, 1.0), dtype=np.float32)


def find_layers(model: onnx.ModelProto, *, static: bool, least_weights: int = LEAST_WEIGHTS) -> list[Layer]:
    """Return the layers to quantize, in the order of the graph.

    The front-end stays float, as do pooling and normalization: by the names that `torch.onnx` writes; without
    a part named front_end, it is what lies before the first logarithm. With dynamic ranges a convolution
    keeps its weights in 8 bit and computes in float.

    Args:
        model: with its constants as initializers (`hoist_constants`).
        static: True if the ranges of the activations are known.
        least_weights: layers with fewer stay float.
    """
    arrays = float_initializers(model)
    front_end = _before_logarithm(model)
    found = []
    for node in model.graph.node:
        weights = tuple(name for name in _weight_inputs(node) if name in arrays)
        size = sum(arrays[name].size for name in weights)
        if not weights or size < least_weights or node.name in front_end or _stays_float(node.name):
            continue
        computed = node.op_type in ("MatMul", "Gemm") or (node.op_type == "Conv" and static)
        turned = any(item.name == "transB" and item.i == 1 for item in node.attribute)
        found.append(
            Layer(node.name, node.op_type, weights, node.output[0], computed=computed, transposed=turned)
        )
    return found


def float_initializers(model: onnx.ModelProto) -> dict[str, NDArray[np.float32]]:
    """Return name → array of the graph's float32 constants."""
    return {
        one.name: numpy_helper.to_array(one)
        for one in model.graph.initializer
        if one.data_type == TensorProto.FLOAT
    }


def hoist_constants(model: onnx.ModelProto) -> None:
    """Turn `Constant` nodes, and copies and transposes of constants, into initializers, in place.

    Every node gets a name. Constants that are computed from small ones stay so: that keeps a file small.

    Args:
        model: the network.
    """
    known = {one.name: one for one in model.graph.initializer}
    kept = []
    for number, node in enumerate(model.graph.node):
        value = next((item.t for item in node.attribute if item.name == "value"), None)
        if node.op_type in REARRANGING and all(name in known for name in node.input):
            value = _rearranged(node, [known[name] for name in node.input])
        if node.op_type in ("Constant", *REARRANGING) and value is not None:
            known[node.output[0]] = onnx.TensorProto()
            known[node.output[0]].CopyFrom(value)
            known[node.output[0]].name = node.output[0]
            continue
        node.name = node.name or f"{node.op_type}_{number}"
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    used = {name for node in kept for name in node.input} | {one.name for one in model.graph.output}
    used |= _used_inside(kept)
    del model.graph.initializer[:]
    model.graph.initializer.extend(one for name, one in known.items() if name in used)


def _rearranged(node: onnx.NodeProto, inputs: list[onnx.TensorProto]) -> onnx.TensorProto:
    """Return what a node that only rearranges makes of constants."""
    values = {one.name: numpy_helper.to_array(one) for one in inputs}
    ends = [onnx.ValueInfoProto(name=name) for name in (*values, node.output[0])]
    graph = onnx.helper.make_graph([node], "one", ends[:-1], ends[-1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    result = ReferenceEvaluator(model).run(None, values)[0]
    return numpy_helper.from_array(np.ascontiguousarray(result), node.output[0])


def _used_inside(nodes: list[onnx.NodeProto]) -> set[str]:
    """Return the names that the branches and loops of these nodes use."""
    found: set[str] = set()
    for node in nodes:
        for item in node.attribute:
            if item.HasField("g"):
                inner = list(item.g.node)
                found |= {name for one in inner for name in one.input} | _used_inside(inner)
                found |= {one.name for one in item.g.output}
    return found


def check_float(model: onnx.ModelProto, *, origin: object) -> None:
    """Refuse a network that is not in float32 throughout.

    Raises:
        WeightsError: it is quantized already, or holds float16.
    """
    ops = {node.op_type for node in model.graph.node}
    if ops & {"QuantizeLinear", "DequantizeLinear", "MatMulInteger", "ConvInteger", "DynamicQuantizeLinear"}:
        raise WeightsError(f"Got `{origin}`, which is quantized already; quantize the float model instead.")
    inputs = [one.type.tensor_type.elem_type for one in model.graph.input]
    constants = [item.t for node in model.graph.node for item in node.attribute if item.name == "value"]
    kinds = {*inputs, *(one.data_type for one in [*model.graph.initializer, *constants])}
    if kinds & {TensorProto.FLOAT16, TensorProto.BFLOAT16}:
        raise WeightsError(
            f"Got weights of 16 bit in `{origin}`, expected float32; export the network in float32 first."
        )


def _weight_inputs(node: onnx.NodeProto) -> list[str]:
    if node.op_type in COMPUTED:
        return list(node.input[1:2])
    return list(node.input[1:3]) if node.op_type in RECURRENT else []


def _stays_float(name: str) -> bool:
    return any(part in name.lower() for part in KEPT_FLOAT)


def _before_logarithm(model: onnx.ModelProto) -> set[str]:
    """Return what the first logarithm depends on; nothing where the names say which part is the front-end."""
    if any(FRONT_END in node.name for node in model.graph.node):
        return set()
    maker = {output: node for node in model.graph.node for output in node.output}
    first = next((node for node in model.graph.node if node.op_type == "Log"), None)
    waiting = list(first.input) if first is not None else []
    found: set[str] = set()
    while waiting:
        node = maker.get(waiting.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            waiting.extend(node.input)
    return found
