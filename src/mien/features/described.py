"""What a feature set gives: numbers, their names, and which rows belong to which clip."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Descriptor(NamedTuple):
    """Say what one low-level descriptor is.

    Attributes:
        name: column, as the field knows it.
        unit: of its values.
        window_s: seconds of signal that a value is of.
        meaning: in one line.
    """

    name: str
    unit: str
    window_s: float
    meaning: str


@dataclass(frozen=True)
class Described:
    """Hold the descriptors of a batch of clips.

    Attributes:
        values: (rows, columns) of float32, the rows of all clips one after another.
        starts: (clips + 1,), clip c has the rows `starts[c]` to `starts[c + 1]`.
        columns: a name per column.
        hop_s: seconds from one row to the next; None where a clip has one row.
        window_s: seconds that a row covers; None where it is the whole clip.
    """

    values: NDArray[np.float32]
    starts: NDArray[np.int64]
    columns: tuple[str, ...]
    hop_s: float | None = None
    window_s: float | None = None

    def clip(self, number: int) -> NDArray[np.float32]:
        """Return the rows of one clip, (rows, columns)."""
        return self.values[self.starts[number] : self.starts[number + 1]]

    def only(self, columns: tuple[str, ...]) -> "Described":
        """Return some columns, in the order wanted.

        Args:
            columns: names among those held.
        """
        if columns == self.columns:
            return self
        places = {name: place for place, name in enumerate(self.columns)}
        values = self.values[:, [places[name] for name in columns]]
        return replace(self, values=values, columns=columns)
