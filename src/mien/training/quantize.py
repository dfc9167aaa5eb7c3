"""Quantize an exported network to 8 bit after training, and say what each layer lost."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError
from mien.training.onnx_contract import load_onnx
from mien.training.quantizable import (
    LEAST_WEIGHTS,
    Layer,
    check_float,
    find_layers,
    float_initializers,
    hoist_constants,
)
from mien.training.quantization_error import own_errors_db, whole_errors_db
from mien.training.small_constants import keep_constants_in_16_bit, keep_weights_in_8_bit

RANGES = ("static", "dynamic")
ERROR_CLIPS = 8
"""Clips for the error of each layer, whose inputs are held in memory."""
RANGE_CLIPS = 64
"""Clips for the ranges of the activations."""
_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Tells onnxruntime's quantizer that the graph was prepared; it warns on the root logger otherwise."""


@dataclass(frozen=True)
class LayerError:
    """Say what was done to one layer and what it cost.

    Attributes:
        layer: name of its node.
        op: its operator.
        weights: how many it has.
        kept: `int8` (computes on 8-bit numbers), `int8 weights` (computes in float), or `float`.
        own_db: signal-to-noise ratio of its own rounding, in dB.
        whole_db: the same of its answer in the whole quantized network, in dB.
    """

    layer: str
    op: str
    weights: int
    kept: str
    own_db: float
    whole_db: float


def quantize_int8(
    source: str | Path,
    target: str | Path,
    feeds: Sequence[Mapping[str, NDArray[np.generic]]],
    *,
    ranges: str = "static",
    keep_above_db: float = 20.0,
    reduce_range: bool = False,
    least_weights: int = LEAST_WEIGHTS,
) -> list[LayerError]:
    """Write an 8-bit version of an exported network.

    Matrix products and, with static ranges, convolutions compute on 8-bit numbers with one step per channel.
    Recurrences keep 8-bit weights and compute in float. Front-end, pooling, normalization and small layers
    stay float, their large constants in 16 bit. A layer whose own error is too large stays float.
    Transformers are as accurate and as fast with dynamic ranges; convolutional networks need static ones
    to become faster.

    Args:
        source: the float32 `.onnx` file.
        target: where the small one goes.
        feeds: inputs of the network, one per clip: they give the ranges and the errors.
        ranges: `static` (activation ranges measured on the clips) or `dynamic` (on each run).
        keep_above_db: a layer stays float if the signal-to-noise ratio of its own rounding is below this.
        reduce_range: use 7 bits for weights, where the processor has AVX2 or AVX-512 without VNNI.
        least_weights: layers with fewer weights stay float.

    Returns:
        One row per layer that could be quantized, in the order of the graph.

    Raises:
        ConfigError: an unknown kind of ranges.
        InputError: no clip.
        WeightsError: the file is no ONNX network, is quantized already, or holds float16.

    Source:
        B. Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
        Inference, CVPR 2018, section 2.1.
    """
    if ranges not in RANGES:
        raise ConfigError(f"Got ranges `{ranges}`, expected one of {', '.join(RANGES)}.")
    if not feeds:
        raise InputError("Got no clip to quantize with, expected at least one; give recordings of speech.")
    model = load_onnx(source)
    check_float(model, origin=source)
    hoist_constants(model)
    static = ranges == "static"
    layers = find_layers(model, static=static, least_weights=least_weights)
    few = feeds[:ERROR_CLIPS]
    levels = 63 if reduce_range else 127
    own = own_errors_db(model, layers, few, static=static, levels=levels)
    chosen = [layer for layer in layers if own[layer.name] >= keep_above_db]
    computed = [layer for layer in chosen if layer.computed]
    small = _quantize(model, computed, feeds[:RANGE_CLIPS], static=static, reduce_range=reduce_range)
    keep_weights_in_8_bit(small, [layer for layer in chosen if not layer.computed])
    keep_constants_in_16_bit(small)
    onnx.save(small, target)
    whole = whole_errors_db(model, small, layers, few)
    sizes = {name: values.size for name, values in float_initializers(model).items()}
    return [
        LayerError(
            layer=layer.name,
            op=layer.op,
            weights=sum(sizes[name] for name in layer.weights),
            kept=("int8" if layer.computed else "int8 weights") if layer in chosen else "float",
            own_db=own[layer.name],
            whole_db=whole[layer.name],
        )
        for layer in layers
    ]


def _quantize(
    model: onnx.ModelProto,
    layers: Sequence[Layer],
    feeds: Sequence[Mapping[str, NDArray[np.generic]]],
    *,
    static: bool,
    reduce_range: bool,
) -> onnx.ModelProto:
    """Return a copy whose named layers compute on 8-bit numbers."""
    from onnxruntime import quantization

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if not layers:
        return copy
    props = {one.key: one.value for one in model.metadata_props}
    onnx.helper.set_model_props(copy, props | _PREPARED)
    # with dynamic ranges onnxruntime first splits each Gemm into a MatMul of this name and an Add
    names = [layer.name for layer in layers]
    names += [f"{layer.name}_MatMul" for layer in layers if layer.op == "Gemm" and not static]
    options = {
        "nodes_to_quantize": names,
        "per_channel": True,
        "reduce_range": reduce_range,
        "weight_type": quantization.QuantType.QInt8,
    }
    with tempfile.TemporaryDirectory() as folder:
        prepared, target = Path(folder) / "float.onnx", Path(folder) / "small.onnx"
        onnx.save(copy, prepared)
        if static:
            quantization.quantize_static(
                prepared,
                target,
                _Reader(feeds),
                op_types_to_quantize=sorted({layer.op for layer in layers}),
                activation_type=quantization.QuantType.QUInt8,
                # a product that stays float is exact and needs no rounding of its own
                extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]},
                **options,
            )
        else:
            quantization.quantize_dynamic(prepared, target, op_types_to_quantize=["MatMul"], **options)
        small = onnx.load(target)
    onnx.helper.set_model_props(small, props)
    return small


class _Reader:
    """Hand the clips to onnxruntime one by one."""

    def __init__(self, feeds: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        feed = next(self._feeds, None)
        return None if feed is None else dict(feed)
