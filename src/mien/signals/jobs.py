"""What is to be analyzed: one job per file, and jobs grouped so that each group is worth a process."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHUNK_FILES = 32
CHUNK_BYTES = 20_000_000


@dataclass(frozen=True)
class ListedSegments:
    """Hold the segments of one file as its table lists them.

    Attributes:
        starts: seconds.
        ends: seconds; NaN means to the end of the file.
        names: the table's segment names; None where it has none.
        speakers: the table's speakers; None where it has none.
    """

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    names: tuple[str | None, ...]
    speakers: tuple[str | None, ...]


@dataclass(frozen=True)
class Job:
    """Name one file to analyze.

    Attributes:
        file: as the tables will name it.
        path: where it lies.
        size: in bytes, for progress and fair shares.
        listed: its segments, if they came in a table; else it is cut by the run's options.
        speaker: who speaks in the whole file, if a table of files says so.
    """

    file: str
    path: Path
    size: int
    listed: ListedSegments | None = None
    speaker: str | None = None

    @property
    def signature(self) -> str:
        """Return 16 hex digits that change when the file or what a table says of it change."""
        changed_ns = self.path.stat().st_mtime_ns if self.path.exists() else 0
        return hashlib.sha256(repr((self.size, changed_ns, self.listed, self.speaker)).encode()).hexdigest()[
            :16
        ]


def chunks(
    jobs: Sequence[Job], *, most_files: int = CHUNK_FILES, most_bytes: int = CHUNK_BYTES
) -> list[tuple[Job, ...]]:
    """Group jobs, in order, into chunks of at most so many files and bytes; a bigger file goes alone.

    A chunk is what a worker takes and what an interrupted run loses at most.

    Example:
        >>> jobs = [Job(name, Path(name), size) for name, size in (("a", 5), ("b", 5), ("c", 9))]
        >>> [[job.file for job in chunk] for chunk in chunks(jobs, most_bytes=10)]
        [['a', 'b'], ['c']]
    """
    found: list[list[Job]] = []
    filled = 0
    for job in jobs:
        if not found or len(found[-1]) >= most_files or filled + job.size > most_bytes:
            found.append([])
            filled = 0
        found[-1].append(job)
        filled += job.size
    return [tuple(chunk) for chunk in found]
