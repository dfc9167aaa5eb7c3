"""Labelled clips as samples in memory: each once as recorded and several times degraded."""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.workers import spread
from mien.training.augment import crop
from mien.training.batch import Batch, make_batch
from mien.training.copies import CopyJob, dimension_targets
from mien.training.samplers import length_bucketed

FULL_SCALE = 32767
CLIPS_PER_JOB = 50
MOST_PADDED = 60 * 16000
"""Most samples, with padding, of a batch that is judged."""

Stored = NDArray[np.int16]


@dataclass(frozen=True)
class SampledClips:
    """Hold labelled clips for nets that learn from samples.

    Attributes:
        table: one row per clip, with `segment`, `speaker`, `corpus`, `category`.
        samples: `samples[copy][row]` is int16 `(S,)` at 16 kHz; copy 0 is the recording itself,
            copy 1 its sounding part.
        category: int `(clips,)`, index into the categories.
        dimensions: float `(clips, N)` in [0, 1]; NaN where the corpus has no such label.
    """

    table: pd.DataFrame
    samples: Sequence[Sequence[Stored]]
    category: NDArray[np.int64]
    dimensions: NDArray[np.float64]

    def read(self, row: int, *, copy: int = 0) -> NDArray[np.float32]:
        """Return a copy of a clip, float32 `(S,)` in [-1, 1]."""
        return self.samples[copy][row].astype(np.float32) / FULL_SCALE


def sample_clips(
    table: pd.DataFrame,
    *,
    categories: Sequence[str],
    dimensions: Sequence[str],
    degraded_copies: int,
    seed: int,
    workers: int = 1,
) -> SampledClips:
    """Read every clip and degrade copies of its sounding part, see `CopyJob.copies`.

    Args:
        table: segment table with `file`, `speaker`, `corpus`, `category` and the dimensions' columns.
        categories: the order of the model's outputs.
        dimensions: names of the further targets.
        degraded_copies: how many degraded copies of each clip to make; one second of a copy takes 32 kB.
        seed: seeds every clip's own generator, so that a clip's copies do not depend on the others.
        workers: processes; the result does not depend on their number.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    jobs = CopyJob.share(table, clips=CLIPS_PER_JOB, degraded_copies=degraded_copies, seed=seed)
    found: dict[int, list[list[Stored]]] = {}
    for number, result in spread(sample_some, jobs, workers=min(workers, len(jobs))):
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    parts = [found[number] for number in range(len(jobs))]
    numbers = {name: index for index, name in enumerate(categories)}
    return SampledClips(
        table=table,
        samples=[[clip for part in parts for clip in part[copy]] for copy in range(len(parts[0]))],
        category=table["category"].map(numbers).to_numpy(copy=True),  # torch wants it writable
        dimensions=dimension_targets(table, list(dimensions)),
    )


def sample_some(job: CopyJob) -> list[list[Stored]]:
    """Return the copies of one job's clips, `[copy][clip]`.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    clips = [[_stored(copy) for copy in job.copies(index)] for index in range(len(job.files))]
    return [list(copies) for copies in zip(*clips, strict=True)]


@dataclass(frozen=True)
class SampleBatches:
    """Give one epoch in random batches of like length, each clip in a copy drawn at random.

    Clips longer than `longest` are cropped at random. The same seed and epoch give the same batches. Sounds
    that are no clips stand behind them, with row -1.

    Attributes:
        clips: labelled clips.
        rows: int, which of them to use.
        batch_size: most clips per batch.
        longest: longest stretch of a clip, in samples.
        seed: of the run.
        epoch: from 0.
        sounds: float32 `(S,)` each, of which some are added to each batch.
        sounds_per_batch: how many.
    """

    clips: SampledClips
    rows: NDArray[np.intp]
    _: KW_ONLY
    batch_size: int
    longest: int
    seed: int
    epoch: int
    sounds: Sequence[NDArray[np.float32]] = ()
    sounds_per_batch: int = 0

    def __len__(self) -> int:
        return -(-self.rows.size // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        clips, generator = self.clips, np.random.default_rng([self.seed, self.epoch])
        copies = generator.integers(len(clips.samples), size=len(clips.table))
        lengths = [min(clips.samples[c][r].size, self.longest) for r, c in enumerate(copies)]
        order = {"seed": self.seed, "epoch": self.epoch, "most_items": self.batch_size}
        for group in length_bucketed(lengths, rows=self.rows, **order):
            whole = [clips.read(row, copy=copies[row]) for row in group]
            items = [crop(one, generator, longest=self.longest) for one in whole]
            drawn = generator.integers(len(self.sounds), size=self.sounds_per_batch) if self.sounds else ()
            row = [*group, *(-1 for _ in drawn)]
            yield make_batch([*items, *(self.sounds[number] for number in drawn)], {}, row=row)


def whole_clips(clips: SampledClips, rows: NDArray[np.intp]) -> Iterator[Batch]:
    """Yield the recordings themselves, whole, those of like length together.

    Args:
        clips: labelled clips.
        rows: int, which of them.
    """
    lengths = [one.size for one in clips.samples[0]]
    most = max(MOST_PADDED, max(lengths))
    for group in length_bucketed(
        lengths, seed=0, epoch=0, most_items=64, most_padded=most, jitter=0.0, rows=rows
    ):
        yield make_batch([clips.read(row) for row in group], {}, row=group)


def _stored(samples: NDArray[np.float32]) -> Stored:
    return np.round(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype(np.int16)
