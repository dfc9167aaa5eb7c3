"""Read the arrays of a corpus that comes as numbers, not as recordings."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError


def read_arrays(
    root: str | Path, name: str, *, shapes: Mapping[str, tuple[int | None, ...]], title: str
) -> dict[str, NDArray[Any]]:
    """Read arrays from an npz file and check that they are what the corpus has.

    Args:
        root: folder of the corpus.
        name: name of the npz file in it.
        shapes: array → its shape, None for any length.
        title: name of the corpus for the errors.

    Returns:
        The named arrays; numbers are finite.

    Raises:
        DataError: the file is missing or broken, or an array is missing, of another shape or not finite.
    """
    path = Path(root) / name
    if not path.is_file():
        raise DataError(f"Got no `{name}` in `{root}`, expected the folder of {title}; pass that folder.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in shapes if key in stored}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"Got `{path}`, which cannot be read, expected arrays of {title}; copy it again. ({error})"
        ) from error
    for key, shape in shapes.items():
        if key not in arrays:
            raise DataError(f"Got no array `{key}` in `{path}`, expected it in {title}; copy the file again.")
        _check(arrays[key], shape, what=f"array `{key}` of `{path}`")
    return arrays


def read_parts(
    root: str | Path,
    name: str,
    *,
    key: str,
    splits: Sequence[str],
    shape: tuple[int | None, ...],
    rows: Sequence[int] | None = None,
    title: str,
) -> list[NDArray[Any]]:
    """Read the arrays `<key>_<split>` of a corpus, one per part of its split.

    Args:
        root: folder of the corpus.
        name: name of the npz file in it.
        key: what the arrays hold, as the file calls it.
        splits: parts, in the wanted order.
        shape: of each array, None for any length.
        rows: rows that each part must have; None for any.
        title: name of the corpus for the errors.

    Raises:
        DataError: as `read_arrays`, or a part has other rows.
    """
    shapes = {f"{key}_{split}": shape for split in splits}
    parts = list(read_arrays(root, name, shapes=shapes, title=title).values())
    found = [len(one) for one in parts]
    if rows is not None and found != list(rows):
        raise DataError(
            f"Got {found} rows of `{key}_*` in `{Path(root) / name}`, expected {list(rows)} as the labels "
            "have; copy the file again."
        )
    return parts


def _check(array: NDArray[Any], shape: tuple[int | None, ...], *, what: str) -> None:
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if one is None else str(one) for one in shape)
        raise DataError(f"Got {what} of shape {array.shape}, expected ({wanted}); copy the file again.")
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        raise DataError(f"Got {what} with NaN or infinite values, expected numbers; copy the file again.")
