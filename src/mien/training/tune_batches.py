"""Give the batches of fine-tuning: clips as samples or descriptions, with weights that differ by member."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.training.augment import crop
from mien.training.batch import Batch, make_batch
from mien.training.clip_samples import RATE_HZ, ClipSamples, degraded
from mien.training.fine_tune_settings import TuneTraining
from mien.training.placement import move
from mien.training.samplers import length_bucketed

DEGRADED_SHARE = 0.5
LEAST_WEIGHT, MOST_WEIGHT = 0.25, 1.75
JUDGED_S = 60.0
"""Most padded seconds of a batch that is judged."""


@dataclass(frozen=True)
class TuneData:
    """Hold everything that batches are made of.

    Attributes:
        clips: the recordings.
        targets: task → class numbers `(rows,)` or ratings in [-1, 1] `(rows, N)`.
        described: `(copies, rows, L, W)` of a frozen encoder; None where the encoder hears the clips.
    """

    clips: ClipSamples
    targets: dict[str, NDArray[np.generic]]
    described: NDArray[np.float32] | None = None

    def batch(
        self, items: list[NDArray[np.float32]], rows: NDArray[np.intp], weight: NDArray | None
    ) -> Batch:
        """Return a batch of these items with the targets of their rows."""
        targets = {task: values[rows] for task, values in self.targets.items()}
        if self.described is None:
            return make_batch(items, targets, row=rows, weight=weight)
        x = torch.from_numpy(np.stack(items))
        known = make_batch([np.ones(1, np.float32)] * len(rows), targets, row=rows, weight=weight)
        valid = torch.ones(x.shape[:2], dtype=torch.bool)
        return Batch(x, valid, known.targets, known.weight, known.row)


@dataclass(frozen=True)
class TuneBatches:
    """Give the batches of an epoch for its number, as `fit` asks for them.

    Attributes:
        data: what they are made of.
        rows: which clips train.
        weights: `(rows of the table, members)`.
        config: size of batches, crops, degradations.
        seed: of the run.
    """

    data: TuneData
    rows: NDArray[np.intp]
    weights: NDArray[np.float32]
    config: TuneTraining
    seed: int

    def __call__(self, epoch: int) -> "TuneEpoch":
        """Return the batches of an epoch, counted from 0."""
        lengths = np.minimum(self.data.clips.lengths_s(), self.config.longest_crop_s)
        if self.data.described is not None:
            lengths = np.ones(len(lengths))
        groups = length_bucketed(
            lengths, seed=self.seed, epoch=epoch, most_items=self.config.batch_size, rows=self.rows
        )
        return TuneEpoch(self, groups, epoch)


@dataclass(frozen=True)
class TuneEpoch:
    """Hold one epoch: which rows make up each batch."""

    batches: TuneBatches
    groups: list[NDArray[np.intp]]
    epoch: int

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Batch]:
        whole = self.batches
        generator = np.random.default_rng([whole.seed, self.epoch])
        for rows in self.groups:
            items = [_item(whole, int(row), generator) for row in rows]
            yield whole.data.batch(items, rows, whole.weights[rows])


def _item(whole: TuneBatches, row: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Return a clip in one of its versions, cropped where it is long."""
    described = whole.data.described
    if described is not None:
        return described[generator.integers(len(described)), row]
    samples = whole.data.clips.read(row)
    samples = crop(samples, generator, longest=round(whole.config.longest_crop_s * RATE_HZ))
    if whole.config.degraded_copies and generator.random() < DEGRADED_SHARE:
        samples = degraded(samples, generator)
    return samples


def member_weights(
    classes: NDArray[np.int64],
    rows: NDArray[np.intp],
    *,
    members: int,
    balance: float,
    seed: int,
    apart: bool = False,
) -> NDArray[np.float32]:
    """Return what each clip counts for each member `(clips, members)`: rare categories more.

    A member's weight of a clip is drawn once, from 0.25 to 1.75, so that members see different data.

    Args:
        classes: `(clips,)` class numbers, -1 for none.
        rows: the clips that train; their mean weight before the draw is 1.
        members: opinions.
        balance: 0 counts clips alike, 1 categories alike.
        seed: seeds the draw.
        apart: draw also for one member, which is a network of its own beside others.
    """
    numbers, counts = np.unique(classes[rows], return_counts=True)
    of_class = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    rare = np.array([of_class.get(number, 1) for number in classes.tolist()], float) ** -balance
    rare /= rare[rows].mean()
    generator = np.random.default_rng(seed)
    opinions = (
        generator.uniform(LEAST_WEIGHT, MOST_WEIGHT, (len(classes), members)) if members > 1 or apart else 1.0
    )
    return np.asarray(rare[:, None] * opinions, np.float32).reshape(len(classes), members)


def answer(net: nn.Module, data: TuneData, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    """Return what a network says of clips as recorded: task → outputs `(rows, M, K)`, in their order.

    Args:
        net: in evaluation mode, on any device.
        data: what the clips are made of.
        rows: which clips.
    """
    device = next(net.parameters()).device
    found: dict[str, list[Tensor]] = {}
    order = np.argsort(data.clips.lengths_s()[rows], kind="stable")
    with torch.inference_mode():
        for places in _judged(data, rows, order):
            batch = move(data.batch([_whole(data, int(rows[p])) for p in places], rows[places], None), device)
            for task, outputs in net(batch.x, batch.valid).items():
                found.setdefault(task, []).append(outputs.float().cpu())
    back = np.argsort(order)
    return {task: torch.cat(parts).numpy()[back] for task, parts in found.items()}


def _whole(data: TuneData, row: int) -> NDArray[np.float32]:
    return data.clips.read(row) if data.described is None else data.described[0, row]


def _judged(data: TuneData, rows: NDArray[np.intp], order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    lengths = data.clips.lengths_s()[rows[order]]
    while order.size:
        count = 1024 if data.described is not None else 1
        while data.described is None and count < len(order) and (count + 1) * lengths[count] <= JUDGED_S:
            count += 1
        yield order[:count]
        order, lengths = order[count:], lengths[count:]
