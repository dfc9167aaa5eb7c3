"""Groups chosen within a budget: never above it, never worse for more of it, better than chance sets."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.features.budget import choose_groups, cost_of
from mien.features.group_costs import ALWAYS
from mien.features.group_score import GroupScore

NAMES = "abcdef"
UNITS = [frozenset(one) for one in ("a", "b", "ac", "bd", "e", "abf")]
COSTS = {ALWAYS: 0.1, **dict(zip(NAMES, (1.0, 2.0, 0.5, 0.2, 3.0, 0.3), strict=True))}

some_costs = st.lists(st.floats(0, 5), min_size=6, max_size=6).map(
    lambda found: {ALWAYS: 0.1, **dict(zip(NAMES, found, strict=True))}
)
some_scores = st.lists(st.integers(0, 9), min_size=len(UNITS), max_size=len(UNITS))


def told_by(worth):
    """Return a score with diminishing returns: the root of what the units within are worth."""
    return lambda groups: float(
        np.sqrt(sum(one for unit, one in zip(UNITS, worth, strict=True) if unit <= groups))
    )


def all_sets():
    return {frozenset().union(*some) for size in range(1, 7) for some in combinations(UNITS, size)}


@given(some_costs, some_scores, st.floats(0.1, 15), st.floats(0, 5))
def test_more_budget_never_scores_less_and_none_is_exceeded(costs, worth, budget, more):
    score = told_by(worth)
    ends = []
    for rtf in (budget, budget + more):
        try:
            found = choose_groups(UNITS, costs, score, budget_rtf=rtf)
        except (ConfigError, DataError):
            ends.append(0.0)
            continue
        last = found.steps[-1]
        assert last.cost_rtf == cost_of(last.groups, costs) <= rtf
        assert last.score == score(frozenset(last.groups))
        ends.append(last.score)
    assert ends[1] >= ends[0]


@given(some_costs, some_scores, st.floats(1, 15))
def test_the_frontier_rises_and_ends_with_the_choice(costs, worth, budget):
    try:
        found = choose_groups(UNITS, costs, told_by(worth), budget_rtf=budget)
    except (ConfigError, DataError):
        return
    for steps in found:
        scores, spent = [step.score for step in steps], [step.cost_rtf for step in steps]
        assert scores == sorted(set(scores))
        assert spent == sorted(spent)
    assert found.frontier[-1].groups == found.steps[-1].groups
    assert set().union(*(step.added for step in found.steps)) == set(found.steps[-1].groups)


@given(some_costs, some_scores, st.floats(1, 15))
def test_a_choice_is_not_far_from_the_best_set_there_is(costs, worth, budget):
    score = told_by(worth)
    best = max((score(one) for one in all_sets() if cost_of(one, costs) <= budget), default=0.0)
    try:
        found = choose_groups(UNITS, costs, score, budget_rtf=budget).steps[-1].score
    except (ConfigError, DataError):
        found = 0.0
    # half of 1 - 1/e, which the better of both walks is promised to reach
    assert found >= 0.31 * best


def test_something_cheap_does_not_keep_out_what_tells_most():
    costs = {ALWAYS: 0.0, "cheap": 0.1, "dear": 10.0}
    worth = {frozenset({"cheap"}): 0.2, frozenset({"dear"}): 1.0, frozenset({"cheap", "dear"}): 1.1}
    units = [frozenset({"cheap"}), frozenset({"dear"})]
    found = choose_groups(units, costs, worth.__getitem__, budget_rtf=10.0)
    assert found.steps[-1].groups == ("dear",)
    assert [step.groups for step in found.frontier] == [("cheap",), ("dear",)]


def test_the_same_costs_give_the_same_choice():
    scores = told_by([3, 1, 4, 1, 5, 9])
    assert choose_groups(UNITS, COSTS, scores, budget_rtf=4) == choose_groups(
        UNITS, COSTS, scores, budget_rtf=4
    )


def test_a_choice_beats_sets_of_equal_cost_that_are_drawn_where_the_truth_is_planted():
    draw = np.random.default_rng(0)
    labels = draw.choice(["calm", "glad"], 240)
    blocks = {unit: draw.normal(size=(240, 3)).astype(np.float32) for unit in UNITS}
    blocks[frozenset("bd")][:, 1] += 1.5 * (labels == "glad")
    blocks[frozenset("e")][:, 0] += 0.8 * (labels == "glad")
    score = GroupScore(blocks, pd.Series(labels), pd.Series([f"s{row % 8}" for row in range(240)]))
    chosen = choose_groups(UNITS, COSTS, score, budget_rtf=5.5, floor=score.floor).steps[-1]
    assert {"b", "d", "e"} <= set(chosen.groups)
    near = [one for one in all_sets() if 0.7 * chosen.cost_rtf <= cost_of(one, COSTS) <= 5.5]
    drawn = [score(near[row]) for row in draw.choice(len(near), 5, replace=False)]
    assert chosen.score >= max(drawn)
    assert chosen.score > np.mean(drawn) + 0.05


def test_a_budget_below_all_names_the_cheapest():
    with pytest.raises(ConfigError, match=r"expected 1.1 or more, which the cheapest takes, a; raise"):
        choose_groups(UNITS, COSTS, told_by([1] * 6), budget_rtf=1.0)


def test_groups_that_tell_nothing_are_not_chosen():
    with pytest.raises(DataError, match=r"better than chance \(0.500\)"):
        choose_groups(UNITS, COSTS, lambda _: 0.4, budget_rtf=9, floor=0.5)
