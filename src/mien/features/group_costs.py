"""What each group of descriptors of a set costs, measured here and now on one core."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from mien.core.errors import ConfigError
from mien.core.registry import find
from mien.features.work_groups import Groups, with_needs

ALWAYS = "always"
"""What describing costs before any group does."""
REPEATS = 3
MADE_S, MADE_HZ = 60.0, 16000
RESONANCES_HZ = ((600, 90), (1500, 120), (2600, 180))

Clips = Sequence[NDArray[np.float32]]


def measure_groups(name: str, clips: Clips | None = None, *, rate_hz: int = MADE_HZ) -> dict[str, float]:
    """Measure what each group of descriptors of a set adds to the time.

    A group's cost is the time of its closure, the group with all that it needs, less the time without it, so
    that costs of groups add up to that of a set. Measure on clips like those to come, since the cost of a
    second differs with rate, length and voice; and on the machine that will do the work.

    Args:
        name: a feature set that has groups, such as `egemaps`.
        clips: mono arrays (samples,) of float32 in [-1, 1], a minute of them or more; by default a made-up
            voice of 60 s.
        rate_hz: of all clips.

    Returns:
        Group → seconds of one core per second of audio, at least 0; the median of three after a warm-up.
        `always` is what no group adds. Set OPENBLAS_NUM_THREADS=1 before Python starts, as `mien` does, since
        the time of all threads is counted.

    Raises:
        ConfigError: the set has no groups.
    """
    groups = groups_of(name)
    clips = [made_voice(MADE_S, rate_hz)] if clips is None else clips
    sets = {
        group: (with_needs(groups, group), with_needs(groups, *one.needs)) for group, one in groups.items()
    }
    distinct = dict.fromkeys([frozenset[str](), *(one for pair in sets.values() for one in pair)])
    spent = dict(zip(distinct, measure_sets(name, list(distinct), clips, rate_hz=rate_hz), strict=True))
    costs = {group: max(spent[whole] - spent[before], 0.0) for group, (whole, before) in sets.items()}
    return {ALWAYS: spent[frozenset()], **costs}


def groups_of(name: str) -> Groups:
    """Return the groups of a set.

    Raises:
        ConfigError: it has none.
    """
    card = find("features", name).CARD
    if "groups" not in card:
        raise ConfigError(f"Got `{name}`, whose work is not told by groups; choose egemaps or compare.")
    found: Groups = card["groups"]
    return found


def measure_sets(name: str, sets: Sequence[frozenset[str]], clips: Clips, *, rate_hz: int) -> list[float]:
    """Return the seconds of one core that functionals of sets of groups take per second of audio.

    Sets take turns, so that what else the machine does meanwhile falls on all of them.

    Args:
        name: a feature set that has groups.
        sets: some of its groups each, with those that they need.
        clips: mono arrays (samples,).
        rate_hz: of all clips.

    Returns:
        For each set the median of three, after a turn that is not counted.
    """
    extract = find("features", name).extract_groups
    spent = np.zeros((1 + REPEATS, len(sets)))
    for turn in spent:
        for at, groups in enumerate(sets):
            began = time.process_time()
            extract(clips, groups, rate_hz=rate_hz, level="functionals")
            turn[at] = time.process_time() - began
    seconds = sum(clip.size for clip in clips) / rate_hz
    return [float(one) for one in np.median(spent[1:], axis=0) / seconds]


def made_voice(seconds: float, rate_hz: int) -> NDArray[np.float32]:
    """Return a voice that is made up: gliding pulses through resonances, hiss, and pauses.

    Args:
        seconds: how long.
        rate_hz: at least 8000.

    Returns:
        (samples,), in [-1, 1], the same at every call.
    """
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    pitch_hz = 140 + 40 * np.sin(2 * np.pi * 0.37 * at) + 8 * np.sin(2 * np.pi * 5 * at)
    pulses = np.diff(np.floor(np.cumsum(pitch_hz) / rate_hz), prepend=0.0)
    voiced = (at % 1.1) > 0.35
    voice = pulses * voiced + 0.02 * np.random.default_rng(0).standard_normal(at.size)
    for hz, width in RESONANCES_HZ:
        radius = np.exp(-np.pi * width / rate_hz)
        turn = 2 * radius * np.cos(2 * np.pi * hz / rate_hz)
        voice = lfilter([1 - radius], [1, -turn, radius**2], voice)
    return (0.5 * voice / np.abs(voice).max()).astype(np.float32)
