"""Lay two systems' answers to the same items side by side, found by segment and never by order."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError

NEEDED = ("segment", "truth", "prediction")
SHOWN = 3
MISSING = ("refuse", "drop")


class Pair(NamedTuple):
    """Hold two systems' answers to the same items.

    Attributes:
        items: `corpus` and `speaker` (null where unknown), one row per item, in the order of segments.
        first: one frame of answers per seed, rows as in `items`.
        second: likewise, with a number of seeds of its own.
        notes: what was left out.
    """

    items: pd.DataFrame
    first: list[pd.DataFrame]
    second: list[pd.DataFrame]
    notes: list[str]

    def part(self, rows: NDArray[Any], *, notes: Sequence[str] = ()) -> "Pair":
        """Return some of the items, picked by number or by a mask, with further notes."""
        picked = [[one.iloc[rows] for one in side] for side in (self.first, self.second)]
        return Pair(self.items.iloc[rows], picked[0], picked[1], [*self.notes, *notes])


def pair_answers(
    first: pd.DataFrame, second: pd.DataFrame, *, names: tuple[str, str], missing: str = "refuse"
) -> Pair:
    """Match two systems' answers by `segment`.

    A corpus that only one of them answered is left out and counted. Within a corpus that both answered,
    items of only one are refused, or left out and counted. Corpus and speaker are the first system's,
    or the second's where it does not know the speaker.

    Args:
        first: answers as from `mien.evaluation.answers`; with a column `seed`, one row per item and seed.
        second: likewise.
        names: what to call the two in messages.
        missing: what to do with items of one system alone: `refuse` or `drop`.

    Raises:
        DataError: a column is missing, an item has no truth or prediction or stands there twice, seeds
            differ in their items, no item is shared, items are missing, or the truth differs.
        ConfigError: `missing` is neither word.
    """
    if missing not in MISSING:
        raise ConfigError(f"Got missing `{missing}`, expected {' or '.join(MISSING)}.")
    sides = [_by_seed(table, name) for table, name in zip((first, second), names, strict=True)]
    one, two = sides[0][0], sides[1][0]
    shared = one.index.intersection(two.index).sort_values()
    if shared.empty:
        raise DataError(
            f"Got no item of `{names[0]}` ({_some(list(one.index))}) among those of `{names[1]}` "
            f"({_some(list(two.index))}), expected the same segments; judge the same recordings, or find "
            "both by the same labels with --truth."
        )
    notes = _left_out((one, two), shared, names, missing)
    found = [[frame.loc[shared] for frame in side] for side in sides]
    _refuse_other_truth(found[0][0]["truth"], found[1][0]["truth"], names)
    return Pair(_items(found[0][0], found[1][0]), found[0], found[1], notes)


def _by_seed(table: pd.DataFrame, name: str) -> list[pd.DataFrame]:
    """Return one frame per seed, indexed by segment."""
    lacking = [column for column in NEEDED if column not in table]
    if lacking or not len(table):
        what = f"without {', '.join(lacking)}" if lacking else "without rows"
        raise DataError(f"Got answers of `{name}` {what}, expected those of `mien.evaluation.answers`.")
    for column in (*NEEDED, *(["seed"] if "seed" in table else [])):
        empty = table[column].isna()
        if empty.any():
            named = _some(table.loc[empty, "segment"].tolist())
            raise DataError(
                f"Got {int(empty.sum())} rows of `{name}` without {column} ({named}), expected none; leave "
                "such items out of every system."
            )
    parts: list[tuple[Hashable, pd.DataFrame]] = (
        list(table.groupby("seed", sort=True)) if "seed" in table else [("", table)]
    )
    frames = []
    for seed, part in parts:
        twice = part.loc[part["segment"].duplicated(), "segment"]
        if len(twice):
            where = f" with seed {seed}" if "seed" in table else ""
            raise DataError(f"Got `{twice.iloc[0]}` twice in `{name}`{where}, expected once; drop the copy.")
        # Plain objects: texts in Arrow arrays take several times as long to look up and to compare.
        labels = {column: part[column].astype(str).to_numpy(object) for column in ("truth", "prediction")}
        segment = pd.Index(part["segment"].astype(str).to_numpy(object), dtype=object)
        frames.append(part.assign(**labels).set_index(segment).sort_index())
        _refuse_other_items(frames[0], frames[-1], f"seed {seed} of `{name}`")
    return frames


def _refuse_other_items(first: pd.DataFrame, other: pd.DataFrame, which: str) -> None:
    if not first.index.equals(other.index):
        odd = first.index.symmetric_difference(other.index)
        raise DataError(
            f"Got {len(odd)} items that {which} lacks or has alone ({_some(list(odd))}), expected the same "
            "items for every seed."
        )
    _refuse_other_truth(first["truth"], other["truth"], ("the first seed", which))


def _refuse_other_truth(one: pd.Series, two: pd.Series, names: tuple[str, str]) -> None:
    differs = one.to_numpy() != two.to_numpy()
    if differs.any():
        place = int(np.argmax(differs))
        raise DataError(
            f"Got {int(differs.sum())} of {len(one)} items whose label is not the same for both: "
            f"`{one.index[place]}` is {one.iloc[place]} for {names[0]} and {two.iloc[place]} for {names[1]}; "
            "map both to the same categories, or pass the labels with --truth."
        )


def _left_out(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    shared: "pd.Index[str]",
    names: tuple[str, str],
    missing: str,
) -> list[str]:
    """Say what only one system has; DataError for single items unless they may be dropped."""
    notes, lost = [], []
    for table, name, other in zip(tables, names, reversed(names), strict=True):
        corpus = _corpus(table)
        common = set(corpus[shared])
        alone = corpus[~corpus.index.isin(shared)]
        whole = alone[~alone.isin(common)]
        for corpus_name, size in whole.value_counts(sort=False).sort_index().items():
            notes.append(
                f"{corpus_name} is not compared: {other} has no answers for its {size:,} items in {name}."
            )
        single = alone[alone.isin(common)]
        if len(single):
            lost.append(f"{len(single):,} items only in {name} ({_some(list(single.index))})")
    if lost and missing != "drop":
        raise DataError(
            f"Got {' and '.join(lost)}, expected the same items; predict them with both, or leave them out "
            "with --missing drop."
        )
    return [*notes, *(f"{words}; they are left out." for words in lost)]


def _items(one: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    speaker = [
        table["speaker"].astype(object) if "speaker" in table else pd.Series(pd.NA, table.index, object)
        for table in (one, two)
    ]
    return pd.DataFrame({"corpus": _corpus(one), "speaker": speaker[0].where(speaker[0].notna(), speaker[1])})


def _corpus(table: pd.DataFrame) -> pd.Series:
    if "corpus" not in table:
        return pd.Series("all", index=table.index, dtype=object)
    return table["corpus"].fillna("all").astype(str).astype(object)


def _some(names: Sequence[object]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:SHOWN]) + more
