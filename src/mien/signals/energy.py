"""Detect voice activity by level above an adaptive noise floor, in numpy alone."""

import numpy as np
from numpy.typing import NDArray

from mien.signals.voice_activity import FRAME, Batches

REACH = 94
"""Frames to each side (3 s) in which the noise floor is looked for."""

QUIETEST_DB = -80.0
SPEECH_ABOVE_DB = 10.0
STEEPNESS_DB = 2.0


class EnergyDetector:
    """Tell sound from background by its level.

    The documented fallback where Silero's weights are not installed. It takes any sound that stands out
    for speech (music, doors, dogs) and misses speech under steady noise of like level.

    Source:
        Noise floor by minimum statistics: R. Martin, Noise Power Spectral Density Estimation Based on
        Optimal Smoothing and Minimum Statistics, IEEE Trans. Speech and Audio Processing 9(5), 2001,
        reduced to one band.
    """

    name = "energy"
    on = 0.5
    off = 0.35

    def start(self) -> "EnergyStream":
        """Begin a recording."""
        return EnergyStream()


class EnergyStream:
    """One recording's levels; answers come 3 s late, when the floor after a frame is known."""

    def __init__(self) -> None:
        self._batches = Batches(64)
        self._last = np.float32(0.0)
        self._levels = np.zeros(0)
        self._waiting = 0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take samples at 16 kHz and return probabilities of the frames that are decided."""
        answers = []
        for batch in self._batches.push(block):
            answers.append(self._hear(self._level_db(batch)))
        return np.concatenate(answers) if answers else np.zeros(0, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """Return the probabilities of the remaining frames."""
        batch, frames = self._batches.finish()
        answers = [self._hear(self._level_db(batch)[:frames])]
        if self._waiting:
            answers.append(self._decide(len(self._levels) - self._waiting, len(self._levels)))
        return np.concatenate(answers)

    def _level_db(self, batch: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the level of each frame after pre-emphasis, which takes out rumble and offset."""
        delayed = np.concatenate([[self._last], batch[:-1]])
        self._last = batch[-1]
        frames = (batch - np.float32(0.97) * delayed).reshape(-1, FRAME).astype(np.float64)
        return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)

    def _hear(self, levels: NDArray[np.float64]) -> NDArray[np.float32]:
        """Add levels and decide the frames that have `REACH` frames after them."""
        self._levels = np.concatenate([self._levels, levels])
        self._waiting += len(levels)
        first, last = len(self._levels) - self._waiting, len(self._levels) - REACH
        if last <= first:
            return np.zeros(0, np.float32)
        answer = self._decide(first, last)
        self._waiting -= last - first
        forget = max(last - REACH, 0)
        self._levels = self._levels[forget:]
        return answer

    def _decide(self, first: int, last: int) -> NDArray[np.float32]:
        """Compare frames `first` to `last` with the lowest level within `REACH` frames of each."""
        padded = np.pad(self._levels, REACH, constant_values=np.inf)
        reaches = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1)[first:last]
        floor = np.maximum(reaches.min(axis=1), QUIETEST_DB)
        above_db = self._levels[first:last] - floor - SPEECH_ABOVE_DB
        return (1 / (1 + np.exp(-above_db / STEEPNESS_DB))).astype(np.float32)
