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
from mien.training.copies import CopyJob, dimension_targets

CLIPS_PER_JOB = 50


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
    """Name a system, its settings as JSON, and the clips that its encoder is to hear."""

    system: str
    config: str
    clips: CopyJob


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
        shares = CopyJob.share(table, clips=CLIPS_PER_JOB, degraded_copies=degraded_copies, seed=seed)
        jobs = [HearingJob(system, net.config.model_dump_json(), share) for share in shares]
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
    heard = [
        [_describe(net, copy) for copy in job.clips.copies(index)] for index in range(len(job.clips.files))
    ]
    return np.array(heard).transpose(1, 0, 2)


@lru_cache(maxsize=1)
def _net(system: str, config: str) -> nn.Module:
    found = find("systems", system)
    torch.manual_seed(0)
    return found.build(found.Config.model_validate_json(config)).eval()


def _describe(net: nn.Module, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        described: NDArray[np.float32] = net.describe(
            torch.from_numpy(samples)[None], torch.tensor([samples.size])
        )[0].numpy()
    return described
