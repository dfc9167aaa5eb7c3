"""What an exported network states of itself, inside its own file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mien.core.errors import WeightsError
from mien.prediction.model_card import ModelSummary

VERSION = 1
"""Raised when a reader of today could misunderstand a file of tomorrow."""

PREFIX = "mien."


@dataclass(frozen=True)
class Port:
    """Describe one input or output of the network.

    Attributes:
        name: as the graph calls it.
        shape: per axis its size, or a word where any size will do.
        meaning: type, unit and range, in plain words.
    """

    name: str
    shape: tuple[int | str, ...]
    meaning: str = ""


@dataclass(frozen=True)
class Contract:
    """State what a network takes and answers; kept in the ONNX file, so that it cannot get lost.

    Attributes:
        inputs: what goes in.
        outputs: what comes out.
        rate_hz: sampling rate of the samples, in Hz.
        categories: category names in the order of the last axis of `category_logits`.
        dimensions: names of the further outputs.
        licence: licence of the weights.
        shelf: `open` or `research`.
        mien: version of mien that wrote the file.
        opset: ONNX operator set.
        quantization: `none`, or how the weights were made small.
        version: version of these fields.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    rate_hz: int
    categories: tuple[str, ...]
    dimensions: tuple[str, ...]
    licence: str
    shelf: str
    mien: str
    opset: int
    quantization: str = "none"
    version: int = VERSION

    def as_metadata(self) -> dict[str, str]:
        """Return one text of JSON per field, as the file's `metadata_props` hold them."""
        return {PREFIX + name: json.dumps(value, ensure_ascii=False) for name, value in asdict(self).items()}


def contract_from(metadata: Mapping[str, str], *, origin: object) -> Contract | None:
    """Read the contract from the texts of an ONNX file.

    Args:
        metadata: key → text, as `OnnxSession.metadata` has them.
        origin: the file, for the message.

    Returns:
        The contract; None for a file that states none, such as one of an earlier mien.

    Raises:
        WeightsError: the contract is damaged, or is written for a newer mien.

    Example:
        >>> contract_from({"author": "somebody"}, origin="model.onnx") is None
        True
    """
    stated = {key.removeprefix(PREFIX): text for key, text in metadata.items() if key.startswith(PREFIX)}
    if not stated:
        return None
    try:
        fields: dict[str, Any] = {name: json.loads(text) for name, text in stated.items()}
        if int(fields["version"]) > VERSION:
            raise WeightsError(
                f"Got `{origin}` with a contract of version {fields['version']}, expected at most {VERSION}; "
                "update mien."
            )
        for name in ("inputs", "outputs"):
            fields[name] = tuple(Port(**{**port, "shape": tuple(port["shape"])}) for port in fields[name])
        for name in ("categories", "dimensions"):
            fields[name] = tuple(fields[name])
        return Contract(**fields)
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError(
            f"Got a damaged contract in `{origin}` ({type(error).__name__}: {error}), expected the fields "
            "that `mien export` writes; export the model again."
        ) from error


def check_contract(contract: Contract, summary: ModelSummary, outputs: Mapping[str, object]) -> None:
    """Refuse weights that state something else than their model.toml says or their graph holds.

    Args:
        contract: of the ONNX file.
        summary: of the model folder.
        outputs: output name → anything, of the graph itself.

    Raises:
        WeightsError: rate, categories, dimensions, shelf or licence differ, or an output is missing.
    """
    for name in ("rate_hz", "categories", "dimensions", "shelf", "licence"):
        stated, said = getattr(contract, name), getattr(summary, name)
        if stated != said:
            raise WeightsError(
                f"Got `{name}` {_plain(said)} in the model.toml of `{summary.name}`, but its model.onnx "
                f"states {_plain(stated)}; put back the file that belongs to it, or export the model again."
            )
    missing = [port.name for port in contract.outputs if port.name not in outputs]
    wanted = ["category_logits"] * bool(contract.categories) + list(contract.dimensions)
    stated_names = [port.name for port in contract.outputs]
    missing += [name for name in wanted if name not in stated_names]
    if missing:
        raise WeightsError(
            f"Got no output {_plain(missing)} in the weights of `{summary.name}`, which their contract "
            "promises; export the model again."
        )


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)
