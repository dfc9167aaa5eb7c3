"""Low-level descriptors of the Geneva set while samples still come, before smoothing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.features.voice.framing import gauss, hamming, hop_samples
from mien.features.voice.geneva_frames import (
    HARMONIC_COLUMNS,
    LONG_S,
    SHORT_S,
    Spectra,
    describe_spectra,
    harmonics_of,
    listen_for_pitch,
)
from mien.features.voice.harmonics import MISSING_DB
from mien.features.voice.one_thread import on_one_thread
from mien.features.voice.periods import PeriodWalk
from mien.features.voice.pitch_path import BUFFER, PathFollower, semitones
from mien.features.voice.sample_buffer import SampleBuffer

PIECE_S = 1.0
"""Samples that are taken in at once: enough to share the work, little enough to stay in the cache."""
LOOK_BACK_S = 0.06
"""Before a frame starts, its periods reach at most two of the longest back, which take 0.04 s."""


class NewFrames(NamedTuple):
    """Hold the frames that were decided by one piece.

    Attributes:
        spectral: (short frames, 10), as in `GenevaFrames`.
        voiced: (long frames, 15), as in `GenevaFrames`.
        power: (short frames,), mean square of the samples.
    """

    spectral: NDArray[np.float32]
    voiced: NDArray[np.float32]
    power: NDArray[np.float64]


NOTHING = NewFrames(np.empty((0, 10), np.float32), np.empty((0, 15), np.float32), np.empty(0))


class GenevaLive:
    """Describe frames as soon as their pitch is decided.

    The parts are those of `describe_frames`, each with a memory of its own. As many short as long frames are
    given, and the rest of the short ones in the end.

    Args:
        rate_hz: of the samples.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz, self.hop = rate_hz, hop_samples(rate_hz)
        self._short, self._long = hamming(round(SHORT_S * rate_hz)), gauss(round(LONG_S * rate_hz))
        self.piece = round(PIECE_S * rate_hz)
        kept = self._long.size + (BUFFER + 1) * self.hop + round(LOOK_BACK_S * rate_hz)
        self._samples = SampleBuffer(2 * kept + self.piece)
        self._path, self._walk = PathFollower(), PeriodWalk(rate_hz, hop=self.hop)
        self._last: NDArray[np.float32] | None = None
        self._spectral, self._resonance = np.empty((0, 10), np.float32), np.empty((0, 6), np.float32)
        self._power, self._quiet = np.empty(0), np.empty(0, np.bool_)
        self._described = self._heard = self._decided = 0  # short frames, long ones, those with a pitch

    @property
    def spare(self) -> int:
        """Return how many samples stand behind the last long frame."""
        return max(self.seen - self._long.size, 0) % self.hop

    @property
    def seen(self) -> int:
        """Return how many samples have come."""
        return self._samples.end

    @on_one_thread
    def push(self, samples: NDArray[np.float32]) -> NewFrames:
        """Return the frames that are decided now.

        Args:
            samples: (samples,) of the stream, at most `piece`.
        """
        self._samples.append(samples)
        self._describe_short()
        pitch_hz = self._follow_pitch()
        return self._release(pitch_hz, len(pitch_hz)) if pitch_hz.size else NOTHING

    @on_one_thread
    def finish(self) -> NewFrames:
        """Return the frames that are left; nothing comes after them."""
        pitch_hz = self._path.finish()[0]
        return self._release(pitch_hz, len(self._spectral))

    def _ready(self, size: int, done: int) -> int:
        """Return how many frames of a size are complete and not done."""
        return max(0, (self.seen - size) // self.hop + 1) - done

    def _frames(self, first: int, count: int, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return windowed frames (count, size)."""
        return window * self._samples.frames(first * self.hop, count, size=window.size, hop=self.hop)

    def _describe_short(self) -> None:
        """Describe the short frames that are complete, and keep what is found."""
        size, first = self._short.size, self._described
        count = self._ready(size, first)
        if count <= 0:
            return
        found: Spectra = describe_spectra(self._frames(first, count, self._short), self._last, self.rate_hz)
        raw = self._samples.frames(first * self.hop, count, size=size, hop=self.hop)
        self._last = found.last.copy()
        self._spectral = np.concatenate([self._spectral, found.spectral])
        self._resonance = np.concatenate([self._resonance, found.resonance])
        self._power = np.concatenate([self._power, np.square(raw, dtype=np.float64).mean(axis=1)])
        self._described += count

    def _follow_pitch(self) -> NDArray[np.float32]:
        """Return the pitch in Hz of the frames that are decided now."""
        count = self._ready(self._long.size, self._heard)
        if count <= 0:
            return np.empty(0, np.float32)
        hz, voicing, quiet = listen_for_pitch(self._frames(self._heard, count, self._long), self.rate_hz)
        self._quiet = np.concatenate([self._quiet, quiet])
        self._heard += count
        return self._path.follow(hz, voicing)[0]

    def _release(self, pitch_hz: NDArray[np.float32], short: int) -> NewFrames:
        """Describe the voice of decided frames, and give them and some short frames away."""
        count = len(pitch_hz)
        pitch_hz[self._quiet[:count]] = 0
        voiced = np.zeros((count, 15), np.float32)
        voiced[:, 0] = semitones(pitch_hz)
        if pitch_hz.size:
            begin = self._walk.needs_from
            found = self._walk.measure(self._samples.since(begin), pitch_hz, first_sample=begin)
            voiced[:, 1], voiced[:, 2] = found.jitter_local, found.shimmer_local_db
        voiced[:, 6::3], voiced[:, 7::3] = self._resonance[:count, :3], self._resonance[:count, 3:]
        voiced[:, 8::3] = MISSING_DB
        heard = np.flatnonzero(pitch_hz)
        if heard.size:
            frames = self._frames(self._decided, count, self._long)[heard]
            voiced[heard[:, None], HARMONIC_COLUMNS] = harmonics_of(
                frames, pitch_hz[heard], voiced[heard][:, 6::3], rate_hz=self.rate_hz
            )
        return self._give(voiced, short)

    def _give(self, voiced: NDArray[np.float32], short: int) -> NewFrames:
        """Return the first frames that are kept, and forget what nothing needs any more."""
        given = NewFrames(self._spectral[:short], voiced, self._power[:short])
        self._spectral, self._power = self._spectral[short:].copy(), self._power[short:].copy()
        self._resonance, self._quiet = self._resonance[short:].copy(), self._quiet[len(voiced) :].copy()
        self._decided += len(voiced)
        self._samples.forget(min(self._walk.needs_from, self._decided * self.hop))
        return given
