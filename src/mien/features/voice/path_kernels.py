"""Carry the cheapest paths through pitch candidates from frame to frame, compiled; `pitch_path` says how."""

import numpy as np

from mien.features.voice.compiled import kernel, part

CANDIDATES = 6
UNVOICED = CANDIDATES
"""The state after the last candidate: nobody speaks with voice in this frame."""

FAINTEST = 0.01
"""Voicing below this costs no more than this."""

STAY_UNVOICED = 1.0


@kernel
def advance(pitches, voicing, weights, costs, logs, gaps, back, counts, states):  # type: ignore[no-untyped-def]
    """Carry the costs forward through more frames, and decide frames that have waited long enough."""
    seen, decided, had = counts[0], counts[1], counts[2]
    origin, wait = decided, len(back)
    for k in range(len(pitches)):
        now = seen % 2
        has = _frame_costs(pitches, voicing, k, weights, costs, logs, now)
        if seen > 0:
            for i in range(1, had):
                gaps[i] = abs(logs[1 - now, i] - logs[1 - now, i - 1])
            _step(costs, logs, now, has, had, gaps, weights[0], weights[1], seen == 1, back, seen % wait)
        seen, had = seen + 1, has
        if seen - decided == wait:
            counts[0], counts[1], counts[2] = seen, decided, had
            decided = max(decide(costs, back, counts, origin, states), decided + 1)
    counts[0], counts[1], counts[2] = seen, decided, had


@kernel
def decide(costs, back, counts, origin, states):  # type: ignore[no-untyped-def]
    """Write the cheapest path through the undecided frames to `states`, which begins at frame `origin`.

    Return the first frame that may still change: from the latest one through which all paths go, the cheapest
    ways into the states of the last frame differ.
    """
    seen, decided, had = counts[0], counts[1], counts[2]
    if decided == seen:
        return seen
    now = (seen - 1) % 2
    state, alive = UNVOICED, 1 << UNVOICED
    for j in range(had - 1, -1, -1):
        alive |= 1 << j
        if costs[now, j] <= costs[now, state]:
            state = j
    t, slot = seen - 1, (seen - 1) % len(back)
    while alive & (alive - 1) and t > decided:
        states[t - origin] = state
        found = 0
        for j in range(UNVOICED + 1):
            if alive >> j & 1:
                found |= 1 << back[slot, j]
        alive, state = found, back[slot, state]
        t, slot = t - 1, (slot if slot else len(back)) - 1
    fixed = decided if alive & (alive - 1) else t + 1
    for frame in range(t, decided, -1):
        states[frame - origin] = state
        state = back[slot, state]
        slot = (slot if slot else len(back)) - 1
    states[decided - origin] = state
    return fixed


@part
def _frame_costs(pitches, voicing, t, weights, costs, logs, now):  # type: ignore[no-untyped-def]
    """Fill one frame's own costs and log pitches; tell how many candidates there are."""
    threshold, local, spread, cutoff = weights[2], weights[3], weights[4], weights[5]
    any_voice = False
    found = 0
    for k in range(CANDIDATES):
        f, v = pitches[t, k], voicing[t, k]
        if f <= 0:
            break
        found += 1
        logs[now, k] = np.log(f)
        far = (100 - f) / 100 if f < 100 else 0.0 if f < 350 else (f - 350) / 250 if f < 600 else 1.2
        costs[now, k] = -local * np.log(max(v, FAINTEST)) + spread * far
        if v > cutoff:
            any_voice = True
        else:
            costs[now, k] += local * threshold
    costs[now, UNVOICED] = local * threshold if any_voice else 0.0
    return found


@part
def _step(costs, logs, now, has, had, gaps, jump, turn, second, back, slot):  # type: ignore[no-untyped-def]
    """Add the cheapest step into each state of this frame, and note where it came from."""
    ago = 1 - now
    for j in range(has):
        best, source = costs[ago, UNVOICED] + turn, UNVOICED
        for i in range(had - 1, -1, -1):
            way = abs(logs[now, j] - logs[ago, i])
            side = gaps[i] if i else abs(logs[now, j] - logs[ago, 0] - 1) if second and j == 0 else way
            cost = costs[ago, i] + jump * (way + side)
            if cost <= best:
                best, source = cost, i
        costs[now, j] += best
        back[slot, j] = source
    best, source = costs[ago, UNVOICED] + STAY_UNVOICED, UNVOICED
    for i in range(had - 1, -1, -1):
        if costs[ago, i] + turn <= best:
            best, source = costs[ago, i] + turn, i
    costs[now, UNVOICED] += best
    back[slot, UNVOICED] = source
