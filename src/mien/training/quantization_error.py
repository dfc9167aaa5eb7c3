"""Measure what 8-bit numbers change: layer by layer, and in what the layers pass on."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from mien.training.quantizable import Layer, float_initializers

Array = NDArray[np.float32]
Feed = Mapping[str, NDArray[np.generic]]


def signal_to_noise_db(wanted: Sequence[Array], got: Sequence[Array]) -> float:
    """Return the power of the wanted values over the power of the difference, in dB; infinite where equal.

    Args:
        wanted: arrays of any shapes.
        got: arrays of the same shapes.

    Example:
        >>> round(signal_to_noise_db([np.array([1.0, -1.0])], [np.array([1.1, -1.1])]))
        20
    """
    signal = sum(float(np.square(one, dtype=np.float64).sum()) for one in wanted)
    noise = sum(
        float(np.square(np.subtract(a, b, dtype=np.float64)).sum()) for a, b in zip(wanted, got, strict=True)
    )
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def own_errors_db(
    model: onnx.ModelProto, layers: Sequence[Layer], feeds: Sequence[Feed], *, static: bool, levels: int = 127
) -> dict[str, float]:
    """Return layer name → signal-to-noise ratio of the layer alone, in dB, its inputs being exact.

    Each layer is run twice on the inputs that it has in the float network: as it is, and with weights and
    activations rounded to 8 bit. So a layer is judged for its own rounding, not for that of those before it.

    Args:
        model: the float network.
        layers: of it, from `find_layers`.
        feeds: inputs of the network, one per clip.
        static: True if one range serves all clips, False if each clip has its own.
        levels: largest 8-bit number of the weights, 127 or 63.
    """
    nodes = {node.name: node for node in model.graph.node}
    constants = float_initializers(model)
    wanted = {name for layer in layers for name in nodes[layer.name].input if name and name not in constants}
    known = record(model, sorted(wanted | {layer.output for layer in layers}), feeds)
    found = {}
    for layer in layers:
        node = nodes[layer.name]
        rounded = {name: _round_weights(layer, constants[name], levels) for name in layer.weights}
        fixed = {name: constants[name] for name in node.input if name in constants} | rounded
        moving = [name for name in node.input if name and name not in constants]
        first = [clip[node.input[0]] for clip in known]
        inputs = round_activations(first, static=static) if layer.computed else first
        session = _alone(node, {name: known[0][name] for name in moving} | fixed, layer.output)
        answers = []
        for clip, values in zip(known, inputs, strict=True):
            feed = {name: clip[name] for name in moving} | fixed | {node.input[0]: values}
            answers.append(session.run([layer.output], feed)[0])
        if layer.computed and layer.op == "Conv":
            answers = round_activations(answers, static=static)  # its sums are handed on in 8 bit
        found[layer.name] = signal_to_noise_db([clip[layer.output] for clip in known], answers)
    return found


def whole_errors_db(
    model: onnx.ModelProto, small: onnx.ModelProto, layers: Sequence[Layer], feeds: Sequence[Feed]
) -> dict[str, float]:
    """Return layer name → signal-to-noise ratio of its answer inside the small network, in dB.

    It counts the rounding of all layers before as well.

    Args:
        model: the float network.
        small: the quantized one.
        layers: of the float network.
        feeds: inputs of the networks, one per clip.
    """
    made = {output for node in small.graph.node for output in node.output}
    # where a layer's sums are rounded, the rounded ones are what is passed on
    name_in = {layer.output: f"{layer.output}_DequantizeLinear_Output" for layer in layers}
    name_in = {name: rounded if rounded in made else name for name, rounded in name_in.items()}
    exact, rough = record(model, list(name_in), feeds), record(small, list(name_in.values()), feeds)
    return {
        layer.name: signal_to_noise_db(
            [clip[layer.output] for clip in exact], [clip[name_in[layer.output]] for clip in rough]
        )
        for layer in layers
    }


def record(model: onnx.ModelProto, names: Sequence[str], feeds: Sequence[Feed]) -> list[dict[str, Array]]:
    """Return, per clip, what the named tensors of the graph held.

    Args:
        model: the network.
        names: tensors that its nodes make, or its inputs.
        feeds: inputs of the network, one per clip.
    """
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    known = {one.name for one in opened.graph.output}
    given = {one.name for one in opened.graph.input}
    inner = [name for name in names if name not in given]
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner if name not in known)
    session = _session(opened)
    # asked for nothing, a session gives everything
    return [
        dict(zip(inner, session.run(inner, dict(feed)) if inner else [], strict=True))
        | {name: feed[name] for name in names if name in given}
        for feed in feeds
    ]


def round_activations(values: Sequence[Array], *, static: bool) -> list[Array]:
    """Round values to the 256 levels between their least and largest, zero being one of them.

    Args:
        values: arrays of any shapes.
        static: True for one range over all arrays, False for one each.
    """
    ends = [(min(float(one.min(initial=0)), 0.0), max(float(one.max(initial=0)), 0.0)) for one in values]
    if static:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * len(values)
    rounded = []
    for one, (low, high) in zip(values, ends, strict=True):
        step = (high - low) / 255 or 1.0
        zero = round(-low / step)
        # in float64: the step of all but silent values is too small for float32
        whole = np.clip(np.rint(one.astype(np.float64) / step) + zero, 0, 255)
        rounded.append(((whole - zero) * step).astype(np.float32))
    return rounded


def _round_weights(layer: Layer, weights: Array, levels: int) -> Array:
    step = layer.scale(weights, levels=levels)
    return np.asarray(np.clip(np.rint(weights / step), -levels, levels) * step, dtype=np.float32)


def _alone(node: onnx.NodeProto, values: Feed, output: str) -> onnxruntime.InferenceSession:
    """Return one node as a network of its own, all of whose inputs are open."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), [None] * value.ndim)
        for name, value in values.items()
    ]
    one = onnx.NodeProto()
    one.CopyFrom(node)
    graph = helper.make_graph([one], "one", inputs, [onnx.ValueInfoProto(name=output)])
    return _session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9))


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
