"""Analyze many files: chunks spread over processes, each finished chunk kept as a shard."""

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, InputError, MissingExtra, WeightsError
from mien.core.workers import spread
from mien.prediction.options import Options
from mien.prediction.predictor import Predictor, load_predictor
from mien.prediction.recording import Heard, Recording, analyze_recordings
from mien.prediction.tabulate import file_row, prediction_rows
from mien.signals.jobs import Job, chunks

FileRow = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Say everything about a run that a worker process must know.

    Attributes:
        model: name, folder or back end, for workers to load themselves.
        options: how recordings are cut.
        detector: name of the voice-activity detector.
        parts: where shards go; None: results are returned instead.
    """

    model: str
    options: Options
    detector: str
    parts: Path | None

    def __call__(self, jobs: Sequence[Job]) -> "ChunkResult":
        """Analyze one chunk in a worker process, with the model loaded there once."""
        return run_chunk(jobs, task=self, predictor=_worker_predictor(self.model))


@dataclass(frozen=True)
class ChunkResult:
    """Hold one chunk's file rows, and its predictions unless they went to a shard."""

    files: tuple[FileRow, ...]
    predictions: pd.DataFrame | None = None


@lru_cache(maxsize=1)
def _worker_predictor(model: str) -> Predictor:
    """Load the model once per worker process; one thread, because the workers share the processor."""
    return load_predictor(model, threads=1)


def run_chunk(
    jobs: Sequence[Job], *, task: Task, predictor: Predictor, heard: Heard | None = None
) -> ChunkResult:
    """Analyze a chunk of files; interrupted, keep those that are finished.

    Args:
        jobs: the files.
        task: options and where the shard goes.
        predictor: the model.
        heard: called with the seconds and bytes read since its last call.

    Returns:
        The rows of the files, and their predictions where `task.parts` is None.
    """
    done: list[Recording] = []
    try:
        for recording in analyze_recordings(
            jobs, predictor, task.options, detector=task.detector, heard=heard
        ):
            done.append(recording)
    except KeyboardInterrupt:
        _keep(done, task, predictor)
        raise
    return _keep(done, task, predictor)


def _keep(done: Sequence[Recording], task: Task, predictor: Predictor) -> ChunkResult:
    """Write finished recordings as a shard, or return them."""
    files = tuple(file_row(recording, predictor.summary) for recording in done)
    predictions = prediction_rows(done, predictor.summary)
    if task.parts is None:
        return ChunkResult(files, predictions)
    if files:
        # Loaded here: a run without a folder needs no Parquet.
        from mien.prediction.shards import write_shard

        write_shard(task.parts, predictions, files)
    return ChunkResult(files)


def run_batch(
    jobs: Sequence[Job], *, task: Task, predictor: Predictor, workers: int, heard: Heard | None = None
) -> Iterator[ChunkResult]:
    """Analyze files chunk by chunk, in any order; one bad file never stops the others.

    A chunk whose process broke is repeated file by file, so that only the file at fault is lost.

    Args:
        jobs: the files.
        task: options, and the model for worker processes.
        predictor: the model, already loaded, for work in this process.
        workers: processes; 1 works in this one.
        heard: progress within files; only when working in this process.

    Raises:
        InputError: the disk is full; what is finished is kept.
        WeightsError: the model answered for no file at all.
    """
    pieces = chunks(jobs)
    answered = False
    work = partial(run_chunk, task=task, predictor=predictor, heard=heard) if workers == 1 else task
    broken: list[Job] = []
    for index, result in spread(work, pieces, workers=workers):
        if isinstance(result, ChunkResult):
            answered = True
            yield result
        else:
            _stop_if_fatal(result, task)
            broken.extend(pieces[index])
    for index, result in spread(work, [(job,) for job in broken], workers=workers):
        if isinstance(result, ChunkResult):
            answered = True
            yield result
        else:
            _stop_if_fatal(result, task)
            if isinstance(result, WeightsError) and not answered:
                raise result
            failed = Recording(broken[index], failure=_reason(broken[index], result))
            yield _keep([failed], task, predictor)


def _stop_if_fatal(result: object, task: Task) -> None:
    """Stop for errors that every further chunk would meet as well."""
    if isinstance(result, OSError) and result.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        raise InputError(
            f"Got no more space in `{task.parts}` ({result.strerror}), expected some; free some and go on "
            "with --resume."
        )
    if isinstance(result, ConfigError | MissingExtra):
        raise result


def _reason(job: Job, error: object) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return (
        f"Got `{job.file}`, on which the analysis broke off ({type(error).__name__}: {text}); check the "
        "file, and report this if it plays elsewhere."
    )
