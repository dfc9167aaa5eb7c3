"""Known weights: where they may come from, and which bytes they must be."""

import os
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from mien.core.errors import ConfigError, WeightsError
from mien.core.files import sha256_of
from mien.core.nearest import did_you_mean
from mien.core.optional import require

SHELVES = ("open", "research")
"""`open`: any use. `research`: not for commercial use."""


@dataclass(frozen=True)
class Weights:
    """One entry of the table of known weights.

    Attributes:
        name: the name that resolves to a file.
        sources: where to look, in order; `shipped:`, `package:`, `folder:` or `hub:`.
        sha256: hashes that are accepted.
        licence: licence of the weights, strictest of their training data.
        shelf: `open` or `research`.
        title: one line for people.
        url: where they come from.
        notice: copyright line that the licence asks to keep.
        install: command that brings a package that carries them; empty where none does.
    """

    name: str
    sources: tuple[str, ...]
    sha256: tuple[str, ...]
    licence: str
    shelf: str
    title: str = ""
    url: str = ""
    notice: str = ""
    install: str = ""


def known_weights() -> dict[str, Weights]:
    """Return name → entry, of mien's table and of the models that it ships.

    Raises:
        WeightsError: a shipped model's `model.toml` cannot be read.
    """
    text = files("mien.core").joinpath("weights.toml").read_text(encoding="utf-8")
    table = {name: _entry(name, row) for name, row in tomllib.loads(text).items()}
    return table | {name: _shipped_entry(folder) for name, folder in shipped_models().items()}


def shipped_models() -> dict[str, Path]:
    """Return name → folder of each model that travels with mien, sorted by name."""
    root = Path(str(files("mien"))) / "models"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/model.toml"))}


def resolve(name: str, *, download: bool = False) -> Path:
    """Return the path of known weights after checking their hash.

    Args:
        name: a name of `known_weights()`.
        download: True if the user asked for weights to be fetched from the hub where no local source has
            them. Never set it on your own account.

    Raises:
        WeightsError: the name is unknown, no source has it, every file found has another hash, or a download
            is needed and `MIEN_OFFLINE=1` forbids it.
    """
    known = known_weights()
    if name not in known:
        raise WeightsError(
            f"Got weights `{name}`, expected one of {', '.join(known)}.{did_you_mean(name, known)}"
        )
    return locate(known[name], download=download)


def locate(entry: Weights, *, download: bool = False) -> Path:
    """Return the first file of an entry's sources whose hash is known.

    Args:
        entry: the weights to find.
        download: as for `resolve`.

    Raises:
        WeightsError: no source has a file with a known hash, or a source is of an unknown kind.
    """
    tried = []
    for source in entry.sources:
        found = _find(source, download=download)
        if isinstance(found, str):
            tried.append(f"{source}: {found}")
            continue
        digest = sha256_of(found)
        if digest in entry.sha256:
            return found
        tried.append(f"{found}: refused, its SHA-256 is {digest[:12]}…, not a known one")
    remedy = f"run `{entry.install}`" if entry.install else "install mien again"
    raise WeightsError(
        f"Got no usable weights `{entry.name}`, expected one of its known files; {remedy}, or restore the "
        f"file. Tried {'; '.join(tried)}."
    )


def licence_allows(shelf: str, wanted: str | None) -> bool:
    """Tell whether weights of a shelf may be used where `wanted` is demanded.

    Args:
        shelf: shelf of the weights; anything but `open` and `research` is allowed nowhere.
        wanted: `open`, `research` or None for no demand.

    Raises:
        ConfigError: `wanted` is unknown.

    Example:
        >>> licence_allows("research", "open"), licence_allows("open", "research")
        (False, True)
    """
    if wanted is None:
        return True
    if wanted not in SHELVES:
        raise ConfigError(
            f"Got licence `{wanted}`, expected one of {', '.join(SHELVES)}.{did_you_mean(wanted, SHELVES)}"
        )
    return shelf in SHELVES[: SHELVES.index(wanted) + 1]


def is_offline() -> bool:
    """Tell whether `MIEN_OFFLINE` forbids the network."""
    return os.environ.get("MIEN_OFFLINE", "0").lower() not in ("", "0", "false", "no")


def _entry(name: str, row: dict[str, object]) -> Weights:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Weights(name=name, **{**row, **lists})  # type: ignore[arg-type]


def _shipped_entry(folder: Path) -> Weights:
    """Read an entry from the model.toml that lies beside the weights."""
    path = folder / "model.toml"
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
        return Weights(
            name=folder.name,
            sources=(f"shipped:{folder.name}/model.onnx",),
            sha256=(row["sha256"],),
            licence=row["licence"],
            shelf=row["shelf"],
            title=row.get("title", ""),
        )
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise WeightsError(
            f"Got `{path}` without a readable sha256, licence and shelf; install mien again. ({error!r})"
        ) from error


def _find(source: str, *, download: bool) -> Path | str:
    """Return the file that a source names, or the reason why it is not there."""
    kind, _, rest = source.partition(":")
    if kind == "package":
        return _in_package(rest)
    if kind == "shipped":
        path = Path(str(files("mien"))) / "models" / rest
        return path if path.is_file() else "not in this installation"
    if kind == "folder":
        folder = os.environ.get("MIEN_WEIGHTS")
        path = Path(folder or "") / rest
        return path if folder and path.is_file() else "not in the folder that MIEN_WEIGHTS names"
    if kind == "hub":
        return _on_hub(rest, download=download)
    raise WeightsError(
        f"Got source `{source}`, expected shipped:, package:, folder: or hub:; correct the table."
    )


def _in_package(rest: str) -> Path | str:
    """Find a file inside an installed package without importing the package."""
    module, _, inside = rest.partition("/")
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        return "package not installed"
    for location in spec.submodule_search_locations:
        path = Path(location, inside)
        if path.is_file():
            return path
    return "package installed, file not in it"


def _on_hub(rest: str, *, download: bool) -> Path | str:
    """Find a file in the hub's local cache, or fetch it where that was asked for and is allowed."""
    if download and is_offline():
        raise WeightsError(f"Got `hub:{rest}` to download, but MIEN_OFFLINE forbids it; unset MIEN_OFFLINE.")
    owner, name, inside = rest.split("/", 2)
    try:
        hub = require("huggingface_hub", "train")
        return Path(hub.hf_hub_download(f"{owner}/{name}", inside, local_files_only=not download))
    except (ImportError, OSError, ValueError) as error:  # the hub's own errors are among these kinds
        return f"not there ({type(error).__name__})"
