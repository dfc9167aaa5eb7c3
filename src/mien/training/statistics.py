"""Labelled clips as the statistics of an encoder's layers: as recorded and several times degraded."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from mien.core.files import write_atomically
from mien.core.registry import find
from mien.core.workers import spread
from mien.signals.degrade import LADDER, LEVELS, apply, degrade
from mien.training.clips import RATE_HZ, dimension_targets, read_clip, sounding_part

CLIPS_PER_JOB = 50
RUNGS = tuple(name for name, rung in LADDER.items() if not rung.needs)
"""Conditions of the ladder that need no other recordings."""


@dataclass(frozen=True)
class Heard:
    """Hold what an encoder heard in labelled clips.

    Attributes:
        table: one row per clip, with `segment`, `speaker`, `corpus`, `category`.
        statistics: float32 `(copies, clips, D)`; copy 0 is the recording itself, copy 1 its sounding part.
        category: int `(clips,)`, index into the categories.
        dimensions: `(clips, N)` in [0, 1]; NaN where the corpus has no such label.
    """

    table: pd.DataFrame
    statistics: NDArray[np.float32]
    category: NDArray[np.int64]
    dimensions: NDArray[np.float64]


@dataclass(frozen=True)
class HearingJob:
    """Name some clips to hear: system and its encoder, files, number of the first, copies and seed."""

    system: str
    config: str
    files: tuple[str, ...]
    first: int
    degraded_copies: int
    seed: int


def hear_clips(
    table: pd.DataFrame,
    net: nn.Module,
    *,
    system: str,
    categories: Sequence[str],
    dimensions: Sequence[str],
    degraded_copies: int,
    seed: int,
    store: Path,
    workers: int = 1,
) -> Heard:
    """Return what a net's frozen encoder hears in each clip and in degraded copies of its sounding part.

    Odd copies go through the training chain, even ones through one random rung of the degradation ladder.

    Args:
        table: segment table with `file`, `speaker`, `corpus`, `category` and the dimensions' columns.
        net: has `describe(samples, length) -> (B, D)`.
        system: name of the net's system.
        categories: the order of the model's outputs.
        dimensions: names of the further targets.
        degraded_copies: how many degraded copies of each clip to make.
        seed: seeds every clip's own generator, so that a clip's copies do not depend on the others.
        store: file that keeps the statistics; read instead where it is there.
        workers: processes; the result does not depend on their number.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    if not store.exists():
        files = list(table["file"])
        config = net.config.model_dump_json()
        jobs = [
            HearingJob(
                system, config, tuple(files[first : first + CLIPS_PER_JOB]), first, degraded_copies, seed
            )
            for first in range(0, len(files), CLIPS_PER_JOB)
        ]
        found: dict[int, NDArray[np.float32]] = {}
        for number, result in spread(hear_some, jobs, workers=min(workers, len(jobs))):
            if isinstance(result, BaseException):
                raise result
            found[number] = result
        with write_atomically(store) as temporary:
            np.save(temporary, np.concatenate([found[number] for number in range(len(jobs))], axis=1))
    return Heard(
        table=table,
        statistics=np.load(store),
        category=table["category"].map({name: index for index, name in enumerate(categories)}).to_numpy(),
        dimensions=dimension_targets(table, list(dimensions)),
    )


def hear_some(job: HearingJob) -> NDArray[np.float32]:
    """Return `(copies, clips, D)` of one job's clips.

    Raises:
        DataError: a recording has another rate than 16 kHz or more than one channel.
    """
    torch.set_num_threads(1)
    net = _net(job.system, job.config)
    return np.stack(
        [
            np.stack([_describe(net, sound) for sound in _copies(job, number, file)])
            for number, file in enumerate(job.files, start=job.first)
        ],
        axis=1,
    )


@lru_cache(maxsize=1)
def _net(system: str, config: str) -> nn.Module:
    found = find("systems", system)
    torch.manual_seed(0)
    return found.build(found.Config.model_validate_json(config)).eval()


def _copies(job: HearingJob, number: int, file: str) -> list[NDArray[np.float32]]:
    samples = read_clip(file)
    generator = np.random.default_rng([job.seed, number])
    start, end = sounding_part(samples)
    sounding = samples[start:end]
    copies = [samples, sounding]
    for copy in range(1, job.degraded_copies + 1):
        if copy % 2:
            copies.append(degrade(sounding, generator, rate_hz=RATE_HZ))
        else:
            condition, level = generator.choice(RUNGS), int(generator.choice(LEVELS))
            copies.append(apply(sounding, condition, level, rate_hz=RATE_HZ, generator=generator))
    return copies


def _describe(net: nn.Module, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        described: NDArray[np.float32] = net.describe(
            torch.from_numpy(samples)[None], torch.tensor([samples.size])
        )[0].numpy()
    return described
