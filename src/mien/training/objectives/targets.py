"""What every objective shares: which targets are known, means over them, full precision, shapes."""

from collections.abc import Callable
from functools import wraps

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from mien.core.errors import DataError

INDEX_KINDS = ("category", "ordinal", "metric")
"""Kinds whose target is one class number per item `(B,)`; the others have one value per output `(B, N)`."""


def known_targets(target: Tensor) -> Tensor:
    """Tell which targets are known: not negative where they are class numbers, not NaN where values.

    Example:
        >>> known_targets(torch.tensor([2, -1])).tolist()
        [True, False]
    """
    return ~torch.isnan(target) if target.is_floating_point() else target >= 0


def weighted_mean(values: Tensor, known: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean over what is known; exactly 0, with a gradient of 0, where nothing is.

    Args:
        values: `(B,)` or `(B, N)`, loss of each item or value.
        known: bool, shaped like `values`.
        weight: `(B,)`, at least 0; an item of weight 0 counts as absent.

    Example:
        >>> float(weighted_mean(torch.tensor([1.0, 5.0]), torch.tensor([True, False])))
        1.0
    """
    share = share_of(known, weight).to(values.dtype)
    total = share.sum()
    present = torch.where(share > 0, values, torch.zeros_like(values))  # 0 · inf would be no number
    return (present * share).sum() / torch.where(total > 0, total, torch.ones_like(total))


def share_of(known: Tensor, weight: Tensor | None) -> Tensor:
    """Return what each item or value counts: its item's weight where known, else 0.

    Args:
        known: bool, `(B,)` or `(B, N)`.
        weight: `(B,)`, or None for 1 each.
    """
    if weight is None:
        return known.float()
    return known * weight.float().reshape(-1, *[1] * (known.ndim - 1))


Forward = Callable[[nn.Module, Tensor, Tensor, Tensor | None], Tensor]


def in_full_precision(forward: Forward) -> Callable[..., Tensor]:
    """Wrap an objective's `forward`: check the shapes, then compute in float32, also under autocast.

    Squares, exponentials and small differences of means do not survive 16 bits.

    Raises:
        DataError: when called with outputs, target and weight that do not fit each other.
    """

    @wraps(forward)
    def run(self: nn.Module, outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        _check_shapes(self, outputs, target, weight)
        if not len(outputs):
            return outputs.sum()  # 0, with a graph
        with torch.autocast(outputs.device.type, enabled=False):
            return forward(self, widen(outputs), target, weight)

    return run


def widen(outputs: Tensor) -> Tensor:
    """Return half-precision numbers as float32 and others as they are."""
    return outputs.float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs


def check_targets(target: ArrayLike, *, kind: str, count: int, task: str) -> None:
    """Refuse targets that a task cannot learn from; call once, on all training rows.

    Args:
        target: `(rows,)` class numbers with -1 for unknown, or `(rows, count)` values with NaN for unknown.
        kind: `kind` of the objective.
        count: number of classes, labels or dimensions.
        task: name of the task, for the message.

    Raises:
        DataError: a class outside the space, a distribution that does not sum to one, a label outside
            [0, 1], nothing known, or one class only.

    Example:
        >>> check_targets([0, 1, -1], kind="category", count=2, task="emotion")
    """
    values = np.asarray(target)
    known = values[values >= 0] if kind in INDEX_KINDS else values[~np.isnan(values)]
    if not known.size:
        raise DataError(f"Got no known target of `{task}`, expected some; leave the task out.")
    if kind in INDEX_KINDS:
        _refuse((values < -1) | (values >= count), values, f"a class in 0 … {count - 1} or -1", task)
        if np.unique(known).size == 1:
            raise DataError(f"Got only class {known[0]} of `{task}`, expected two or more; add corpora.")
        return
    _refuse(np.isinf(values), values, "a finite number or NaN", task)
    if kind in ("labels", "distribution"):
        _refuse((values < 0) | (values > 1), values, "a value in [0, 1] or NaN", task)
    if kind == "distribution":
        total = values.sum(axis=1)
        _refuse(np.abs(total - 1) > 1e-3, total, "probabilities that sum to one", task)


def _refuse(wrong: np.ndarray, values: np.ndarray, wanted: str, task: str) -> None:
    if np.any(wrong):
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DataError(f"Got {values[place]} in row {place[0]} of `{task}`, expected {wanted}; correct it.")


def _check_shapes(objective: nn.Module, outputs: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Refuse what broadcasting would silently turn into another loss."""
    items = outputs.shape[0]
    if objective.kind in INDEX_KINDS:
        fits = outputs.ndim == 2 and target.shape == (items,) and not target.is_floating_point()
        wanted = f"class numbers `({items},)`"
    else:
        fits = (
            outputs.ndim == target.ndim == 2
            and target.shape[0] == items
            and target.is_floating_point()
            and objective.outputs(target.shape[1]) == outputs.shape[1]
        )
        wanted = f"float values `({items}, N)` for which the head gives {outputs.shape[-1]} outputs"
    if not fits:
        raise DataError(
            f"Got {target.dtype} targets {tuple(target.shape)} for outputs {tuple(outputs.shape)}, "
            f"expected {wanted}."
        )
    if weight is not None and weight.shape != (items,):
        raise DataError(f"Got weights {tuple(weight.shape)}, expected one per item `({items},)`.")
