"""Embeddings on disk by content: what was heard once by an encoder is never heard again."""

import hashlib
import re
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.files import write_atomically
from mien.signals.resample import resample
from mien.studies.hear_encoders import HearEncoder, Moments
from mien.studies.hear_task import HearTask

CLIPS_AT_ONCE = 32
"""Clips that are embedded and stored together: what a killed run loses at most."""

STEP_MS = 100.0
"""Moments closer together than this are averaged: half the tolerance of an onset."""


class EmbeddingCache:
    """Keep what one encoder says about clips, by the clips' samples.

    Args:
        folder: of all encoders; made if needed.
        encoder: whose answers are kept.
        kind: `scene` or `timestamp`.
    """

    def __init__(self, folder: Path, encoder: HearEncoder, kind: str) -> None:
        plain = re.sub(r"[^\w.-]+", "_", encoder.name)
        self._folder = folder / f"{plain}-{encoder.mark}" / kind
        self._folder.mkdir(parents=True, exist_ok=True)
        self._encoder, self._kind = encoder, kind
        self._known: dict[str, Moments] = {}
        for shard in sorted(self._folder.glob("*.npz")):
            self._known.update(_read_shard(shard))

    def embed(self, task: HearTask) -> list[Moments]:
        """Return the embeddings of a task's clips, in their order; of a scene, one row and moment 0.

        Raises:
            DataError: an answer is not finite.
        """
        keys: list[str] = []
        waiting: dict[str, NDArray[np.float32]] = {}
        for row in range(len(task.clips)):
            samples = samples_of(task, row, self._encoder.rate_hz)
            key = hashlib.sha256(samples.tobytes()).hexdigest()[:24]
            keys.append(key)
            if key not in self._known:
                waiting[key] = samples
            if len(waiting) >= CLIPS_AT_ONCE:
                self._hear(waiting)
                waiting = {}
        self._hear(waiting)
        return [self._known[key] for key in keys]

    def _hear(self, clips: dict[str, NDArray[np.float32]]) -> None:
        """Embed clips and store them as one shard."""
        if not clips:
            return
        if self._kind == "scene":
            scenes = self._encoder.scenes(list(clips.values()))
            found = [Moments(values[None].astype(np.float32), np.zeros(1)) for values in scenes]
        else:
            found = [thin(one) for one in self._encoder.moments(list(clips.values()))]
        heard = dict(zip(clips, found, strict=True))
        for one in heard.values():
            if not len(one.values) or not np.isfinite(one.values).all():
                raise DataError(
                    f"Got no finite answer of {self._encoder.name} for a clip, expected numbers; check it."
                )
        digest = hashlib.sha256("".join(heard).encode()).hexdigest()[:16]
        with write_atomically(self._folder / f"{digest}.npz") as temporary:
            np.savez(
                temporary,
                keys=np.array(list(heard)),
                counts=np.array([len(one.ms) for one in heard.values()]),
                values=np.concatenate([one.values for one in heard.values()]),
                ms=np.concatenate([one.ms for one in heard.values()]),
            )
        self._known.update(heard)


def samples_of(task: HearTask, row: int, rate_hz: int) -> NDArray[np.float32]:
    """Return the samples of a clip as an encoder hears them, float32 `(samples,)`.

    Args:
        task: whose clip.
        row: number of the clip.
        rate_hz: that the encoder takes.
    """
    sound = task.sound(row)
    longest = round(task.seconds * sound.rate_hz)
    return np.ascontiguousarray(resample(sound.samples[:longest], sound.rate_hz, rate_hz), np.float32)


def thin(moments: Moments) -> Moments:
    """Average embeddings within steps of 100 ms; slower ones stay as they are.

    Example:
        >>> thin(Moments(np.array([[0.0], [2.0], [5.0]]), np.array([5.0, 15.0, 165.0]))).values.tolist()
        [[1.0], [5.0]]
    """
    step = np.floor(moments.ms / STEP_MS).astype(np.int64)
    starts = np.flatnonzero(np.diff(step, prepend=-1) != 0)
    if len(starts) == len(step):
        return moments
    counts = np.diff(np.append(starts, len(step)))
    values = np.add.reduceat(moments.values, starts, axis=0) / counts[:, None]
    return Moments(values.astype(moments.values.dtype), np.add.reduceat(moments.ms, starts) / counts)


def _read_shard(path: Path) -> dict[str, Moments]:
    """Return a shard's embeddings; a damaged one is removed, and its clips are heard again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, counts = stored["keys"].tolist(), stored["counts"]
            ends = np.cumsum(counts)[:-1]
            values, ms = np.split(stored["values"], ends), np.split(stored["ms"], ends)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        path.unlink()
        return {}
    return {key: Moments(one, when) for key, one, when in zip(keys, values, ms, strict=True)}
