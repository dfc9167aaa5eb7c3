"""Find components by name: the folder is the list."""

import ast
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.core.optional import extra_of, missing


class Room(NamedTuple):
    """Where the components of a room lie and what each exposes.

    Attributes:
        package: dotted name of the package whose files are the components.
        demands: top-level names that make a file a component.
        recursive: True where sub-folders sort the components by purpose.
    """

    package: str
    demands: tuple[str, ...]
    recursive: bool = False


ROOMS: dict[str, Room] = {
    "backends": Room("mien.nets.backends", ("load",)),
    "corpora": Room("mien.corpora", ("load", "CARD")),
    "encoders": Room("mien.nets.encoders", ("Config", "build", "CARD")),
    "features": Room("mien.features", ("extract", "CARD"), recursive=True),
    "objectives": Room("mien.training.objectives", ("Config", "build", "CARD")),
    "systems": Room("mien.systems", ("Config", "build", "CARD"), recursive=True),
}

_SOURCE = Path(__file__).parents[2]


def find(room: str, name: str) -> ModuleType:
    """Import one component and nothing else.

    Args:
        room: a key of `ROOMS`, such as `corpora` or `systems`.
        name: as users write it, with hyphens (`ravdess-speech`), or as the file is named.

    Raises:
        ConfigError: the room or name is unknown (the nearest names are given), or its file is not Python.
            Other files of the room may be broken.
        MissingExtra: the component needs a package that is not installed.

    Example:
        >>> find("corpora", "ravdess-speech").CARD["language"]
        'en'
    """
    wanted = _spoken(name)
    for path in _files(_room(room)):
        if _spoken(path.stem) == wanted and _is_component(path, ROOMS[room].demands):
            return _import(_dotted(path))
    for point in _outside(room):
        if _spoken(point.name) == wanted:
            loaded = point.load()
            return loaded if isinstance(loaded, ModuleType) else import_module(point.module)
    known = names(room)
    nearest = did_you_mean(wanted, known)
    raise ConfigError(f"Got {room} `{name}`, expected one of {', '.join(known) or 'none yet'}.{nearest}")


def names(room: str) -> list[str]:
    """List the components of a room, sorted, without importing any.

    A file counts when its top level binds every name that the room demands, and when it is not Python: then
    `find` says what is wrong with it.

    Raises:
        ConfigError: the room is unknown.

    Example:
        >>> "emodb" in names("corpora")
        True
    """
    inside = []
    for path in _files(_room(room)):
        try:
            listed = _is_component(path, ROOMS[room].demands)
        except ConfigError:
            listed = True
        if listed:
            inside.append(_spoken(path.stem))
    return sorted({*inside, *(_spoken(point.name) for point in _outside(room))})


def _room(name: str) -> Room:
    if name not in ROOMS:
        raise ConfigError(
            f"Got room `{name}`, expected one of {', '.join(ROOMS)}.{did_you_mean(name, ROOMS)}"
        )
    return ROOMS[name]


def _spoken(name: str) -> str:
    return name.replace("_", "-")


def _files(room: Room) -> list[Path]:
    """Return the files of a room, of which some may be components."""
    folder = _SOURCE.joinpath(*room.package.split("."))
    found = sorted(folder.glob("**/*.py" if room.recursive else "*.py"))
    return [path for path in found if path.stem != "__init__"]


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(_SOURCE).with_suffix("").parts)


def _is_component(path: Path, demands: tuple[str, ...]) -> bool:
    """Tell whether a file's top level, read from its text, binds every demanded name."""
    written = path.stat()
    return _binds(path, demands, (written.st_mtime_ns, written.st_size))


@cache
def _binds(path: Path, demands: tuple[str, ...], written: tuple[int, int]) -> bool:
    """Read a file once for every time that it was written."""
    found: set[str] = set()
    try:
        text = path.read_text(encoding="utf-8")
        # most files of a room name none of them, and parsing takes a hundred times as long
        body = ast.parse(text).body if any(name in text for name in demands) else []
    except (SyntaxError, ValueError) as error:
        raise ConfigError(
            f"Got `{path.name}` in `{_dotted(path.parent)}`, which is not Python, expected a component; "
            f"correct the file. ({error})"
        ) from error
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return set(demands) <= found


def _import(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        extra = extra_of(error.name or "")
        if extra is None:
            raise
        raise missing(error.name or "", extra) from error


def _outside(room: str) -> list[EntryPoint]:
    """Return the components that other installed packages offer."""
    return sorted(entry_points(group=f"mien.{room}"), key=lambda point: point.name)
