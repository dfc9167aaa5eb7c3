"""Gather the rows of an array that comes in pieces, without holding them twice."""

import numpy as np
from numpy.typing import NDArray

STEP_VALUES = 1 << 22
"""Room is made for at most so many values more: 16 MB."""


class GrowingRows:
    """Gather pieces of rows in one array, which grows where it lies.

    Use it for what may be long; joining a list of pieces holds all of it twice.

    Example:
        >>> gathered = GrowingRows()
        >>> gathered.append(np.zeros((2, 1), np.float32)); gathered.append(np.ones((1, 1), np.float32))
        >>> gathered.rows().ravel().tolist()
        [0.0, 0.0, 1.0]
    """

    def __init__(self) -> None:
        self._held = np.zeros((0, 0), np.float32)
        self._count = 0
        self._borrowed = False  # one piece alone is not copied

    def append(self, piece: NDArray[np.float32]) -> None:
        """Take the next rows, (rows, columns)."""
        if not self._count:
            self._held, self._count, self._borrowed = piece, len(piece), True
            return
        end = self._count + len(piece)
        if end > len(self._held):
            if self._borrowed:
                self._held, self._borrowed = self._held.copy(order="C"), False
            more = min(self._count, max(STEP_VALUES // piece.shape[1], 1))
            self._held.resize((max(end, self._count + more), piece.shape[1]), refcheck=False)
        self._held[self._count : end] = piece
        self._count = end

    def rows(self) -> NDArray[np.float32]:
        """Return all rows so far, until more are appended."""
        return self._held[: self._count]
