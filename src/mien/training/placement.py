"""Put batches where they are computed: on the device, and in each process its share."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate.utils import send_to_device
from torch import Tensor

from mien.core.errors import ConfigError


class Share(NamedTuple):
    """What one process computes of a batch.

    Attributes:
        batch: the same kind of batch with fewer rows, at least one.
        rows: how many of its rows count; 0 where the batch had too few for every process.
    """

    batch: Any
    rows: int


def move(batch: Any, device: torch.device) -> Any:
    """Return a batch with its tensors on a device; arrays and texts stay where they are.

    Args:
        batch: has `.to(device)`, or is a tensor or a dataclass, dict, list or tuple of such.
        device: where to.
    """
    if hasattr(batch, "to"):
        return send_to_device(batch, device, non_blocking=True)
    return _rebuild(batch, lambda part: move(part, device) if isinstance(part, Tensor) else part)


def count_rows(batch: Any) -> int:
    """Return how many rows a batch has: the length of the first tensor or array in it; 1 without any."""
    found: list[int] = []

    def note(part: Any) -> Any:
        if isinstance(part, Tensor | np.ndarray) and part.ndim:
            found.append(len(part))
        return part

    _rebuild(batch, note)
    return found[0] if found else 1


def share_of(batch: Any, *, process: int, processes: int) -> Share:
    """Return every `processes`-th row of a batch, from row `process` on.

    Args:
        batch: as for `move`; what in it is as long as the batch is cut, the rest is kept whole.
        process: 0 to `processes` - 1.
        processes: how many share the batch, at least 1.

    Raises:
        ConfigError: the batch is of a class that cannot be cut.
    """
    rows = count_rows(batch)
    if processes == 1:
        return Share(batch, rows)
    if not isinstance(batch, Tensor | dict | list | tuple) and not is_dataclass(batch):
        raise ConfigError(
            f"Got batches of class {type(batch).__name__} for {processes} processes, expected tensors or a "
            "dataclass, dict or list of tensors; make them one, or train with one process."
        )
    mine = len(range(process, rows, processes))
    # A process without a row computes one that counts for nothing: the others wait for its gradients.
    chosen = slice(process, None, processes) if mine else slice(0, 1)
    return Share(_rebuild(batch, lambda part: _cut(part, chosen, rows)), mine)


def _cut(part: Any, chosen: slice, rows: int) -> Any:
    return part[chosen] if hasattr(part, "__len__") and np.ndim(part) and len(part) == rows else part


def _rebuild(batch: Any, change: Callable[[Any], Any]) -> Any:
    """Return a batch of the same kind with every tensor, array and list of plain values changed."""
    if isinstance(batch, dict):
        return {key: _rebuild(part, change) for key, part in batch.items()}
    if is_dataclass(batch) and not isinstance(batch, type):
        names = [field.name for field in fields(batch)]
        return replace(batch, **{name: _rebuild(getattr(batch, name), change) for name in names})
    if isinstance(batch, list | tuple) and any(_holds_parts(part) for part in batch):
        return type(batch)(_rebuild(part, change) for part in batch)
    return change(batch)


def _holds_parts(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray | dict) or is_dataclass(value)
