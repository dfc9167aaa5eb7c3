"""Judge systems that are not trained here: models that ship, and predictions that lie on disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.weights import shipped_models
from mien.evaluation.answers import categories_of, read_predictions
from mien.prediction.model_card import shipped
from mien.studies.study_corpora import VOICE, StudyCorpus

HELD_OUT = "held_out.parquet"
"""Beside a shipped model: what networks of its recipe said of clips whose speakers they had not heard."""
SHOWN = 3


def answer_shipped(name: str, corpus: StudyCorpus) -> tuple[pd.DataFrame, str]:
    """Return what a shipped model says of a corpus.

    Of a corpus that trained it, the held-out predictions of its recipe are taken, in which no network had
    heard the speaker.

    Args:
        name: of the model.
        corpus: its clips.

    Returns:
        As `answer_stored`.

    Raises:
        DataError: the model was trained on these recordings, or their labels do not meet.
    """
    if was_heard(name, corpus):
        path = shipped_models()[name] / HELD_OUT
        if not path.exists():
            raise DataError(
                f"Got `{name}`, which was trained on `{corpus.name}`, expected a model that never heard it; "
                "pass the predictions of its run."
            )
        note = (
            f"CONTAMINATED if asked as it ships: {name} was trained on {corpus.name}; these are its recipe's "
            "held-out answers (joint-5-fold), by networks that had not heard the speaker"
        )
        return fitted_to(pd.read_parquet(path), corpus, name), note
    if VOICE not in corpus.modality:
        raise DataError(
            f"Got `{name}`, which takes voice, but `{corpus.name}` has no recordings; leave one out."
        )
    from mien.prediction.analyze import analyze

    given = corpus.table.reindex(columns=["segment", "file", "start", "end"])
    results = analyze(given, model=name, segments="whole")
    return fitted_to(
        results.table, corpus, name
    ), f"{name} as it ships; it was trained on {_some(_trained_on(name))}"


def was_heard(name: str, corpus: StudyCorpus) -> bool:
    """Tell whether a shipped model was trained on recordings of a corpus."""
    heard = {one.replace("-", "_") for one in _trained_on(name)}
    return bool(heard & {one.replace("-", "_") for one in corpus.table["corpus"].unique()})


def _trained_on(name: str) -> Sequence[str]:
    return next(one for one in shipped() if one.name == name).trained_on


def answer_stored(path: str, corpus: StudyCorpus) -> tuple[pd.DataFrame, str]:
    """Return what stored predictions say of a corpus.

    Args:
        path: prediction table, or folder that `mien train` or `mien analyze` wrote.
        corpus: its segments.

    Returns:
        `row`, `fold` and `p.<class>` (and doubt where it is given) for every row of the corpus, and a note.

    Raises:
        DataError: rows without a prediction, or labels that do not meet.
    """
    table = read_predictions(path)
    by_fold = "fold" in table and table["fold"].notna().all()
    note = "held-out predictions of its own folds" if by_fold else "how it was trained is not known here"
    return fitted_to(table, corpus, path), f"{path}: {note}"


def fitted_to(predictions: pd.DataFrame, corpus: StudyCorpus, name: str) -> pd.DataFrame:
    """Return the predictions of the corpus' rows, in its classes.

    Args:
        predictions: with `segment` and `p.<category>`.
        corpus: whose rows are wanted.
        name: of who predicted.

    Raises:
        DataError: rows without a prediction, or labels that do not meet.
    """
    table = predictions.drop_duplicates("segment").set_index("segment")
    lacking = [one for one in corpus.table["segment"] if one not in table.index]
    if lacking:
        raise DataError(
            f"Got no prediction of {Path(name).name} for {len(lacking)} of {len(corpus.table)} rows "
            f"({_some(lacking)}), expected one for each; predict them, or choose another --label."
        )
    rows = table.loc[corpus.table["segment"]].reset_index(drop=True)
    spoken = {_own_name(category, corpus): category for category in categories_of(predictions)}
    unknown = [one for one in corpus.classes if one not in spoken]
    if unknown:
        raise DataError(
            f"Got classes {_some(unknown)} of `{corpus.name}`, which {Path(name).name} does not know "
            f"({', '.join(categories_of(predictions))}), expected label spaces that meet; pass --label "
            "category."
        )
    chances = rows[[f"p.{spoken[one]}" for one in corpus.classes]].to_numpy(float)
    total = chances.sum(axis=1, keepdims=True)
    found = pd.DataFrame(
        np.where(total > 0, chances / np.where(total > 0, total, 1), 1 / chances.shape[1]),
        columns=[f"p.{one}" for one in corpus.classes],
    )
    kept = [one for one in ("aleatoric.category", "epistemic.category") if one in rows]
    fold = rows["fold"].astype(str) if "fold" in rows else "none"
    return found.assign(row=np.arange(len(rows)), fold=fold, **{one: rows[one] for one in kept})


def _own_name(category: str, corpus: StudyCorpus) -> str:
    """Return what the corpus calls a shared category; the same where it knows no other name."""
    if category in corpus.classes or "category" not in corpus.table:
        return category
    names = corpus.table.loc[corpus.table["category"] == category, "label"].unique()
    return str(names[0]) if len(names) == 1 else category


def _some(names: object) -> str:
    listed = [str(name) for name in names]  # type: ignore[attr-defined]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more
