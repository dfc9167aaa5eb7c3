"""Describe many clips on any device, in padded batches."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.features.described import Described
from mien.features.voice.clip_checks import check_clips
from mien.features.voice.framing import HOP_S
from mien.features.voice.geneva_frames import LONG_S, SHORT_S
from mien.nets.descriptors.voice_descriptors import VoiceDescriptors

LEVELS = ("functionals", "lld")


def describe_batches(
    describe: VoiceDescriptors,
    clips: Sequence[NDArray[np.float32]],
    *,
    level: str = "lld",
    batch_s: float = 300.0,
) -> Described:
    """Describe clips on the device that the module lies on, clips of like length together.

    Use it on a GPU for many clips. `mien extract` has all columns, and needs no torch.

    Args:
        describe: the descriptors, where they are to be computed: `VoiceDescriptors(…).to("cuda")`.
        clips: mono arrays (samples,) of float32 in [-1, 1].
        level: `lld` for a row every 10 ms, `functionals` for a row per clip.
        batch_s: seconds of a batch, padding counted; each takes 1 to 2 MB of memory at 16 kHz.

    Returns:
        Rows of all clips in the order of the clips, on the CPU.

    Raises:
        ConfigError: no such level, or a batch without length.
        DataError: a clip is shorter than a frame of 60 ms, or holds values that are not finite.

    Example:
        >>> describe = VoiceDescriptors("egemaps", rate_hz=16000)
        >>> describe_batches(describe, [np.zeros(16000, np.float32)]).values.shape
        (96, 10)
    """
    if batch_s <= 0:
        raise ConfigError(f"Got batches of {batch_s:g} s, expected more than 0, such as 300.")
    check_clips(clips, describe.rate_hz, level=level, levels=LEVELS, least_s=LONG_S)
    found: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(clips)
    names = describe.columns if level == "lld" else describe.functional_columns
    with torch.inference_mode():
        for places in _alike(clips, int(batch_s * describe.rate_hz)):
            samples, length = _pad([clips[place] for place in places], describe.device)
            if level == "lld":
                frames = describe(samples, length)
                parts = frames.values[frames.valid].cpu().split(frames.valid.sum(dim=1).tolist())
            else:
                parts = describe.functionals(samples, length).cpu().split(1)
            for place, part in zip(places, parts, strict=True):
                found[place] = part.numpy()
    values = np.concatenate([np.zeros((0, len(names)), np.float32), *found])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in found])]).astype(np.int64)
    per_frame = {"hop_s": HOP_S, "window_s": SHORT_S} if level == "lld" else {}
    return Described(values, starts, names, **per_frame)


def _alike(clips: Sequence[NDArray[np.float32]], most: int) -> Iterator[list[int]]:
    """Yield places of clips of like length, `most` samples together at most, or one clip."""
    batch: list[int] = []
    for place in sorted(range(len(clips)), key=lambda place: -clips[place].size):
        if batch and clips[batch[0]].size * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _pad(clips: Sequence[NDArray[np.float32]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return samples `(B, S)`, zeros behind each clip, and lengths `(B,)`, on a device."""
    samples = np.zeros((len(clips), max(clip.size for clip in clips)), np.float32)
    for row, clip in zip(samples, clips, strict=True):
        row[: clip.size] = clip
    length = torch.tensor([clip.size for clip in clips], device=device)
    return torch.from_numpy(samples).to(device), length
