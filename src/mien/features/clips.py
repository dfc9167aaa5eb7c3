"""Segments of recordings as samples, and recordings shared out in pieces that are worth a process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.signals.decode import decode
from mien.signals.jobs import CHUNK_BYTES, CHUNK_FILES, Job, ListedSegments
from mien.signals.signal import Signal

PIECE_SEGMENTS = 1000
PIECE_S = 1200.0
"""Listed audio of a piece: half a minute of work or less, and few enough rows to stay in memory."""
MOST = np.array([CHUNK_FILES, CHUNK_BYTES, PIECE_SEGMENTS, PIECE_S])
"""What a piece may hold of files, bytes, segments and listed seconds."""


class Clip(NamedTuple):
    """Hold one segment that is to be described.

    Attributes:
        segment: its name.
        file: where it is from.
        start: in that file, in seconds.
        samples: mono, (samples,).
        rate_hz: of the samples.
    """

    segment: str
    file: str
    start: float
    samples: NDArray[np.float32]
    rate_hz: int


def pieces(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """Share out files, in order, so that no piece is much work; a file of many segments is cut.

    Pieces follow from the files alone, not from the number of workers, because what is described in one call
    shares its rounding.

    Example:
        >>> from pathlib import Path
        >>> times = tuple(map(float, range(1500)))
        >>> listed = ListedSegments(times, tuple(one + 0.5 for one in times), (None,) * 1500, (None,) * 1500)
        >>> jobs = [Job(name, Path(name), 9) for name in ("a", "b")] + [Job("c", Path("c"), 9, listed)]
        >>> [[job.file for job in piece] for piece in pieces(jobs)]
        [['a', 'b'], ['c'], ['c']]
    """
    found: list[list[Job]] = []
    filled = MOST
    for job in jobs:
        parts = _cut(job)
        load = _load(job)
        if len(parts) > 1:
            found.extend([part] for part in parts)
            filled = MOST
        elif (filled + load > MOST).any():
            found.append([job])
            filled = load
        else:
            found[-1].append(job)
            filled = filled + load
    return [tuple(piece) for piece in found]


def _load(job: Job) -> NDArray[np.float64]:
    """Return what a file counts of each of `MOST`."""
    if job.listed is None:
        return np.array([1, job.size, 1, 0.0])
    return np.array([1, job.size, len(job.listed.names), _seconds(job.listed).sum()])


def _seconds(listed: ListedSegments) -> NDArray[np.float64]:
    """Return the length of each segment; 0 for one to the end of the file, of which there are few."""
    return np.nan_to_num(np.subtract(listed.ends, listed.starts))


def _cut(job: Job) -> list[Job]:
    """Return a file's segments as jobs of at most so many segments and so much audio each."""
    if job.listed is None or (_load(job)[2:] <= MOST[2:]).all():
        return [job]
    listed = job.listed
    names = tuple(said or f"{job.path.stem}-{number}" for number, said in enumerate(listed.names))
    until = np.cumsum(_seconds(listed)) // PIECE_S
    count = np.arange(len(names)) // PIECE_SEGMENTS
    changes = (np.diff(until) > 0) | (np.diff(count) > 0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(names)]
    return [
        replace(
            job,
            listed=ListedSegments(listed.starts[a:b], listed.ends[a:b], names[a:b], listed.speakers[a:b]),
        )
        for a, b in pairwise(edges)
    ]


class ClipReader:
    """Read segments, and keep the file that was read last, which the next piece may be of as well."""

    def __init__(self) -> None:
        self._held: tuple[Job, Signal] | None = None

    def read(self, jobs: Sequence[Job], failures: dict[str, str]) -> Iterator[Clip]:
        """Yield the segments of some files; a file that cannot be read becomes a failure.

        Args:
            jobs: the files.
            failures: file → reason, written to.
        """
        for job in jobs:
            try:
                signal = self._decode(job)
            except (InputError, OSError) as error:
                failures[job.file] = " ".join(str(error).split())
                continue
            yield from _segments(job, signal)

    def _decode(self, job: Job) -> Signal:
        if self._held is not None and self._held[0].path == job.path and self._held[0].size == job.size:
            return self._held[1]
        self._held = None  # makes room before the next is read
        signal = decode(job.path, mono=True)
        if job.listed is not None:
            self._held = (job, signal)
        return signal


def _segments(job: Job, signal: Signal) -> Iterator[Clip]:
    samples, rate_hz = signal.samples[0], signal.rate_hz
    if job.listed is None:
        yield Clip(job.path.stem, job.file, 0.0, samples, rate_hz)
        return
    listed = job.listed
    for number, (start, end, said) in enumerate(zip(listed.starts, listed.ends, listed.names, strict=True)):
        last = samples.size if np.isnan(end) else min(round(end * rate_hz), samples.size)
        part = samples[round(start * rate_hz) : last]
        yield Clip(said or f"{job.path.stem}-{number}", job.file, start, part, rate_hz)
