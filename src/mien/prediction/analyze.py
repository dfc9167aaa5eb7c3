"""`analyze`: recordings in, a timed affect record out."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mien.core.errors import ConfigError, InputError
from mien.prediction.affect import Affect
from mien.prediction.batch import Task, run_batch
from mien.prediction.options import read_options
from mien.prediction.predictor import Predictor, load_predictor
from mien.prediction.results import Results
from mien.prediction.run_facts import describe_run, identity_of
from mien.prediction.run_folder import RunFolder, open_run_folder
from mien.prediction.watcher import Watcher
from mien.signals.inputs import Given, Inputs, gather
from mien.signals.jobs import chunks
from mien.signals.voice_activity import find_detector


def analyze(
    paths: Given | Iterable[Given],
    *,
    model: str | Path | Predictor = "voice-small",
    segments: str = "vad",
    window_s: float | None = None,
    hop_s: float | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    licence: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watcher: Watcher | None = None,
) -> Affect:
    """Analyze which affect recordings express, segment by segment, with its doubt.

    Use it on recordings of speech, of any container, rate and length. It says how speech sounds to listeners
    like those who labelled the model's training data, not what someone feels.

    Args:
        paths: recordings, folders (walked for known media), or tables (CSV, Parquet or frame) with column
            `file` and optionally `start`, `end` (seconds), `segment`, `speaker`; one or several.
        model: a shipped name, a model folder, `hf:<checkpoint>`, or a loaded predictor.
        segments: `vad` cuts at pauses in speech, `windows` cuts equal lengths, `whole` does not cut. Segments
            listed in a table are taken as they are.
        window_s: with `windows`: length in seconds; default 3.
        hop_s: with `windows`: time between starts in seconds; default the window length.
        out: folder for tables, report and run.json; None writes nothing.
        workers: worker processes; None works in this one. More than one needs a script that guards its code
            with ``if __name__ == "__main__":``.
        licence: `open` refuses models that may not be used commercially.
        resume: go on with an interrupted run in `out`.
        overwrite: replace an earlier run in `out`.
        watcher: hears about progress.

    Returns:
        Tables, and methods that draw a figure and write a report. Files that cannot be analyzed are in
        `failures`; the others are not held up by them.

    Raises:
        ConfigError: an unknown option, or `out` holds another run.
        InputError: a table without usable columns, or `out` cannot be written.
        WeightsError: the weights are damaged, or the licence refuses them.

    Example:
        ``affect = mien.analyze("podcast.mp3"); affect.table`` shows one row per stretch of speech.
    """
    options = read_options(segments, window_s=window_s, hop_s=hop_s)
    given = [paths] if isinstance(paths, str | Path | pd.DataFrame) else list(paths)
    inputs = gather(given)
    pieces = len(chunks(inputs.jobs))
    count = _worker_count(workers, pieces, loaded=isinstance(model, Predictor))
    predictor = _loaded(model, licence, threads=1 if count > 1 else min(2, processors()))
    detector = "none" if options.segments != "vad" else find_detector("auto").name
    identity = identity_of(predictor.summary, options, detector)
    folder = _folder(out, identity, inputs, resume=resume, overwrite=overwrite)
    task = Task(str(model), options, detector, folder.parts if folder else None)
    run = describe_run(identity, predictor.summary, inputs, _names(given))
    results = Results(inputs, predictor.summary, run, folder=folder)
    return _carry_out(results, task, predictor, workers=count, watcher=watcher or Watcher())


def _carry_out(
    results: Results, task: Task, predictor: Predictor, *, workers: int, watcher: Watcher
) -> Affect:
    """Analyze what is not finished yet, then assemble."""
    jobs = results.open()
    sizes = {job.file: job.size for job in jobs}
    lost = results.lost()
    watcher.started(
        predictor.summary, files=len(jobs) + len(lost), size=sum(sizes.values()), notes=results.notes
    )
    for row in lost:
        watcher.finished(row, size=0)
    try:
        # The worker count was made for all files; what is left may be less.
        count = max(1, min(workers, len(chunks(jobs))))
        heard = watcher.heard if count == 1 else None
        for result in run_batch(jobs, task=task, predictor=predictor, workers=count, heard=heard):
            results.take(result)
            for row in result.files:
                watcher.finished(row, size=sizes[row["file"]])
        watcher.writing()
        return results.close()
    except OSError as error:
        results.interrupt()
        raise InputError(
            f"Got `{task.parts}`, which can no longer be written ({error.strerror}), expected a writable "
            "folder; mend that and go on with --resume: what is finished is kept."
        ) from error
    except BaseException:
        # KeyboardInterrupt included: whatever stops the run, run.json must not go on saying that it runs.
        results.interrupt()
        raise


def _loaded(model: str | Path | Predictor, licence: str | None, *, threads: int) -> Predictor:
    if isinstance(model, Predictor):
        return model
    return load_predictor(model, licence=licence, threads=threads)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _worker_count(wanted: int | None, pieces: int, *, loaded: bool) -> int:
    """Return how many processes to use; a loaded predictor stays in this one."""
    if wanted is not None and wanted < 1:
        raise ConfigError(f"Got {wanted} workers, expected at least 1; change --workers.")
    return 1 if loaded or wanted is None else max(1, min(wanted, pieces))


def _folder(
    out: str | Path | None, identity: dict[str, object], inputs: Inputs, *, resume: bool, overwrite: bool
) -> RunFolder | None:
    if out is None:
        if resume or overwrite:
            raise ConfigError("Got --resume or --overwrite without --out, expected a folder; add --out.")
        return None
    size = sum(job.size for job in inputs.jobs)
    return open_run_folder(out, identity=identity, resume=resume, overwrite=overwrite, input_bytes=size)


def _names(given: list[Given]) -> list[str]:
    """Return what was given, as run.json shows it."""
    return ["<table>" if isinstance(item, pd.DataFrame) else str(item) for item in given]
