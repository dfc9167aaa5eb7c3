"""Labelled clips as log-mel frames in memory: each once as recorded and several times degraded."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import soundfile
import torch

from mien.core.errors import DataError
from mien.core.workers import spread
from mien.nets.log_mel import LogMel
from mien.signals.degrade import degrade

RATE_HZ = 16000
CLIPS_PER_JOB = 100


@dataclass(frozen=True)
class Clips:
    """Hold labelled clips for training.

    Attributes:
        table: one row per clip, with `segment`, `speaker`, `corpus`, `category`.
        frames: `frames[copy][row]` is float16 `(bands, T)`; copy 0 is the recording itself.
        category: int `(clips,)`, index into the categories.
        dimensions: float `(clips, N)` in [0, 1]; NaN where the corpus has no such label.
    """

    table: pd.DataFrame
    frames: list[list[np.ndarray]]
    category: np.ndarray
    dimensions: np.ndarray

    def rows(self, chosen: np.ndarray) -> np.ndarray:
        """Return the row numbers where the boolean mask `chosen` is true."""
        return np.flatnonzero(chosen)


@dataclass(frozen=True)
class ClipJob:
    """Name some clips to prepare: files, the number of the first, copies and seed."""

    files: tuple[str, ...]
    first: int
    degraded_copies: int
    seed: int


@dataclass(frozen=True)
class Batch:
    """One step's input: frames `(B, bands, T)`, valid `(B, T)`, row `(B,)` into the clips."""

    frames: torch.Tensor
    valid: torch.Tensor
    row: np.ndarray


def prepare_clips(
    table: pd.DataFrame,
    *,
    categories: list[str],
    dimensions: list[str],
    degraded_copies: int,
    seed: int,
    workers: int = 1,
) -> Clips:
    """Read every clip, degrade copies of it and compute log-mel frames.

    Args:
        table: segment table with `file`, `speaker`, `corpus`, `category` and the dimensions'
            columns (`intensity`: `normal` or `strong`).
        categories: the order of the model's outputs.
        dimensions: names of the further targets.
        degraded_copies: how many degraded copies of each clip to make.
        seed: seeds every clip's own generator, so that a clip's copies do not depend on the others.
        workers: processes; the result does not depend on their number.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    jobs = [
        ClipJob(tuple(table["file"].iloc[first : first + CLIPS_PER_JOB]), first, degraded_copies, seed)
        for first in range(0, len(table), CLIPS_PER_JOB)
    ]
    found: dict[int, list[list[np.ndarray]]] = {}
    for number, result in spread(prepare_some, jobs, workers=min(workers, len(jobs))):
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    frames = [
        [clip for number in range(len(jobs)) for clip in found[number][copy]]
        for copy in range(degraded_copies + 1)
    ]
    return Clips(
        table=table,
        frames=frames,
        category=table["category"].map({name: index for index, name in enumerate(categories)}).to_numpy(),
        dimensions=_dimension_targets(table, dimensions),
    )


def prepare_some(job: ClipJob) -> list[list[np.ndarray]]:
    """Return `frames[copy][clip]` of one job.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    torch.set_num_threads(1)
    front_end = LogMel()
    frames: list[list[np.ndarray]] = [[] for _ in range(job.degraded_copies + 1)]
    for number, file in enumerate(job.files, start=job.first):
        samples, rate_hz = soundfile.read(file, dtype="float32")
        if rate_hz != RATE_HZ or samples.ndim != 1:
            raise DataError(
                f"Got {rate_hz} Hz, {samples.ndim}-dimensional in `{file}`, expected mono at 16000 Hz."
            )
        generator = np.random.default_rng([job.seed, number])
        frames[0].append(_log_mel(front_end, samples))
        for copy in range(1, job.degraded_copies + 1):
            frames[copy].append(_log_mel(front_end, degrade(samples, generator, rate_hz=RATE_HZ)))
    return frames


def training_batches(
    clips: Clips, rows: np.ndarray, *, batch_size: int, longest_frames: int, generator: np.random.Generator
) -> Iterator[Batch]:
    """Yield one epoch in random batches of like length, each clip in a copy drawn at random.

    Clips longer than `longest_frames` are cropped at random; bands and times are blanked out
    (SpecAugment without time warping).

    Source:
        D. S. Park et al., SpecAugment, Interspeech 2019.
    """
    copies = generator.integers(len(clips.frames), size=rows.size)
    lengths = np.array([clips.frames[c][r].shape[1] for c, r in zip(copies, rows, strict=True)])
    order = np.argsort(lengths + generator.uniform(0, 30, rows.size))
    groups = [order[start : start + batch_size] for start in range(0, rows.size, batch_size)]
    for index in generator.permutation(len(groups)):
        group = groups[index]
        chosen = [
            _augment(_crop(clips.frames[copies[i]][rows[i]], longest_frames, generator), generator)
            for i in group
        ]
        yield _stack(chosen, rows[group])


def evaluation_batches(clips: Clips, rows: np.ndarray, *, batch_size: int = 64) -> Iterator[Batch]:
    """Yield the recordings themselves, whole, sorted by length."""
    lengths = np.array([clips.frames[0][row].shape[1] for row in rows])
    order = rows[np.argsort(lengths, kind="stable")]
    for start in range(0, order.size, batch_size):
        group = order[start : start + batch_size]
        yield _stack([clips.frames[0][row].astype(np.float32) for row in group], group)


def _log_mel(front_end: LogMel, samples: np.ndarray) -> np.ndarray:
    samples = np.pad(samples, (0, max(0, front_end.window - samples.size)))
    with torch.inference_mode():
        frames, _ = front_end(torch.from_numpy(samples)[None], torch.tensor([samples.size]))
    return frames[0].numpy().astype(np.float16)


def _dimension_targets(table: pd.DataFrame, dimensions: list[str]) -> np.ndarray:
    values = {"normal": 0.0, "strong": 1.0}
    columns = [table[name].map(values).to_numpy(dtype=np.float64) for name in dimensions]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def _crop(frames: np.ndarray, longest: int, generator: np.random.Generator) -> np.ndarray:
    """Keep a random stretch: at most `longest` frames, and of any clip 60 % to all of it."""
    wanted = min(
        int(frames.shape[1] * generator.uniform(0.6, 1.0)) if generator.random() < 0.5 else 10**9, longest
    )
    if frames.shape[1] <= wanted:
        return frames.astype(np.float32)
    start = generator.integers(frames.shape[1] - wanted + 1)
    return frames[:, start : start + wanted].astype(np.float32)


def _augment(frames: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    frames = frames.copy()
    for _ in range(2):
        width = generator.integers(0, 10)
        start = generator.integers(frames.shape[0] - width + 1)
        frames[start : start + width] = 0.0
        width = generator.integers(0, max(1, min(15, frames.shape[1] // 5)))
        start = generator.integers(frames.shape[1] - width + 1)
        frames[:, start : start + width] = 0.0
    return frames


def _stack(frames: list[np.ndarray], rows: np.ndarray) -> Batch:
    longest = max(f.shape[1] for f in frames)
    padded = np.zeros((len(frames), frames[0].shape[0], longest), np.float32)
    valid = np.zeros((len(frames), longest), bool)
    for index, values in enumerate(frames):
        padded[index, :, : values.shape[1]] = values
        valid[index, : values.shape[1]] = True
    return Batch(torch.from_numpy(padded), torch.from_numpy(valid), rows)
