"""Judge learned systems on degraded test clips: how much of the score is left, and what takes most."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.files import write_atomically
from mien.core.settings import signature
from mien.evaluation.answers import with_truth
from mien.evaluation.ladder_answers import every_rung, hear_ladder, predict_with
from mien.evaluation.robustness import CLEAN, Rung, judge_robustness
from mien.evaluation.stored_ladder import split_rungs
from mien.prediction.predictor import load_predictor
from mien.studies.cells import Cell, learned_cell
from mien.studies.given_cell import fitted_to, was_heard
from mien.studies.learned_cell import Chosen, LearnedCell
from mien.studies.streams import Fixed, Stream, described_arrays, stream_mark
from mien.studies.study_corpora import VOICE, StudyCorpus

LOGGER = logging.getLogger(__name__)
RATE_HZ = 16000
MIDDLE = 3
FILE = "ladder"
WORDS = ("middle", "all")


def rungs_of(word: str) -> list[Rung]:
    """Return the rungs of the ladder that a word asks for.

    Args:
        word: `middle` for level 3 of every condition, `all` for all five levels. Noises that must be recorded
            are left out: a study has none.

    Raises:
        ConfigError: another word.
    """
    if word not in WORDS:
        raise ConfigError(f"Got --ladder {word}, expected {' or '.join(WORDS)}.")
    return [rung for rung in every_rung(noises=False) if word == "all" or rung[1] == MIDDLE]


def judge_degraded(cell: Cell, rungs: Sequence[Rung], *, draws: int) -> dict[str, Any]:
    """Return what is left of a cell's score on degraded test clips; training clips stay as recorded.

    Args:
        cell: that was answered; a classical learner on descriptors or embeddings of voice, or a shipped model
            that was not trained on the corpus.
        rungs: (condition, level).
        draws: resamples per interval.

    Returns:
        `kept_when_degraded` (mean score over the rungs as a share of the clean one), `worst_condition`, its
        mean score, or `note`: why it was not measured.
    """
    if cell.system.kind not in ASKED or VOICE not in cell.corpus.modality:
        return {"note": "not judged on degraded clips"}
    path = cell.home / f"{FILE}-{signature({'rungs': list(rungs)})}.parquet"
    if not path.exists():
        try:
            table = pd.concat(list(ASKED[cell.system.kind](cell, rungs)), ignore_index=True)
        except DataError as error:
            return {"note": f"not judged on degraded clips: {error}"}
        with write_atomically(path) as temporary:
            table.to_parquet(temporary, index=False)
    clean, degraded = split_rungs(pd.read_parquet(path))
    found = judge_robustness(clean, degraded, draws=draws)
    worst = found.conditions.sort_values("uar").iloc[0]
    return {
        "kept_when_degraded": float(found.goals["value"].iloc[0]),
        "worst_condition": str(worst["title"]),
        "worst_condition_value": float(worst["uar"]),
    }


def _ask_shipped(cell: Cell, rungs: Sequence[Rung]) -> Iterator[pd.DataFrame]:
    """Yield what a shipped model answers on clean clips and for each rung, with `condition` and `level`."""
    name, corpus = cell.system.name, cell.corpus
    if was_heard(name, corpus):
        raise DataError(
            f"Got `{name}`, which was trained on `{corpus.name}`, expected other recordings; its card says "
            "what networks that had not heard these speakers keep (goal U6)."
        )
    predictor = load_predictor(name)
    predict = predict_with(predictor)
    people = corpus.people().assign(truth=corpus.table["label"].to_numpy(), fold="none")
    for condition, level, clips in hear_ladder(corpus.table, rungs, rate_hz=predictor.summary.rate_hz):
        LOGGER.info("%s as through %s, level %d", corpus.name, condition, level)
        said = fitted_to(predict(clips).assign(segment=corpus.table["segment"].to_numpy()), corpus, name)
        chances = said.filter(regex=r"^p\.").set_axis(people.index)
        yield with_truth(people.join(chances)).assign(condition=condition, level=level)


def _ask_learned(cell: Cell, rungs: Sequence[Rung]) -> Iterator[pd.DataFrame]:
    """Yield the answers for clean test clips and for each rung, with `condition` and `level`."""
    clean = learned_cell(cell, cell.system)
    if not all(isinstance(stream, Fixed) for stream in clean.streams):
        raise DataError("Got a stream that is fitted on training rows, expected descriptors or embeddings.")
    prepare_degraded(cell.system.streams, cell.corpus, rungs, cache=cell.cache)
    chosen = [clean.choose(fold) for fold in cell.folds]
    yield _said(clean, cell, chosen, clean.streams).assign(condition=CLEAN, level=0)
    for rung in rungs:
        worse = [_degraded(name, cell, rung) for name in cell.system.streams]
        yield _said(clean, cell, chosen, worse).assign(condition=rung[0], level=rung[1])


ASKED: dict[str, Callable[[Cell, Sequence[Rung]], Iterator[pd.DataFrame]]] = {
    "learned": _ask_learned,
    "shipped": _ask_shipped,
}
"""Kind of system → who asks it."""


def _said(
    learned: LearnedCell, cell: Cell, chosen: Sequence[Chosen], heard: Sequence[Stream]
) -> pd.DataFrame:
    """Return what is answered when test rows come from `heard`, and training rows are as recorded."""
    parts = []
    for fold, one in zip(cell.folds, chosen, strict=True):
        mixed = [_mixed(own, other, fold.test) for own, other in zip(learned.streams, heard, strict=True)]
        said = replace(learned, streams=mixed).answer_as(one, fold)
        people = cell.corpus.people().iloc[fold.test].reset_index(drop=True)
        people = people.assign(truth=cell.corpus.table["label"].to_numpy()[fold.test], fold=fold.name)
        chances = pd.DataFrame(said, columns=[f"p.{name}" for name in cell.corpus.classes])
        parts.append(pd.concat([people, chances], axis=1))
    return with_truth(pd.concat(parts, ignore_index=True))


def _mixed(first: Any, other: Any, test: NDArray[np.int64]) -> Fixed:
    values = first.values.copy()
    values[test] = other.values[test]
    return Fixed(values)


def prepare_degraded(
    streams: Sequence[str], corpus: StudyCorpus, rungs: Sequence[Rung], *, cache: Path
) -> None:
    """Compute streams of every clip of a corpus as it sounds at each rung; what is there stays.

    Args:
        streams: descriptor sets and encoders of voice.
        corpus: its clips.
        rungs: (condition, level).
        cache: folder for what is computed.
    """
    marks = {name: stream_mark(name, corpus) for name in streams}
    missing = [rung for rung in rungs if not all(_path(cache, *one, rung).exists() for one in marks.items())]
    if not missing:
        return
    (cache / "degraded").mkdir(parents=True, exist_ok=True)
    for condition, level, clips in hear_ladder(corpus.table, missing, rate_hz=RATE_HZ):
        LOGGER.info("%s as through %s, level %d", corpus.name, condition, level)
        for name, mark in marks.items():
            with write_atomically(_path(cache, name, mark, (condition, level))) as temporary:
                np.save(temporary, described_arrays(name, clips, RATE_HZ))


def _degraded(name: str, cell: Cell, rung: Rung) -> Fixed:
    return Fixed(np.load(_path(cell.cache, name, stream_mark(name, cell.corpus), rung)))


def _path(cache: Path, name: str, mark: str, rung: Rung) -> Path:
    return cache / "degraded" / f"{name.replace('/', '-')}-{rung[0]}-{rung[1]}-{mark}.npy"
