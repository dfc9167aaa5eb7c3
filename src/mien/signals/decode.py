"""Decode any audio or video file, whole or as a stream of bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.signals.condition import Condition, Leveller
from mien.signals.container import check_readable, is_plain_audio
from mien.signals.growing_rows import GrowingRows
from mien.signals.read_media import MediaReader
from mien.signals.read_plain import PlainReader
from mien.signals.resample import Resampler, resample
from mien.signals.signal import Signal

BLOCK_S = 30.0
SHORTEST_S = 0.025
Reader = PlainReader | MediaReader
RATES_HZ = (2000, 768000)
MOST_CHANNELS = 255


class AudioStream:
    """Iterate over a recording as mono blocks of 30 s (the last may be shorter); made by `open_audio`.

    Attributes:
        path: the file.
        rate_hz: rate of the blocks in Hz.
        notes: after iteration, what a listener should know (truncated end, replaced samples, clipping …).
        duration_s: after iteration, the duration in seconds.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.notes: list[str] = []
        self.duration_s = 0.0
        self._reader = _open_reader(path)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield float32 `(samples,)` in [-1, 1].

        Raises:
            InputError: too short, or nothing but NaN; only known at the end.
        """
        reader = self._reader if self._reader is not None else _open_reader(self.path)
        self._reader = None
        condition, leveller = Condition(0), Leveller()
        samples = 0
        for block in _regroup(self._mono(reader, condition), round(BLOCK_S * self.rate_hz)):
            samples += len(block)
            yield leveller.level(block)
        _check_content(self.path, condition)
        self.duration_s = samples / self.rate_hz
        self.notes = [*reader.notes, *condition.notes(), *leveller.notes()]

    def _mono(self, reader: "Reader", condition: Condition) -> Iterator[NDArray[np.float32]]:
        resampler: Resampler | None = None
        try:
            for chunk in reader.chunks():
                if resampler is None:
                    _check_shape(self.path, reader)
                    condition.rate_hz = reader.rate_hz
                    resampler = Resampler(reader.rate_hz, self.rate_hz)
                yield resampler.push(condition.mix(condition.repair(chunk)))
            if resampler is not None:
                yield resampler.finish()
        finally:
            reader.close()


def open_audio(path: str | Path, *, rate_hz: int = 16000) -> AudioStream:
    """Open a recording as a stream of mono blocks; memory does not grow with its length.

    Args:
        path: an audio or video file of any container, rate, depth and channel count.
        rate_hz: wanted rate in Hz.

    Returns:
        An iterable of float32 `(samples,)` blocks; see `AudioStream`.

    Raises:
        InputError: missing, empty, unreadable, not media, or a video without sound.
    """
    return AudioStream(Path(path), rate_hz)


def decode(path: str | Path, *, rate_hz: int | None = None, mono: bool = False) -> Signal:
    """Decode a whole recording into memory.

    Use it for clips; use `open_audio` where a recording may be long.

    Args:
        path: an audio or video file.
        rate_hz: wanted rate in Hz; its own rate by default.
        mono: mix the channels to one.

    Returns:
        The signal, `(channels, samples)`, with what was noted while reading.

    Raises:
        InputError: the file cannot be used; the message names it and the remedy.
    """
    path = Path(path)
    reader = _open_reader(path)
    condition, leveller = Condition(0), Leveller()
    gathered = GrowingRows()
    try:
        for chunk in reader.chunks():
            repaired = condition.repair(chunk)
            gathered.append(condition.mix(repaired)[:, None] if mono else repaired)
    finally:
        reader.close()
    _check_shape(path, reader)
    condition.rate_hz = reader.rate_hz
    _check_content(path, condition)
    wanted = rate_hz or reader.rate_hz
    channels = gathered.rows().T
    rows = [resample(np.ascontiguousarray(channel), reader.rate_hz, wanted) for channel in channels]
    samples = leveller.level(rows[0] if len(rows) == 1 else np.concatenate(rows)).reshape(len(rows), -1)
    return Signal(samples, wanted, (*reader.notes, *condition.notes(), *leveller.notes()))


def _open_reader(path: Path) -> Reader:
    """Choose libsndfile where it knows the file (faster), FFmpeg otherwise."""
    check_readable(path)
    if is_plain_audio(path):
        import soundfile

        try:
            reader = PlainReader(path)
        except (soundfile.LibsndfileError, RuntimeError):
            return MediaReader(path)
        _check_shape(path, reader)
        return reader
    return MediaReader(path)


def _check_shape(path: Path, reader: Reader) -> None:
    low, high = RATES_HZ
    if reader.rate_hz == 0 and reader.channels == 0:
        return
    if not low <= reader.rate_hz <= high or not 1 <= reader.channels <= MOST_CHANNELS:
        reader.close()
        raise InputError(
            f"Got {reader.rate_hz} Hz and {reader.channels} channels in `{path}`, expected {low} to "
            f"{high} Hz and 1 to {MOST_CHANNELS} channels; its header may be damaged: export it again."
        )


def _check_content(path: Path, condition: Condition) -> None:
    """Refuse what holds no sound at all."""
    rate_hz = max(condition.rate_hz, 1)
    if condition.samples < SHORTEST_S * rate_hz:
        count = "no sample" if not condition.samples else f"{condition.samples} sample(s)"
        raise InputError(
            f"Got {count} ({condition.samples / rate_hz:.4f} s) in `{path}`, expected at least "
            f"{SHORTEST_S} s of sound; record or export it again."
        )
    if condition.all_not_finite:
        raise InputError(
            f"Got only samples that are not numbers (NaN) in `{path}`, expected sound; export it again."
        )


def _regroup(pieces: Iterator[NDArray[np.float32]], length: int) -> Iterator[NDArray[np.float32]]:
    """Cut pieces of any length into blocks of `length` samples and a rest."""
    held: list[NDArray[np.float32]] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size >= length:
            joined = np.concatenate(held)
            yield joined[:length]
            held, size = [joined[length:]], size - length
    if size:
        yield np.concatenate(held)
