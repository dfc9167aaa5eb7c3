"""Open an encoder by name, hub name or folder."""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mien.core import registry
from mien.core.errors import ConfigError, MissingExtra, WeightsError
from mien.core.nearest import did_you_mean
from mien.core.optional import require
from mien.core.settings import parse
from mien.core.weights import resolve
from mien.nets.hub import MODEL_FILES, TOKENIZER_FILES, find_folder, first_line

if TYPE_CHECKING:
    from torch import nn


def load_encoder(name: str, *, download: bool = False, **options: int) -> "nn.Module":
    """Open an encoder, in evaluation mode.

    Every encoder answers `encode(x, valid) -> Frames` and `encode_layers(x, valid)`; `modality` says
    whether x is samples or word pieces.

    Args:
        name: a public name (`whisper-tiny`; `pretrained_encoders()` lists them), `hf:<owner>/<name>`, a
            folder with config.json and model.safetensors, or a component (`wav2vec2`), which gives random
            weights of its default size.
        download: True if the user asked for weights to be fetched where they are not on this machine.
        options: what the encoder's `load` takes beside the path, such as `layers=2` to keep the first two
            of Whisper; of a component with random weights, its settings.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ConfigError: no encoder of that name, or an option that it does not take.
        WeightsError: the weights are not there, are not the known bytes, are of a kind that no encoder
            reads, or are corrupt.

    Example:
        >>> load_encoder("whisper-tiny").width
        384
        >>> load_encoder("whisper-tiny", layers=2, pair_frames=True).frame_rate_hz
        25.0
    """
    require("torch", "train")
    if name.startswith("hf:"):
        identifier = name.removeprefix("hf:")
        wanted = (*MODEL_FILES, *TOKENIZER_FILES)
        return _open_folder(find_folder(identifier, download=download, wanted=wanted), options)
    pretrained = pretrained_encoders()
    if name in pretrained:
        component, weights = pretrained[name]
        found = registry.find("encoders", component)
        _check_options(name, found, options)
        return found.load(resolve(weights, download=download), **options)
    if Path(name).is_dir():
        return _open_folder(Path(name), options)
    known = [*pretrained, *registry.names("encoders")]
    if name.replace("_", "-") not in known:
        raise ConfigError(
            f"Got encoder `{name}`, expected one of {', '.join(dict.fromkeys(known))}, a folder with "
            f"config.json, or hf:<owner>/<name>.{did_you_mean(name, known)}"
        )
    found = registry.find("encoders", name)
    return found.build(parse(found.Config, options)).eval()


def pretrained_encoders() -> dict[str, tuple[str, str]]:
    """Return public name → (component, name in the table of known weights).

    Example:
        >>> pretrained_encoders()["whisper-tiny"]
        ('whisper', 'whisper-tiny-en')
    """
    return {
        public: (component, weights)
        for component, module in _components()
        for public, weights in module.CARD.get("weights", {}).items()
    }


def _check_options(name: str, component: ModuleType, options: Mapping[str, int]) -> None:
    """Refuse options that the component's `load` does not take."""
    known = list(inspect.signature(component.load).parameters)[1:]
    wrong = next((option for option in options if option not in known), None)
    if wrong is not None:
        wanted = f"one of {', '.join(known)}" if known else "none"
        raise ConfigError(
            f"Got option `{wrong}` for encoder `{name}`, expected {wanted}.{did_you_mean(wrong, known)}"
        )


def _components() -> list[tuple[str, ModuleType]]:
    """Return name and module of each encoder that can be imported here."""
    found = []
    for name in registry.names("encoders"):
        try:
            found.append((name, registry.find("encoders", name)))
        except MissingExtra:
            continue  # one whose packages are not installed must not hide the others
    return found


def _open_folder(folder: Path, options: Mapping[str, int]) -> "nn.Module":
    """Open a hub-style folder by the `model_type` of its config.json."""
    kind = _model_type(folder)
    readers = {kind: module for _, module in _components() for kind in getattr(module, "MODEL_TYPES", ())}
    if kind not in readers:
        raise WeightsError(
            f"Got model_type `{kind}` in `{folder}`, expected one of {', '.join(sorted(readers))}; "
            f"choose another checkpoint.{did_you_mean(kind, readers)}"
        )
    _check_options(str(folder), readers[kind], options)
    from safetensors import SafetensorError

    try:
        return readers[kind].load(folder, **options)
    except (ConfigError, WeightsError):
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        # what transformers and safetensors raise for a broken checkpoint depends on where it breaks
        raise WeightsError(
            f"Got checkpoint `{folder}` that cannot be opened as {kind} ({first_line(error)}); "
            "fetch or save it again."
        ) from error


def _model_type(folder: Path) -> str:
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"Got folder `{folder}`, expected one with a readable config.json, as save_pretrained of "
            f"transformers writes it; give another folder. ({first_line(error)})"
        ) from error
    if not isinstance(kind, str):
        raise WeightsError(
            f"Got `{path}` without model_type, expected it to name the kind of network; "
            "save the checkpoint again with transformers."
        )
    return kind
