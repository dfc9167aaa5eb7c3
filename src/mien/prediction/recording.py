"""Analyze recordings one after another: blocks in, per-segment answers out, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.prediction.expected_duration import expected_duration_s
from mien.prediction.model_card import ModelSummary
from mien.prediction.options import Options
from mien.prediction.predictor import Outputs, Predictor
from mien.signals.decode import open_audio
from mien.signals.jobs import Job
from mien.signals.segments import Cut, Listed, Segmenter, VoiceActivity, Whole, Windows
from mien.signals.voice_activity import Detector, find_detector

POOL_S = 120.0
"""Most audio that waits for the model, across files: enough to batch clips of like length."""

Heard = Callable[[float, float], None]
"""Hears, while a file is read, how many more seconds of audio and, as far as known, how many more bytes."""

LONG_BYTES = 5_000_000
"""Size from which a file is worth asking for its expected duration."""


@dataclass
class Segment:
    """Add up the answers for one segment, part by part, weighted by the parts' durations."""

    start: float
    end: float
    weight: float = 0.0
    p: NDArray[np.float64] | None = None
    dimensions: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, p: NDArray[np.float64], dimensions: dict[str, NDArray[np.float64]], weight: float) -> None:
        """Add one part's answers: p (M, K), dimensions (M,), weight in seconds."""
        self.weight += weight
        self.p = p * weight if self.p is None else self.p + p * weight
        for name, values in dimensions.items():
            self.dimensions[name] = self.dimensions.get(name, 0.0) + values * weight


@dataclass
class Recording:
    """Hold what is known of one file while and after it is analyzed."""

    job: Job
    segments: dict[int, Segment] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    duration_s: float = 0.0
    failure: str | None = None

    @property
    def status(self) -> str:
        """Return `ok`, `no-speech` or `failed`."""
        if self.failure is not None:
            return "failed"
        return "ok" if self.segments else "no-speech"

    @property
    def seconds_used(self) -> float:
        """Return how many seconds of the file lie in segments; overlap counts twice."""
        return float(sum(segment.end - segment.start for segment in self.segments.values()))


def analyze_recordings(
    jobs: Iterable[Job],
    predictor: Predictor,
    options: Options,
    *,
    detector: str = "auto",
    heard: Heard | None = None,
) -> Iterator[Recording]:
    """Analyze files in order; a file that cannot be read is returned as failed, and the rest go on.

    Clips of several files share model calls, so a file is returned when its last clip has been answered.

    Args:
        jobs: the files, with their listed segments if they came in a table.
        predictor: the model.
        options: how to cut.
        detector: name of the voice-activity detector.
        heard: called with the seconds and bytes read since its last call.

    Returns:
        One recording per job, in order.
    """
    pool = Pool(predictor)
    cutter = None if options.segments != "vad" else VoiceActivity(_detector(detector))
    waiting: list[Recording] = []
    for job in jobs:
        recording = Recording(job)
        waiting.append(recording)
        try:
            for cut in cuts_of(recording, choose_segmenter(job, options, cutter), predictor.summary, heard):
                pool.add(recording, cut)
        except (InputError, OSError) as error:
            recording.failure = one_line(error, job.path)
        if pool.seconds == 0.0:
            yield from _finished(waiting)
    pool.flush()
    yield from _finished(waiting)


@lru_cache(maxsize=2)
def _detector(name: str) -> Detector:
    """Load a detector once per process: its streams share weights and no state."""
    return find_detector(name)


