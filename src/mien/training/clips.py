"""Labelled clips as log-mel frames in memory: each once as recorded and several times degraded."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pandas as pd
import soundfile
import torch

from mien.core.errors import DataError
from mien.core.workers import spread
from mien.nets.log_mel import LogMel
from mien.signals.degrade import degrade
from mien.signals.energy import EnergyDetector
from mien.signals.voice_activity import FRAME

RATE_HZ = 16000
PAD = RATE_HZ // 10
"""Samples kept around the sound when a clip's silent ends are cut off."""

CLIPS_PER_JOB = 100


@dataclass(frozen=True)
class Clips:
    """Hold labelled clips for training.

    Attributes:
        table: one row per clip, with `segment`, `speaker`, `corpus`, `category`.
        frames: `frames[copy][row]` is float16 `(bands, T)`; copy 0 is the recording itself.
        spans: `spans[copy][row]` is where in the recording the copy starts and ends, in seconds.
        category: int `(clips,)`, index into the categories.
        dimensions: float `(clips, N)` in [0, 1]; NaN where the corpus has no such label.
    """

    table: pd.DataFrame
    frames: list[list[np.ndarray]]
    spans: list[list[tuple[float, float]]]
    category: np.ndarray
    dimensions: np.ndarray


@dataclass(frozen=True)
class ClipJob:
    """Name some clips to prepare: files, the number of the first, copies and seed."""

    files: tuple[str, ...]
    first: int
    degraded_copies: int
    seed: int


@dataclass(frozen=True)
class Prepared:
    """Hold some clips' copies, as `Clips` does: frames and spans, each `[copy][clip]`."""

    frames: list[list[np.ndarray]]
    spans: list[list[tuple[float, float]]]


@dataclass(frozen=True)
class Batch:
    """One step's input.

    Attributes:
        frames: `(B, bands, T)`.
        valid: `(B, T)`.
        row: `(B,)` into the clips.
        time_s: `(B, T)`, when in the recording each frame was heard.
    """

    frames: torch.Tensor
    valid: torch.Tensor
    row: np.ndarray
    time_s: np.ndarray


def prepare_clips(
    table: pd.DataFrame,
    *,
    categories: list[str],
    dimensions: list[str],
    degraded_copies: int,
    seed: int,
    workers: int = 1,
) -> Clips:
    """Read every clip, degrade copies of its sounding part and compute log-mel frames.

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
    found: dict[int, Prepared] = {}
    for number, result in spread(prepare_some, jobs, workers=min(workers, len(jobs))):
        if isinstance(result, BaseException):
            raise result
        found[number] = result
    parts = [found[number] for number in range(len(jobs))]
    copies = range(degraded_copies + 1)
    return Clips(
        table=table,
        frames=[[clip for part in parts for clip in part.frames[copy]] for copy in copies],
        spans=[[span for part in parts for span in part.spans[copy]] for copy in copies],
        category=table["category"].map({name: index for index, name in enumerate(categories)}).to_numpy(),
        dimensions=dimension_targets(table, dimensions),
    )


def prepare_some(job: ClipJob) -> Prepared:
    """Return the copies of one job's clips.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    torch.set_num_threads(1)
    front_end = LogMel()
    prepared = Prepared(*([[] for _ in range(job.degraded_copies + 1)] for _ in range(2)))
    for number, file in enumerate(job.files, start=job.first):
        samples = read_clip(file)
        generator = np.random.default_rng([job.seed, number])
        first, last = sounding_part(samples)
        for copy in range(job.degraded_copies + 1):
            start, end = (0, samples.size) if copy == 0 else (first, last)
            sound = samples if copy == 0 else degrade(samples[start:end], generator, rate_hz=RATE_HZ)
            prepared.frames[copy].append(_log_mel(front_end, sound))
            prepared.spans[copy].append((start / RATE_HZ, end / RATE_HZ))
    return prepared


def read_clip(file: str) -> np.ndarray:
    """Return float32 samples `(S,)`.

    Raises:
        DataError: the recording has another rate than 16 kHz or more than one channel.
    """
    samples, rate_hz = soundfile.read(file, dtype="float32")
    if rate_hz != RATE_HZ or samples.ndim != 1:
        raise DataError(
            f"Got {rate_hz} Hz, {samples.ndim}-dimensional in `{file}`, expected mono at {RATE_HZ} Hz; "
            "convert it."
        )
    return samples


def sounding_part(samples: np.ndarray) -> tuple[int, int]:
    """Return first and last sample between a clip's silent ends; all of it where nothing stands out."""
    stream = EnergyDetector().start()
    loud = np.flatnonzero(np.concatenate([stream.push(samples), stream.finish()]) >= EnergyDetector.on)
    if not loud.size:
        return 0, samples.size
    return max(0, loud[0] * FRAME - PAD), min(samples.size, (loud[-1] + 1) * FRAME + PAD)


