"""Choose one pitch per frame: the cheapest path through the candidates."""

from dataclasses import astuple, dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.core.errors import DataError

CANDIDATES = 6
UNVOICED = CANDIDATES
"""The state after the last candidate: nobody speaks with voice in this frame."""

FAINTEST = 0.01
"""Voicing below this costs no more than this."""

STAY_UNVOICED = 1.0
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
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Choose for every frame one of its pitch candidates, or none, so that the course as a whole is cheapest.

    A single frame is easily an octave off; its neighbours know better. Use it on the candidates of a
    subharmonic summation; for trackers that give one pitch per frame there is nothing to choose.

    A clip's path costs the sum of what its frames and steps cost (Viterbi's algorithm finds the cheapest):

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

    Departures from openSMILE 2.6: the path is the best of the whole clip, where openSMILE decides after 40
    frames (30 in ComParE); no recording was met where that matters. Empty slots are never chosen;
    openSMILE may prefer them, which reads as no voice, but not with these weights. Its options `wTvvd` and
    `wTuu` change nothing there.

    Args:
        candidates_hz: `(frames, 6)` pitches in Hz, best score first; 0 marks an empty slot, which only
            empty slots follow.
        voicing: `(frames, 6)` probability-like voicing of each, 0 to 1.
        starts: `(clips + 1,)` where each clip's frames begin, and the number of frames at the end.
        cutoff: voicing up to which a candidate pays the threshold.
        weights: what the steps cost.

    Returns:
        `(frames,)` pitch in Hz, 0 where unvoiced, and `(frames,)` voicing of the chosen candidate, or of the
        first where none is chosen.

    Raises:
        DataError: when shapes do not fit.

    Example:
        >>> pitch = np.array([[100, 200], [205, 101], [102, 51]], np.float32)
        >>> voicing = np.array([[0.9, 0.8], [0.85, 0.8], [0.9, 0.8]], np.float32)
        >>> pad = ((0, 0), (0, 4))
        >>> smooth_pitch(np.pad(pitch, pad), np.pad(voicing, pad), np.array([0, 3]))[0].tolist()
        [100.0, 101.0, 102.0]

    Source: Forney, "The Viterbi Algorithm", Proc. IEEE 61 (1973); Eyben, "Real-time Speech and Music
    Classification" (2016); costs measured on openSMILE 2.6.0.
    """
    _check(candidates_hz, voicing, starts)
    f0 = np.zeros(len(candidates_hz), np.float32)
    chosen = np.zeros(len(candidates_hz), np.float32)
    _walk_clips(
        np.ascontiguousarray(candidates_hz, np.float32),
        np.ascontiguousarray(voicing, np.float32),
        np.ascontiguousarray(starts, np.int64),
        np.array([*astuple(weights), cutoff], np.float64),
        f0,
        chosen,
    )
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


def _check(candidates: NDArray[np.float32], voicing: NDArray[np.float32], starts: NDArray[np.int64]) -> None:
    if candidates.shape != voicing.shape or candidates.ndim != 2 or candidates.shape[1] != CANDIDATES:
        raise DataError(
            f"Got candidates of shape {candidates.shape} and voicing of shape {voicing.shape}, expected "
            f"(frames, {CANDIDATES}) for both; pad missing candidates with 0."
        )
    frames = len(candidates)
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


@njit(cache=True, nogil=True)
def _walk_clips(pitches, voicing, starts, weights, f0, chosen):  # type: ignore[no-untyped-def]
    """Find every clip's cheapest path; fills `f0` and `chosen`."""
    longest = 0
    for clip in range(len(starts) - 1):
        longest = max(longest, starts[clip + 1] - starts[clip])
    back = np.empty((longest, CANDIDATES + 1), np.int8)
    for clip in range(len(starts) - 1):
        begin, end = starts[clip], starts[clip + 1]
        if end > begin:
            _walk(pitches[begin:end], voicing[begin:end], weights, back, f0[begin:end], chosen[begin:end])


@njit(cache=True, nogil=True)
def _walk(pitches, voicing, weights, back, f0, chosen):  # type: ignore[no-untyped-def]
    """Carry the costs forward through one clip, then follow the cheapest end back."""
    frames = len(pitches)
    costs, local = np.empty(CANDIDATES + 1), np.empty(CANDIDATES + 1)
    before, now, gaps = np.empty(CANDIDATES), np.empty(CANDIDATES), np.empty(CANDIDATES)
    had = _frame_costs(pitches[0], voicing[0], weights, costs, before)
    for t in range(1, frames):
        has = _frame_costs(pitches[t], voicing[t], weights, local, now)
        for i in range(1, had):
            gaps[i] = abs(before[i] - before[i - 1])
        _step(costs, local, before[:had], now[:has], gaps, (weights[0], weights[1]), t == 1, back[t])
        costs, local = local, costs
        before, now = now, before
        had = has
    state = UNVOICED
    for j in range(had - 1, -1, -1):
        if costs[j] <= costs[state]:
            state = j
    for t in range(frames - 1, -1, -1):
        f0[t] = pitches[t, state] if state < UNVOICED else 0.0
        chosen[t] = voicing[t, state if state < UNVOICED else 0]
        state = back[t, state] if t else state


@njit(cache=True, nogil=True)
def _frame_costs(pitches, voicing, weights, costs, logs):  # type: ignore[no-untyped-def]
    """Fill one frame's own costs and log pitches; tell how many candidates there are."""
    threshold, local, spread, cutoff = weights[2], weights[3], weights[4], weights[5]
    any_voice = False
    found = 0
    for k in range(CANDIDATES):
        f, v = pitches[k], voicing[k]
        if f <= 0:
            break
        found += 1
        logs[k] = np.log(f)
        far = (100 - f) / 100 if f < 100 else 0.0 if f < 350 else (f - 350) / 250 if f < 600 else 1.2
        costs[k] = -local * np.log(max(v, FAINTEST)) + spread * far
        if v > cutoff:
            any_voice = True
        else:
            costs[k] += local * threshold
    costs[UNVOICED] = local * threshold if any_voice else 0.0
    return found


@njit(cache=True, nogil=True)
def _step(costs, local, before, now, gaps, steps, second, back):  # type: ignore[no-untyped-def]
    """Add the cheapest step into each state of this frame to `local`, and note where it came from."""
    jump, turn = steps
    for j in range(len(now)):
        best, source = costs[UNVOICED] + turn, UNVOICED
        for i in range(len(before) - 1, -1, -1):
            way = abs(now[j] - before[i])
            side = gaps[i] if i else abs(now[j] - before[0] - 1) if second and j == 0 else way
            cost = costs[i] + jump * (way + side)
            if cost <= best:
                best, source = cost, i
        local[j] += best
        back[j] = source
    best, source = costs[UNVOICED] + STAY_UNVOICED, UNVOICED
    for i in range(len(before) - 1, -1, -1):
        if costs[i] + turn <= best:
            best, source = costs[i] + turn, i
    local[UNVOICED] += best
    back[UNVOICED] = source
