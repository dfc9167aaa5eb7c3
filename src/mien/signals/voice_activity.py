"""Say what a voice-activity detector is, and find one."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, WeightsError

FRAME = 512
"""Samples of one frame at 16 kHz: 32 ms."""

RATE_HZ = 16000
FRAME_S = FRAME / RATE_HZ


class SpeechStream(Protocol):
    """Hears one recording; frame i covers `i * 0.032` to `(i + 1) * 0.032` seconds."""

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take mono float32 `(samples,)` at 16 kHz and return the next frames' speech probabilities."""
        ...

    def finish(self) -> NDArray[np.float32]:
        """Return the probabilities of the remaining frames; the last may be cut short."""
        ...


class Detector(Protocol):
    """Tells speech from anything else.

    Attributes:
        name: what did it, for reports.
        on: probability that begins speech.
        off: probability below which speech may end.
    """

    name: str
    on: float
    off: float

    def start(self) -> SpeechStream:
        """Begin a recording; streams of one detector share weights and no state."""
        ...


class Batches:
    """Cut a stream into equal batches of frames, so that blocks cannot change what a detector sees.

    Args:
        frames: frames in a batch.
    """

    def __init__(self, frames: int) -> None:
        self._length = frames * FRAME
        self._held: list[NDArray[np.float32]] = []
        self._size = 0

    def push(self, block: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the batches that are full, each float32 `(frames * 512,)`."""
        self._held.append(block)
        self._size += len(block)
        if self._size < self._length:
            return []
        joined = np.concatenate(self._held)
        full = len(joined) // self._length * self._length
        self._held, self._size = [joined[full:]], len(joined) - full
        return list(joined[:full].reshape(-1, self._length))

    def finish(self) -> tuple[NDArray[np.float32], int]:
        """Return the last batch, padded with zeros, and how many of its frames hold samples."""
        rest = np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
        return np.pad(rest, (0, self._length - len(rest))), -(-len(rest) // FRAME)


def find_detector(name: str = "auto") -> Detector:
    """Return a voice-activity detector.

    Args:
        name: `silero` (a small network), `energy` (level above an adaptive noise floor), or `auto`: silero
            where its weights are installed, else energy; `.name` of the result says which.

    Returns:
        The detector.

    Raises:
        ConfigError: unknown name.
        WeightsError: `silero` was demanded and is not installed.
    """
    from mien.signals.energy import EnergyDetector

    if name not in ("auto", "silero", "energy"):
        raise ConfigError(f"Got detector `{name}`, expected auto, silero or energy; choose one of these.")
    if name == "energy":
        return EnergyDetector()
    from mien.core.weights import resolve
    from mien.signals.silero import SileroDetector

    try:
        return SileroDetector(resolve("silero-vad"))
    except WeightsError:
        if name == "silero":
            raise
        return EnergyDetector()
