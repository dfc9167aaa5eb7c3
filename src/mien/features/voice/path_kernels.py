"""Carry the cheapest paths through pitch candidates from frame to frame, compiled; `pitch_path` says how."""

import numpy as np
from numba import njit

CANDIDATES = 6
UNVOICED = CANDIDATES
"""The state after the last candidate: nobody speaks with voice in this frame."""

FAINTEST = 0.01
"""Voicing below this costs no more than this."""

STAY_UNVOICED = 1.0


@njit(cache=True, nogil=True)
def walk_clips(pitches, voicing, starts, weights, memory, f0, chosen):  # type: ignore[no-untyped-def]
    """Find every clip's cheapest path; fills `f0` and `chosen`."""
    states = np.empty(len(pitches), np.int8)
    for clip in range(len(starts) - 1):
        begin, end = starts[clip], starts[clip + 1]
        if end > begin:
            memory.counts[:] = 0
            _advance(pitches[begin:end], voicing[begin:end], weights, memory, states[begin:end])
            decide(memory, 0, True, states[begin:end])
    read_path(pitches, voicing, states, f0, chosen)


@njit(cache=True, nogil=True)
def follow_frames(pitches, voicing, weights, memory, states):  # type: ignore[no-untyped-def]
    """Take more frames, and write the states of those that are decided; return how many these are."""
    origin = memory.counts[1]
    _advance(pitches, voicing, weights, memory, states)
    decided = decide(memory, origin, False, states)
    memory.counts[1] = decided
    return decided - origin


@njit(cache=True, nogil=True)
def read_path(pitches, voicing, states, f0, chosen):  # type: ignore[no-untyped-def]
    """Write pitch and voicing of the states of the first frames."""
    for t in range(len(states)):
        state = states[t]
        f0[t] = pitches[t, state] if state < UNVOICED else 0.0
        chosen[t] = voicing[t, state if state < UNVOICED else 0]


@njit(cache=True, nogil=True)
def _advance(pitches, voicing, weights, memory, states):  # type: ignore[no-untyped-def]
    """Carry the costs forward through more frames, and decide frames that have waited long enough."""
    _, _, gaps, back, counts = memory
    seen, decided, had = counts[0], counts[1], counts[2]
    origin, slot, wait = decided, seen % len(back), len(back)
    local, costs = memory.costs[seen % 2], memory.costs[(seen + 1) % 2]
    now, before = memory.logs[seen % 2], memory.logs[(seen + 1) % 2]
    for k in range(len(pitches)):
        has = _frame_costs(pitches[k], voicing[k], weights, local, now)
        if seen > 0:
            for i in range(1, had):
                gaps[i] = abs(before[i] - before[i - 1])
            steps, second = (weights[0], weights[1]), seen == 1
            _step(costs, local, before[:had], now[:has], gaps, steps, second, back[slot])
        seen, had, slot = seen + 1, has, slot + 1 if slot + 1 < wait else 0
        costs, local = local, costs
        before, now = now, before
        if seen - decided == wait:
            counts[0], counts[1], counts[2] = seen, decided, had
            decided = max(decide(memory, origin, False, states), decided + 1)
    counts[0], counts[1], counts[2] = seen, decided, had


@njit(cache=True, nogil=True)
def decide(memory, origin, last, states):  # type: ignore[no-untyped-def]
    """Write the cheapest path through the undecided frames to `states`, which begins at frame `origin`.

    Return the first frame that may still change: from the latest one through which all paths go, the cheapest
    ways into the states of the last frame differ. With `last`, no more frames come.
    """
    costs, _, _, back, counts = memory
    seen, decided, had = counts[0], counts[1], counts[2]
    if decided == seen:
        return seen
    now = costs[(seen - 1) % 2]
    state, alive = UNVOICED, 1 << UNVOICED
    for j in range(had - 1, -1, -1):
        alive |= 1 << j
        if now[j] <= now[state]:
            state = j
    t, slot = seen - 1, (seen - 1) % len(back)
    while alive & (alive - 1) and t > decided:
        states[t - origin] = state
        alive, state = _sources(alive, back[slot]), back[slot, state]
        t, slot = t - 1, (slot if slot else len(back)) - 1
    fixed = decided if alive & (alive - 1) else t + 1
    for frame in range(t, decided, -1):
        states[frame - origin] = state
        state = back[slot, state]
        slot = (slot if slot else len(back)) - 1
    states[decided - origin] = state
    return seen if last else fixed


@njit(cache=True, nogil=True)
def _sources(alive, came):  # type: ignore[no-untyped-def]
    """Return the states that states come from, a bit each."""
    found = 0
    for j in range(UNVOICED + 1):
        if alive >> j & 1:
            found |= 1 << came[j]
    return found


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
