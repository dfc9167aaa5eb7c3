"""Folds of a table: what trains, what chooses, what tests; and how groups are dealt to folds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError

PARTS = ("train", "dev", "test")
"""Parts of a split, by the names that every corpus table uses."""

REFINE_UP_TO = 400
"""With more groups than this, dealing alone is even enough and swapping would take long."""

_MOST_PASSES = 20
_DECIMALS = 9


@dataclass(frozen=True, eq=False)
class Fold:
    """Name the rows of a table that train, choose and test.

    Attributes:
        name: unique among the folds of a protocol.
        train: int64 `(rows,)`, positions in the table (for `iloc`), rising.
        dev: likewise; may choose settings, never tests; empty where the protocol gives none.
        test: likewise.
        notes: what a reader of the score should know: missing classes, rows left out.
    """

    name: str
    train: NDArray[np.int64]
    dev: NDArray[np.int64]
    test: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def split_checksum(table: pd.DataFrame, folds: Sequence[Fold]) -> str:
    """Return the SHA-256 of which segment does what in which fold, as 64 hexadecimal digits.

    Two runs with one checksum were scored on the same split. The order of rows does not matter.

    Args:
        table: the table that the folds were made of, with `segment`.
        folds: its folds.

    Example:
        >>> table = pd.DataFrame({"segment": ["a", "b"]})
        >>> fold = Fold("one", np.array([0]), np.array([], dtype=np.int64), np.array([1]))
        >>> split_checksum(table, [fold])[:8]
        '9ac9b89a'
    """
    segments = table["segment"].to_numpy(dtype=object)
    lines = [
        f"{fold.name}\t{part}\t{segment}"
        for fold in folds
        for part, rows in (("train", fold.train), ("dev", fold.dev), ("test", fold.test))
        for segment in segments[rows]
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def label_column(table: pd.DataFrame) -> str | None:
    """Return the column that holds the class of a row, or None without classes.

    One corpus is judged by its own labels (`emotion`), several by those that they share (`category`).
    """
    several = "corpus" in table and table["corpus"].nunique() > 1
    for name in ("category", "emotion") if several else ("emotion", "category"):
        if name in table and table[name].notna().any():
            return name
    return None


def plain_column(table: pd.DataFrame, name: str | None) -> NDArray[np.object_]:
    """Return a column as plain objects, None for null, all None where the table has no such column."""
    if name is None or name not in table:
        return np.full(len(table), None, dtype=object)
    column = table[name].astype(object)
    return column.where(column.notna(), None).to_numpy(dtype=object)


def deal_groups(
    group: NDArray[np.object_], stratum: NDArray[np.object_], *, k: int, seed: int = 0
) -> NDArray[np.int64]:
    """Deal whole groups to `k` folds so that each fold holds like shares of every stratum.

    The cost is the sum over folds and strata of (rows − expected)² / expected, with one more stratum for
    all rows together. Groups come large before small (sizes in powers of two), in an order that a hash of
    the seed gives, each to the fold where it costs least. Then single groups are moved or swapped as long
    as that lowers the cost. No random generator is used, so that no library version changes a split.

    Args:
        group: `(rows,)` names, never null; rows of one name stay together.
        stratum: `(rows,)` names of what is to be balanced, for example classes.
        k: number of folds, 2 to the number of groups.
        seed: changes the order in which groups are dealt.

    Returns:
        Fold of each row, `(rows,)`, 0 to k - 1; no fold is empty.

    Raises:
        DataError: fewer groups than folds.

    Example:
        >>> deal_groups(np.array(["x", "x", "y", "z"]), np.array(["a"] * 4), k=2).tolist()
        [0, 0, 1, 1]
    """
    names, of_row = np.unique(group.astype(str), return_inverse=True)
    if len(names) < k:
        raise DataError(f"Got {len(names)} groups for {k} folds, expected at least {k}; use fewer folds.")
    _, stratum_of_row = np.unique(stratum.astype(str), return_inverse=True)
    counts = np.zeros((len(names), stratum_of_row.max() + 2))
    np.add.at(counts, (of_row, stratum_of_row), 1)
    counts[:, -1] = counts.sum(axis=1)
    weights = 1 / counts.sum(axis=0)
    folds = _deal(counts, weights, _order(names, counts[:, -1], seed), k)
    if len(names) <= REFINE_UP_TO:
        _refine(counts, weights, folds, k)
    return _renumber(folds, of_row)


def _order(names: NDArray[np.str_], sizes: NDArray[np.float64], seed: int) -> list[int]:
    """Return the groups, large before small; among those of like size, as a hash has it."""

    def place(index: int) -> tuple[int, str]:
        return -int(sizes[index]).bit_length(), hashlib.sha256(f"{seed}:{names[index]}".encode()).hexdigest()

    return sorted(range(len(names)), key=place)


def _deal(
    counts: NDArray[np.float64], weights: NDArray[np.float64], order: list[int], k: int
) -> NDArray[np.int64]:
    """Give each group to the fold where it costs least; the last groups fill folds that are empty."""
    filled = np.zeros((k, counts.shape[1]))
    folds = np.zeros(len(order), dtype=np.int64)
    for place, index in enumerate(order):
        # the rise of the cost, less what is the same for every fold
        cost = np.round(filled @ (weights * counts[index]), _DECIMALS)
        empty = filled[:, -1] == 0
        if len(order) - place == empty.sum():
            cost[~empty] = np.inf
        folds[index] = int(np.argmin(cost))
        filled[folds[index]] += counts[index]
    return folds


def _refine(
    counts: NDArray[np.float64], weights: NDArray[np.float64], folds: NDArray[np.int64], k: int
) -> None:
    """Move or swap single groups, in place, as long as that lowers the cost."""
    # a group of nothing in each fold: to swap with it is to move
    partners = np.vstack([counts, np.zeros((k, counts.shape[1]))])
    filled = np.array([counts[folds == fold].sum(axis=0) for fold in range(k)])
    for _ in range(_MOST_PASSES):
        changed = False
        for index in range(len(counts)):
            home = folds[index]
            places = np.concatenate([folds, np.arange(k)])
            given = counts[index] - partners
            cost = np.round((given * (filled[places] - filled[home] + given)) @ weights, _DECIMALS)
            cost[places == home] = 0.0
            if (folds == home).sum() == 1:
                cost[len(counts) :] = 0.0  # the last group of a fold may be swapped, not moved away
            best = int(np.argmin(cost))
            if cost[best] >= 0:
                continue
            filled[home] -= given[best]
            filled[places[best]] += given[best]
            folds[index] = places[best]
            if best < len(counts):
                folds[best] = home
            changed = True
        if not changed:
            return


def _renumber(folds: NDArray[np.int64], of_row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the fold of each row, numbered as the groups' names first meet them, in alphabetic order."""
    first: dict[int, int] = {}
    for fold in folds.tolist():
        first.setdefault(fold, len(first))
    return np.array([first[fold] for fold in folds.tolist()], dtype=np.int64)[of_row]
