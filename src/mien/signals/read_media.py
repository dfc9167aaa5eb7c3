"""Read the audio of any container block by block through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError

CHUNK_VALUES = 1 << 18
GAP_S = 0.1
LONGEST_GAP_S = 60.0
MOST_DAMAGE = 1000
SHORT_BY_S = 0.5
REFUSED = ("hls", "concat", "sdp", "rtsp", "dash", "image2", "tty", "lavfi")
"""Demuxers that follow addresses to other files, or that make pictures of text."""


class MediaReader:
    """Read a file that FFmpeg knows, with its pauses in transmission filled by silence.

    Args:
        path: the file, checked to be readable.

    Raises:
        InputError: not media, or no audio track.
    """

    def __init__(self, path: Path) -> None:
        import av

        self.path = path
        self.notes: list[str] = []
        av.logging.set_level(None)
        try:
            # "file:" keeps a name such as "http:x" or "concat:x" from being followed.
            self._container: Any = av.open(
                f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace"
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise _not_media(path, error) from None
        try:
            self._stream = self._find_audio()
            context = self._stream.codec_context
            self.rate_hz, self.channels = int(context.sample_rate or 0), int(context.channels or 0)
            self.rate_hz = self.rate_hz or int(self._stream.rate or 0)
        except BaseException:
            self._container.close()
            raise

    def _find_audio(self) -> Any:
        """Return the first audio track that can be decoded."""
        if set(self._container.format.name.split(",")) & set(REFUSED):
            raise _not_media(self.path, None)
        if not self._container.streams.audio:
            if self._container.streams.video:
                raise InputError(
                    f"Got a video without an audio track in `{self.path}`, expected speech; "
                    "use a file that holds the sound."
                )
            raise _not_media(self.path, None)
        for stream in self._container.streams.audio:
            if stream.codec_context is not None:
                return stream
        raise InputError(
            f"Got an audio track of unknown kind in `{self.path}`, expected one that FFmpeg decodes; "
            "convert it to wav or flac."
        )

    def chunks(self) -> Iterator[NDArray[np.float32]]:
        """Yield float32 `(samples, channels)`; the file is closed at the end."""
        try:
            yield from self._chunks()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        self._container.close()

    def _chunks(self) -> Iterator[NDArray[np.float32]]:
        """Join frames to chunks, with silence where the timestamps leap ahead."""
        origin_s = (self._container.start_time or 0) / 1e6
        gather: Gather | None = None
        position, filled_s = 0, 0.0
        for frame in self._frames():
            if gather is None:
                gather = Gather(frame)
                self.rate_hz, self.channels = gather.rate_hz, gather.channels
            time_s = frame.time
            gap_s = 0.0 if time_s is None else time_s - origin_s - position / self.rate_hz
            if gap_s > GAP_S and filled_s + gap_s <= LONGEST_GAP_S:
                yield from gather.rest()
                silence = np.zeros((round(gap_s * self.rate_hz), self.channels), np.float32)
                filled_s += gap_s
                position += len(silence)
                yield silence
            position += round(frame.samples * self.rate_hz / frame.sample_rate)
            yield from gather.push(frame)
        if gather is not None:
            yield from gather.rest()
        if filled_s > GAP_S:
            self.notes.append(f"{filled_s:.2f} s without sound in the file filled with silence")
        self._note_end(position / self.rate_hz if self.rate_hz else 0.0)

    def _note_end(self, read_s: float) -> None:
        declared = self._stream.duration
        declared_s = float(declared * self._stream.time_base) if declared else 0.0
        if not declared and not self._container.streams.video and self._container.duration:
            declared_s = self._container.duration / 1e6
        if declared_s - read_s > SHORT_BY_S:
            end = f"the end is missing or damaged; {read_s:.2f} of {declared_s:.2f} s could be read"
            self.notes.insert(0, end)

    def _frames(self) -> Iterator[Any]:
        """Yield decoded frames; damaged packets are left out and counted."""
        import av

        damage = 0
        packets = self._container.demux(self._stream)
        while damage < MOST_DAMAGE:
            try:
                frames = next(packets).decode()
            # An end of file inside a packet is the end.
            except (StopIteration, av.error.EOFError):
                break
            except (av.error.FFmpegError, ValueError):
                damage += 1
                # The demuxer is a generator: once it has raised, it never goes on.
                if getattr(packets, "gi_frame", packets) is None:
                    break
                continue
            yield from (frame for frame in frames if frame.samples and frame.sample_rate)
        if damage:
            self.notes.append(f"damaged in {damage} place(s), which were left out")


class Gather:
    """Join frames to float32 chunks `(samples, channels)` in the rate and channels of the first frame."""

    def __init__(self, first: Any) -> None:
        import av

        self.rate_hz = int(first.sample_rate)
        self.channels = int(first.layout.nb_channels)
        self._kind = _kind(first)
        self._fifo = av.AudioFifo()
        self._resamplers: dict[tuple[str, str, int], Any] = {}

    def push(self, frame: Any) -> Iterator[NDArray[np.float32]]:
        """Take one frame and yield what is ready."""
        frame.pts = None
        if _kind(frame) == self._kind:
            self._fifo.write(frame)
            if self._fifo.samples * self.channels >= CHUNK_VALUES:
                yield from self.rest()
        else:
            yield from self.rest()
            yield from self._change(frame)

    def rest(self) -> Iterator[NDArray[np.float32]]:
        """Yield what is held."""
        if self._fifo.samples:
            yield self._as_rows(self._fifo.read())

    def _as_rows(self, frame: Any) -> NDArray[np.float32]:
        values = frame.to_ndarray()
        return _as_float(values.T if frame.format.is_planar else values.reshape(-1, self.channels))

    def _change(self, frame: Any) -> Iterator[NDArray[np.float32]]:
        """Convert a frame whose format, rate or channels differ from the first frame's."""
        import av

        key = _kind(frame)
        if key not in self._resamplers:
            self._resamplers[key] = av.AudioResampler("flt", "mono", self.rate_hz)
        for part in self._resamplers[key].resample(frame):
            yield np.repeat(part.to_ndarray().reshape(-1, 1), self.channels, axis=1)


def _kind(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _as_float(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale integer samples to [-1, 1)."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128.0) / np.float32(128.0)
    return values.astype(np.float32) / np.float32(2.0 ** (8 * values.dtype.itemsize - 1))


def _not_media(path: Path, error: Exception | None) -> InputError:
    reason = f" ({error.strerror})" if error is not None and getattr(error, "strerror", None) else ""
    return InputError(
        f"Got something that is no readable audio or video in `{path}`{reason}, expected a recording; "
        "open it in a player, then export it again as wav, flac, mp3 or mp4."
    )
