"""Groups of descriptors within a time budget, chosen by what they tell and what they cost."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf, nextafter
from typing import NamedTuple

from mien.core.errors import ConfigError, DataError
from mien.features.group_costs import ALWAYS

Costs = Mapping[str, float]
"""Group → seconds of one core per second of audio, with `always`; see `measure_groups`."""


class Step(NamedTuple):
    """Hold a set of groups on the way to the best.

    Attributes:
        groups: all of them, in the set's order.
        added: those that the step before has not.
        cost_rtf: seconds of one core per second of audio, from the costs of the groups.
        score: of the columns that they suffice for.
        low: lower end of the score's interval; None where none was asked for or there is none.
        high: upper end.
    """

    groups: tuple[str, ...]
    added: tuple[str, ...]
    cost_rtf: float
    score: float
    low: float | None = None
    high: float | None = None


class Within(NamedTuple):
    """Hold what was found within a budget.

    Attributes:
        steps: from the first groups to the chosen ones, each with a better score.
        frontier: sets of which no cheaper one that was found is as good, cheapest first.
    """

    steps: tuple[Step, ...]
    frontier: tuple[Step, ...]


def choose_groups(
    needs: Iterable[frozenset[str]],
    costs: Costs,
    score: Callable[[frozenset[str]], float],
    *,
    budget_rtf: float,
    floor: float = 0.0,
) -> Within:
    """Choose groups of descriptors that score best within a time budget.

    A walk adds, step by step, the groups of some columns that gain most score per millisecond, of those that
    still fit, as long as the score rises; another adds those that gain most. Both are walked for the budget
    and for each smaller one that leads elsewhere, and the best end of all is taken. A larger budget therefore
    never gives a lower score, and the same costs and scores give the same choice.

    Args:
        needs: what columns need; each may be added at once.
        costs: of each group.
        score: of a set of groups; asked once for each.
        budget_rtf: seconds of one core per second of audio.
        floor: score without any columns.

    Raises:
        ConfigError: nothing fits into the budget (`check_budget`).
        DataError: nothing that fits scores above the floor.

    Source:
        J. Leskovec et al., Cost-effective Outbreak Detection in Networks, KDD 2007, section 3: of the two
        walks, the better one.
    """
    units = tuple(dict.fromkeys(needs))
    check_budget(units, costs, budget_rtf)
    known = lru_cache(maxsize=None)(score)
    walks = [
        steps
        for per_ms in (True, False)
        for steps in _all_walks(units, costs, known, budget_rtf=budget_rtf, floor=floor, per_ms=per_ms)
    ]
    if not walks:
        raise DataError(
            f"Got no group of descriptors within {budget_rtf:g} s per s that tells the labels better than "
            f"chance ({floor:.3f}), expected one; raise --budget-rtf, or add recordings and speakers."
        )
    best = max(walks, key=lambda steps: (steps[-1].score, -steps[-1].cost_rtf))
    return Within(best, _frontier(steps[-1] for steps in walks))


def check_budget(needs: Iterable[frozenset[str]], costs: Costs, budget_rtf: float) -> None:
    """Refuse a budget that nothing fits into.

    Args:
        needs: what columns need.
        costs: of each group.
        budget_rtf: seconds of one core per second of audio.

    Raises:
        ConfigError: nothing fits; the cheapest is named.
    """
    cheapest = min(needs, key=lambda one: cost_of(one, costs))
    if cost_of(cheapest, costs) > budget_rtf:
        raise ConfigError(
            f"Got a budget of {budget_rtf:g} s per s, expected {cost_of(cheapest, costs):.2g} or more, which "
            f"the cheapest takes, {' with '.join(_in_order(cheapest, costs)[::-1])}; raise --budget-rtf."
        )


def cost_of(groups: Iterable[str], costs: Costs) -> float:
    """Return what groups cost together, in seconds per second.

    Args:
        groups: with those that they need.
        costs: of each.
    """
    return costs[ALWAYS] + sum(costs[name] for name in sorted(groups))


def _all_walks(
    units: Sequence[frozenset[str]],
    costs: Costs,
    score: Callable[[frozenset[str]], float],
    *,
    budget_rtf: float,
    floor: float,
    per_ms: bool,
) -> Iterator[tuple[Step, ...]]:
    """Yield the walk of the budget, then of each smaller one that ends elsewhere."""
    limit = budget_rtf
    while steps := tuple(_walk(units, costs, score, limit=limit, floor=floor, per_ms=per_ms)):
        yield steps
        # any budget from this end's cost to the limit leads here
        limit = nextafter(steps[-1].cost_rtf, -inf)


def _walk(
    units: Sequence[frozenset[str]],
    costs: Costs,
    score: Callable[[frozenset[str]], float],
    *,
    limit: float,
    floor: float,
    per_ms: bool,
) -> Iterator[Step]:
    groups, spent, value = frozenset[str](), 0.0, floor
    while True:
        wider = dict.fromkeys(groups | unit for unit in units if not unit <= groups)
        fitting = [one for one in wider if cost_of(one, costs) <= limit]
        gains = [score(one) - value for one in fitting]
        if not gains or max(gains) <= 0:
            return
        worth = [
            gain / max(cost_of(one, costs) - spent, 1e-9) if per_ms and gain > 0 else gain
            for one, gain in zip(fitting, gains, strict=True)
        ]
        best = fitting[worth.index(max(worth))]
        added = _in_order(best - groups, costs)
        groups, spent, value = best, cost_of(best, costs), score(best)
        yield Step(_in_order(best, costs), added, spent, value)


def _in_order(groups: frozenset[str], costs: Costs) -> tuple[str, ...]:
    return tuple(name for name in costs if name in groups)


def _frontier(ends: Iterable[Step]) -> tuple[Step, ...]:
    """Return the ends that no cheaper one is as good as, cheapest first."""
    kept: list[Step] = []
    for end in sorted(ends, key=lambda step: (step.cost_rtf, -step.score)):
        if not kept or end.score > kept[-1].score:
            kept.append(end)
    return tuple(kept)
