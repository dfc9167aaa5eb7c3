"""Embed recordings one after another: blocks in, embedded segments out, in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import InputError, MienError
from mien.core.tables import read_table
from mien.nets.embedded_segment import EmbeddedSegment
from mien.nets.embedder import RATE_HZ, Task
from mien.prediction.recording import Recording, choose_segmenter, cuts_of, one_line
from mien.prediction.tabulate import file_row, segment_name, speaker_of
from mien.signals.file_table import TABLE_SUFFIXES
from mien.signals.inputs import arrays_among, gather
from mien.signals.jobs import Job
from mien.signals.resample import resample
from mien.signals.segments import Cut, Segmenter, VoiceActivity
from mien.signals.voice_activity import find_detector

POOL_S = 600.0
"""Audio that waits before it runs, so that clips of like length can meet; a longer batch waits longer."""


Given = str | Path | pd.DataFrame | NDArray[Any]
Keyed = tuple[dict[str, Any], EmbeddedSegment]


@dataclass(frozen=True)
class Source:
    """Name one recording, on disk or in memory.

    Attributes:
        job: where it is, or what it is called.
        samples: float32 `(samples,)` at 16 kHz; None where it is on disk.
    """

    job: Job
    samples: NDArray[np.float32] | None = None


@dataclass
class Recordings:
    """Hold what is to be embedded.

    Attributes:
        sources: one per recording, each once.
        failures: name → reason for what cannot be.
        notes: remarks on the list as a whole.
        texts: file → what was said in each of its listed segments, where a table says so.
    """

    sources: list[Source] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    texts: dict[str, list[str | None]] = field(default_factory=dict)

    def text_of(self, file: str, index: int) -> str | None:
        """Return what a table says was said in a segment."""
        said = self.texts.get(file, [])
        return said[index] if index < len(said) else None


def gather_recordings(items: Sequence[Given], *, rate_hz: int | None) -> Recordings:
    """Collect recordings from paths, tables or arrays.

    Args:
        items: recordings, folders and tables, or arrays alone.
        rate_hz: sampling rate of the arrays in Hz; None where there are none.

    Raises:
        ConfigError: arrays without a rate, or a rate without arrays.
        InputError: nothing is given, or a table has no usable columns.
    """
    arrays = arrays_among(items, rate_hz=rate_hz)
    if rate_hz is not None:
        return _gather_arrays(arrays, rate_hz)
    found = gather(items)
    sources = [Source(job) for job in found.jobs]
    return Recordings(sources, found.failures, found.notes, _said(items))


def _gather_arrays(arrays: Sequence[NDArray[Any]], rate_hz: int) -> Recordings:
    found = Recordings()
    for number, array in enumerate(arrays, start=1):
        name = f"array-{number}"
        mono = array.mean(axis=0) if array.ndim == 2 else array
        if mono.ndim != 1 or not mono.size or not np.isfinite(mono).all():
            found.failures[name] = (
                f"Got {name} of shape {array.shape}, expected (samples,) or (channels, samples) of finite "
                "numbers; correct it."
            )
            continue
        samples = resample(np.ascontiguousarray(mono, np.float32), rate_hz, RATE_HZ)
        found.sources.append(Source(Job(name, Path(name), array.nbytes), samples))
    return found


def _said(items: Sequence[Given]) -> dict[str, list[str | None]]:
    """Return file → texts of its rows, of the tables that have a column `text`."""
    said: dict[str, list[str | None]] = {}
    for item in items:
        is_table = not isinstance(item, pd.DataFrame) and Path(item).suffix.lower() in TABLE_SUFFIXES
        frame = read_table(item) if is_table else item
        if isinstance(frame, pd.DataFrame) and "text" in frame:
            for file, rows in frame.groupby(frame["file"].astype(str), sort=False):
                said[str(file)] = [None if pd.isna(text) else str(text) for text in rows["text"]]
    return said


class Pool:
    """Gather parts of segments until they fill several batches, then add the answers.

    Args:
        task: encoder and pooling.
    """

    def __init__(self, task: Task) -> None:
        self.seconds = 0.0
        self._embedder, self._pooling = task.embedder, task.pooling
        self._most_s = max(self._embedder.batch_s, POOL_S)
        self._parts: list[tuple[Recording, Cut]] = []

    def add(self, recording: Recording, cut: Cut) -> None:
        """Take one part of a segment."""
        segment = recording.segments.get(cut.index)
        if segment is None:
            segment = recording.segments[cut.index] = EmbeddedSegment(self._pooling, cut.start, cut.end)
        segment.start, segment.end = min(segment.start, cut.start), max(segment.end, cut.end)
        # copied: a slice would keep the whole decoded block alive while it waits
        own = np.array(cut.samples, dtype=np.float32)
        self._parts.append((recording, Cut(cut.index, cut.start, cut.end, own)))
        self.seconds += len(own) / RATE_HZ
        if self.seconds >= self._most_s:
            self.flush()

    def flush(self) -> None:
        """Embed everything that waits."""
        parts, self._parts, self.seconds = self._parts, [], 0.0
        answers = self._embedder.frames([cut.samples for _, cut in parts])
        for (recording, cut), answer in zip(parts, answers, strict=True):
            if isinstance(answer, MienError):
                recording.failure = f"{answer} In `{recording.job.file}`, the segment at {cut.start:.2f} s."
            elif not np.isfinite(answer).all():
                recording.failure = (
                    f"Got no finite answer of the encoder in `{recording.job.file}` for the segment at "
                    f"{cut.start:.2f} s, expected numbers; check the recording there."
                )
            else:
                times = cut.start + np.arange(len(answer)) / self._embedder.encoder.frame_rate_hz
                recording.segments[cut.index].add(answer, times)


def recording_rows(found: Recordings, task: Task, files: list[dict[str, Any]]) -> Iterator[Keyed]:
    """Embed recordings in order; one that cannot be read fails alone, and the rest go on.

    Args:
        found: from `gather_recordings`.
        task: encoder, pooling, cutting and watcher.
        files: takes a row of the file table per recording as it is finished.

    Yields:
        Keys and embedding of each segment, in the order of recordings and, within one, of segments.
    """
    sizes = {source.job.file: source.job.size for source in found.sources}
    for recording in _embed(found.sources, task):
        row = file_row(recording, task.embedder.summary)
        files.append(row)
        for index in sorted(recording.segments):
            segment = recording.segments[index]
            keys = {"segment": segment_name(recording, index), "file": recording.job.file}
            keys |= {"start": segment.start, "end": segment.end, "speaker": speaker_of(recording, index)}
            yield keys | {"text": found.text_of(recording.job.file, index)}, segment
        task.watcher.finished(row, size=sizes[recording.job.file])


def _embed(sources: Iterable[Source], task: Task) -> Iterator[Recording]:
    """Yield embedded recordings in order; parts of several share batches, so some wait for others."""
    pool = Pool(task)
    cutter = VoiceActivity(find_detector("auto")) if task.options.segments == "vad" else None
    waiting: list[Recording] = []
    for source in sources:
        recording = Recording(source.job)
        waiting.append(recording)
        try:
            segmenter = choose_segmenter(source.job, task.options, cutter)
            for cut in _cuts_of(source, recording, segmenter, task):
                pool.add(recording, cut)
        except (InputError, OSError) as error:
            recording.failure = one_line(error, source.job.path)
        if pool.seconds == 0.0:
            yield from _finished(waiting)
    pool.flush()
    yield from _finished(waiting)


def _cuts_of(source: Source, recording: Recording, segmenter: Segmenter, task: Task) -> Iterator[Cut]:
    if source.samples is None:
        yield from cuts_of(recording, segmenter, task.embedder.summary, task.watcher.heard)
        return
    recording.duration_s = len(source.samples) / RATE_HZ
    yield from (cut for cut in segmenter.cuts([source.samples], RATE_HZ) if len(cut.samples))


def _finished(waiting: list[Recording]) -> list[Recording]:
    """Empty the list and return what it held, failed recordings without segments."""
    finished, waiting[:] = list(waiting), []
    for recording in finished:
        if recording.failure is not None:
            recording.segments.clear()
    return finished
