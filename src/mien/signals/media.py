"""Find recordings in the files and folders that a person names."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

AUDIO_EXTENSIONS = frozenset(
    ".aac .ac3 .aif .aifc .aiff .amr .au .caf .flac .m4a .m4b .mka .mp2 .mp3 .oga .ogg .opus .ra .rf64 .snd "
    ".w64 .wav .wave .weba .wma".split()
)
VIDEO_EXTENSIONS = frozenset(
    ".3g2 .3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .vob .webm .wmv".split()
)
MEDIA_EXTENSIONS = AUDIO_EXTENSIONS | VIDEO_EXTENSIONS


@dataclass
class MediaList:
    """What was found.

    Attributes:
        files: recordings, each once, in the order named; folders sorted by path.
        failures: (file as named, reason) of what cannot be read at all.
        notes: what a person should know, such as a file named twice.
    """

    files: list[Path] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def walk_media(paths: Iterable[str | Path]) -> MediaList:
    """List the recordings in files and folders.

    Folders are searched to any depth for known media; a file that is named itself is kept whatever its
    extension. The same file twice (also by a link) is taken once and noted.

    Args:
        paths: files and folders.

    Returns:
        Files, failures and notes; a missing path is a failure and raises nothing.
    """
    found = MediaList()
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        # os.path.isdir, exists: a name with a null byte or too long is False, not an error.
        if os.path.isdir(path):
            _walk_folder(path, found, seen)
        elif os.path.exists(path):
            _add(path, found, seen)
        else:
            found.failures.append(
                (str(given), f"Got no file at `{given}`, expected a recording; check the path.")
            )
    return found


def _walk_folder(folder: Path, found: MediaList, seen: set[Path]) -> None:
    def refuse(error: OSError) -> None:
        found.failures.append(
            (str(error.filename), f"Got no permission to list `{error.filename}`; change its permissions.")
        )

    before = len(found.files) + len(found.notes)
    candidates = [
        Path(parent) / name
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if Path(name).suffix.lower() in MEDIA_EXTENSIONS and not name.startswith("._")
    ]
    for path in sorted(candidates):
        _add(path, found, seen)
    if len(found.files) + len(found.notes) == before and not candidates:
        found.notes.append(f"no known audio or video in the folder `{folder}`")


def _add(path: Path, found: MediaList, seen: set[Path]) -> None:
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):
        resolved = path.absolute()
    if resolved in seen:
        found.notes.append(f"`{path}` is named twice; analyzed once")
        return
    seen.add(resolved)
    found.files.append(path)
