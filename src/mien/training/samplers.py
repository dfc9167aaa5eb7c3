"""Choose which rows make up each batch of an epoch: by length, by category, or several of each speaker."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import is_scalar

from mien.core.errors import ConfigError, DataError

Rows = NDArray[np.intp]

# Each sampler draws from a stream of its own: with the same seed for all, one's jitter would else follow
# another's choice of rows.
_BY_LENGTH, _BY_BALANCE, _BY_GROUP = 1, 2, 3


def length_bucketed(
    lengths: ArrayLike,
    *,
    seed: int,
    epoch: int,
    most_items: int,
    most_padded: float | None = None,
    jitter: float = 0.1,
    rows: ArrayLike | None = None,
) -> list[Rows]:
    """Batch rows of like length, so that little is padded; every row exactly once.

    Use as the default. With little jitter a batch holds clips of one kind (short exclamations, one
    speaker's long turns), which disturbs batch normalization and CCC; with much jitter more is padded.

    Args:
        lengths: `(rows,)`, length of each row of the table, in seconds or any other unit; more than 0.
        seed: of the run.
        epoch: another epoch gives other batches; the same seed and epoch the same.
        most_items: most rows of a batch.
        most_padded: most of a batch after padding, rows times the longest, in the unit of `lengths`; None
            for no limit.
        jitter: how far lengths are mixed: each counts as up to so much longer or shorter; 0.1 is a tenth.
        rows: which rows to batch, in place of all; a row that is there twice comes twice.

    Returns:
        Row numbers of each batch, batches in random order.

    Raises:
        ConfigError: `most_items` below 1 or a negative jitter.
        DataError: no rows, a length that is not more than 0, or one row that is longer than `most_padded`.

    Example:
        >>> batches = length_bucketed([1.0, 9.0, 1.1, 8.0], seed=0, epoch=0, most_items=2)
        >>> sorted(sorted(int(row) for row in batch) for batch in batches)
        [[0, 2], [1, 3]]
    """
    if most_items < 1 or jitter < 0:
        raise ConfigError(f"Got most_items {most_items} and jitter {jitter}, expected at least 1 and 0.")
    size = np.asarray(lengths, np.float64)
    chosen = np.arange(size.size) if rows is None else np.asarray(rows, np.intp)
    _check_lengths(size, chosen, most_padded)
    generator = np.random.default_rng([seed, epoch, _BY_LENGTH])
    heard_as = size[chosen] * (1 + generator.uniform(-jitter, jitter, chosen.size))
    # equal lengths in random order, not in that of the table
    order = np.lexsort((generator.random(chosen.size), heard_as))
    batches = _fill(chosen[order], size, most_items, most_padded)
    return [batches[index] for index in generator.permutation(len(batches))]


def balanced_rows(
    groups: Sequence[Hashable], *, seed: int, epoch: int, power: float = 0.0, size: int | None = None
) -> Rows:
    """Draw an epoch of rows in which small groups come more often, spread evenly over its length.

    Use where categories, or (corpus, category) pairs, differ much in number; then batch with
    `length_bucketed(rows=…)`, or use `balanced` where each batch shall be balanced. A group of n of all N
    rows gets a share of the epoch proportional to n ** power. Within its group each row comes equally
    often, give or take one: with `power=1` and `size=None` every row exactly once, else rows of small
    groups several times and some rows of large groups not at all.

    Args:
        groups: group of each row, such as a category or a tuple of corpus and category.
        seed: of the run.
        epoch: another epoch gives another draw; the same seed and epoch the same.
        power: 0 all groups alike, 1 as they are, 0.5 between.
        size: rows to draw; None for as many as there are.

    Returns:
        `(size,)` row numbers, in an order in which any stretch is nearly as balanced as the whole.

    Raises:
        ConfigError: a power outside [0, 1], or a size below 1.
        DataError: no rows, or a row without a group.
    """
    members = _members(groups)
    size = len(groups) if size is None else size
    if not 0 <= power <= 1 or size < 1:
        raise ConfigError(f"Got power {power} and size {size}, expected 0 to 1 and at least 1.")
    generator = np.random.default_rng([seed, epoch, _BY_BALANCE])
    drawn, place = [], []
    quotas = _quotas(np.array([len(rows) for rows in members.values()]) ** power, size, generator)
    for rows, quota in zip(members.values(), quotas, strict=True):
        if not quota:
            continue
        rounds = [generator.permutation(rows) for _ in range(-(-quota // len(rows)))]
        drawn.append(np.concatenate(rounds)[:quota])
        # one place in each of `quota` equal parts of the epoch
        place.append((np.arange(quota) + generator.random(quota)) / quota)
    return np.concatenate(drawn)[np.argsort(np.concatenate(place), kind="stable")]


def balanced(
    groups: Sequence[Hashable],
    *,
    seed: int,
    epoch: int,
    most_items: int,
    power: float = 0.0,
    size: int | None = None,
) -> list[Rows]:
    """Batch rows so that each batch holds the groups in nearly equal shares.

    Use for losses that look at the batch as a whole, and where batches are small. Rows come as often as
    `balanced_rows` says, whose options these are.

    Args:
        groups: group of each row, such as a category or a tuple of corpus and category.
        seed: of the run.
        epoch: another epoch gives other batches; the same seed and epoch the same.
        most_items: rows of a batch; the last has the rest.
        power: 0 all groups alike, 1 as they are, 0.5 between.
        size: rows to draw; None for as many as there are.

    Raises:
        ConfigError: `most_items` or size below 1, or a power outside [0, 1].
        DataError: no rows, or a row without a group.
    """
    if most_items < 1:
        raise ConfigError(f"Got most_items {most_items}, expected at least 1.")
    rows = balanced_rows(groups, seed=seed, epoch=epoch, power=power, size=size)
    return [rows[start : start + most_items] for start in range(0, rows.size, most_items)]


def several_of_each(
    groups: Sequence[Hashable],
    *,
    seed: int,
    epoch: int,
    groups_per_batch: int,
    items_per_group: int,
    apart: Sequence[Hashable] | None = None,
) -> list[Rows]:
    """Batch several rows of each of several groups, as metric losses need them; every row at most once.

    Use with `triplet` and `contrastive`: groups are speakers to learn voices, categories to learn affect.
    To learn affect and not voices, pass speakers as `apart`: the rows of a category then come from as many
    speakers as there are. Rows of large groups that find no partners are left out of this epoch; which
    ones they are differs from epoch to epoch.

    Args:
        groups: group of each row.
        seed: of the run.
        epoch: another epoch gives other batches; the same seed and epoch the same.
        groups_per_batch: groups in each batch, 2 or more.
        items_per_group: rows of each of them, 2 or more.
        apart: of each row, what the rows of a group shall differ in, such as the speaker.

    Returns:
        Row numbers of each batch, `groups_per_batch · items_per_group` each.

    Raises:
        ConfigError: fewer than two groups per batch or rows per group.
        DataError: no rows, a row without a group, too few groups, or one with too few rows.

    Source:
        A. Hermans, L. Beyer, B. Leibe, In Defense of the Triplet Loss, 2017, section 2 (P · K batches).
    """
    if groups_per_batch < 2 or items_per_group < 2:
        raise ConfigError(
            f"Got {groups_per_batch} groups_per_batch and {items_per_group} items_per_group, expected 2 or "
            "more of both."
        )
    members = _members(groups)
    _check_groups(members, groups_per_batch, items_per_group)
    generator = np.random.default_rng([seed, epoch, _BY_GROUP])
    waiting = []
    for rows in members.values():
        order = generator.permutation(rows)
        if apart is not None:
            order = order[np.argsort(_occurrence([apart[row] for row in order]), kind="stable")]
        whole = order.size // items_per_group * items_per_group
        waiting.append(list(order[:whole].reshape(-1, items_per_group)))
    batches = []
    while sum(bool(parts) for parts in waiting) >= groups_per_batch:
        # the groups that have most left go first, so that few rows stay without partners
        left = np.array([len(parts) for parts in waiting])
        fullest = np.lexsort((generator.random(left.size), -left))[:groups_per_batch]
        batches.append(np.concatenate([waiting[group].pop() for group in fullest]))
    return [batches[index] for index in generator.permutation(len(batches))]


def _fill(order: Rows, size: NDArray[np.float64], most_items: int, most_padded: float | None) -> list[Rows]:
    """Cut an order into stretches that stay within both limits."""
    limit = np.inf if most_padded is None else most_padded
    batches, start, longest = [], 0, 0.0
    for end, row in enumerate(order):
        longest = max(longest, size[row])
        if end - start == most_items or (end - start + 1) * longest > limit:
            batches.append(order[start:end])
            start, longest = end, size[row]
    return [*batches, order[start:]]


def _check_lengths(size: NDArray[np.float64], chosen: Rows, most_padded: float | None) -> None:
    if not chosen.size:
        raise DataError("Got no rows, expected at least one.")
    if chosen.min() < 0 or chosen.max() >= size.size:
        raise DataError(f"Got row {chosen.max()} of a table of {size.size}, expected rows of the table.")
    if not (size[chosen] > 0).all():
        row = chosen[~(size[chosen] > 0)][0]
        raise DataError(f"Got length {size[row]} of row {row}, expected more than 0; leave the row out.")
    if most_padded is not None and size[chosen].max() > most_padded:
        row = chosen[size[chosen].argmax()]
        raise DataError(
            f"Got row {row} of length {size[row]:g}, expected at most most_padded = {most_padded:g}; crop it "
            "or allow more."
        )


def _members(groups: Sequence[Hashable]) -> dict[Hashable, Rows]:
    """Return the rows of each group, groups in the order in which they first come."""
    if not len(groups):
        raise DataError("Got no rows, expected at least one.")
    found: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        if any(
            is_scalar(part) and pd.isna(part) for part in (group if isinstance(group, tuple) else [group])
        ):
            raise DataError(f"Got no group for row {row}, expected one; leave the row out.")
        found.setdefault(group, []).append(row)
    return {group: np.array(rows, np.intp) for group, rows in found.items()}


def _check_groups(members: dict[Hashable, Rows], groups_per_batch: int, items_per_group: int) -> None:
    small = [str(group) for group, rows in members.items() if rows.size < items_per_group]
    if small:
        raise DataError(
            f"Got {len(small)} groups with fewer than {items_per_group} rows ({', '.join(small[:5])}"
            f"{', …' if len(small) > 5 else ''}); lower items_per_group or leave their rows out."
        )
    if len(members) < groups_per_batch:
        raise DataError(
            f"Got {len(members)} groups, expected at least groups_per_batch = {groups_per_batch}."
        )


def _quotas(shares: NDArray[np.float64], size: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Divide `size` by shares into whole numbers; over the epochs their mean is exact."""
    # rounded, lest 2.9999999999 count as 2
    edges = np.round(np.cumsum(shares) / shares.sum() * size, 9)
    return np.diff(np.floor(edges + generator.random()), prepend=0).astype(np.intp)


def _occurrence(values: Sequence[Hashable]) -> NDArray[np.intp]:
    """Return for each value how often it came before: a stable sort by it takes turns."""
    seen: Counter[Hashable] = Counter()
    found = []
    for value in values:
        found.append(seen[value])
        seen[value] += 1
    return np.array(found, np.intp)
