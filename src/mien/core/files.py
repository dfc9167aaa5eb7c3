"""Write files whole or not at all, and tell them apart by hash."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mien.core.errors import InputError


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it into place once the block succeeds.

    Use it for every result, so that a reader never meets half a file: after a crash, a full disk or an
    interrupt, `path` holds what it held before. The temporary name keeps the suffix, for writers
    that choose a format by it.

    Args:
        path: file to write or replace; its folder must exist.

    Raises:
        InputError: the folder does not exist or cannot be written.
        OSError: writing itself failed, for example on a full disk; nothing is left behind.
    """
    target = Path(path)
    folder = target.parent
    if not folder.is_dir():
        raise InputError(f"Got `{target}` to write, but its folder does not exist; create `{folder}` first.")
    temporary = folder / f".{target.stem}.{secrets.token_hex(4)}.part{target.suffix}"
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, target)
        _flush_to_disk(folder)
    except PermissionError as error:
        raise InputError(
            f"Got `{target}` to write, expected a folder with write permission; choose another one. ({error})"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_texts(folder: str | Path, texts: Mapping[str, str]) -> list[Path]:
    """Write texts as files of a folder, each whole or not at all.

    Args:
        folder: must exist.
        texts: file name → text, written as UTF-8.

    Returns:
        The files, in the order of the texts.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    paths = [Path(folder) / name for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        with write_atomically(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return paths


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"Got `{path}`, expected a readable file; check the path. ({error})") from error


def _flush_to_disk(path: Path) -> None:
    """Ask the system to write a file or folder entry through to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder for this
    # writing to a file needs an open handle that may write; a folder can only be opened to read
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
