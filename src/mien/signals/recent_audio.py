"""Keep the last stretch of a stream for as long as someone needs it."""

import numpy as np
from numpy.typing import NDArray


class RecentAudio:
    """Samples of a stream by their position from its start; old ones can be dropped."""

    def __init__(self) -> None:
        self.end = 0
        self._start = 0
        self._blocks: list[NDArray[np.float32]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Append float32 `(samples,)`."""
        if len(block):
            self._blocks.append(block)
            self.end += len(block)

    def slice(self, start: int, end: int) -> NDArray[np.float32]:
        """Return a copy of the samples from `start` to `end`, which must still be held."""
        parts = []
        at = self._start
        for block in self._blocks:
            if at < end and at + len(block) > start:
                parts.append(block[max(start - at, 0) : end - at])
            at += len(block)
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def drop_before(self, position: int) -> None:
        """Forget blocks that end at or before `position`."""
        while self._blocks and self._start + len(self._blocks[0]) <= position:
            self._start += len(self._blocks.pop(0))
