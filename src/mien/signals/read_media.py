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
            yield from _gather(self._timed_frames())
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        self._container.close()

    def _timed_frames(self) -> Iterator[NDArray[np.float32]]:
        """Yield frames, with silence where the timestamps leap ahead."""
        origin = self._container.start_time
        origin_s = origin / 1e6 if origin is not None else 0.0
        position, filled_s = 0, 0.0
        for time_s, samples in self._frames():
            if time_s is not None:
                gap_s = time_s - origin_s - position / self.rate_hz
                if gap_s > GAP_S and filled_s + gap_s <= LONGEST_GAP_S:
                    silence = np.zeros((round(gap_s * self.rate_hz), self.channels), np.float32)
                    filled_s += gap_s
                    position += len(silence)
                    yield silence
            position += len(samples)
            yield samples
        if filled_s > GAP_S:
            self.notes.append(f"{filled_s:.2f} s without sound in the file filled with silence")
        self._note_end(position / self.rate_hz if self.rate_hz else 0.0)

    def _note_end(self, read_s: float) -> None:
        declared = self._stream.duration
        declared_s = float(declared * self._stream.time_base) if declared else 0.0
        if not declared and not self._container.streams.video and self._container.duration:
            declared_s = self._container.duration / 1e6
        if declared_s - read_s > SHORT_BY_S and not any("damaged" in note for note in self.notes):
            self.notes.append(
                f"the end is missing or damaged; {read_s:.2f} of {declared_s:.2f} s could be read"
            )

    def _frames(self) -> Iterator[tuple[float | None, NDArray[np.float32]]]:
        """Yield time in seconds and float32 `(samples, channels)` of each decoded frame."""
        import av

        damage = 0
        packets = self._container.demux(self._stream)
        conform = Conform()
        while damage < MOST_DAMAGE:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                break
            # Damaged packets are skipped, but an end of file inside a packet is the end.
            except av.error.EOFError:
                break
            except (av.error.FFmpegError, ValueError):
                damage += 1
                if _has_ended(packets):
                    break
                continue
            for frame in frames:
                if not self.rate_hz or not self.channels:
                    self.rate_hz, self.channels = frame.sample_rate, len(frame.layout.channels)
                time_s = None if frame.pts is None else float(frame.pts * frame.time_base)
                yield time_s, conform(frame, self.rate_hz, self.channels)
        if damage:
            self.notes.append(f"damaged in {damage} places, which were left out")


def _has_ended(packets: Any) -> bool:
    """Tell whether a generator has ended; one that raised never goes on."""
    return getattr(packets, "gi_frame", True) is None


class Conform:
    """Turn frames into float32 `(samples, channels)` of one rate and channel count."""

    def __init__(self) -> None:
        self._resamplers: dict[tuple[str, str, int], Any] = {}

    def __call__(self, frame: Any, rate_hz: int, channels: int) -> NDArray[np.float32]:
        """Convert one frame."""
        if frame.sample_rate != rate_hz or len(frame.layout.channels) != channels:
            return self._change(frame, rate_hz, channels)
        values = frame.to_ndarray()
        if not frame.format.is_planar:
            values = values.reshape(-1, channels)
        else:
            values = values.T
        return _as_float(values)

    def _change(self, frame: Any, rate_hz: int, channels: int) -> NDArray[np.float32]:
        """Resample a frame whose rate or channels differ from the first frame's."""
        import av

        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key not in self._resamplers:
            self._resamplers[key] = av.AudioResampler("flt", "mono", rate_hz)
        frame.pts = None
        parts = [part.to_ndarray().reshape(-1, 1) for part in self._resamplers[key].resample(frame)]
        mono = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
        return np.repeat(mono, channels, axis=1)


def _as_float(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale integer samples to [-1, 1)."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128.0) / np.float32(128.0)
    return values.astype(np.float32) / np.float32(2.0 ** (8 * values.dtype.itemsize - 1))


def _gather(frames: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Join small frames to chunks that are worth a numpy call."""
    held: list[NDArray[np.float32]] = []
    size = 0
    for frame in frames:
        held.append(frame)
        size += frame.size
        if size >= CHUNK_VALUES:
            yield np.concatenate(held)
            held, size = [], 0
    if size:
        yield np.concatenate(held)


def _not_media(path: Path, error: Exception | None) -> InputError:
    reason = f" ({error.strerror})" if error is not None and getattr(error, "strerror", None) else ""
    return InputError(
        f"Got something that is no readable audio or video in `{path}`{reason}, expected a recording; "
        "open it in a player, then export it again as wav, flac, mp3 or mp4."
    )
