"""Judge an encoder that is adapted to a corpus, on the folds of the study."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.corpora.split import Fold
from mien.studies.study_corpora import StudyCorpus

APART = 100
"""Distance between the seeds of two runs; a run uses one per fold, counted from its own."""


def answer_tuned(
    encoder: str,
    adapt: str,
    corpus: StudyCorpus,
    folds: Sequence[Fold],
    *,
    seed: int,
    folder: Path,
    cache: Path,
) -> tuple[pd.DataFrame, list[str]]:
    """Train one network per fold as `mien train` does, and return what each says of its test rows.

    The epoch is chosen on one in five speakers of the training part, or on the corpus' own dev part. Each
    fold's temperature is fitted on the answers for the other folds.

    Args:
        encoder: as for `mien.nets.load_encoder`.
        adapt: `probe`, `lora` or `full`.
        corpus: labelled clips.
        folds: of the study.
        seed: number of the repetition.
        folder: for checkpoints; folds that are finished there are not trained again.
        cache: folder for what frozen encoders hear.

    Returns:
        One row per test row, in the order of the table: `row`, `fold`, `p.<class>`, `aleatoric.category` and
        `epistemic.category` (nats); and the epochs that were chosen.

    Raises:
        MissingExtra: torch is not installed.
    """
    from mien.prediction.doubt import split_doubt
    from mien.training.fine_tune_parts import train_fold
    from mien.training.fine_tune_plan import prepare_run
    from mien.training.finish_run import calibrate_across_folds

    name = f"{corpus.name}-{Path(encoder).name.split(':')[-1]}-{adapt}"
    run = prepare_run(
        _target(corpus), encoder=encoder, adapt=adapt, seed=7 + APART * seed, out=cache, name=name
    )
    parts = tuple(_with_dev(fold, corpus, seed) for fold in folds)
    folder.mkdir(parents=True, exist_ok=True)
    run = replace(run, plan=replace(run.plan, folds=parts), folder=folder)
    for number, fold in enumerate(parts):
        train_fold(run, fold, number)
    held_out = run.out_of_fold()
    said = calibrate_across_folds(held_out)
    rows = np.concatenate([fold.test for fold in parts])
    doubt = split_doubt(said)
    found: dict[str, Any] = {"row": np.sort(rows), "fold": held_out.table["fold"].to_numpy()}
    found |= {f"p.{one}": said.mean(axis=1)[:, place] for place, one in enumerate(corpus.classes)}
    found |= {"aleatoric.category": doubt.aleatoric, "epistemic.category": doubt.epistemic}
    epochs = [str(int(np.load(run.fold_file(number))["epoch"])) for number in range(len(parts))]
    return pd.DataFrame(found), epochs


def _target(corpus: StudyCorpus) -> Any:
    from mien.training.target_table import TargetTable

    table = corpus.table.assign(category=corpus.table["label"])
    return TargetTable(corpus.name, table, corpus.label, tuple(corpus.classes), {}, corpus.notes)


def _with_dev(fold: Fold, corpus: StudyCorpus, seed: int) -> Fold:
    from mien.training.held_out import with_dev

    if len(fold.dev):
        return fold
    strata: NDArray[np.object_] = corpus.table["label"].to_numpy(dtype=object)
    return with_dev(fold, corpus.groups, strata, seed=seed)
