"""Made-up voices for tests of studies: a tone with overtones of a planted pitch, loudness and speaker."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

RATE_HZ = 16000


def tone(f0_hz: float, *, level: float = 0.1, seconds: float = 0.4, seed: int = 0) -> np.ndarray:
    """Return a harmonic tone with a little noise, between two silent ends of 0.4 s."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    overtones = sum(np.sin(2 * np.pi * f0_hz * number * time_s) / number for number in range(1, 6))
    sound = level * (overtones + 0.01 * generator.normal(size=time_s.size))
    silence = np.zeros(round(0.4 * RATE_HZ))
    return np.concatenate([silence, sound, silence]).astype(np.float32) / 2


def write_voices(folder: Path, *, speakers: int = 8, clips: int = 3) -> Path:
    """Write a corpus whose class `pitch` is high or low for its speaker, and whose class `loudness` is plain.

    Speakers lie up to two octaves apart, so that only who knows the speaker's range can tell high from low.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for speaker, base_hz in enumerate(np.geomspace(100, 400, speakers)):
        for number in range(4 * clips):
            high, loud = bool(number & 1), bool(number & 2)
            generator = np.random.default_rng([speaker, number])
            f0_hz = base_hz * (1.06 if high else 1 / 1.06) * generator.uniform(0.99, 1.01)
            path = folder / f"s{speaker}-{number}.wav"
            level = (0.5 if loud else 0.05) * generator.uniform(0.8, 1.25)
            soundfile.write(
                path, tone(f0_hz, level=level, seed=100 * speaker + number), RATE_HZ, subtype="FLOAT"
            )
            rows.append({"file": path.name, "speaker": f"s{speaker}", "pitch": "high" if high else "low"})
            rows[-1]["loudness"] = "loud" if loud else "soft"
    table = folder / "voices.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    return table
