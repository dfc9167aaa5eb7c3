"""Keep the constants of an exported network in fewer bytes; they are widened when it is opened."""

from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien.training.quantizable import Layer, float_initializers
from mien.training.quantization_error import signal_to_noise_db

LEAST_VALUES = 1024
LEAST_DB = 50.0
"""A constant that float16 renders worse than this stays float32."""


def keep_weights_in_8_bit(model: onnx.ModelProto, layers: Iterable[Layer]) -> None:
    """Store the weights of these layers as int8 and a step per channel, in place.

    Use it where onnxruntime has no 8-bit operator (recurrences). The products that restore the weights are
    computed once, when the file is opened, so it costs no time.

    Args:
        model: whose layers compute in float.
        layers: which of them.
    """
    arrays = float_initializers(model)
    nodes = []
    for layer in layers:
        for name in layer.weights:
            step = layer.scale(arrays[name])
            whole = np.clip(np.rint(arrays[name] / step), -127, 127).astype(np.int8)
            _replace(model, name, {f"{name}.int8": whole, f"{name}.step": step})
            nodes += [
                helper.make_node("Cast", [f"{name}.int8"], [f"{name}.wide"], to=TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}.wide", f"{name}.step"], [name]),
            ]
    _put_first(model, nodes)


def keep_constants_in_16_bit(model: onnx.ModelProto) -> list[str]:
    """Store the large float32 constants as float16, in place.

    Made for what stays float in a quantized network: spectral bases, mel filters, position codes.

    Args:
        model: the network; constants with fewer than 1024 values stay as they are.

    Returns:
        Names of the constants that were changed.
    """
    nodes, changed = [], []
    for name, values in float_initializers(model).items():
        if values.size < LEAST_VALUES or not _fits(values):
            continue
        _replace(model, name, {f"{name}.half": values.astype(np.float16)})
        nodes.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
        changed.append(name)
    _put_first(model, nodes)
    return changed


def _fits(values: NDArray[np.float32]) -> bool:
    with np.errstate(over="ignore"):
        short = values.astype(np.float16).astype(np.float32)
    return bool(np.isfinite(short).all()) and signal_to_noise_db([values], [short]) >= LEAST_DB


def _replace(model: onnx.ModelProto, name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
    old = next(one for one in model.graph.initializer if one.name == name)
    model.graph.initializer.remove(old)
    model.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in arrays.items())


def _put_first(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])