@dataclass(frozen=True)
class EpochBatches:
    """Give one epoch in random batches of like length, each clip in a copy drawn at random.

    Clips longer than `longest_frames` are cropped at random; bands and times are blanked out
    (SpecAugment without time warping). The same seed and epoch give the same batches.

    Attributes:
        clips: labelled clips.
        rows: int, which of them to use.
        batch_size: clips per batch.
        longest_frames: longest stretch of a clip, in frames.
        seed: of the run.
        epoch: from 0.

    Source:
        D. S. Park et al., SpecAugment, Interspeech 2019.
    """

    clips: Clips
    rows: np.ndarray
    _: KW_ONLY
    batch_size: int
    longest_frames: int
    seed: int
    epoch: int

    def __len__(self) -> int:
        return -(-self.rows.size // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        generator = np.random.default_rng([self.seed, self.epoch])
        clips, rows = self.clips, self.rows
        copies = generator.integers(len(clips.frames), size=rows.size)
        lengths = np.array([clips.frames[c][r].shape[1] for c, r in zip(copies, rows, strict=True)])
        order = np.argsort(lengths + generator.uniform(0, 30, rows.size))
        for index in generator.permutation(len(self)):
            group = order[index * self.batch_size : (index + 1) * self.batch_size]
            frames, times_s = [], []
            for i in group:
                whole, span = clips.frames[copies[i]][rows[i]], clips.spans[copies[i]][rows[i]]
                start, end = _crop(whole.shape[1], self.longest_frames, generator)
                frames.append(_augment(whole[:, start:end].astype(np.float32), generator))
                times_s.append(_frame_times(span, whole.shape[1])[start:end])
            yield _stack(frames, times_s, rows[group])


def evaluation_batches(clips: Clips, rows: np.ndarray, *, batch_size: int = 64) -> Iterator[Batch]:
    """Yield the recordings themselves, whole, sorted by length."""
    lengths = np.array([clips.frames[0][row].shape[1] for row in rows])
    order = rows[np.argsort(lengths, kind="stable")]
    for start in range(0, order.size, batch_size):
        group = order[start : start + batch_size]
        frames = [clips.frames[0][row].astype(np.float32) for row in group]
        times_s = [_frame_times(clips.spans[0][row], clips.frames[0][row].shape[1]) for row in group]
        yield _stack(frames, times_s, group)


def _log_mel(front_end: LogMel, samples: np.ndarray) -> np.ndarray:
    samples = np.pad(samples, (0, max(0, front_end.window - samples.size)))
    with torch.inference_mode():
        frames, _ = front_end(torch.from_numpy(samples)[None], torch.tensor([samples.size]))
    return frames[0].numpy().astype(np.float16)


def dimension_targets(table: pd.DataFrame, dimensions: list[str]) -> np.ndarray:
    """Return `(clips, N)`: 0 for normal, 1 for strong, NaN where a clip has no such label."""
    values = {"normal": 0.0, "strong": 1.0}
    columns = [table[name].map(values).to_numpy(dtype=np.float64) for name in dimensions]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def _crop(length: int, longest: int, generator: np.random.Generator) -> tuple[int, int]:
    """Choose a random stretch: at most `longest` frames, and of any clip 60 % to all of it."""
    share = generator.uniform(0.6, 1.0) if generator.random() < 0.5 else 1.0
    wanted = min(max(int(length * share), 1), longest)
    start = int(generator.integers(max(length - wanted, 0) + 1))
    return start, min(start + wanted, length)


def _frame_times(span: tuple[float, float], count: int) -> np.ndarray:
    """Return when each of a copy's frames was heard in the recording; a copy may be faster or slower."""
    return span[0] + (np.arange(count, dtype=np.float32) + 0.5) / count * (span[1] - span[0])


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


def _stack(frames: list[np.ndarray], times_s: list[np.ndarray], rows: np.ndarray) -> Batch:
    longest = max(f.shape[1] for f in frames)
    padded = np.zeros((len(frames), frames[0].shape[0], longest), np.float32)
    valid = np.zeros((len(frames), longest), bool)
    time_s = np.zeros((len(frames), longest), np.float32)
    for index, values in enumerate(frames):
        padded[index, :, : values.shape[1]] = values
        valid[index, : values.shape[1]] = True
        time_s[index, : values.shape[1]] = times_s[index]
    return Batch(torch.from_numpy(padded), torch.from_numpy(valid), rows, time_s)
