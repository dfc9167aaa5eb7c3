"""Look at a media file's first and last bytes: which reader it needs, whether its end is missing."""

import os
import stat
from pathlib import Path

from mien.core.errors import InputError

WHOLE_SIZE = 0x7FFFF000
"""Declared sizes from here on mean "not known when the header was written"."""


def check_readable(path: Path) -> None:
    """Check that a path is a regular file with content that may be read.

    Raises:
        InputError: it is missing, a folder, a device, empty, or may not be read.
    """
    try:
        status = path.stat()
        with path.open("rb") if stat.S_ISREG(status.st_mode) else open(os.devnull, "rb"):
            pass
    except FileNotFoundError:
        raise InputError(f"Got no file at `{path}`, expected a recording; check the path.") from None
    except PermissionError:
        raise InputError(
            f"Got no permission to read `{path}`, expected a readable file; change its permissions."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"Got `{path}`, which cannot be opened ({reason}); check the path.") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"Got the folder `{path}`, expected one recording; name a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"Got `{path}`, which is a device or pipe, expected a file; save it as one first.")
    if status.st_size == 0:
        raise InputError(
            f"Got an empty file `{path}` (0 bytes), expected a recording; copy or download it again."
        )


def is_plain_audio(path: Path) -> bool:
    """Tell whether libsndfile is likely to read the file: WAV, AIFF, AU, CAF, FLAC or Ogg.

    MP3 is left to FFmpeg: libsndfile's reader of it writes its own messages to the terminal.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return head[8:12] == b"WAVE"
    return head[:4] in (b"FORM", b"fLaC", b"OggS", b".snd", b"caff")


def lacks_end(path: Path) -> bool:
    """Tell whether the file's own header or last page says that its end is missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(65536)
        file.seek(max(0, size - 65536))
        tail = file.read()
    if head[:4] == b"RIFF":
        return _wav_lacks_end(head, size)
    if head[:4] == b"OggS":
        last = tail.rfind(b"OggS")
        return last >= 0 and len(tail) > last + 5 and not tail[last + 5] & 4
    return False


def _wav_lacks_end(head: bytes, size: int) -> bool:
    """Compare the size that the data chunk declares with the bytes that are there."""
    at = 12
    while at + 8 <= len(head):
        declared = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"data":
            return declared < WHOLE_SIZE and at + 8 + declared > size
        at += 8 + declared + declared % 2
    return False
