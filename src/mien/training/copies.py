"""The copies of a clip that a recipe trains on: as recorded, its sounding part, and degraded ones of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.signals.degrade import LADDER, LEVELS, apply, degrade
from mien.signals.energy import EnergyDetector
from mien.signals.voice_activity import FRAME

RATE_HZ = 16000
PAD = RATE_HZ // 10
"""Samples kept around the sound when a clip's silent ends are cut off."""

RUNGS = tuple(name for name, rung in LADDER.items() if not rung.needs)
"""Conditions of the ladder that need no other recordings."""


@dataclass(frozen=True)
class CopyJob:
    """Name some clips to copy: files, the number of the first, degraded copies of each, and seed."""

    files: tuple[str, ...]
    first: int
    degraded_copies: int
    seed: int

    @classmethod
    def share(cls, table: pd.DataFrame, *, clips: int, degraded_copies: int, seed: int) -> list["CopyJob"]:
        """Return jobs of so many clips each that together copy a segment table's files."""
        files = list(table["file"])
        return [
            cls(tuple(files[first : first + clips]), first, degraded_copies, seed)
            for first in range(0, len(files), clips)
        ]

    def copies(self, index: int) -> list[NDArray[np.float32]]:
        """Return a clip as recorded, its sounding part, and that degraded in several ways, each `(S,)`.

        Odd copies go through the training chain, even ones through one random rung of the degradation ladder.

        Args:
            index: number of the clip in this job.

        Raises:
            DataError: the recording has another rate than 16 kHz or more than one channel.
        """
        samples = read_clip(self.files[index])
        # a generator for each clip, so that its copies do not depend on the others
        generator = np.random.default_rng([self.seed, self.first + index])
        start, end = sounding_part(samples)
        copies = [samples, samples[start:end]]
        for copy in range(1, self.degraded_copies + 1):
            copies.append(_degraded(samples[start:end], generator, in_a_chain=bool(copy % 2)))
        return copies


def read_clip(file: str) -> NDArray[np.float32]:
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


def sounding_part(samples: NDArray[np.float32]) -> tuple[int, int]:
    """Return first and last sample between a clip's silent ends; all of it where nothing stands out."""
    stream = EnergyDetector().start()
    loud = np.flatnonzero(np.concatenate([stream.push(samples), stream.finish()]) >= EnergyDetector.on)
    if not loud.size:
        return 0, samples.size
    return max(0, loud[0] * FRAME - PAD), min(samples.size, (loud[-1] + 1) * FRAME + PAD)


def dimension_targets(table: pd.DataFrame, dimensions: list[str]) -> NDArray[np.float64]:
    """Return `(clips, N)`: 0 for normal, 1 for strong, NaN where a clip has no such label."""
    values = {"normal": 0.0, "strong": 1.0}
    columns = [table[name].map(values).to_numpy(dtype=np.float64) for name in dimensions]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))


def _degraded(
    samples: NDArray[np.float32], generator: np.random.Generator, *, in_a_chain: bool
) -> NDArray[np.float32]:
    if in_a_chain:
        return degrade(samples, generator, rate_hz=RATE_HZ)
    condition, level = generator.choice(RUNGS), int(generator.choice(LEVELS))
    return apply(samples, condition, level, rate_hz=RATE_HZ, generator=generator)
