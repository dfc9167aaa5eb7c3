"""Single descriptors and functionals of a feature set, chosen by name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.nearest import did_you_mean
from mien.features.described import Described
from mien.features.functional_catalogue import CATALOGUE, check_names, compute

MOST_NAMED = 30
"""Longer lists of names are not read to the end."""
ALL = "all"
DELTA = "_delta"
REACH = 2
"""Frames on either side that a delta looks at."""


class Contour(NamedTuple):
    """Name one descriptor over time, or one functional of the set.

    Attributes:
        name: of its column.
        source: column of the set that it is, or is made of.
        delta: how it changes, rather than what it is.
        voiced_only: frames of 0 stand for frames without voice, and functionals leave them out.
    """

    name: str
    source: str
    delta: bool
    voiced_only: bool


@dataclass(frozen=True)
class Choice:
    """Hold what was chosen of a feature set.

    Attributes:
        contours: the descriptors.
        functionals: of each of them; none where their frames, or the set's own functionals, are wanted.
    """

    contours: tuple[Contour, ...]
    functionals: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, openSMILE's way: descriptor, then functional."""
        if not self.functionals:
            return tuple(contour.name for contour in self.contours)
        return tuple(f"{contour.name}_{name}" for contour in self.contours for name in self.functionals)

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the columns of the set that the choice is made of, each once."""
        return tuple(dict.fromkeys(contour.source for contour in self.contours))

    def of(self, frames: Described) -> Described:
        """Return the chosen columns.

        Args:
            frames: what the set gives, at least its `sources`.
        """
        if not self.functionals and self.columns == self.sources:
            return frames.only(self.columns)
        hop_s = frames.hop_s or 0.0
        if not self.functionals:
            values = np.stack([_values(one, frames)[0] for one in self.contours], axis=1)
            return Described(values, frames.starts, self.columns, hop_s, frames.window_s)
        parts = []
        for contour in self.contours:
            values, voiced = _values(contour, frames)
            before = np.concatenate([[0], np.cumsum(voiced)])
            starts = before[frames.starts].astype(np.int64)
            parts.append(compute(values[voiced], starts, self.functionals, hop_s=hop_s))
        found = np.concatenate(parts, axis=1)
        return Described(found, np.arange(len(found) + 1), self.columns)


def choose(
    card: Mapping[str, Any],
    level: str,
    *,
    descriptors: Sequence[str] | None = None,
    functionals: Sequence[str] | None = None,
) -> Choice | None:
    """Return what names choose of a feature set, or None where nothing is chosen by name.

    Args:
        card: of the set. Columns that end in `nz`, and those of its `voiced_only`, are 0 without voice.
        level: `functionals`, or one of frames, such as `lld`.
        descriptors: as the set names them, with or without its `_sma…`; with `_delta` for how one changes
            from frame to frame; `all` and `all_delta`. By default all, without deltas. Without functionals:
            columns of the set's own, such as `loudness_sma3_amean`.
        functionals: keys of the catalogue, or `all`.

    Raises:
        ConfigError: an unknown name, functionals of frames, or descriptors without functionals.
    """
    if not descriptors and not functionals:
        return None
    if functionals and level != "functionals":
        raise ConfigError(f"Got functionals at level `{level}`, expected one or the other; leave one out.")
    if not functionals and level == "functionals":
        return _own_functionals(descriptors or (), card["levels"][level])
    contours = [one for name in descriptors or [ALL] for one in _contours_named(name, card, level)]
    named = [one for name in functionals or () for one in (CATALOGUE if name == ALL else [name])]
    check_names(named)
    return Choice(tuple(dict.fromkeys(contours)), tuple(dict.fromkeys(named)))


def _own_functionals(names: Sequence[str], columns: Sequence[str]) -> Choice:
    """Return a choice of columns that a set has as its own functionals."""
    known = frozenset(columns)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"Got descriptor `{name}` without functionals, expected both: name some functionals, such as "
                "mean and stddev, or take the frames by level `lld`, or name columns of the set's own."
                f"{did_you_mean(name, columns)}"
            )
    return Choice(tuple(Contour(name, name, delta=False, voiced_only=False) for name in dict.fromkeys(names)))


def _frames_level(level: str) -> str:
    """Return the level of frames that a level is made of."""
    return "lld" if level == "functionals" else level


def _contours_named(name: str, card: Mapping[str, Any], level: str) -> list[Contour]:
    columns = card["levels"][_frames_level(level)]
    delta = name.endswith(DELTA)
    wanted = name.removesuffix(DELTA)
    short = [re.sub(r"_sma\d*(nz)?", "", column) for column in columns]
    places = [
        place
        for place, (column, plain) in enumerate(zip(columns, short, strict=True))
        if wanted in (ALL, column, plain)
    ]
    if not places:
        nearest = did_you_mean(name, [known + DELTA * delta for known in short])
        some = ", ".join(short) if len(short) <= MOST_NAMED else f"the {len(short)} in docs/descriptors.md"
        raise ConfigError(f"Got descriptor `{name}`, expected some of {some}.{nearest}")
    return [
        Contour(
            columns[place] + DELTA * delta,
            columns[place],
            delta,
            "nz" in columns[place].partition("_sma")[2] or columns[place] in card.get("voiced_only", ()),
        )
        for place in places
    ]


def _values(contour: Contour, frames: Described) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a contour (N,), and which frames functionals are of."""
    values = np.ascontiguousarray(frames.values[:, frames.columns.index(contour.source)])
    counts = values != 0 if contour.voiced_only else np.ones(len(values), dtype=bool)
    return (delta(values, frames.starts, counts) if contour.delta else values), counts


def delta(
    contour: NDArray[np.float32], starts: NDArray[np.int64], inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return how a contour changes, per frame: the slope of a line through five frames.

    Args:
        contour: (N,), frames of all clips.
        starts: (clips + 1,), where each clip's frames begin.
        inside: (N,), frames that have a value. The first and last value of a stretch of them stand in for
            what is missing at its ends.

    Returns:
        (N,), 0 outside.

    Example:
        >>> delta(10 * np.arange(6, dtype=np.float32), np.array([0, 6]), np.ones(6, bool)).tolist()
        [5.0, 8.0, 10.0, 10.0, 8.0, 5.0]

    Source:
        S. Young et al., The HTK Book, section 5.9. openSMILE, and with it the ComParE set (`voice.deltas`),
        lets changes of voice fade in the course of a clip; here they do not.
    """
    rows = np.arange(len(contour))
    begins = np.concatenate([[True], inside[1:] != inside[:-1]]) if len(contour) else np.zeros(0, dtype=bool)
    begins[starts[:-1][np.diff(starts) > 0]] = True
    first = np.maximum.accumulate(np.where(begins, rows, 0))
    edges = np.append(np.flatnonzero(begins), len(contour))
    last = np.repeat(edges[1:] - 1, np.diff(edges))
    total = np.zeros(len(contour), dtype=np.float64)
    for step in range(1, REACH + 1):
        ahead, behind = np.minimum(rows + step, last), np.maximum(rows - step, first)
        total += step * (contour[ahead].astype(np.float64) - contour[behind])
    slopes = total / (2 * sum(step**2 for step in range(1, REACH + 1)))
    return np.where(inside, slopes, 0).astype(np.float32)
