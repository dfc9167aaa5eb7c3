"""Bases learned from sounds of known kinds, and the file that keeps them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError, InputError
from mien.core.files import write_atomically
from mien.features.factorisation.divergences import beta_of
from mien.features.factorisation.multiplicative import factorise
from mien.features.factorisation.spectra import Spectra

FORMAT = 1
"""Of the file; a reader refuses another."""


@dataclass(frozen=True)
class Bases:
    """Hold bases, and how they were made.

    Attributes:
        values: (length, rows, K) of float32; each base sums to 1.
        classes: (K,), the kind of sound that each base is of.
        spectra: how samples became the magnitudes that the bases explain.
        loss: that was lowered to find them.
        sparsity: price of activations.
    """

    values: NDArray[np.float32]
    classes: tuple[str, ...]
    spectra: Spectra
    loss: str = "kullback-leibler"
    sparsity: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Each kind of sound once, in order."""
        return tuple(dict.fromkeys(self.classes))


def learn_bases(
    clips: Mapping[str, Sequence[NDArray[np.floating]]],
    rank: int | Mapping[str, int],
    *,
    spectra: Spectra,
    loss: str = "kullback-leibler",
    sparsity: float = 0.0,
    length: int = 1,
    iterations: int = 100,
    seed: int = 0,
) -> Bases:
    """Learn bases of each kind of sound from clips of that kind alone.

    Use it before `separate` (speech and noise) and before `extract_activations` (one kind is enough). Learn
    from other speakers than those who are judged.

    Args:
        clips: kind of sound → mono arrays (samples,) in [-1, 1], all at the rate of `spectra`.
        rank: bases of each kind; 20 to 80 suit speech.
        spectra: windows and bands.
        loss: see `factorise`; magnitudes suit `kullback-leibler`.
        sparsity: see `factorise`.
        length: frames of a base; with more than 1, a base is a short spectrogram.
        iterations: most of them, per kind.
        seed: of the random starts.

    Raises:
        ConfigError: no kind or clip, a kind without a rank, or an option out of range.
        DataError: a clip that is not mono, not finite, too short, or a kind that is silent throughout.

    Example:
        >>> hiss = np.random.default_rng(0).normal(0, 0.1, 8000)
        >>> learn_bases({"noise": [hiss]}, 2, spectra=Spectra(8000)).values.shape
        (1, 129, 2)
    """
    if not clips or not all(len(some) for some in clips.values()):
        raise ConfigError("Got no clips, or none of some kind, expected one or more of each; pass them.")
    parts, classes = [], []
    for name, some in clips.items():
        wanted = rank if isinstance(rank, int) else rank.get(name, 0)
        magnitudes = np.concatenate([spectra.observe(spectra.transform(clip)) for clip in some], axis=1)
        if not magnitudes.any():
            raise DataError(f"Got nothing but silence as `{name}`, expected sound; pass other clips.")
        found = factorise(
            magnitudes, wanted, loss=loss, sparsity=sparsity, length=length, iterations=iterations, seed=seed
        )
        parts.append(found.bases.reshape(length, spectra.rows, wanted))
        classes += [name] * wanted
    return Bases(np.concatenate(parts, axis=2), tuple(classes), spectra, loss, sparsity)


def join_bases(first: Bases, second: Bases) -> Bases:
    """Return the bases of both, such as speech learned once and the noise of this room.

    Raises:
        ConfigError: they were made with different settings.
    """
    for name in ("spectra", "loss", "sparsity"):
        if getattr(first, name) != getattr(second, name):
            raise ConfigError(
                f"Got bases of {name} {getattr(first, name)} and {getattr(second, name)}, expected the same; "
                "learn one of them again."
            )
    if len(first.values) != len(second.values):
        raise ConfigError(
            f"Got bases of {len(first.values)} and {len(second.values)} frames, expected the same length; "
            "learn one of them again."
        )
    values = np.concatenate([first.values, second.values], axis=2)
    return Bases(values, first.classes + second.classes, first.spectra, first.loss, first.sparsity)


def save_bases(bases: Bases, path: str | Path) -> None:
    """Write bases as a compressed NumPy archive, whole or not at all.

    Raises:
        ConfigError: the name does not end in .npz.
        InputError: the folder does not exist or cannot be written.
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise ConfigError(f"Got `{target}`, expected a name ending in .npz.")
    about = {
        "format": FORMAT,
        "classes": bases.classes,
        "spectra": asdict(bases.spectra),
        "loss": bases.loss,
        "sparsity": bases.sparsity,
    }
    with write_atomically(target) as temporary:
        np.savez_compressed(temporary, values=bases.values, about=np.array(json.dumps(about)))


def load_bases(path: str | Path) -> Bases:
    """Read bases that `save_bases` wrote.

    Raises:
        InputError: the file is missing, no such archive, of another format, or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about, values = json.loads(str(stored["about"])), stored["values"]
        if about["format"] != FORMAT:
            raise InputError(
                f"Got bases of format {about['format']} in `{path}`, expected {FORMAT}; learn them "
                "again with this version of mien."
            )
        bases = Bases(
            values, tuple(about["classes"]), Spectra(**about["spectra"]), about["loss"], about["sparsity"]
        )
        beta_of(bases.loss)
    except (OSError, BadZipFile, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"Got `{path}`, expected bases that `save_bases` wrote; check the path. ({error})"
        ) from error
    if values.ndim != 3 or values.shape[1:] != (bases.spectra.rows, len(bases.classes)):
        raise InputError(f"Got values of shape {values.shape} in `{path}`, expected those its settings say.")
    return bases
