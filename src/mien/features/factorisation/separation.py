"""Separate a mixture into the kinds of sound whose bases are known."""

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.features.factorisation.bases import Bases
from mien.features.factorisation.divergences import SMALLEST
from mien.features.factorisation.multiplicative import factorise
from mien.features.factorisation.updates import stack

REST = "rest"
"""What the known bases do not explain."""


def separate(
    samples: NDArray[np.floating],
    bases: Bases,
    *,
    rate_hz: int,
    unknown: int = 0,
    iterations: int = 100,
    seed: int = 0,
) -> dict[str, NDArray[np.float32]]:
    """Separate a mixture into its kinds of sound.

    Use it where bases of at least one kind are known: those of speech alone with `unknown` for a noise that
    nobody recorded, or of speech and of a second of the noise, which is much better. It takes noise away and
    some of the voice with it: measure what that does to a model before you trust it to help.

    Args:
        samples: mono, (samples,), in [-1, 1], one window or more.
        bases: from `learn_bases`; they stay as they are.
        rate_hz: of the samples; must be that of the bases.
        unknown: bases to learn from the mixture itself for what the others do not explain.
        iterations: of the factorisation.
        seed: of the unknown bases.

    Returns:
        Kind of sound → float32 (samples,), and `rest` where `unknown` is not 0. Each has the mixture's phase;
        they sum to the mixture.

    Raises:
        ConfigError: another rate, one kind and nothing unknown, or bases of a kind called `rest`.
        DataError: samples that are not mono, not finite, or shorter than a window.

    Source:
        P. Smaragdis, B. Raj, M. Shashanka, Supervised and semi-supervised separation of sounds from
        single-channel mixtures, ICA 2007; the masks divide each cell as the parts' magnitudes do.
    """
    spectra = bases.spectra
    if rate_hz != spectra.rate_hz:
        raise ConfigError(f"Got {rate_hz} Hz, expected {spectra.rate_hz}, as the bases; resample first.")
    names = (*bases.names, REST) if unknown else bases.names
    if len(set(names)) != len(names) or len(names) < 2:
        raise ConfigError(
            f"Got bases of {', '.join(bases.names)} and unknown={unknown}, expected two kinds or more, none "
            f"called `{REST}` beside unknown ones; learn another kind, or pass `unknown`."
        )
    spectrum = spectra.transform(samples)
    found = factorise(
        spectra.observe(spectrum),
        unknown,
        loss=bases.loss,
        sparsity=bases.sparsity,
        fixed=bases.values,
        length=len(bases.values),
        iterations=iterations,
        seed=seed,
    )
    owner = np.array(bases.classes + (REST,) * unknown)
    parts = np.stack([_explained(found.bases, found.activations, owner == name) for name in names])
    masks = (parts + SMALLEST) / (parts + SMALLEST).sum(axis=0)
    size = len(samples)
    return {
        name: spectra.invert(spectrum * spectra.spread(mask), size=size)
        for name, mask in zip(names, masks, strict=True)
    }


def _explained(
    bases: NDArray[np.floating], activations: NDArray[np.floating], chosen: NDArray[np.bool_]
) -> NDArray[np.floating]:
    """Return the magnitudes (rows, T) that some of the bases explain."""
    whole = bases[None] if bases.ndim == 2 else bases
    length, rows = whole.shape[:2]
    flat = whole[:, :, chosen].transpose(1, 0, 2).reshape(rows, -1)
    return flat @ stack(activations[chosen], length)
