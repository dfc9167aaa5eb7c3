"""Choose one pitch per frame: the cheapest path through the candidates."""

from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.features.voice.path_kernels import CANDIDATES, advance, decide

BUFFER = 40
"""Frames that are held before the first of them is decided, as in eGeMAPS."""

REFERENCE_HZ = 27.5
"""Semitones are counted from this A."""


@dataclass(frozen=True)
class PathWeights:
    """Say what a step of the path costs; the values are those of eGeMAPS and ComParE.

    Args:
        jump: of the distance of two pitches in nepers (natural logarithm of their ratio).
        turn: of voice that begins or ends.
        threshold: of voicing that is at or below the cutoff, in units of `local`.
        local: of the negative logarithm of the voicing.
        range: of a pitch far from where voices usually are.
    """

    jump: float = 10.0
    turn: float = 10.0
    threshold: float = 4.0
    local: float = 2.0
    range: float = 1.0


EGEMAPS = PathWeights()


def smooth_pitch(
    candidates_hz: NDArray[np.float32],
    voicing: NDArray[np.float32],
    starts: NDArray[np.int64],
    *,
    cutoff: float = 0.7,
    weights: PathWeights = EGEMAPS,
    buffer_frames: int = BUFFER,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Choose for every frame one of its pitch candidates, or none, so that the course as a whole is cheapest.

    A single frame is easily an octave off; its neighbours know better. Use it on the candidates of a
    subharmonic summation; for trackers that give one pitch per frame there is nothing to choose.

    A path costs the sum of what its frames and steps cost. A frame is decided when `buffer_frames` - 1 more
    have been seen, as the path that is the cheapest by then takes it (Viterbi's algorithm); a clip's last
    frames, as the cheapest path of the whole clip takes them:

    - A candidate of `f` Hz with voicing `v`: `local * (-ln v + threshold if v <= cutoff) + range * h(f)`,
      where `v` is at least 0.01 and `h` is `(100 - f) / 100` below 100 Hz, 0 up to 350 Hz,
      `(f - 350) / 250` up to 600 Hz, and 1.2 from there.
    - No voice: `local * threshold` where some candidate's voicing is above the cutoff, else nothing.
    - From candidate `i` to candidate `j` of the next frame: `jump * (|ln(f_j / f_i)| + side)`, where
      `side` is `|ln(f_i / f_(i-1))|`, the distance of `i` from the candidate listed before it; for the
      first, `|ln(f_j / f_i)|` once more, except into the first candidate of a clip's second frame, where it
      is `|ln(f_j / f_i) - 1|`.
    - From voice to none or back: `turn`. From none to none: 1.

    The `side` looks like an accident, but published features carry it: it favours a candidate whose
    neighbour in the list is near in pitch.

    Departures from openSMILE 2.6: empty slots are never chosen; openSMILE may prefer them, which reads as no
    voice, but not with these weights. Its options `wTvvd` and `wTuu` change nothing there.

    Args:
        candidates_hz: `(frames, 6)` pitches in Hz, best score first; 0 marks an empty slot, which only
            empty slots follow.
        voicing: `(frames, 6)` probability-like voicing of each, 0 to 1.
        starts: `(clips + 1,)` where each clip's frames begin, and the number of frames at the end.
        cutoff: voicing up to which a candidate pays the threshold.
        weights: what the steps cost.
        buffer_frames: frames that are held before the first of them is decided, at least 1 (40 in eGeMAPS,
            30 in ComParE). With ever more, the path becomes the cheapest of the whole clip.

    Returns:
        `(frames,)` pitch in Hz, 0 where unvoiced, and `(frames,)` voicing of the chosen candidate, or of the
        first where none is chosen.

    Raises:
        DataError: when shapes do not fit.
        ConfigError: when no frame is held.

    Example:
        >>> pitch = np.array([[100, 200], [205, 101], [102, 51]], np.float32)
        >>> voicing = np.array([[0.9, 0.8], [0.85, 0.8], [0.9, 0.8]], np.float32)
        >>> pad = ((0, 0), (0, 4))
        >>> smooth_pitch(np.pad(pitch, pad), np.pad(voicing, pad), np.array([0, 3]))[0].tolist()
        [100.0, 101.0, 102.0]

    Source: Forney, "The Viterbi Algorithm", Proc. IEEE 61 (1973); Eyben, "Real-time Speech and Music
    Classification" (2016); costs measured on openSMILE 2.6.0.
    """
    _check_shapes(candidates_hz, voicing)
    _check_starts(starts, len(candidates_hz))
    hz = np.ascontiguousarray(candidates_hz, np.float32)
    likely = np.ascontiguousarray(voicing, np.float32)
    costs_of = np.array([*astuple(weights), cutoff], np.float64)
    memory, states = _remember(buffer_frames), np.empty(len(hz), np.int8)
    for begin, end in pairwise(starts.tolist()):
        memory.counts[:] = 0
        advance(hz[begin:end], likely[begin:end], costs_of, *memory, states[begin:end])
        memory.decide(0, states[begin:end])
    return read_path(hz, likely, states)


class PathMemory(NamedTuple):
    """Hold the paths through the frames so far.

    Attributes:
        costs: (2, states), of the cheapest path into each state of the last two frames; frame `t` has row
            `t % 2`.
        logs: (2, candidates), natural logarithms of these frames' pitches.
        gaps: (candidates,), room for a step.
        back: (buffer, states), the state before each state of the last frames.
        counts: (3,), frames seen, frames decided, candidates of the last frame.
    """

    costs: NDArray[np.float64]
    logs: NDArray[np.float64]
    gaps: NDArray[np.float64]
    back: NDArray[np.int8]
    counts: NDArray[np.int64]

    def decide(self, origin: int, states: NDArray[np.int8]) -> int:
        """Write the states of the frames from `origin` on; return the first that may still change."""
        return int(decide(self.costs, self.back, self.counts, origin, states))


def read_path(
    hz: NDArray[np.float32], voicing: NDArray[np.float32], states: NDArray[np.int8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return pitch and voicing of the states of the first frames, (states,) each."""
    at, voiced = np.arange(len(states)), states < CANDIDATES
    place = np.where(voiced, states, 0)
    return np.where(voiced, hz[at, place], np.float32(0)), voicing[at, place]


def _remember(buffer_frames: int) -> PathMemory:
    if buffer_frames < 1:
        raise ConfigError(f"Got buffer_frames={buffer_frames}, expected at least 1; eGeMAPS holds 40 frames.")
    return PathMemory(
        np.zeros((2, CANDIDATES + 1)),
        np.zeros((2, CANDIDATES)),
        np.zeros(CANDIDATES),
        np.zeros((buffer_frames, CANDIDATES + 1), np.int8),
        np.zeros(3, np.int64),
    )


class PathFollower:
    """Choose one pitch per frame while frames still come: `smooth_pitch` of one recording, piece by piece.

    A frame is given as soon as nothing that may come can change it, which is after a frame or a few in clear
    voice and in silence, and always when `buffer_frames` - 1 more have been seen. Pieces of any length give
    the same as the whole at once.

    Args:
        cutoff: voicing up to which a candidate pays the threshold.
        weights: what the steps cost.
        buffer_frames: frames that are held before the first of them is decided, at least 1.

    Raises:
        ConfigError: when no frame is held.

    Example:
        >>> follower = PathFollower()
        >>> silence = np.zeros((2, 6), np.float32)
        >>> follower.follow(silence, silence)[0].tolist()
        [0.0, 0.0]
    """

    def __init__(
        self, *, cutoff: float = 0.7, weights: PathWeights = EGEMAPS, buffer_frames: int = BUFFER
    ) -> None:
        self._weights = np.array([*astuple(weights), cutoff], np.float64)
        self._memory = _remember(buffer_frames)
        self._hz = self._voicing = np.zeros((0, CANDIDATES), np.float32)  # of the frames that wait

    def follow(
        self, candidates_hz: NDArray[np.float32], voicing: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return pitch and voicing of the frames that are decided now, after those that were before.

        Args:
            candidates_hz: `(frames, 6)`, as `smooth_pitch` takes them.
            voicing: `(frames, 6)`.

        Raises:
            DataError: when shapes do not fit.
        """
        _check_shapes(candidates_hz, voicing)
        hz = np.ascontiguousarray(candidates_hz, np.float32)
        likely = np.ascontiguousarray(voicing, np.float32)
        self._hz = np.concatenate([self._hz, hz])
        self._voicing = np.concatenate([self._voicing, likely])
        states = np.empty(len(self._hz), np.int8)
        origin = int(self._memory.counts[1])
        advance(hz, likely, self._weights, *self._memory, states)
        self._memory.counts[1] = self._memory.decide(origin, states)
        return self._release(states[: self._memory.counts[1] - origin])

    def finish(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return pitch and voicing of the last frames; nothing comes after them."""
        seen, decided, _ = (int(count) for count in self._memory.counts)
        states = np.empty(seen - decided, np.int8)
        self._memory.decide(decided, states)
        self._memory.counts[1] = seen
        return self._release(states)

    def _release(self, states: NDArray[np.int8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what was chosen for the first frames that wait, and forget these."""
        f0, chosen = read_path(self._hz, self._voicing, states)
        self._hz, self._voicing = self._hz[len(states) :].copy(), self._voicing[len(states) :].copy()
        return f0, chosen


def semitones(f0_hz: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tell pitch in semitones above 27.5 Hz; 0 stays 0 (no voice).

    Use it before means and spreads of pitch, which listeners judge by ratios. Not below 27.5 Hz, which
    voices never reach: there it would read as no voice, or less.

    Args:
        f0_hz: pitch in Hz of any shape, 0 where unvoiced.

    Returns:
        Semitones of the same shape.

    Example:
        >>> semitones(np.array([0, 27.5, 55, 110], np.float32)).tolist()
        [0.0, 0.0, 12.0, 24.0]
    """
    voiced = f0_hz > 0
    tones = np.zeros_like(f0_hz)
    np.log2(f0_hz / np.float32(REFERENCE_HZ), out=tones, where=voiced)
    return tones * np.float32(12)


def _check_shapes(candidates: NDArray[np.float32], voicing: NDArray[np.float32]) -> None:
    if candidates.shape != voicing.shape or candidates.ndim != 2 or candidates.shape[1] != CANDIDATES:
        raise DataError(
            f"Got candidates of shape {candidates.shape} and voicing of shape {voicing.shape}, expected "
            f"(frames, {CANDIDATES}) for both; pad missing candidates with 0."
        )


def _check_starts(starts: NDArray[np.int64], frames: int) -> None:
    if (
        starts.ndim != 1
        or not len(starts)
        or starts[0] != 0
        or starts[-1] != frames
        or (np.diff(starts) < 0).any()
    ):
        raise DataError(
            f"Got starts {starts}, expected clip borders rising from 0 to {frames}; pass one more than clips."
        )
