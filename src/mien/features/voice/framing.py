"""Cut clips into windowed frames, many clips at once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

HOP_S = 0.01
MOST_FRAMES = 1024
"""Frames of a block: enough to share the work, few enough to stay in the cache."""


def hop_samples(rate_hz: int) -> int:
    """Return the samples from one frame to the next: 10 ms, half a sample rounded up.

    Example:
        >>> hop_samples(22050)
        221
    """
    return int(HOP_S * rate_hz + 0.5)


def frame_starts(clips: Sequence[NDArray[np.float32]], size: int, hop: int) -> NDArray[np.int64]:
    """Return where each clip's frames begin in a table of all frames.

    A clip has a frame wherever one fits whole; nothing is padded.

    Args:
        clips: mono arrays (samples,).
        size: samples of a frame.
        hop: samples from one frame to the next.

    Returns:
        (clips + 1,); clip c has the frames `starts[c]` to `starts[c + 1]`.

    Example:
        >>> frame_starts([np.zeros(10, np.float32), np.zeros(3, np.float32)], 4, 2).tolist()
        [0, 4, 4]
    """
    counts = [max(0, (clip.size - size) // hop + 1) for clip in clips]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def frame_blocks(count: int) -> Iterator[slice]:
    """Yield the rows of so many frames in blocks of at most `MOST_FRAMES`."""
    for begin in range(0, count, MOST_FRAMES):
        yield slice(begin, min(begin + MOST_FRAMES, count))


def matching_rows(short_starts: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which row of a longer table each row of a shorter one stands beside, clip by clip, (rows,)."""
    away = np.repeat(short_starts[:-1] - starts[:-1], np.diff(starts))
    return np.arange(int(starts[-1])) + away


def windowed_blocks(
    clips: Sequence[NDArray[np.float32]], window: NDArray[np.float32], hop: int
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the frames of all clips, multiplied by a window, in blocks.

    Args:
        clips: mono arrays (samples,).
        window: (size,).
        hop: samples from one frame to the next.

    Yields:
        The rows of the table of all frames, and the frames (n, size), n at most `MOST_FRAMES`.
        The array is used again for the next block.
    """
    size = window.size
    starts = frame_starts(clips, size, hop)
    block = np.empty((min(MOST_FRAMES, int(starts[-1])), size), dtype=np.float32)
    first = filled = 0
    for clip, begin, end in zip(clips, starts[:-1], starts[1:], strict=True):
        if begin == end:
            continue
        views = np.lib.stride_tricks.sliding_window_view(clip, size)[::hop]
        done = 0
        while done < end - begin:
            count = min(end - begin - done, len(block) - filled)
            np.multiply(views[done : done + count], window, out=block[filled : filled + count])
            done, filled = done + count, filled + count
            if filled == len(block):
                yield slice(first, first + filled), block
                first, filled = first + filled, 0
    if filled:
        yield slice(first, first + filled), block[:filled]


def hamming(size: int) -> NDArray[np.float32]:
    """Return a symmetric Hamming window (size,)."""
    return np.hamming(size).astype(np.float32)


def gauss(size: int, *, sigma: float = 0.4) -> NDArray[np.float32]:
    """Return a symmetric Gaussian window (size,); sigma as a share of half its width."""
    half = (size - 1) / 2
    return np.exp(-0.5 * ((np.arange(size) - half) / (sigma * half)) ** 2).astype(np.float32)


def fft_size(size: int) -> int:
    """Return the smallest power of two that is no less than `size`."""
    return 1 << (size - 1).bit_length()
