"""Describe recordings, piece by piece: what a worker does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from mien import __version__
from mien.core.errors import MienError
from mien.core.registry import find
from mien.features.clips import Clip, ClipReader
from mien.features.feature_table import Rows, as_table, read_part, schema, write_part
from mien.signals.jobs import Job

if TYPE_CHECKING:
    from mien.features.choice import Choice

BATCH_S = 60.0
"""Audio that is described at once: enough to share the work, little enough to stay in memory."""


class Finished(NamedTuple):
    """Hold what became of a piece.

    Attributes:
        rows: number of its rows.
        files: those that have rows, in order.
        failures: segment or file → one line that says why and what to do.
        part: file that holds the rows; None where there is no such file.
        table: the rows, where they are not on disk.
    """

    rows: int
    files: tuple[str, ...]
    failures: dict[str, str]
    part: Path | None = None
    table: pa.Table | None = None


@dataclass(frozen=True)
class Work:
    """Say everything about a run that a worker must know.

    Attributes:
        name: of the feature set.
        level: one of the levels in its card.
        choice: of single columns; None for those of the level.
        parts: folder that keeps finished pieces; None where rows are returned.
    """

    name: str
    level: str
    choice: "Choice | None" = None
    parts: Path | None = None
    _reader: ClipReader = field(default_factory=ClipReader, repr=False, compare=False)

    def __call__(self, jobs: Sequence[Job]) -> Finished:
        """Describe the segments of some files, or find that an earlier run has described them."""
        if self.parts is None:
            return _finished(self.describe_files(jobs))
        part = self.parts / f"{self._mark(jobs)}.parquet"
        rows = read_part(part, self.columns)
        if rows is None:
            rows = self.describe_files(jobs)
            write_part(part, rows)
        return _finished(rows)._replace(part=part, table=None)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the descriptors' columns."""
        if self.choice is not None:
            return self.choice.columns
        return tuple(find("features", self.name).CARD["levels"][self.level])

    def _mark(self, jobs: Sequence[Job]) -> str:
        """Return 16 hex digits that change with the files, what is asked of them, and mien."""
        asked = (self.name, self.level, repr(self.choice))
        words = [__version__, *asked, *(word for job in jobs for word in (job.file, job.signature))]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]

    def describe_files(self, jobs: Sequence[Job]) -> Rows:
        """Describe the segments of some files; those that cannot be described become failures."""
        failures: dict[str, str] = {}
        found = [schema(self.columns).empty_table()]
        waiting: list[Clip] = []
        for clip in self._reader.read(jobs, failures):
            if waiting and clip.rate_hz != waiting[0].rate_hz:
                found.append(self.describe_clips(waiting, failures))
                waiting = []
            waiting.append(clip)
            if sum(one.samples.size for one in waiting) >= BATCH_S * clip.rate_hz:
                found.append(self.describe_clips(waiting, failures))
                waiting = []
        found.append(self.describe_clips(waiting, failures))
        return Rows(pa.concat_tables(found).combine_chunks(), failures)

    def describe_clips(self, clips: Sequence[Clip], failures: dict[str, str]) -> pa.Table:
        """Describe clips of one rate by one call of the set; those that it refuses become failures.

        Args:
            clips: of one rate.
            failures: segment → reason, written to.
        """
        component = find("features", self.name)
        kept = [clip for clip in clips if _is_long_enough(clip, component.CARD["min_duration_s"], failures)]
        if not kept:
            return schema(self.columns).empty_table()
        try:
            return self._ask(component, kept)
        except MienError as error:
            if len(kept) == 1:
                note(failures, kept[0].segment, f"{error} (`{kept[0].segment}` of `{kept[0].file}`)")
                return schema(self.columns).empty_table()
            # one of them is at fault, and says so alone
            return pa.concat_tables([self.describe_clips([clip], failures) for clip in kept])

    def _ask(self, component: ModuleType, clips: Sequence[Clip]) -> pa.Table:
        samples, rate_hz = [clip.samples for clip in clips], clips[0].rate_hz
        if self.choice is None:
            return as_table(component.extract(samples, rate_hz=rate_hz, level=self.level), clips)
        level = "lld" if self.choice.functionals else self.level
        # a set that tells its columns' needs leaves the rest undone
        fewer = {"columns": self.choice.sources} if "needs" in component.CARD else {}
        found = component.extract(samples, rate_hz=rate_hz, level=level, **fewer)
        return as_table(self.choice.of(found), clips)


def _finished(rows: Rows) -> Finished:
    files = tuple(rows.table["file"].unique().to_pylist())
    return Finished(rows.table.num_rows, files, rows.failures, table=rows.table)


def _is_long_enough(clip: Clip, least_s: float, failures: dict[str, str]) -> bool:
    seconds = clip.samples.size / clip.rate_hz
    if seconds >= least_s:
        return True
    reason = (
        f"Got {seconds:.3f} s in `{clip.segment}` of `{clip.file}`, expected at least {least_s:g} s; "
        "leave it out or join it with its neighbour."
    )
    note(failures, clip.segment, reason)
    return False


def note(failures: dict[str, str], name: str, reason: str) -> None:
    """Add a failure; a second of the same name, from another file, gets a number."""
    failures[name if name not in failures else f"{name} ({len(failures)})"] = reason
