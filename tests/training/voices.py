"""Made clips for tests of fine-tuning: high voices are joy, low ones grief, and their speaker hums along."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import torch

from mien.nets.encoders import mel_recurrent

PITCH_HZ = {"joy": 900.0, "grief": 180.0}


def write_clips(folder: Path, *, speakers: int = 6, clips: int = 2, rate_hz: int = 16000) -> Path:
    """Write clips and their table `clips.csv`, and return the table."""
    rows, generator = [], np.random.default_rng(0)
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    for speaker in range(speakers):
        for emotion, pitch_hz in PITCH_HZ.items():
            for number in range(clips):
                name = f"audio/{speaker}-{emotion}-{number}.wav"
                time = np.arange(int((0.6 + 0.1 * number) * rate_hz)) / rate_hz
                tone = np.sin(2 * np.pi * pitch_hz * time) + 0.3 * np.sin(
                    2 * np.pi * (100 + 9 * speaker) * time
                )
                noise = 0.1 * generator.standard_normal(time.size)
                soundfile.write(folder / name, 0.2 * tone + 0.2 * noise, rate_hz)
                sex = "female" if speaker % 2 else "male"
                arousal = (6.0 if emotion == "joy" else 2.0) + 0.1 * speaker
                rows.append([name, emotion, f"s{speaker}", sex, arousal])
    table = pd.DataFrame(rows, columns=["file", "emotion", "speaker", "sex", "arousal"])
    table.to_csv(folder / "clips.csv", index=False)
    return folder / "clips.csv"


def write_encoder(folder: Path) -> Path:
    """Write a tiny speech encoder as a folder of its own, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    config = mel_recurrent.Config(bands=16, channels=(4, 4, 4, 4), width=8)
    mel_recurrent.save(mel_recurrent.build(config), folder)
    return folder
