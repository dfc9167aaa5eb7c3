"""Tasks of made sounds: the pitch of tones, and how many people speak at once."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.corpora.split import deal_groups
from mien.signals.resample import resample
from mien.studies.hear_corpora import licence_of, read_corpus, read_sound
from mien.studies.hear_task import HearTask, Sound

RATE_HZ = 16000
NOTES = range(48, 84)
"""MIDI notes: C3 (131 Hz) to B5 (988 Hz)."""

INSTRUMENTS = 10
TONE_S = 1.0
HARMONICS = 12

COUNT_CORPUS = "ravdess-speech"
"""Twenty-four speakers give four folds of six, each of which can have up to five at once."""

MOST_SPEAKERS = 5
COUNT_FOLDS = 4
PER_COUNT = 12
"""Mixtures per fold and number of speakers."""

SPEECH_S = 2.0
LEVEL = 0.05
"""Root mean square of a mixture, so that its level does not tell how many speak."""


def pitch_task(_data: Path) -> HearTask:
    """Return the task to name the note of a tone, instruments held out.

    Args:
        _data: not needed, as the tones are made.
    """
    rows = [(note, instrument) for note in NOTES for instrument in range(INSTRUMENTS)]
    clips = pd.DataFrame(
        {
            "clip": [f"{note}-{instrument}" for note, instrument in rows],
            "fold": [str(instrument // 2) for _, instrument in rows],
            "group": [f"instrument {instrument}" for _, instrument in rows],
            "label": [str(note) for note, _ in rows],
        }
    )
    return HearTask(
        "pitch",
        "note of a made tone, C3 to B5",
        kind="scene",
        several=False,
        metric="accuracy",
        labels=tuple(str(note) for note in NOTES),
        clips=clips,
        sound=lambda row: Sound(tone(*rows[row]), RATE_HZ),
        seconds=TONE_S,
        licence="made by mien",
        chance=1 / len(NOTES),
    )


def tone(note: int, instrument: int) -> NDArray[np.float32]:
    """Return a tone, float32 `(16000,)`.

    Args:
        note: MIDI number; 69 is 440 Hz.
        instrument: seeds harmonics, vibrato and noise.
    """
    timbre = np.random.default_rng(instrument)
    weights = timbre.uniform(0.2, 1.0, HARMONICS) * np.arange(1, HARMONICS + 1) ** -timbre.uniform(0.4, 1.6)
    depth, rate_hz, noise = timbre.uniform(0, 0.3), timbre.uniform(4, 7), timbre.uniform(0.001, 0.02)
    own = np.random.default_rng([note, instrument])
    time_s = np.arange(int(TONE_S * RATE_HZ)) / RATE_HZ
    cents = own.uniform(-0.15, 0.15) + depth * np.sin(2 * np.pi * rate_hz * time_s + own.uniform(0, 6.3))
    pitch_hz = 440 * 2 ** ((note + cents - 69) / 12)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    orders = np.arange(1, HARMONICS + 1)
    audible = orders * pitch_hz.max() < RATE_HZ / 2
    waves = np.sin(np.outer(orders[audible], phase) + own.uniform(0, 6.3, (int(audible.sum()), 1)))
    envelope = np.minimum(1, time_s / 0.03) * np.exp(-time_s * timbre.uniform(0, 3))
    found = (weights[audible] @ waves) * envelope
    found = found / np.abs(found).max() * own.uniform(0.1, 0.5)
    return (found + noise * own.standard_normal(len(found))).astype(np.float32)


def count_task(data: Path) -> HearTask:
    """Return the task to say how many people speak at once, speakers held out.

    Args:
        data: folder of corpora.

    Raises:
        DataError: the corpus is not there.
    """
    table = read_corpus(data, COUNT_CORPUS)
    speaker = table["speaker"].to_numpy(object)
    table["fold"] = deal_groups(speaker, table["sex"].to_numpy(object), k=COUNT_FOLDS)
    rows, files = [], []
    for fold, part in table.groupby("fold"):
        of_speaker = [one["file"].tolist() for _, one in part.groupby("speaker")]
        for count in range(1, MOST_SPEAKERS + 1):
            for take in range(PER_COUNT):
                chance = np.random.default_rng([int(fold), count, take])
                who = chance.choice(len(of_speaker), count, replace=False)
                files.append([Path(of_speaker[one][chance.integers(len(of_speaker[one]))]) for one in who])
                rows.append((f"{fold}-{count}-{take}", str(fold), f"six speakers {fold}", str(count)))
    return HearTask(
        "speaker-count",
        "how many people speak at once",
        kind="scene",
        several=False,
        metric="uar",
        labels=tuple(str(count) for count in range(1, MOST_SPEAKERS + 1)),
        clips=pd.DataFrame(rows, columns=["clip", "fold", "group", "label"]),
        sound=lambda row: Sound(_mixed([_loudest(path) for path in files[row]], seed=row), RATE_HZ),
        seconds=SPEECH_S,
        licence=licence_of(COUNT_CORPUS),
        chance=1 / MOST_SPEAKERS,
        note="mixtures of a fold share speakers, so that the interval is over four folds",
    )


def _loudest(path: Path) -> NDArray[np.float64]:
    """Return the loudest two seconds of a recording, at one level."""
    sound = read_sound(path)
    samples = resample(sound.samples, sound.rate_hz, RATE_HZ).astype(np.float64)
    length = int(SPEECH_S * RATE_HZ)
    samples = np.pad(samples, (0, max(0, length - len(samples))))
    energy = np.concatenate([[0], np.cumsum(samples**2)])
    start = int(np.argmax(energy[length:] - energy[: len(energy) - length]))
    found = samples[start : start + length]
    return found / max(float(np.sqrt(np.mean(found**2))), 1e-6)


def _mixed(voices: list[NDArray[np.float64]], *, seed: int) -> NDArray[np.float32]:
    """Return voices at like levels, summed to a fixed level."""
    gains_db = np.random.default_rng(seed).uniform(-2, 2, len(voices))
    total = sum(voice * 10 ** (gain / 20) for voice, gain in zip(voices, gains_db, strict=True))
    return (LEVEL * total / np.sqrt(np.mean(total**2))).astype(np.float32)
