"""Part the clips of a table: what trains, what chooses the epoch, what tests."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.corpora.protocols import OwnSplit, SpeakerKFold
from mien.corpora.split import Fold, deal_groups, plain_column, split_checksum

DEV_PARTS = 5
"""One in so many speakers of the training part chooses the epoch."""

LEAST_GROUPS = 3
"""With fewer speakers in the training part, none is left to choose anything."""


@dataclass(frozen=True)
class Plan:
    """Say which clips are held out where.

    Attributes:
        folds: train, dev and test rows; together the test rows hold every row once, or those of the split.
        protocol: name and number of folds.
        held_out: what held out means, in words.
        notes: what a reader of the scores must know.
        by_speaker: True where no test speaker trained.
        refit: rows that the model that ships is trained on.
    """

    folds: tuple[Fold, ...]
    protocol: str
    held_out: str
    notes: tuple[str, ...]
    by_speaker: bool
    refit: NDArray[np.int64]

    def record(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return what a run's folder says about its split."""
        notes = [*self.notes, *(f"{fold.name}: {note}" for fold in self.folds for note in fold.notes)]
        checksum = split_checksum(table, self.folds)
        return {"protocol": self.protocol, "folds": len(self.folds), "checksum": checksum, "notes": notes}


def plan_folds(table: pd.DataFrame, stratum: NDArray[Any], *, folds: int, seed: int = 0) -> Plan:
    """Part a table by its split, else by speaker, else by file; dev comes out of the training part.

    Args:
        table: segment table; `speaker` and `split` are looked at where they are there.
        stratum: `(rows,)` what is to be balanced over the folds, such as the category.
        folds: number of folds, at least 2; not used where there is a split.
        seed: chooses among divisions that are nearly as even.

    Raises:
        DataError: too few speakers or files for the folds, or a split without train or test.
    """
    strata = np.asarray(stratum).astype(str).astype(object)
    balanced = table.assign(emotion=pd.array(strata, dtype="string"))
    groups, by_speaker, notes = _groups(table)
    if "split" in table and table["split"].notna().any():
        return _own_split(balanced, groups, strata, by_speaker=by_speaker, notes=notes, seed=seed)
    count = len(set(groups))
    if count < folds:
        what = "speakers" if by_speaker else "files"
        advice = f"pass --folds {count}" if count > 1 else "one alone cannot be held out; record more"
        raise DataError(f"Got {count} {what} for {folds} folds, expected at least {folds}; {advice}.")
    protocol = SpeakerKFold(k=folds, seed=seed)
    made = protocol.folds(balanced.assign(speaker=pd.array(groups, dtype="string")))
    held_out = (
        f"every clip is judged by a model that did not hear its speaker ({folds} folds)"
        if by_speaker
        else f"every clip is judged by a model that did not hear its file ({folds} folds); the same voice "
        "may have been heard"
    )
    return Plan(
        tuple(with_dev(fold, groups, strata, seed=seed) for fold in made),
        f"{'speaker' if by_speaker else 'file'}-{folds}-fold",
        held_out,
        tuple(notes),
        by_speaker,
        np.arange(len(table)),
    )


def _groups(table: pd.DataFrame) -> tuple[NDArray[np.object_], bool, list[str]]:
    """Return what stays together: the speaker, or the file where nobody says who speaks."""
    speakers, files = plain_column(table, "speaker"), plain_column(table, "file")
    unknown = int(sum(one is None for one in speakers))
    if not unknown:
        return speakers, True, []
    who = "no clip" if unknown == len(table) else f"{len(table) - unknown} of {len(table)} clips"
    note = (
        f"WARNING: the speaker is known for {who}. The same voice may be in training and in test, so scores "
        "may be far too high; add a `speaker` column."
    )
    return np.where([one is None for one in speakers], files, speakers), False, [note]


def _own_split(
    table: pd.DataFrame,
    groups: NDArray[np.object_],
    strata: NDArray[np.object_],
    *,
    by_speaker: bool,
    notes: list[str],
    seed: int,
) -> Plan:
    """Take train, dev and test as the table gives them."""
    fold = OwnSplit().folds(table)[0]
    trained = np.concatenate([fold.train, fold.dev])
    shared = sorted(set(groups[trained]) & set(groups[fold.test]))
    if by_speaker and shared:
        notes = [
            *notes,
            f"WARNING: {len(shared)} speakers of the test part are in the training part too "
            f"(`{shared[0]}`), so scores may be far too high; part the table by speaker.",
        ]
    alone = by_speaker and not shared
    whom = "whose speakers it did not hear" if alone else "which may hold voices that it heard"
    return Plan(
        (fold if len(fold.dev) else with_dev(fold, groups, strata, seed=seed),),
        "own split",
        f"the table's own test part, {whom}",
        tuple(notes),
        alone,
        np.sort(trained),
    )


def with_dev(fold: Fold, groups: NDArray[np.object_], strata: NDArray[np.object_], *, seed: int) -> Fold:
    """Take one in five speakers out of the training part, to choose the epoch by.

    Args:
        fold: without dev rows.
        groups: `(rows,)` what stays together, such as the speaker.
        strata: `(rows,)` what dev must show, such as the category.
        seed: chooses among divisions that are nearly as even.
    """
    inside = groups[fold.train]
    count = len(set(inside))
    if count < LEAST_GROUPS:
        note = f"{count} speakers in train leave none for dev: the number of epochs is fixed"
        return replace(fold, notes=(*fold.notes, note))
    parts = deal_groups(inside, strata[fold.train], k=min(DEV_PARTS, count), seed=seed)
    chosen = parts == _smallest_full_part(parts, strata[fold.train])
    return replace(fold, train=fold.train[~chosen], dev=fold.train[chosen])


def _smallest_full_part(parts: NDArray[np.int64], strata: NDArray[np.object_]) -> int:
    """Return the part with most categories, among those the smallest: it must show all of them."""
    names = range(int(parts.max()) + 1)
    return min(names, key=lambda part: (-len(set(strata[parts == part])), (parts == part).sum(), part))
