"""Write the contract of an exported network into its file, and read it back."""

from collections.abc import Sequence
from pathlib import Path

import onnx

from mien import __version__
from mien.core.errors import WeightsError
from mien.core.files import write_atomically
from mien.prediction.contract import PREFIX, Contract, Port, contract_from

MEANINGS = {
    "samples": "float32, mono, -1 to 1, zeros behind each clip's end",
    "length": "int64, real samples of each clip",
    "category_logits": "float32, per clip and member; softmax over the last axis gives probabilities",
}
DIMENSION = "float32, one value per clip and member"


def describe_contract(
    path: str | Path,
    *,
    rate_hz: int,
    categories: Sequence[str],
    dimensions: Sequence[str],
    licence: str,
    shelf: str,
    quantization: str = "none",
) -> Contract:
    """Return the contract of an exported voice network, with names and shapes as its graph has them.

    Args:
        path: the `.onnx` file.
        rate_hz: sampling rate that it takes, in Hz.
        categories: names in the order of its logits.
        dimensions: names of its further outputs.
        licence: licence of the weights.
        shelf: `open` or `research`.
        quantization: `none`, or how the weights were made small.

    Raises:
        WeightsError: the file is no ONNX network.
    """
    model = load_onnx(path)
    constants = {one.name for one in model.graph.initializer}
    return Contract(
        inputs=tuple(_port(one) for one in model.graph.input if one.name not in constants),
        outputs=tuple(_port(one) for one in model.graph.output),
        rate_hz=rate_hz,
        categories=tuple(categories),
        dimensions=tuple(dimensions),
        licence=licence,
        shelf=shelf,
        mien=__version__,
        opset=next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx")),
        quantization=quantization,
    )


def write_contract(path: str | Path, contract: Contract) -> None:
    """Write the contract into an ONNX file, in place of an earlier one; its hash changes.

    Args:
        path: the `.onnx` file; it is replaced whole or not at all.
        contract: what to state.

    Raises:
        WeightsError: the file is no ONNX network.
    """
    model = load_onnx(path)
    others = {one.key: one.value for one in model.metadata_props if not one.key.startswith(PREFIX)}
    onnx.helper.set_model_props(model, others | contract.as_metadata())
    with write_atomically(path) as temporary:
        onnx.save(model, temporary)


def read_contract(path: str | Path) -> Contract | None:
    """Return the contract that an ONNX file states; None where it states none.

    Raises:
        WeightsError: the file is no ONNX network, or its contract is damaged or too new.
    """
    return contract_from({one.key: one.value for one in load_onnx(path).metadata_props}, origin=path)


def load_onnx(path: str | Path) -> onnx.ModelProto:
    """Return the network of an ONNX file.

    Raises:
        WeightsError: the file is missing or is no ONNX network.
    """
    try:
        model = onnx.load(path)
    # protobuf's own errors share no type but Exception
    except Exception as error:
        raise WeightsError(
            f"Got `{path}`, expected a readable ONNX network; check the path or export it again. ({error})"
        ) from error
    if not model.graph.output:
        raise WeightsError(f"Got `{path}` without any output, expected an ONNX network; export it again.")
    return model


def _port(one: onnx.ValueInfoProto) -> Port:
    axes = one.type.tensor_type.shape.dim
    shape = tuple(axis.dim_value if axis.HasField("dim_value") else axis.dim_param or "any" for axis in axes)
    return Port(one.name, shape, MEANINGS.get(one.name, DIMENSION))
