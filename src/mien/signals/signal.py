"""Hold a recording's samples with their rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Signal:
    """A recording in memory.

    Attributes:
        samples: float32 `(channels, samples)` in [-1, 1].
        rate_hz: sampling rate in Hz.
        notes: what a listener should know: damage, clipping, replaced samples.

    Example:
        >>> Signal(np.zeros((2, 8000), np.float32), 16000).duration_s
        0.5
    """

    samples: NDArray[np.float32]
    rate_hz: int
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Return the duration in seconds."""
        return self.samples.shape[1] / self.rate_hz