class Pool:
    """Gather clips until they fill a good batch, then add the answers to their segments."""

    def __init__(self, predictor: Predictor) -> None:
        """Start empty."""
        self.seconds = 0.0
        self._predictor = predictor
        self._parts: list[tuple[Recording, int, NDArray[np.float32]]] = []

    def add(self, recording: Recording, cut: Cut) -> None:
        """Take one part of a segment, cut further where the model takes less at once."""
        summary = self._predictor.summary
        longest = max(int(summary.max_duration_s * summary.rate_hz), 1)
        segment = recording.segments.get(cut.index)
        if segment is None:
            recording.segments[cut.index] = Segment(cut.start, cut.end)
        else:
            segment.start, segment.end = min(segment.start, cut.start), max(segment.end, cut.end)
        for begin in range(0, len(cut.samples), longest):
            # Copied: a slice would keep the whole decoded block alive while it waits.
            part = np.array(cut.samples[begin : begin + longest], dtype=np.float32)
            self._parts.append((recording, cut.index, part))
            self.seconds += len(part) / summary.rate_hz
        if self.seconds >= POOL_S:
            self.flush()

    def flush(self) -> None:
        """Ask the model about everything that waits."""
        parts, self._parts, self.seconds = self._parts, [], 0.0
        if not parts:
            return
        rate_hz = self._predictor.summary.rate_hz
        outputs: Outputs = self._predictor.predict([part for _, _, part in parts])
        for row, (recording, index, part) in enumerate(parts):
            dimensions = {name: values[row] for name, values in outputs.dimensions.items()}
            if not (
                np.isfinite(outputs.p[row]).all() and all(np.isfinite(v).all() for v in dimensions.values())
            ):
                start = recording.segments[index].start
                recording.failure = (
                    f"Got no finite answer of the model in `{recording.job.file}` for the segment at "
                    f"{start:.2f} s, expected numbers; check the recording there."
                )
                continue
            recording.segments[index].add(outputs.p[row], dimensions, len(part) / rate_hz)


def cuts_of(
    recording: Recording, segmenter: Segmenter, summary: ModelSummary, heard: Heard | None
) -> Iterator[Cut]:
    """Cut one file while it is decoded; note what its reader noted."""
    stream = open_audio(recording.job.path, rate_hz=summary.rate_hz)

    asked = heard is not None and recording.job.size >= LONG_BYTES
    expected_s = expected_duration_s(recording.job.path) if asked else None

    def blocks() -> Iterator[NDArray[np.float32]]:
        for block in stream:
            recording.duration_s += len(block) / summary.rate_hz
            yield block
            if heard is not None:
                seconds = len(block) / summary.rate_hz
                heard(seconds, recording.job.size * seconds / expected_s if expected_s else 0.0)

    for cut in segmenter.cuts(blocks(), summary.rate_hz):
        if len(cut.samples):
            yield cut
    recording.notes.extend(stream.notes)
    recording.duration_s = stream.duration_s
    _note(recording)


def _note(recording: Recording) -> None:
    """Note what a reader of files.csv should know and the decoder could not."""
    listed = recording.job.listed
    if listed is not None:
        missing = len(listed.starts) - len(recording.segments)
        if missing:
            recording.notes.append(f"{missing} of {len(listed.starts)} listed segments lie beyond the end")
    elif not recording.segments:
        recording.notes.append("no speech found")


def choose_segmenter(job: Job, options: Options, cutter: VoiceActivity | None) -> Segmenter:
    """Return what cuts this file: its listed segments, else what the options say."""
    if job.listed is not None:
        return Listed(job.listed.starts, job.listed.ends)
    if options.segments == "windows":
        return Windows(length_s=options.window_s, hop_s=options.hop_s)
    return Whole() if cutter is None else cutter


def _finished(waiting: list[Recording]) -> list[Recording]:
    """Empty the list and return what it held, failed files without segments."""
    finished, waiting[:] = list(waiting), []
    for recording in finished:
        if recording.failure is not None:
            recording.segments.clear()
    return finished


def one_line(error: Exception, path: Path) -> str:
    """Return an error as one line that names the file."""
    text = " ".join(str(error).split())
    return (
        text
        if isinstance(error, InputError)
        else f"Got `{path}` that cannot be read ({text}); check the file."
    )
