"""One step's input: padded items, which of it is real, and what is known about each item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from mien.core.errors import DataError
from mien.training.objectives.targets import known_targets


@dataclass(frozen=True)
class Batch:
    """Hold some items with all targets that are known of them.

    Corpora with different labels share a batch: a target that an item does not have is -1 (class numbers)
    or NaN (values), is masked by the objectives and never guessed.

    Attributes:
        x: `(B, T)` or `(B, T, …)`: samples, word numbers or frames.
        valid: `(B, T)` bool, True = real.
        targets: task → `(B,)` class numbers or `(B, N)` values.
        weight: `(B,)`, or `(B, M)` where each of M members of an ensemble weighs items differently; at
            least 0; None for 1 each.
        row: `(B,)` int, which row of the table each item is.

    Raises:
        DataError: the parts do not have the same number of items.
    """

    x: Tensor
    valid: Tensor
    targets: dict[str, Tensor]
    weight: Tensor | None
    row: NDArray[np.intp]

    def __post_init__(self) -> None:
        items = len(self.x)
        parts = {"valid": self.valid, "row": self.row, **self.targets}
        if self.weight is not None:
            parts["weight"] = self.weight
        for name, part in parts.items():
            if len(part) != items:
                raise DataError(f"Got {len(part)} items of `{name}`, expected {items}, as many as of `x`.")
        if self.valid.shape != self.x.shape[:2]:
            raise DataError(
                f"Got valid {tuple(self.valid.shape)} for x {tuple(self.x.shape)}, expected "
                "the first two axes."
            )

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """Return the batch on another device."""

        def moved(part: Tensor) -> Tensor:
            return part.to(device, non_blocking=non_blocking)

        return replace(
            self,
            x=moved(self.x),
            valid=moved(self.valid),
            targets={task: moved(target) for task, target in self.targets.items()},
            weight=None if self.weight is None else moved(self.weight),
        )


def make_batch(
    items: Sequence[NDArray[np.generic]],
    targets: Mapping[str, ArrayLike],
    *,
    row: ArrayLike,
    weight: ArrayLike | None = None,
) -> Batch:
    """Pad items to the longest and put their targets beside them.

    Args:
        items: `(T,)` or `(T, …)` each: float32 samples or frames, or int64 word numbers.
        targets: task → `(B,)` ints with -1 for unknown, or `(B, N)` floats with NaN for unknown.
        row: `(B,)`, which row of the table each item is.
        weight: `(B,)` or `(B, M)`, at least 0.

    Raises:
        DataError: no items, an empty one, other numbers of items, or a weight that is negative or no number.

    Example:
        >>> clips = [np.ones(3, np.float32), np.ones(2, np.float32)]
        >>> batch = make_batch(clips, {"emotion": [1, -1]}, row=[7, 8])
        >>> batch.valid.sum(dim=1).tolist()
        [3, 2]
    """
    x, valid = pad(items)
    found = {task: _as_target(target) for task, target in targets.items()}
    weights = None if weight is None else torch.as_tensor(np.asarray(weight, np.float32))
    if weights is not None and not bool((weights >= 0).all()):
        raise DataError(
            "Got a weight that is negative or no number, expected 0 or more; correct the weights."
        )
    return Batch(x, valid, found, weights, np.asarray(row, np.intp))


def pad(items: Sequence[NDArray[np.generic]]) -> tuple[Tensor, Tensor]:
    """Return items `(B, T, …)` filled up with zeros, and which of it is real `(B, T)`.

    Args:
        items: `(T,)` or `(T, …)` each, of one type.

    Raises:
        DataError: no items, or one without a value.

    Example:
        >>> x, valid = pad([np.array([1, 2, 3]), np.array([4])])
        >>> x.tolist(), valid.tolist()
        ([[1, 2, 3], [4, 0, 0]], [[True, True, True], [True, False, False]])
    """
    lengths = np.array([len(item) for item in items])
    if not lengths.size or lengths.min() == 0:
        which = f"item {int(lengths.argmin())} of length 0" if lengths.size else "no items"
        raise DataError(f"Got {which}, expected one value or more in each; leave empty items out.")
    x = np.zeros((len(items), lengths.max(), *items[0].shape[1:]), items[0].dtype)
    for index, item in enumerate(items):
        x[index, : len(item)] = item
    return torch.from_numpy(x), torch.from_numpy(np.arange(lengths.max()) < lengths[:, None])


def soft_targets(target: Tensor, count: int) -> Tensor:
    """Turn class numbers into certain distributions, as soft labels and `mixup` need them.

    Args:
        target: `(B,)` int, -1 = unknown.
        count: number of classes.

    Returns:
        float32 `(B, count)`; a row of NaN where unknown.

    Example:
        >>> soft_targets(torch.tensor([1, -1]), 2).tolist()
        [[0.0, 1.0], [nan, nan]]
    """
    certain = torch.nn.functional.one_hot(target.clamp(min=0).long(), count).float()
    return torch.where(known_targets(target)[:, None], certain, torch.nan)


def _as_target(target: ArrayLike) -> Tensor:
    values = np.asarray(target)
    return torch.from_numpy(values.astype(np.float32 if values.dtype.kind == "f" else np.int64))
