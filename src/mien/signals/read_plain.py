"""Read WAV, AIFF, AU, CAF, FLAC and Ogg block by block through libsndfile."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.signals.container import lacks_end
from mien.signals.read_media import MediaReader

CHUNK_VALUES = 1 << 18


class PlainReader:
    """Read a file that libsndfile knows.

    Args:
        path: the file, checked to be readable.

    Raises:
        soundfile.LibsndfileError: libsndfile does not know the file.
    """

    def __init__(self, path: Path) -> None:
        import soundfile

        self.path = path
        self.notes: list[str] = []
        # By descriptor: libsndfile then goes by the content and never by the name's extension.
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            self._file = soundfile.SoundFile(self._descriptor, closefd=False)
        except BaseException:
            os.close(self._descriptor)
            raise
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)

    def chunks(self) -> Iterator[NDArray[np.float32]]:
        """Yield float32 `(samples, channels)`; the file is closed at the end."""
        import soundfile

        length = max(CHUNK_VALUES // self.channels, 1)
        read = 0
        try:
            while True:
                try:
                    chunk = self._file.read(length, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError:
                    yield from self._go_on(read)
                    return
                if not len(chunk):
                    break
                read += len(chunk)
                yield chunk
            declared = int(self._file.frames)
        finally:
            self.close()
        # libsndfile says 2**63 - 1 where the length is not known.
        if read < declared < 2**62 or lacks_end(self.path):
            self.notes.append(f"the end is missing or damaged; {read / self.rate_hz:.2f} s could be read")

    def _go_on(self, read: int) -> Iterator[NDArray[np.float32]]:
        """Leave what libsndfile gave up on to FFmpeg, which skips damage, from sample `read` on."""
        skip = read
        try:
            media = MediaReader(self.path)
            if (media.rate_hz, media.channels) != (self.rate_hz, self.channels):
                media.close()
                raise InputError(f"Got another format in `{self.path}`; export it again.")
            for chunk in media.chunks():
                rest = chunk[min(skip, len(chunk)) :]
                skip -= len(chunk) - len(rest)
                read += len(rest)
                if len(rest):
                    yield rest
        except InputError:
            self.notes.append(f"the end is missing or damaged; {read / self.rate_hz:.2f} s could be read")
        else:
            self.notes.extend(media.notes or ["damaged in places, which were left out"])

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._descriptor >= 0:
            self._file.close()
            os.close(self._descriptor)
            self._descriptor = -1
