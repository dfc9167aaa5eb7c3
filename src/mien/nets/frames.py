"""Frames: what every encoder gives, whatever it reads."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Frames:
    """Hold vectors over time with the mask that says which are real.

    Attributes:
        values: `(B, T, D)`.
        valid: `(B, T)` bool, True = real; padding is never guessed from zeros.
        rate_hz: frames per second; 0 where the rows are words and not times.
    """

    values: Tensor
    valid: Tensor
    rate_hz: float
