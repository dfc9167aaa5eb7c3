"""Functionals: one number for a whole clip from a descriptor of each of its frames."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Segments(NamedTuple):
    """Hold how a clip falls into stretches of one kind, (clips,) each.

    Attributes:
        count: stretches.
        mean: mean length in frames.
        deviation: standard deviation of the lengths.
        longest: in frames.
        shortest: in frames.
    """

    count: NDArray[np.float32]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    longest: NDArray[np.float32]
    shortest: NDArray[np.float32]


def moments(
    values: NDArray[np.float32], starts: NDArray[np.int64], *, skip_zeros: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and coefficient of variation of each column over each clip.

    Args:
        values: (N, D), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        skip_zeros: leave out values that are 0, which stand for frames without voice.

    Returns:
        Mean and standard deviation divided by the mean (negative where the mean is), (clips, D) each; 0 where
        no frame is left.
    """
    mean = np.zeros((starts.size - 1, values.shape[1]), dtype=np.float32)
    spread = np.zeros_like(mean)
    for clip, (begin, end) in enumerate(pairwise(starts)):
        here = values[begin:end].astype(np.float64)
        kept = here != 0 if skip_zeros else np.ones_like(here, dtype=bool)
        count = np.maximum(kept.sum(axis=0), 1)
        middle = here.sum(axis=0) / count
        here -= middle
        here *= kept
        deviation = np.sqrt(np.einsum("nd,nd->d", here, here) / count)
        mean[clip] = middle
        np.divide(deviation, middle, out=spread[clip], where=middle != 0, casting="same_kind")
    return mean, spread


def percentiles(
    contour: NDArray[np.float32], starts: NDArray[np.int64], shares: tuple[float, ...]
) -> NDArray[np.float32]:
    """Return percentiles of a contour over each clip, linearly interpolated.

    Args:
        contour: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        shares: which, from 0 to 1.

    Returns:
        (clips, shares); 0 for a clip without frames.
    """
    found = np.zeros((starts.size - 1, len(shares)), dtype=np.float32)
    for clip, (begin, end) in enumerate(pairwise(starts)):
        if end > begin:
            found[clip] = np.quantile(contour[begin:end], shares)
    return found


def without_zeros(
    contour: NDArray[np.float32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return a contour without the frames that are 0, and where each clip begins then."""
    kept = contour != 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return contour[kept], before[starts].astype(np.int64)


def segments(inside: NDArray[np.bool_], starts: NDArray[np.int64]) -> Segments:
    """Return number, mean length and spread of the stretches of frames that are inside something.

    A stretch is as long as from its first frame to its last, stretches shorter than two frames so measured
    are left out, and a single frame of the other kind does not end one: openSMILE's ways.

    Args:
        inside: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
    """
    found = Segments(*(np.zeros(starts.size - 1, dtype=np.float32) for _ in range(5)))
    for clip, (begin, end) in enumerate(pairwise(starts)):
        open_now = np.zeros(end - begin + 2, dtype=np.int8)
        open_now[1:-1] = inside[begin:end]
        # a single frame of the other kind does not end a stretch
        open_now[1:-1] |= open_now[:-2] & open_now[2:]
        edges = np.flatnonzero(np.diff(open_now))
        lengths = edges[1::2] - edges[::2] - 1
        lengths = lengths[lengths > 1]
        if lengths.size:
            found.count[clip], found.mean[clip] = lengths.size, lengths.mean()
            found.deviation[clip] = lengths.std()
            found.longest[clip], found.shortest[clip] = lengths.max(), lengths.min()
    return found
