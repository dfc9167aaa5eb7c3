"""Read WAV, AIFF, FLAC, Ogg and MP3 block by block through libsndfile."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.signals.container import lacks_end

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
        read, cut_short = 0, False
        try:
            while True:
                try:
                    chunk = self._file.read(length, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError:
                    cut_short = True
                    break
                if not len(chunk):
                    break
                read += len(chunk)
                yield chunk
            declared = int(self._file.frames)
            # libsndfile says 2**63 - 1 where the length is not known.
            cut_short = cut_short or read < declared < 2**62
        finally:
            self.close()
        if cut_short or lacks_end(self.path):
            self.notes.append(f"the end is missing or damaged; {read / self.rate_hz:.2f} s could be read")

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        if self._descriptor >= 0:
            self._file.close()
            os.close(self._descriptor)
            self._descriptor = -1
