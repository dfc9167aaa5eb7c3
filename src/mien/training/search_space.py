"""What a search may choose from: numbers and choices, some of them only with others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mien.core.errors import ConfigError

Only = tuple[str, Any]
"""Name of another setting, and the value with which a setting counts."""


@dataclass(frozen=True)
class Number:
    """Let a search choose a number.

    Attributes:
        low: smallest.
        high: largest.
        log: True where a factor matters and not a distance, as with learning rates.
        whole: True for whole numbers.
        only: it counts only where another setting, named before it, has this value; None: always.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    only: Only | None = None


@dataclass(frozen=True)
class Choice:
    """Let a search choose one of several values.

    Attributes:
        options: texts, numbers or truth values.
        only: as for `Number`.
    """

    options: tuple[Any, ...]
    only: Only | None = None


Space = Mapping[str, Number | Choice]


def check_space(space: Space) -> None:
    """Refuse a space that cannot be searched.

    Args:
        space: name of a setting → what it may be.

    Raises:
        ConfigError: it is empty, a range is, or a setting depends on one that does not stand before it.
    """
    if not space:
        raise ConfigError("Got no setting to search, expected at least one; leave one of them open.")
    before: set[str] = set()
    for name, one in space.items():
        if isinstance(one, Choice) and not one.options:
            raise ConfigError(f"Got no option for {name}, expected at least one; name it.")
        if isinstance(one, Number) and not (one.low < one.high and (one.low > 0 or not one.log)):
            raise ConfigError(
                f"Got {name} from {one.low:g} to {one.high:g}, expected the smaller number first"
                f"{', and both above 0' if one.log else ''}; correct them."
            )
        if one.only is not None and one.only[0] not in before:
            raise ConfigError(f"Got {name}, which counts only with {one.only[0]}; name that before it.")
        before.add(name)


def is_active(one: Number | Choice, chosen: Mapping[str, Any]) -> bool:
    """Tell whether a setting counts, given those before it.

    Args:
        one: the setting.
        chosen: values of the settings before it that count.

    Example:
        >>> is_active(Number(1, 16, only=("way", "lora")), {"way": "probe"})
        False
    """
    return one.only is None or chosen.get(one.only[0]) == one.only[1]


def lies_within(space: Space, chosen: Mapping[str, Any]) -> bool:
    """Tell whether settings are a point of a space: all that count, and each where it may be.

    Args:
        space: what may be chosen.
        chosen: values by name.

    Example:
        >>> lies_within({"rate": Number(0.1, 1.0)}, {"rate": 2.0})
        False
    """
    active = {name: one for name, one in space.items() if is_active(one, chosen)}
    return set(active) == set(chosen) and all(
        chosen[name] in one.options if isinstance(one, Choice) else one.low <= chosen[name] <= one.high
        for name, one in active.items()
    )
