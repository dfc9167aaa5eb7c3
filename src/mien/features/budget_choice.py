"""The set of descriptors chosen for a task within a time budget: made, stored, and read again."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien import __version__
from mien.core.errors import ConfigError, InputError
from mien.core.files import write_atomically
from mien.core.registry import find
from mien.features.budget import Costs, Step, choose_groups
from mien.features.group_costs import groups_of, measure_groups, measure_sets
from mien.features.group_score import Answers, GroupScore, Metric
from mien.features.work_groups import Needs, columns_of

Interval = Callable[[Metric, Answers], tuple[float | None, float | None]]
"""Gives both ends of the interval of a score."""


@dataclass(frozen=True)
class Chosen:
    """Hold a choice so that it can be judged, repeated and applied to other recordings.

    Attributes:
        features: the feature set.
        target: what the labels are called.
        budget_rtf: seconds of one core per second of audio that were allowed.
        columns: functionals of the chosen groups.
        steps: how the choice was made, the chosen groups last.
        frontier: what smaller budgets would have given.
        costs: of each group; given back, they lead to the same choice.
        measured_rtf: of the `chosen` groups together, and of the `whole` set.
        score: measure and floor, protocol, and numbers of rows and speakers behind each score.
        mien: version.
    """

    features: str
    target: str
    budget_rtf: float
    columns: tuple[str, ...]
    steps: tuple[Step, ...]
    frontier: tuple[Step, ...]
    costs: dict[str, float]
    measured_rtf: dict[str, float]
    score: dict[str, Any]
    mien: str = __version__


def choose_descriptors(
    name: str,
    described: pd.DataFrame,
    labels: "pd.Series[Any]",
    *,
    speakers: "pd.Series[Any]",
    clips: Sequence[NDArray[np.float32]],
    rate_hz: int,
    budget_rtf: float,
    costs: Costs | None = None,
    interval: Interval | None = None,
) -> Chosen:
    """Choose the groups of a set's descriptors that tell most about labels within a time budget.

    Use it before a model goes where time is short. The score only ranks sets: what is chosen by it looks
    better than it is, so judge on speakers who had no part. Processor time is measured in this process; see
    `measure_groups`.

    Args:
        name: a feature set that has groups, such as `egemaps`.
        described: all of its functionals, a row per clip.
        labels: (rows,), words, or numbers for ratings.
        speakers: (rows,).
        clips: mono arrays (samples,) of float32 to measure costs on, about a minute.
        rate_hz: of the clips.
        budget_rtf: seconds of one core per second of audio.
        costs: of an earlier choice, which is then repeated; None measures them.
        interval: of a metric on answers; None for none.

    Raises:
        ConfigError: the set has no groups, costs are not those of its groups, or nothing fits the budget.
        DataError: labels or speakers that nothing can be learned from.
    """
    groups, needs = groups_of(name), needs_of(name)
    by_needs: dict[frozenset[str], list[str]] = {}
    for column, wanted in needs.items():
        by_needs.setdefault(wanted, []).append(column)
    blocks = {wanted: described[columns].to_numpy(np.float32) for wanted, columns in by_needs.items()}
    score = GroupScore(blocks, labels, speakers)
    if costs is None:
        costs = measure_groups(name, clips, rate_hz=rate_hz)
    if missing := [group for group in groups if group not in costs]:
        raise ConfigError(f"Got no cost of {missing[0]}, expected one of each group; measure again.")
    found = choose_groups(by_needs, costs, score, budget_rtf=budget_rtf, floor=score.floor)
    last = frozenset(found.steps[-1].groups)
    measured = measure_sets(name, [last, frozenset(groups)], clips, rate_hz=rate_hz)
    return Chosen(
        name,
        str(labels.name),
        budget_rtf,
        columns_of(needs, last),
        _with_intervals(found.steps, score, interval),
        _with_intervals(found.frontier, score, interval),
        dict(costs),
        dict(zip(("chosen", "whole"), measured, strict=True)),
        score.about,
    )


def needs_of(name: str) -> Needs:
    """Return what each functional of a set needs.

    Args:
        name: a feature set that has groups.

    Raises:
        ConfigError: it has none.
    """
    groups_of(name)
    found: Needs = find("features", name).CARD["needs"]["functionals"]
    return found


def _with_intervals(steps: Iterable[Step], score: GroupScore, interval: Interval | None) -> tuple[Step, ...]:
    if interval is None:
        return tuple(steps)
    ends = ((step, interval(score.metric, score.answers(frozenset(step.groups)))) for step in steps)
    return tuple(step._replace(low=low, high=high) for step, (low, high) in ends)


def write_choice(chosen: Chosen, path: Path) -> None:
    """Write a choice as JSON.

    Args:
        chosen: the choice.
        path: where to; replaced if it exists.
    """
    told = asdict(chosen)
    for name in ("steps", "frontier"):
        told[name] = [step._asdict() for step in getattr(chosen, name)]
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_choice(path: Path, features: str) -> Chosen:
    """Return a choice that was written earlier.

    Args:
        path: the JSON file.
        features: the set that it must be of.

    Raises:
        InputError: no such file, or not a choice.
        ConfigError: it is of another set.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        for name in ("steps", "frontier"):
            told[name] = tuple(_as_step(**one) for one in told[name])
        chosen = Chosen(**{**told, "columns": tuple(told["columns"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"Got `{path}`, which holds no choice ({type(error).__name__}), expected the .choice.json that "
            "`mien extract … --budget-rtf` wrote; name that file."
        ) from error
    if chosen.features != features:
        raise ConfigError(f"Got a choice of `{chosen.features}` in `{path}`, expected one of `{features}`.")
    return chosen


def _as_step(*, groups: list[str], added: list[str], **numbers: Any) -> Step:
    return Step(tuple(groups), tuple(added), **numbers)
