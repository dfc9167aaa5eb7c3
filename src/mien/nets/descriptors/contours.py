"""What passes between frames, smoothing and functionals of a padded batch."""

from typing import NamedTuple

from torch import Tensor


class Raw(NamedTuple):
    """Hold descriptors before they are smoothed.

    Attributes:
        short: `(B, T, D)`, of the 20-ms frames.
        long: `(B, T', E)`, of the 60-ms frames; E may be 0.
    """

    short: Tensor
    long: Tensor


class Contours(NamedTuple):
    """Hold smoothed descriptors.

    Attributes:
        rows: `(B, T' + 1, D + E)`, all columns, beside the 60-ms frames and one more.
        short: `(B, T + 1, D)`, those of the 20-ms frames, and one more.
        counts: int `(B,)`, 60-ms frames of each clip.
        short_counts: int `(B,)`, 20-ms frames of each clip.
    """

    rows: Tensor
    short: Tensor
    counts: Tensor
    short_counts: Tensor
