"""Join real clips into one long recording whose contents are known to the sample."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from machine import CHECKOUT

PAUSE_S = 0.5
RATE_HZ = 16000


def data_root() -> Path:
    """Return the folder of real corpora; exit with the remedy where it is absent."""
    root = Path(os.environ.get("MIEN_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (root / "ravdess_speech").is_dir():
        raise SystemExit(f"Got no RAVDESS at `{root}`, expected `ravdess_speech` there; set MIEN_DATA.")
    return root


def join_ravdess(path: Path, *, duration_s: float, seed: int = 0) -> pd.DataFrame:
    """Write RAVDESS clips in random order, 0.5 s of silence between them, until the length is reached.

    Beyond the corpus' own 1.48 h, clips come again in another order.

    Args:
        path: wav file to write, 16 kHz, mono, 16 bit.
        duration_s: length of the recording in seconds; the last clip is cut there.
        seed: of the order.

    Returns:
        One row per clip: `file`, `start`, `end` in the joined recording, in seconds, and its `category`.
    """
    from mien.corpora import ravdess_speech

    clips = ravdess_speech.load(data_root() / "ravdess_speech")
    generator = np.random.default_rng(seed)
    rows, position, wanted = [], 0, round(duration_s * RATE_HZ)
    pause = np.zeros(round(PAUSE_S * RATE_HZ), dtype=np.int16)
    with soundfile.SoundFile(path, "w", samplerate=RATE_HZ, channels=1, subtype="PCM_16") as out:
        while position < wanted:
            for row in generator.permutation(len(clips)):
                clip = clips.iloc[row]
                samples, rate_hz = soundfile.read(clip["file"], dtype="int16")
                if rate_hz != RATE_HZ or samples.ndim != 1:
                    raise SystemExit(f"Got `{clip['file']}` with {rate_hz} Hz, expected 16000 Hz mono.")
                samples = samples[: wanted - position]
                out.write(samples)
                end = position + len(samples)
                rows.append((clip["file"], position / RATE_HZ, end / RATE_HZ, clip["category"]))
                rest = pause[: max(0, wanted - end)]
                out.write(rest)
                position = end + len(rest)
                if position >= wanted:
                    break
    return pd.DataFrame(rows, columns=["file", "start", "end", "category"])
