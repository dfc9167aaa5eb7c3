"""Task folders in the form of hear-preprocess, with tones that tell their class, and a module for HEAR."""

import json
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8000
PITCHES_HZ = {"low": 200.0, "middle": 500.0, "high": 1250.0}


def write_scene_folder(folder: Path, *, name="tones", folds=3, per_class=4, several=False) -> Path:
    """Write a k-fold task of three tones; with `several`, every second clip has two labels."""
    names = [f"fold{number:02d}" for number in range(folds)]
    metric = "mAP" if several else "top1_acc"
    _write_facts(
        folder,
        name,
        "scene",
        several=several,
        evaluation=[metric],
        split_mode="new_split_kfold",
        splits=names,
    )
    for number, split in enumerate(names):
        listed = {}
        for label, pitch_hz in PITCHES_HZ.items():
            for take in range(per_class):
                both = several and take % 2
                given = [label, "high"] if both and label != "high" else [label]
                clip = f"{label}-{take}.wav"
                listed[clip] = given
                chance = np.random.default_rng([number, take, int(pitch_hz)])
                samples = sum(_tone(PITCHES_HZ[one], 0.3, chance) for one in given)
                _write_audio(folder, split, clip, samples / len(given))
        (folder / f"{split}.json").write_text(json.dumps(listed))
    return folder


def write_event_folder(folder: Path, *, clips=4) -> Path:
    """Write a task with its own three splits: a beep somewhere in 2 s of noise, of two pitches."""
    _write_facts(
        folder, "beeps", "event", several=True, evaluation=["event_onset_200ms_fms", "segment_1s_er"],
        split_mode="trainvaltest", splits=["train", "valid", "test"], seconds=2.0,
    )  # fmt: skip
    for number, split in enumerate(("train", "valid", "test")):
        listed = {}
        for take in range(clips):
            chance = np.random.default_rng([number, take])
            samples = 0.003 * chance.standard_normal(2 * RATE_HZ)
            label = ("low", "high")[take % 2]
            start = chance.uniform(0.2, 1.2)
            place = int(start * RATE_HZ)
            beep = _tone(PITCHES_HZ[label], 0.4, chance)
            samples[place : place + len(beep)] += beep
            listed[f"{take}.wav"] = [{"label": label, "start": 1000 * start, "end": 1000 * start + 400}]
            _write_audio(folder, split, f"{take}.wav", samples)
        (folder / f"{split}.json").write_text(json.dumps(listed))
    return folder


def _write_facts(folder, name, kind, *, several, evaluation, split_mode, splits, seconds=0.3):
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "task_name": name,
        "version": "v1",
        "embedding_type": kind,
        "prediction_type": "multilabel" if several else "multiclass",
        "split_mode": split_mode,
        "sample_duration": seconds,
        "evaluation": evaluation,
        "splits": splits,
    }
    (folder / "task_metadata.json").write_text(json.dumps(facts))
    lines = [f"{place},{label}" for place, label in enumerate(PITCHES_HZ)]
    (folder / "labelvocabulary.csv").write_text("\n".join(["idx,label", *lines]) + "\n")


def _tone(pitch_hz, seconds, chance):
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * pitch_hz * time_s + chance.uniform(0, 6))
    return 0.3 * wave + 0.01 * chance.standard_normal(len(time_s))


def _write_audio(folder, split, name, samples):
    path = folder / str(RATE_HZ) / split / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE_HZ)


MODULE = '''
"""An embedding package as a stranger would write it for HEAR 2021."""

import torch
from torch import Tensor


class Spectrum(torch.nn.Module):
    sample_rate = 8000
    embedding_size = 8
    scene_embedding_size = embedding_size
    timestamp_embedding_size = embedding_size

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))


def load_model(model_file_path: str = "") -> torch.nn.Module:
    model = Spectrum()
    if model_file_path:
        model.load_state_dict(torch.load(model_file_path, weights_only=True))
    return model


def get_timestamp_embeddings(audio: Tensor, model: torch.nn.Module):
    if audio.ndim != 2:
        raise ValueError("audio input tensor must be 2D with shape (n_sounds, num_samples)")
    frames = audio.unfold(1, 800, 400)
    power = torch.fft.rfft(frames * torch.hann_window(800)).abs()[..., 1:257]
    found = torch.log(power.reshape(*power.shape[:2], 8, 32).mean(-1) + 1e-3) * model.scale
    ms = (torch.arange(found.shape[1]) * 400 + 400) / 8.0
    return found, ms.expand(audio.shape[0], -1)


def get_scene_embeddings(audio: Tensor, model: torch.nn.Module) -> Tensor:
    return get_timestamp_embeddings(audio, model)[0].mean(dim=1)
'''
"""Log spectra; gradients are on and the answers need them, as with many published packages."""
