"""Groups of descriptors that share work: what a column needs, and what asking for fewer of them saves."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean


class Group(NamedTuple):
    """Say what a piece of work is, and on which others it stands.

    Attributes:
        meaning: in one line.
        needs: names of the groups whose results it takes.
    """

    meaning: str
    needs: tuple[str, ...] = ()


Groups = Mapping[str, Group]
"""Name → group; each stands behind those that it needs."""
Needs = Mapping[str, frozenset[str]]
"""Column of a level, in order → all groups that it takes to compute it."""


def with_needs(groups: Groups, *names: str) -> frozenset[str]:
    """Return groups with all that they need, directly or not.

    Args:
        groups: of a feature set.
        names: of some of them.

    Example:
        >>> groups = {"a": Group("first"), "b": Group("then", ("a",)), "c": Group("last", ("b",))}
        >>> sorted(with_needs(groups, "c"))
        ['a', 'b', 'c']
    """
    found = set(names)
    for name in reversed(groups):
        if name in found:
            found.update(groups[name].needs)
    return frozenset(found)


def groups_for(needs: Needs, columns: Iterable[str]) -> frozenset[str]:
    """Return the groups that it takes to compute some columns.

    Args:
        needs: of every column of a level.
        columns: those wanted.

    Raises:
        ConfigError: a column that the level does not have.

    Example:
        >>> needs = {"x": frozenset({"a"}), "y": frozenset({"a", "b"})}
        >>> sorted(groups_for(needs, ["x", "y"]))
        ['a', 'b']
    """
    found: frozenset[str] = frozenset()
    for name in columns:
        if name not in needs:
            raise ConfigError(f"Got column `{name}`, expected one of the level.{did_you_mean(name, needs)}")
        found |= needs[name]
    return found


def columns_of(needs: Needs, groups: frozenset[str]) -> tuple[str, ...]:
    """Return those columns, in order, that some groups suffice for.

    Args:
        needs: of every column of a level.
        groups: that are computed.
    """
    return tuple(name for name, wanted in needs.items() if wanted <= groups)
