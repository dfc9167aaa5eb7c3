"""From each corpus to each other: train on one, test on all, on the classes that all of them share."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.corpora.overlap import sources_of
from mien.corpora.split import Fold
from mien.studies.cells import Answered, Cell
from mien.studies.fitting_protocol import fitting_protocol
from mien.studies.study_corpora import StudyCorpus
from mien.studies.system_words import REPEATED, SystemWords

INSIDE = "inside "


def joint_corpus(corpora: Sequence[StudyCorpus]) -> StudyCorpus:
    """Return the rows of all corpora whose class every one of them has.

    Args:
        corpora: labelled alike (`category`).

    Raises:
        DataError: fewer than two corpora, or fewer than two classes that all of them have.
    """
    if len(corpora) < 2:
        raise DataError("Got one corpus, expected at least two for a matrix; pass --corpus emodb ravdess.")
    shared = set.intersection(*(set(one.classes) for one in corpora))
    if len(shared) < 2:
        spaces = "; ".join(f"{one.name}: {', '.join(one.classes)}" for one in corpora)
        raise DataError(f"Got label spaces that do not meet ({spaces}), expected two classes that all have.")
    parts, notes = [], []
    for one in corpora:
        kept = one.table["label"].isin(shared)
        parts.append(one.table[kept].assign(corpus=one.name))
        if not kept.all():
            notes.append(
                f"{one.name}: {int((~kept).sum())} rows of classes that not all corpora have are left out."
            )
    table = pd.concat(parts, ignore_index=True)
    modality = tuple(kind for kind in corpora[0].modality if all(kind in one.modality for one in corpora))
    return StudyCorpus(
        "matrix", table, corpora[0].label, modality, tuple(notes), "; ".join(_licences(corpora))
    )


def matrix_cells(
    joint: StudyCorpus, systems: Sequence[SystemWords], *, seeds: int, folder: Path, cache: Path
) -> list[Cell]:
    """Return the cells of a matrix: one per system, seed and corpus that trains.

    Inside a corpus, whole speakers are held out as in a study of that corpus alone. Corpora cut from the same
    material do not train for each other.

    Args:
        joint: from `joint_corpus`.
        systems: that are judged; those that are not trained here are asked the same in every cell.
        seeds: repetitions.
        folder: of all cells.
        cache: folder for columns.
    """
    cells = []
    for name in dict.fromkeys(joint.table["corpus"]):
        folds = tuple(_folds_from(name, joint))
        named = replace(joint, name=f"from-{name}")
        for system in systems:
            count = seeds if system.kind in REPEATED else 1
            cells += [Cell(system, named, folds, seed, folder, cache) for seed in range(count)]
    return cells


def split_answers(cells: Sequence[Cell], answered: Sequence[Answered]) -> list[Answered]:
    """Return the answers of a matrix apart by what trained and what tested, `<train> → <test>` as corpus."""
    found = []
    for cell, one in zip(cells, answered, strict=True):
        train = cell.corpus.name.removeprefix("from-")
        for test in dict.fromkeys(cell.corpus.table["corpus"]):
            part = None if one.answers is None else one.answers[one.answers["corpus"] == test]
            failure: dict[str, Any] = {}
            if part is not None and not len(part):
                part, failure = None, {"failure": f"{train} and {test} are cut from the same material"}
            facts = one.facts | failure
            found.append(Answered(one.system, pair_name(train, test), one.seed, part, facts))
    return found


def pair_corpora(joint: StudyCorpus) -> list[StudyCorpus]:
    """Return one entry per pair of corpora, with the rows that test."""
    found = []
    for train in dict.fromkeys(joint.table["corpus"]):
        for test in dict.fromkeys(joint.table["corpus"]):
            rows = joint.table[joint.table["corpus"] == test].reset_index(drop=True)
            found.append(replace(joint, name=pair_name(train, test), table=rows, notes=()))
    return found


def pair_name(train: str, test: str) -> str:
    """Return what a pair is called in a table."""
    return f"{train} → {test}"


def matrix_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the scores as `system`, `train`, `test`, `value`, `low`, `high`, `n`."""
    named = rows["corpus"].str.split(" → ", n=1, expand=True)
    table = rows.assign(train=named[0], test=named[1])
    return table[["system", "train", "test", "value", "low", "high", "n"]].reset_index(drop=True)


def _folds_from(name: str, joint: StudyCorpus) -> list[Fold]:
    corpora = joint.table["corpus"].to_numpy(dtype=object)
    own = np.flatnonzero(corpora == name)
    inside = joint.table.iloc[own].reset_index(drop=True)
    protocol = fitting_protocol(inside.assign(emotion=inside["label"]))
    folds = [
        Fold(f"{INSIDE}{fold.name}", own[fold.train], own[fold.dev], own[fold.test], fold.notes)
        for fold in protocol.folds(inside)
    ]
    names = list(dict.fromkeys(corpora))
    source = sources_of(names)
    nothing = np.array([], np.int64)
    return folds + [
        Fold(other, own, nothing, np.flatnonzero(corpora == other))
        for other in names
        if other != name and source[other] != source[name]
    ]


def _licences(corpora: Sequence[StudyCorpus]) -> list[str]:
    return list(dict.fromkeys(one.licence for one in corpora if one.licence))
