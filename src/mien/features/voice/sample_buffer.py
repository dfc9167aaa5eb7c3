"""Hold the latest samples of a recording that still comes, and cut frames from them."""

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError


class SampleBuffer:
    """Hold the latest samples of a stream in a fixed amount of memory.

    Samples are counted from the beginning of the stream; those before `begin` are forgotten.

    Args:
        capacity: samples that it has room for.

    Example:
        >>> buffer = SampleBuffer(8)
        >>> buffer.append(np.arange(6, dtype=np.float32))
        >>> buffer.forget(4)
        >>> buffer.append(np.arange(6, 12, dtype=np.float32))
        >>> buffer.begin, buffer.end, buffer.frames(4, 2, size=4, hop=2).tolist()
        (4, 12, [[4.0, 5.0, 6.0, 7.0], [6.0, 7.0, 8.0, 9.0]])
    """

    def __init__(self, capacity: int) -> None:
        self._held = np.zeros(capacity, np.float32)
        self._origin = 0
        self.begin = self.end = 0

    def append(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, (samples,).

        Raises:
            DataError: when there is no room for them beside those that were not forgotten.
        """
        if self.end + samples.size - self._origin > self._held.size:
            kept = self._held[self.begin - self._origin : self.end - self._origin]
            if kept.size + samples.size > self._held.size:
                raise DataError(
                    f"Got {samples.size} samples, expected at most {self._held.size - kept.size}; give them "
                    "in shorter pieces."
                )
            self._held[: kept.size] = kept.copy()
            self._origin = self.begin
        at = self.end - self._origin
        self._held[at : at + samples.size] = samples
        self.end += samples.size

    def forget(self, before: int) -> None:
        """Give up the samples before one."""
        self.begin = max(self.begin, min(before, self.end))

    def since(self, first: int) -> NDArray[np.float32]:
        """Return the samples from one on, until more are appended."""
        return self._held[first - self._origin : self.end - self._origin]

    def frames(self, first: int, count: int, *, size: int, hop: int) -> NDArray[np.float32]:
        """Return frames (count, size) as a view, until more samples are appended.

        Args:
            first: sample where the first frame begins.
            count: frames; they must lie in what is held.
            size: samples of a frame.
            hop: samples from one frame to the next.
        """
        step = self._held.itemsize
        return np.ndarray(
            (count, size),
            np.float32,
            buffer=self._held,
            offset=step * (first - self._origin),
            strides=(step * hop, step),
        )
