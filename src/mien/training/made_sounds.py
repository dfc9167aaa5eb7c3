"""Make sounds that are no speech, to learn where a model must not be sure."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mien.signals.degrade.noises import colour

RATE_HZ = 16000
DURATION_S = (1.0, 4.0)
LEVEL_DB = (-60.0, -3.0)
"""Lowest and highest peak, in dB of full scale."""

Sound = NDArray[np.float32]


def made_sounds(count: int, *, seed: int) -> list[Sound]:
    """Return noises, tones, melodies, sweeps, knocks and near silence, each float32 `(S,)` at 16 kHz.

    Args:
        count: number of sounds.
        seed: seeds all.

    Example:
        >>> [sound.dtype.name for sound in made_sounds(2, seed=0)]
        ['float32', 'float32']
    """
    return [_one(np.random.default_rng([seed, number])) for number in range(count)]


def _one(generator: np.random.Generator) -> Sound:
    time_s = np.arange(round(generator.uniform(*DURATION_S) * RATE_HZ)) / RATE_HZ
    first, second = (generator.choice(len(KINDS)) for _ in range(2))
    sound = KINDS[first](time_s, generator)
    if generator.random() < 0.3:
        sound = sound + generator.uniform(0.05, 1.0) * KINDS[second](time_s, generator)
    peak = 10 ** (generator.uniform(*LEVEL_DB) / 20)
    return np.asarray(peak * sound / max(float(np.abs(sound).max()), 1e-9), np.float32)


def _noise(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return noise between white and brown, even, swelling or in gusts."""
    noise = colour(time_s.size, generator, slope=generator.uniform(0.0, 2.5)).astype(float)
    rate_hz, depth = 10 ** generator.uniform(-1, 1.2), generator.uniform(0, 1)
    return noise * (1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate_hz * time_s + generator.uniform(0, 6))))


def _tone(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return one to four steady partials, harmonic or not: hum, whistle, bell, engine."""
    base_hz = 10 ** generator.uniform(1.6, 3.5)
    ratios = np.arange(1, 5) if generator.random() < 0.5 else np.r_[1, generator.uniform(1.1, 6, 3)]
    partials = int(generator.integers(1, 5))
    decay = generator.choice([0.0, 3.0]) * generator.random()
    waves = [np.sin(2 * np.pi * base_hz * ratio * time_s) / ratio for ratio in ratios[:partials]]
    return np.asarray(np.exp(-decay * time_s) * np.sum(waves, axis=0))


def _melody(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return plucked notes of an equal-tempered scale, one voice or two."""
    sound = np.zeros(time_s.size)
    step = int(RATE_HZ * generator.uniform(0.12, 0.6))
    for start in range(0, time_s.size, step):
        for _ in range(int(generator.integers(1, 3))):
            note_hz = 110 * 2 ** (generator.integers(0, 37) / 12)
            rest = time_s[: time_s.size - start]
            harmonics = [np.sin(2 * np.pi * note_hz * k * rest) / k**1.5 for k in range(1, 6)]
            sound[start:] += np.exp(-generator.uniform(2, 12) * rest) * np.sum(harmonics, axis=0)
    return sound


def _sweep(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a tone that glides or wails, as of a siren."""
    low, high = np.sort(10 ** generator.uniform(1.8, 3.8, 2))
    course = 0.5 + 0.5 * np.sin(2 * np.pi * 10 ** generator.uniform(-1, 1) * time_s)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(low * (high / low) ** course) / RATE_HZ))


def _knocks(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return short bursts at random times: knocks, clicks, rain."""
    hits = generator.random(time_s.size) < 10 ** generator.uniform(0, 2.3) / RATE_HZ
    length = int(RATE_HZ * 10 ** generator.uniform(-3, -1))
    burst = np.exp(-np.arange(length) / (length / 5)) * colour(length, generator, slope=1.0)
    strengths = hits * generator.uniform(0.2, 1.0, time_s.size)
    return np.asarray(
        np.convolve(strengths, burst)[: time_s.size] + 1e-4 * generator.standard_normal(time_s.size)
    )


def _near_silence(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a single step among zeros, or nothing but the last bit."""
    silence = np.zeros(time_s.size)
    silence[generator.integers(time_s.size)] = generator.choice([0.0, 1.0])
    return silence + 1e-3 * generator.choice([0.0, 1.0]) * np.round(generator.uniform(-1, 1, time_s.size))


KINDS: Sequence[Callable[[NDArray[np.float64], np.random.Generator], NDArray[np.float64]]] = (
    _noise,
    _tone,
    _melody,
    _sweep,
    _knocks,
    _near_silence,
)
"""Kinds of sounds."""
