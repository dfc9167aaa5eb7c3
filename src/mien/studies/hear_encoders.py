"""Any encoder behind one interface: modules made for HEAR, our encoders, our descriptors."""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mien import __version__
from mien.core import registry
from mien.core.errors import ConfigError, DataError, MienError
from mien.core.files import sha256_of
from mien.core.nearest import did_you_mean
from mien.core.optional import require

Samples = NDArray[np.float32]
DESCRIPTORS = ("egemaps", "compare")
BASELINE = "mel-means"
BAGS = "bags:"
BATCH_S = 60.0
"""Most audio of equal length that a module is given at once."""

DEMANDS = ("load_model", "get_scene_embeddings", "get_timestamp_embeddings")
SIZES = ("sample_rate", "scene_embedding_size", "timestamp_embedding_size")


class Moments(NamedTuple):
    """Hold embeddings over time.

    Attributes:
        values: float32 `(T, D)`.
        ms: float64 `(T,)`, the moment that each stands for, from the start of the clip.
    """

    values: NDArray[np.float32]
    ms: NDArray[np.float64]


class HearEncoder(Protocol):
    """Turn clips into vectors; nothing about it is trained here.

    Attributes:
        name: as the table shows it.
        mark: 8 hex digits that change with the weights.
        licence: of the weights.
        rate_hz: of the samples that it takes.
    """

    name: str
    mark: str
    licence: str
    rate_hz: int

    def scenes(self, clips: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Return one vector `(D,)` per clip."""
        ...

    def moments(self, clips: Sequence[Samples]) -> list[Moments]:
        """Return vectors over time, per clip."""
        ...


class ModuleEncoder:
    """Run a module with the interface of HEAR, unmodified.

    It hears clips as they are, batched where lengths are equal, so that nothing hears padding.

    Args:
        module: import name; the current folder is searched as well.
        weights: what its `load_model` takes; empty for its default.
        name: as the table shows it.

    Raises:
        ConfigError: no such module, or one that lacks a function or an attribute of the interface.

    Source:
        J. Turian et al., HEAR: Holistic Evaluation of Audio Representations, PMLR 176, 2022, section 3.
    """

    licence = "as its owners say"

    def __init__(self, module: str, weights: str = "", *, name: str) -> None:
        require("torch", "train")
        self._module = _import_module(module)
        self._model = self._module.load_model(weights) if weights else self._module.load_model()
        lacking = [one for one in SIZES if not hasattr(self._model, one)]
        if lacking:
            raise ConfigError(
                f"Got a model of `{module}` without {', '.join(lacking)}, expected the attributes of "
                "HEAR; add them to the model."
            )
        self.name, self.rate_hz = name, int(self._model.sample_rate)
        self.mark = _mark(
            _source_hash(self._module), sha256_of(weights) if Path(weights).is_file() else weights
        )

    def scenes(self, clips: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Return one vector per clip."""
        found: dict[int, NDArray[np.float32]] = {}
        for rows, audio in self._batches(clips):
            given = self._module.get_scene_embeddings(audio, self._model)
            values = _as_array(given, (len(rows), int(self._model.scene_embedding_size)), self.name)
            found.update(zip(rows, values, strict=True))
        return [found[row] for row in range(len(clips))]

    def moments(self, clips: Sequence[Samples]) -> list[Moments]:
        """Return vectors over time, per clip."""
        found: dict[int, Moments] = {}
        for rows, audio in self._batches(clips):
            given, times = self._module.get_timestamp_embeddings(audio, self._model)
            shape = (len(rows), int(given.shape[1]), int(self._model.timestamp_embedding_size))
            values = _as_array(given, shape, self.name)
            ms = _as_array(times, shape[:2], self.name).astype(np.float64)
            found.update((row, Moments(one, when)) for row, one, when in zip(rows, values, ms, strict=True))
        return [found[row] for row in range(len(clips))]

    def _batches(self, clips: Sequence[Samples]) -> Iterator[tuple[list[int], Any]]:
        """Yield rows of equally long clips and their samples `(B, S)`."""
        torch = require("torch", "train")
        lengths = np.array([len(clip) for clip in clips])
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length).tolist()
            most = max(1, int(BATCH_S * self.rate_hz / length))
            for start in range(0, len(rows), most):
                chosen = rows[start : start + most]
                yield chosen, torch.from_numpy(np.stack([clips[row] for row in chosen]))


