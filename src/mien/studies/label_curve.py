"""How many labels a system needs: its score when only some training rows are labelled."""

import hashlib
import json
import logging
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import ConfigError, MienError
from mien.core.files import write_atomically
from mien.evaluation.answers import with_truth
from mien.evaluation.learning_curve import area_under_learning_curve
from mien.evaluation.summed_scores import find_score
from mien.studies.cells import Cell, learned_cell
from mien.studies.study_corpora import StudyCorpus

LOGGER = logging.getLogger(__name__)
LEARNED_ALONE = "labels needed: measured for classical learners alone"


def check_counts(counts: Sequence[int]) -> None:
    """Refuse numbers of labels that make no curve.

    Raises:
        ConfigError: a number below 2, or numbers that do not rise.
    """
    if any(one < 2 for one in counts) or list(counts) != sorted(set(counts)):
        listed = ",".join(str(one) for one in counts)
        raise ConfigError(f"Got --label-counts {listed}, expected numbers from 2 that rise: 25,50,100.")


def label_columns(cells: Sequence[Cell], counts: Sequence[int], *, metric: str) -> dict[str, Any]:
    """Return the label columns of a row; what was measured before is read.

    Args:
        cells: one system on one corpus, a cell per seed, all answered; each seed draws other labels.
        counts: numbers of labels, rising; all labels are added as the last.
        metric: of the study.

    Returns:
        `label_area` (mean over the seeds) and `note`; None where it is not measured.
    """
    if cells[0].system.kind != "learned":
        return {"label_area": None, "note": LEARNED_ALONE}
    curves = [_kept(cell, counts, metric) for cell in cells]
    areas = [curve["area"] for curve in curves]
    note = "; ".join(dict.fromkeys(curve["note"] for curve in curves if curve["note"]))
    return {"label_area": None if None in areas else float(np.mean(areas)), "note": note}


def judge_labels(cell: Cell, counts: Sequence[int], *, metric: str) -> dict[str, Any]:
    """Return a cell's score for growing numbers of labelled training rows, and the area under that curve.

    In each fold that many rows are drawn from train and dev, balanced by class, the larger draw holding the
    smaller; only they choose settings and train. The test rows stay as they are.

    Args:
        cell: of a classical learner.
        counts: numbers of labels, rising.
        metric: see `mien.evaluation.summed_scores.find_score`.

    Returns:
        `labels` and `values` of the points; the last is all labels, and counts as many as a fold has on
        average. `area`, see `mien.evaluation.learning_curve.area_under_learning_curve`: in the unit of the
        score, None with fewer than two points. `note`: why points are missing.
    """
    corpus = cell.corpus
    sizes = [len(fold.train) + len(fold.dev) for fold in cell.folds]
    known = [set(corpus.truth[np.concatenate([fold.train, fold.dev])]) for fold in cell.folds]
    usable = [one for one in counts if max(map(len, known)) <= one < min(sizes)]
    left = [str(one) for one in counts if one not in usable]
    note = f"labels needed: without {', '.join(left)}, which a fold cannot draw" if left else ""
    values = [_score(cell, one, metric) for one in (*usable, None)]
    labels = [*usable, round(float(np.mean(sizes)))]
    if len(labels) < 2:
        return {"labels": labels, "values": values, "area": None, "note": note or "labels needed: one point"}
    return {
        "labels": labels,
        "values": values,
        "area": area_under_learning_curve(labels, values),
        "note": note,
    }


def _score(cell: Cell, count: int | None, metric: str) -> float:
    """Return the score over all folds when so many rows of each are labelled."""
    from mien.training.label_subsets import labelled_fold

    corpus, learned = cell.corpus, learned_cell(cell, cell.system)
    stratum = corpus.table["label"].to_numpy(dtype=object)
    parts = []
    for fold in cell.folds:
        drawn = labelled_fold(fold, stratum, count, seed=cell.seed)
        with warnings.catch_warnings():
            # few labels of a class are what is judged here
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            said, _ = learned.answer(drawn)
        parts.append(_answers(corpus, said, drawn))
    answers = with_truth(pd.concat(parts, ignore_index=True))
    score = find_score(metric, answers)
    names = sorted({name for side in ("truth", "prediction") for name in answers[side].unique()})
    return float(score.score(score.counts(answers, names).sum(axis=0, keepdims=True))[0])


def _answers(corpus: StudyCorpus, said: Any, fold: Any) -> pd.DataFrame:
    people = corpus.people().iloc[fold.test].reset_index(drop=True)
    people = people.assign(truth=corpus.table["label"].to_numpy()[fold.test], fold=fold.name)
    return pd.concat([people, pd.DataFrame(said, columns=[f"p.{one}" for one in corpus.classes])], axis=1)


def _kept(cell: Cell, counts: Sequence[int], metric: str) -> dict[str, Any]:
    """Return a curve from the cell's folder, or measure and keep it."""
    mark = hashlib.sha256(f"{metric} {list(counts)}".encode()).hexdigest()[:8]
    path = cell.home / f"labels-{mark}.json"
    if not path.exists():
        LOGGER.info("labels needed by %s on %s", cell.system.name, cell.corpus.name)
        try:
            found = judge_labels(cell, counts, metric=metric)
        # whatever a learner does with few rows, the table is finished, and its note says why
        except Exception as error:  # noqa: BLE001
            said = str(error) if isinstance(error, MienError) else f"{type(error).__name__}: {error}"
            found = {"labels": [], "values": [], "area": None, "note": f"labels needed: {said}"}
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept
