"""Read the recordings that a network is quantized and compared on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError, MienError
from mien.prediction.model_card import ModelSummary
from mien.signals.decode import decode
from mien.signals.media import walk_media

Clip = NDArray[np.float32]


@dataclass(frozen=True)
class CalibrationClips:
    """Hold clips with what became of the files.

    Attributes:
        clips: mono samples `(S,)` at the model's rate, -1 to 1.
        skipped: (file, reason) of what could not be read.
        speech: False if the clips were made up because no recording was given.
    """

    clips: list[Clip]
    skipped: list[tuple[str, str]]
    speech: bool = True


def read_calibration(
    paths: Iterable[str | Path], summary: ModelSummary, *, most: int = 200, seed: int = 0
) -> CalibrationClips:
    """Read recordings, drawn at random where there are more than wanted.

    Use recordings like those that the model will hear: other levels and languages have other ranges.

    Args:
        paths: files and folders.
        summary: of the model, which says rate and longest clip.
        most: most clips to read.
        seed: of the draw.

    Raises:
        InputError: no recording is there, or none can be read.
    """
    found = walk_media(paths)
    if not found.files:
        reasons = "; ".join(reason for _, reason in found.failures[:3])
        raise InputError(
            f"Got no recording to calibrate with, expected audio files. {reasons}".rstrip()
            + " Give files or a folder of speech."
        )
    order = np.random.default_rng(seed).permutation(len(found.files))[:most]
    longest = int(summary.max_duration_s * summary.rate_hz)
    clips, skipped = [], list(found.failures)
    for number in order:
        try:
            signal = decode(found.files[number], rate_hz=summary.rate_hz, mono=True)
        except MienError as error:
            skipped.append((str(found.files[number]), str(error)))
            continue
        clips.append(np.ascontiguousarray(signal.samples[0, :longest]))
    if not clips:
        raise InputError(
            f"Got {len(skipped)} recordings of which none can be read, expected speech; give others. "
            f"First: {skipped[0][1]}"
        )
    return CalibrationClips(clips, skipped)


def made_up_clips(summary: ModelSummary, *, count: int = 8, seed: int = 0) -> CalibrationClips:
    """Return harmonic glides in noise, 1 to 4 s long, where no recordings are at hand.

    They excite a network enough to find a broken layer. They are no speech: how a model changes on speech
    they do not tell.

    Args:
        summary: of the model, which says rate and longest clip.
        count: number of clips.
        seed: of the sounds.
    """
    generator = np.random.default_rng(seed)
    clips = []
    for _ in range(count):
        duration_s = min(generator.uniform(1, 4), summary.max_duration_s)
        time_s = np.arange(int(duration_s * summary.rate_hz)) / summary.rate_hz
        f0_hz = generator.uniform(90, 250) * 2 ** (generator.uniform(-0.5, 0.5) * time_s)
        phase = 2 * np.pi * np.cumsum(f0_hz) / summary.rate_hz
        voice = sum(np.sin(number * phase) / number for number in range(1, 20))
        loudness = 0.5 - 0.5 * np.cos(2 * np.pi * generator.uniform(2, 6) * time_s)
        samples = voice * loudness + 0.05 * generator.standard_normal(len(time_s))
        level = 10 ** (generator.uniform(-30, -3) / 20)
        clips.append((level * samples / np.abs(samples).max()).astype(np.float32))
    return CalibrationClips(clips, [], speech=False)


def network_inputs(clips: Sequence[Clip], summary: ModelSummary) -> list[dict[str, NDArray[np.generic]]]:
    """Return each clip alone as the network takes it, filled with silence up to the shortest duration.

    Args:
        clips: mono samples `(S,)`.
        summary: of the model.
    """
    shortest = int(np.ceil(summary.min_duration_s * summary.rate_hz))
    padded = [np.pad(clip, (0, max(0, shortest - len(clip)))) for clip in clips]
    return [{"samples": clip[None], "length": np.array([len(clip)], dtype=np.int64)} for clip in padded]
