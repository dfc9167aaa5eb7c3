"""Activations of learned bases as features: how much of each part a clip holds."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.features.clips import Clip, ClipReader
from mien.features.described import Described
from mien.features.factorisation.bases import Bases
from mien.features.factorisation.multiplicative import factorise
from mien.features.feature_table import as_table
from mien.signals.inputs import arrays_among, gather
from mien.signals.resample import resample

Given = str | Path | pd.DataFrame | NDArray[Any]
FUNCTIONALS = ("mean", "stddev", "q95")
"""Of the contour of each activation: mean, standard deviation and 95 % quantile."""


def activations_of(
    samples: NDArray[np.floating], bases: Bases, *, iterations: int = 60
) -> NDArray[np.floating]:
    """Return how strong each base is in each frame of a clip.

    Use it for curves over time; use `extract_activations` for one row per segment.

    Args:
        samples: mono, (samples,), in [-1, 1], at the rate of the bases.
        bases: from `learn_bases`.
        iterations: of the factorisation; all are made.

    Returns:
        (K, T), not negative, a frame every `bases.spectra.hop_s` seconds, as `Spectra.transform` lays them.

    Raises:
        DataError: samples that are not mono, not finite, or shorter than a window.
    """
    spectra = bases.spectra
    return factorise(
        spectra.observe(spectra.transform(samples)),
        0,
        loss=bases.loss,
        sparsity=bases.sparsity,
        fixed=bases.values,
        length=len(bases.values),
        iterations=iterations,
        tolerance=0,
        check_every=max(iterations, 1),
    ).activations


def extract_activations(
    given: Given | Iterable[Given], bases: Bases, *, rate_hz: int | None = None, iterations: int = 60
) -> pd.DataFrame:
    """Describe recordings by the bases that they are made of, one row per segment.

    Use it beside expert descriptors, with bases learned from training clips alone. Columns are relative to
    all activations of the clip, so that its level does not matter; the means sum to 1.

    Args:
        given: recordings, folders, tables (CSV, Parquet or frame) with column `file` and optionally `start`,
            `end` (seconds) and `segment`; or arrays (samples,) or (channels, samples) in [-1, 1]. One or
            several. What has another rate than the bases is resampled.
        bases: from `learn_bases` or `load_bases`.
        rate_hz: sampling rate of arrays in Hz.
        iterations: of the factorisation; all are made, so that a clip gives the same alone and among others.

    Returns:
        Columns `segment`, `file`, `start`, `end` (seconds), then `<kind>-<number>.<functional>`, in the order
        of the input. What cannot be described is in `attrs["failures"]`, name → reason.

    Raises:
        ConfigError: arrays without a rate.
        InputError: nothing is given, or a table has no usable columns.

    Source:
        B. Schuller, F. Weninger, M. Wöllmer, Y. Sun, G. Rigoll, Non-negative matrix factorization as
        noise-robust feature extractor for speech recognition, ICASSP 2010.
    """
    items = [given] if isinstance(given, str | Path | pd.DataFrame | np.ndarray) else list(given)
    arrays = arrays_among(items, rate_hz=rate_hz)
    failures: dict[str, str] = {}
    if rate_hz is None:
        found = gather(items)
        failures |= found.failures
        clips: Iterable[Clip] = ClipReader().read(found.jobs, failures)
    else:
        clips = _named(arrays, rate_hz)
    rows, kept = [], []
    for clip in clips:
        try:
            rows.append(_functionals(clip, bases, iterations=iterations))
            kept.append(clip._replace(samples=np.broadcast_to(np.float32(0), clip.samples.shape)))
        except DataError as error:
            failures[clip.segment] = f"{error} (`{clip.segment}` of `{clip.file}`)"
    columns = _columns(bases)
    values = np.stack(rows) if rows else np.zeros((0, len(columns)), np.float32)
    table = as_table(Described(values, np.arange(len(rows) + 1), columns), kept).to_pandas()
    table.attrs["failures"] = failures
    return table


def _named(arrays: list[NDArray[Any]], rate_hz: int) -> Iterator[Clip]:
    for number, array in enumerate(arrays, 1):
        mono = np.asarray(array.mean(axis=0) if array.ndim == 2 else array, np.float32)
        yield Clip(f"array-{number}", f"array-{number}", 0.0, mono, rate_hz)


def _columns(bases: Bases) -> tuple[str, ...]:
    numbered: list[str] = []
    for row, name in enumerate(bases.classes):
        numbered.append(f"{name}-{1 + bases.classes[:row].count(name)}")
    return tuple(f"{name}.{functional}" for name in numbered for functional in FUNCTIONALS)


def _functionals(clip: Clip, bases: Bases, *, iterations: int) -> NDArray[np.float32]:
    """Return the functionals of each activation, relative to the mean over time of their sum, (3 K,)."""
    samples = clip.samples
    if clip.rate_hz != bases.spectra.rate_hz and samples.ndim == 1:
        samples = resample(samples, clip.rate_hz, bases.spectra.rate_hz)
    found = activations_of(samples, bases, iterations=iterations)
    total = found.sum(axis=0).mean()
    shares = found / total if total > 0 else found
    described = [shares.mean(axis=1), shares.std(axis=1), np.quantile(shares, 0.95, axis=1)]
    return np.stack(described, axis=1).ravel().astype(np.float32)
