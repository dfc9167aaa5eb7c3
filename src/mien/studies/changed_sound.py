"""Describe clips whose sound is changed first: cut, levelled or degraded; each way is computed once."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache as remember
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.files import sha256_of, write_atomically
from mien.core.workers import spread
from mien.features.clips import Clip, ClipReader, pieces
from mien.features.describe import BATCH_S
from mien.signals.degrade import LEVELS, apply, clip_generator
from mien.signals.degrade.power import sounding_power, within_full_scale
from mien.signals.inputs import gather
from mien.signals.jobs import Job
from mien.signals.resample import resample
from mien.studies.streams import KEYS, SOURCE, code_mark, described_arrays, stream_mark
from mien.studies.study_corpora import StudyCorpus
from mien.training.copies import RATE_HZ, RUNGS, sounding_part

LOGGER = logging.getLogger(__name__)
Floats = NDArray[np.float32]
AS_RECORDED = "as-recorded"
LEVEL_DB = -26.0
"""Level of speech that lines and codecs are made for, in dB of full scale (dBov)."""


def only_sounding(samples: Floats, rate_hz: int) -> Floats:
    """Return a clip without its silent ends; pauses inside stay.

    Args:
        samples: `(samples,)`, mono.
        rate_hz: their rate.
    """
    start, end = sounding_part(resample(samples, rate_hz, RATE_HZ))
    first, last = (round(edge * rate_hz / RATE_HZ) for edge in (start, end))
    return samples[first:last]


def levelled(samples: Floats, rate_hz: int) -> Floats:
    """Return a clip whose sounding frames have -26 dB of full scale, or as near as its peak allows.

    Args:
        samples: `(samples,)`, mono, in [-1, 1].
        rate_hz: their rate.

    Example:
        >>> tone = 0.01 * np.sin(np.arange(16000, dtype=np.float32))
        >>> round(float(10 * np.log10(np.mean(levelled(tone, 16000) ** 2))), 1)
        -26.0
    """
    power = sounding_power(samples, rate_hz=rate_hz) if samples.size else 0.0
    if power <= 0:
        return samples
    gain = np.float32(np.sqrt(10 ** (LEVEL_DB / 10) / power))
    return within_full_scale(samples * gain, samples)


def degraded_copy(samples: Floats, rate_hz: int, *, segment: str, number: int) -> Floats:
    """Return a clip through a random rung of the degradation ladder that needs no other recordings.

    Args:
        samples: `(samples,)`, mono, in [-1, 1].
        rate_hz: their rate.
        segment: name of the clip, which draws the rung with `number`.
        number: of the copy.
    """
    generator = clip_generator(segment, f"copy-{number}")
    condition, level = str(generator.choice(RUNGS)), int(generator.choice(LEVELS))
    return apply(samples, condition, level, rate_hz=rate_hz, generator=generator)


SOUNDS: dict[str, Callable[[Floats, int], Floats]] = {
    AS_RECORDED: lambda samples, rate_hz: samples,
    "only-sounding": only_sounding,
    "levelled": levelled,
}
"""Name → change of a clip; `copy-<number>` is a degraded copy."""


class Changed(NamedTuple):
    """Hold a stream of changed clips.

    Attributes:
        values: `(rows, D)`, NaN where a clip cannot be described.
        changing_s: seconds of a core that changing all clips took.
        describing_s: seconds that describing them took.
    """

    values: Floats
    changing_s: float
    describing_s: float


@dataclass(frozen=True)
class _Work:
    """Say what to do with clips: change them, describe them."""

    stream: str
    sound: str

    def __call__(self, jobs: Sequence[Job]) -> tuple[list[str], list[Floats], float, float]:
        """Return segments, their values, and the seconds that changing and describing took."""
        failures: dict[str, str] = {}
        names: list[str] = []
        values: list[Floats] = []
        changing = describing = 0.0
        for batch in _batches(ClipReader().read(jobs, failures)):
            began = time.process_time()
            heard = [(clip.segment, changed) for clip in batch if (changed := self._change(clip)) is not None]
            changed_at = time.process_time()
            if heard:
                sounds = [samples for _, samples in heard]
                values.extend(described_arrays(self.stream, sounds, batch[0].rate_hz))
                names += [name for name, _ in heard]
            changing += changed_at - began
            describing += time.process_time() - changed_at
        for file, reason in failures.items():
            LOGGER.warning("%s: %s", file, reason)
        return names, values, changing, describing

    def _change(self, clip: Clip) -> Floats | None:
        kind, _, number = self.sound.partition("-")
        try:
            if kind == "copy":
                return degraded_copy(clip.samples, clip.rate_hz, segment=clip.segment, number=int(number))
            return SOUNDS[self.sound](clip.samples, clip.rate_hz)
        except MienError as error:
            LOGGER.warning("%s cannot be changed: %s", clip.segment, error)
            return None


def changed_values(stream: str, corpus: StudyCorpus, sound: str, *, cache: Path, workers: int = 1) -> Changed:
    """Return a stream of every clip of a corpus after a change, or read what was computed before.

    Args:
        stream: a descriptor set or an encoder of voice.
        corpus: its clips.
        sound: a name of `SOUNDS`, or `copy-<number>`.
        cache: folder for what is computed.
        workers: processes.
    """
    mark = hashlib.sha256(f"{stream_mark(stream, corpus)}\n{sound}\n{_code()}".encode()).hexdigest()[:16]
    path = cache / "changed" / f"{Path(stream).name.replace(':', '-')}-{sound}-{mark}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        LOGGER.info("%s of %s, %s …", stream, corpus.name, sound)
        found = _describe(_Work(stream, sound), corpus, workers)
        with write_atomically(path) as temporary:
            np.savez(temporary, values=found.values, seconds=[found.changing_s, found.describing_s])
    with np.load(path) as kept:
        return Changed(kept["values"], *kept["seconds"].tolist())


@remember
def _code() -> str:
    """Return hashes of the code that changes sounds, as it was when this process asked first."""
    own = (Path(__file__), SOURCE / "training" / "copies.py")
    return "\n".join((code_mark("signals"), *map(sha256_of, own)))


def _describe(work: _Work, corpus: StudyCorpus, workers: int) -> Changed:
    parts = pieces(gather(corpus.table.reindex(columns=list(KEYS))).jobs)
    rows: dict[str, Floats] = {}
    seconds = np.zeros(2)
    for _, done in spread(work, parts, workers=workers):
        if isinstance(done, BaseException):
            raise MienError(f"{work.stream}, {work.sound}: {done}") from done
        names, values, *took = done
        rows |= dict(zip(names, values, strict=True))
        seconds += took
    if not rows:
        raise MienError(f"Got no clip of `{corpus.name}` that {work.stream} can describe; see the warnings.")
    nothing = np.full_like(next(iter(rows.values())), np.nan)
    return Changed(np.stack([rows.get(name, nothing) for name in corpus.table["segment"]]), *seconds.tolist())


def _batches(clips: Iterator[Clip]) -> Iterator[list[Clip]]:
    """Yield clips of one rate together, about a minute of them."""
    waiting: list[Clip] = []
    for clip in clips:
        if waiting and clip.rate_hz != waiting[0].rate_hz:
            yield waiting
            waiting = []
        waiting.append(clip)
        if sum(one.samples.size for one in waiting) >= BATCH_S * clip.rate_hz:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