class OwnEncoder:
    """Run an encoder that `mien embed` knows; scenes are means over time.

    Args:
        name: a public name, `hf:<owner>/<name>`, a folder, or a component, which has random weights.

    Raises:
        ConfigError: no such encoder, or one of words.
        WeightsError: its weights are not there.
    """

    rate_hz = 16000

    def __init__(self, name: str) -> None:
        require("torch", "train")
        self._embedder = import_module("mien.nets.embedder").Embedder(name)
        if self._embedder.modality != "voice":
            raise ConfigError(
                f"Got encoder `{name}`, which reads words, expected one that hears; choose another."
            )
        summary = self._embedder.summary
        self.name, self.licence = label_of(name), summary.licence
        self.mark = _mark(summary.sha256 or f"random {__version__}")

    def scenes(self, clips: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Return one vector per clip."""
        return [values.mean(axis=0) for values in self._frames(clips)]

    def moments(self, clips: Sequence[Samples]) -> list[Moments]:
        """Return vectors over time, per clip."""
        step_ms = 1000 / self._embedder.encoder.frame_rate_hz
        return [Moments(values, (np.arange(len(values)) + 0.5) * step_ms) for values in self._frames(clips)]

    def _frames(self, clips: Sequence[Samples]) -> list[NDArray[np.float32]]:
        found = self._embedder.frames(clips)
        for answer in found:
            if isinstance(answer, MienError):
                raise answer
        return found


class DescriptorEncoder:
    """Describe clips by a set of expert descriptors; with a codebook, by its bags of words.

    Scenes are functionals, or bags; what varies over time are the low-level descriptors. Clips shorter than
    the set takes are followed by silence.

    Args:
        name: `egemaps` or `compare`.
        book: codebook by `mien bags --save`, learned from frames of `mien extract --level lld` of one of the
            sets; None for functionals.
    """

    rate_hz = 16000
    licence = "MIT, as mien itself"

    def __init__(self, name: str, book: Path | None = None) -> None:
        require("numba", "descriptors")
        self._set = registry.find("features", name)
        self._bags = import_module("mien.features.bags").Bags.load(book) if book else None
        self.name = label_of(f"{BAGS}{book}" if book else name)
        self.mark = _mark(f"{name} {__version__}", sha256_of(book) if book else "")

    def scenes(self, clips: Sequence[Samples]) -> list[NDArray[np.float32]]:
        """Return one vector per clip."""
        if self._bags is None:
            return list(self._extract(clips, "functionals").values)
        bags = self._bags.transform(self._extract(clips, "lld"))
        return list(
            bags.drop(columns=["segment", "file", "start", "end"], errors="ignore").to_numpy(np.float32)
        )

    def moments(self, clips: Sequence[Samples]) -> list[Moments]:
        """Return vectors over time, per clip."""
        found = self._extract(clips, "lld")
        values = [found.clip(number) for number in range(len(clips))]
        hop_ms, half_ms = 1000 * found.hop_s, 500 * found.window_s
        return [Moments(one, np.arange(len(one)) * hop_ms + half_ms) for one in values]

    def _extract(self, clips: Sequence[Samples], level: str) -> Any:
        least = 1 + int(self._set.CARD["min_duration_s"] * self.rate_hz)
        long = [np.pad(clip, (0, max(0, least - len(clip)))) for clip in clips]
        return self._set.extract(long, rate_hz=self.rate_hz, level=level)


def open_encoder(name: str) -> HearEncoder:
    """Open an encoder by name.

    Args:
        name: `mel-means` (the naive baseline), `egemaps`, `compare`, `bags:<codebook.npz>`,
            `module:<import name>` or `module:<import name>:<weights>` for the interface of HEAR, or what
            `mien embed` takes: `whisper-tiny`, `voice-embedding`, `hf:<owner>/<name>`, a folder.

    Raises:
        ConfigError: there is no such encoder.
        MissingExtra: it needs a package that is not installed.
        WeightsError: its weights are not there.
    """
    if name == BASELINE:
        return ModuleEncoder("mien.nets.mel_projection", name=name)
    if name.startswith("module:"):
        module, _, weights = name.removeprefix("module:").partition(":")
        return ModuleEncoder(module, weights, name=label_of(name))
    if name in DESCRIPTORS:
        return DescriptorEncoder(name)
    if name.startswith(BAGS):
        book = Path(name.removeprefix(BAGS))
        return DescriptorEncoder(_set_of(book), book)
    return OwnEncoder(name)


def label_of(name: str) -> str:
    """Return what a table calls an encoder: no folders of this machine.

    Args:
        name: as for `open_encoder`.

    Example:
        >>> label_of("module:my_package:weights/v2.pt"), label_of("hf:owner/name")
        ('my_package v2', 'hf:owner/name')
    """
    if name.startswith("module:"):
        module, _, weights = name.removeprefix("module:").partition(":")
        return f"{module} {Path(weights).stem}".strip()
    if name.startswith(BAGS):
        return f"{BAGS}{Path(name.removeprefix(BAGS)).stem}"
    return Path(name).resolve().name if Path(name).is_dir() else name


def check_name(name: str) -> None:
    """Refuse, before any work, a name that no encoder has.

    Args:
        name: as for `open_encoder`.

    Raises:
        ConfigError: there is no such encoder.
    """
    if name == BASELINE or name in DESCRIPTORS or name.startswith("hf:") or Path(name).is_dir():
        return
    if name.startswith("module:"):
        _find_module(name.split(":")[1])
        return
    if name.startswith(BAGS):
        if not Path(name.removeprefix(BAGS)).is_file():
            raise ConfigError(f"Got `{name}`, expected a codebook by `mien bags --save` behind `{BAGS}`.")
        return
    require("torch", "train")
    ours = import_module("mien.nets.load_encoder").pretrained_encoders()
    known = [BASELINE, *DESCRIPTORS, *ours, *registry.names("encoders")]
    if name.replace("_", "-") not in known:
        raise ConfigError(
            f"Got encoder `{name}`, expected one of {', '.join(dict.fromkeys(known))}, a folder, hf:<owner>/"
            f"<name>, {BAGS}<codebook.npz> or --module.{did_you_mean(name, known)}"
        )


def _set_of(book: Path) -> str:
    """Return the set whose frames a codebook was learned from."""
    bags = import_module("mien.features.bags").Bags.load(book)
    wanted = {column for one in bags.books for column in getattr(one, "columns", ("text",))}
    for name in DESCRIPTORS:
        if wanted <= set(registry.find("features", name).CARD["levels"]["lld"]):
            return name
    raise ConfigError(
        f"Got codebook `{book}` of {', '.join(sorted(wanted)[:3])} …, expected one learned from frames of "
        f"{' or '.join(DESCRIPTORS)}: mien extract --level lld, then mien bags --save."
    )


def _find_module(name: str) -> None:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a researcher's module often lies where the command is given
    try:
        there = find_spec(name) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        raise ConfigError(
            f"Got module `{name}`, which Python does not find, expected an installed package or a file "
            "of this folder; install it, or go to its folder."
        )


def _import_module(name: str) -> ModuleType:
    _find_module(name)
    module = import_module(name)
    lacking = [one for one in DEMANDS if not callable(getattr(module, one, None))]
    if lacking:
        raise ConfigError(
            f"Got module `{name}` without {', '.join(lacking)}, expected the functions of HEAR; see "
            "docs/hear.md."
        )
    return module


def _source_hash(module: ModuleType) -> str:
    """Return a hash of the module's own file, so that an edited module is asked again."""
    path = getattr(module, "__file__", None)
    return sha256_of(path) if path else module.__name__


def _mark(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:8]


def _as_array(given: Any, shape: tuple[int, ...], name: str) -> NDArray[np.float32]:
    """Return a module's answer as numbers of the promised shape."""
    values = np.asarray(given.detach().cpu().numpy() if hasattr(given, "detach") else given, np.float32)
    if values.shape != shape:
        raise DataError(
            f"Got an answer of shape {values.shape} from {name}, expected {shape} by its attributes."
        )
    return values
