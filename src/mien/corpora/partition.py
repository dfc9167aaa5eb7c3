"""The joint five-fold partition of the speakers of all training corpora."""

import hashlib
from importlib.resources import files
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, DataError

JOINT_CORPORA = ("emodb", "ravdess_speech", "nemo", "urdu")
"""Corpora in the committed partition; the last trains no shipped weight and is there to be scored."""


def joint_5fold() -> pd.DataFrame:
    """Return the committed partition: which fold holds out which speaker.

    Use it for every score of a shipped model: fold k is held out in all corpora at once, five models
    are trained, and their predictions on held-out speakers are pooled. Do not make another split.

    Returns:
        Frame with `corpus`, `speaker` (as in the corpus tables, `emodb/03`) and `fold` (0 to 4).

    Example:
        >>> sorted(joint_5fold()["fold"].unique().tolist())
        [0, 1, 2, 3, 4]
    """
    with files("mien.corpora").joinpath("joint_5fold.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype={"corpus": "string", "speaker": "string", "fold": "int64"})
    return table


def assign_folds(table: pd.DataFrame, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Deal speakers to folds so that each corpus has like numbers of both sexes and of clips per fold.

    In each corpus and sex, speakers are taken from the one with most clips to the one with fewest
    (ties by a hash of seed and name, which no library version can change). Each goes to the fold with
    the fewest clips of that corpus so far, among folds with fewer than ceil(speakers / folds)
    speakers of that sex; ties go to the fold with fewer clips over all corpora, then to the lower number.
    The outcome depends on the numbers of clips: the committed partition was made once, and stays.

    Args:
        table: one row per segment with `corpus`, `speaker`, `sex`.
        folds: number of folds, at least 2.
        seed: chooses among speakers with equally many clips.

    Returns:
        Frame with `corpus`, `speaker`, `fold` (from 0), by corpus as they appear, then by speaker.

    Raises:
        ConfigError: fewer than 2 folds.
        DataError: a column is missing, or a speaker occurs with two sexes or in two corpora.
    """
    if folds < 2:
        raise ConfigError(f"Got {folds} folds, expected at least 2; pass folds=5.")
    speakers = _speakers(table, seed)
    clips_in_fold = [0] * folds
    chosen: list[dict[str, Any]] = []
    for corpus in table["corpus"].drop_duplicates():
        own = [one for one in speakers if one["corpus"] == corpus]
        chosen += _deal(own, clips_in_fold)
    order = {corpus: place for place, corpus in enumerate(table["corpus"].drop_duplicates())}
    chosen.sort(key=lambda one: (order[one["corpus"]], one["speaker"]))
    return pd.DataFrame(chosen, columns=["corpus", "speaker", "fold"]).astype(
        {"corpus": "string", "speaker": "string", "fold": "int64"}
    )


def _speakers(table: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """Return one record per speaker, sorted by falling number of clips."""
    missing = [name for name in ("corpus", "speaker", "sex") if name not in table]
    if missing:
        raise DataError(
            f"Got a table without {', '.join(missing)}, expected corpus, speaker and sex; add them."
        )
    counts = table.groupby(["corpus", "speaker", "sex"], dropna=False).size().reset_index(name="clips")
    twice = counts.loc[counts["speaker"].duplicated(), "speaker"]
    if len(twice):
        raise DataError(
            f"Got speaker `{twice.iloc[0]}` with two sexes or in two corpora, expected one of each; "
            "prefix speakers with their corpus."
        )
    records = [{str(key): value for key, value in row.items()} for row in counts.to_dict("records")]
    for one in records:
        one["hash"] = hashlib.sha256(f"{seed}:{one['speaker']}".encode()).hexdigest()
    return sorted(records, key=lambda one: (-one["clips"], one["hash"]))


def _deal(speakers: list[dict[str, Any]], clips_in_fold: list[int]) -> list[dict[str, Any]]:
    """Choose a fold for each speaker of one corpus, and count their clips into `clips_in_fold`."""
    folds = range(len(clips_in_fold))
    own_clips = [0] * len(clips_in_fold)
    chosen = []
    for sex in sorted({str(one["sex"]) for one in speakers}):
        group = [one for one in speakers if str(one["sex"]) == sex]
        most = -(-len(group) // len(clips_in_fold))
        taken = [0] * len(clips_in_fold)
        for one in group:
            free = [fold for fold in folds if taken[fold] < most]
            fold = min(free, key=lambda k: (own_clips[k], clips_in_fold[k], k))
            taken[fold] += 1
            own_clips[fold] += one["clips"]
            clips_in_fold[fold] += one["clips"]
            chosen.append({"corpus": one["corpus"], "speaker": one["speaker"], "fold": fold})
    return chosen
