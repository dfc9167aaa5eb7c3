"""Read recipes and check them strictly against a settings class."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean, nearest

MOST_LEVELS = 3


class Settings(BaseModel):
    """Base of every settings class: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=BaseModel)


def read_recipe(recipe: str | Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Read a recipe and apply overrides to it.

    Args:
        recipe: path of a TOML file, or the name of a recipe that travels with mien (`voice-small`).
        overrides: `key=value` with a dotted key and a TOML value; a value that is not TOML is text:
            `training.learning_rate=1e-4`, `name=trial`.

    Raises:
        ConfigError: no such recipe, not TOML, more than three levels deep, or an override without `=` or
            into something that is not a table.
    """
    path = _recipe_path(recipe)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"Got recipe `{path}`, expected readable TOML; correct it. ({error})") from error
    override_settings(data, overrides)
    _check_depth(data, str(path))
    return data


def override_settings(data: dict[str, Any], overrides: Sequence[str]) -> None:
    """Set dotted keys of plain settings, in place.

    Args:
        data: settings as plain tables.
        overrides: `key=value`, as for `read_recipe`.

    Raises:
        ConfigError: an override without `=` or into something that is not a table.

    Example:
        >>> settings = {"training": {"epochs": 5}}
        >>> override_settings(settings, ["training.epochs=2"])
        >>> settings
        {'training': {'epochs': 2}}
    """
    for override in overrides:
        _apply(data, override)


def parse(model_cls: type[Model], data: Mapping[str, Any]) -> Model:
    """Make settings from plain data.

    Raises:
        ConfigError: one line per unknown, missing or unfitting key, such as "Got training.warmup_step,
            expected one of …; did you mean warmup_steps?".
    """
    try:
        return model_cls.model_validate(dict(data))
    except ValidationError as error:
        lines = [_line(model_cls, dict(one)) for one in error.errors()]
        raise ConfigError("\n".join(lines)) from error


def signature(settings: Mapping[str, Any]) -> str:
    """Return 8 hexadecimal digits that tell settings apart, whatever the order of their keys.

    Args:
        settings: resolved settings as plain data (`model_dump(mode="json")`).

    Example:
        >>> signature({"a": 1, "b": 2}) == signature({"b": 2, "a": 1})
        True
    """
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _recipe_path(recipe: str | Path) -> Path:
    """Return the path of a recipe given by path or name."""
    if Path(recipe).suffix == ".toml":
        return Path(recipe)
    folder = Path(str(files("mien"))) / "recipes"
    known = {path.stem.replace("_", "-"): path for path in sorted(folder.glob("*.toml"))}
    name = str(recipe).replace("_", "-")
    if name not in known:
        raise ConfigError(
            f"Got recipe `{recipe}`, expected a .toml file or one of {', '.join(known) or 'none yet'}."
            f"{did_you_mean(name, known)}"
        )
    return known[name]


def _apply(data: dict[str, Any], override: str) -> None:
    """Set one dotted key."""
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"Got `{override}`, expected key=value, such as training.learning_rate=1e-4.")
    table = data
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(
                f"Got `{override}`, but `{part}` is a value and has no keys; set `{part}` itself."
            )
    table[parts[-1]] = _value(text.strip())


def _value(text: str) -> Any:
    """Read a TOML value; what is none is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _check_depth(data: Mapping[str, Any], where: str) -> None:
    level: list[tuple[str, Any]] = list(data.items())
    for _ in range(MOST_LEVELS):
        level = [
            (f"{key}.{inner}", value)
            for key, table in level
            if isinstance(table, dict)
            for inner, value in table.items()
        ]
    if level:
        raise ConfigError(
            f"Got `{level[0][0]}` in `{where}`, expected at most {MOST_LEVELS} levels; flatten the recipe."
        )


def _line(model_cls: type[BaseModel], error: Mapping[str, Any]) -> str:
    """Say one pydantic error in mien's form."""
    location = [str(part) for part in error["loc"]]
    key = ".".join(location) or "settings"
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(model_cls, location[:-1]))
        close = nearest(location[-1], known)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        return f"Got {key}, expected one of {', '.join(known)}{hint}"
    if error["type"] == "missing":
        return f"Got no {key}, expected it; add it to the recipe."
    wanted = str(error["msg"]).removeprefix("Value error, ")
    return f"Got {key} = {error['input']!r}, expected another value: {wanted}."


def _fields(model_cls: type[BaseModel], location: Iterable[str]) -> set[str]:
    """Return the field names of the settings class at a place inside `model_cls`."""
    current = model_cls
    for part in location:
        if part in current.model_fields:
            current = _inner_model(current.model_fields[part].annotation) or current
    return set(current.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """Find the settings class in an annotation such as `list[Inner] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner_model(argument) for argument in get_args(annotation))
    return next((one for one in found if one is not None), None)
