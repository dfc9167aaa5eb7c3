"""Long tables become means over equal steps, and lose nothing in the mean."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.reports.timeline_steps import timeline_steps


def test_short_tables_are_drawn_segment_by_segment(made) -> None:
    table = made.table(segments=9).sample(frac=1, random_state=1)
    rows, step_s = timeline_steps(table, 30.0, most=10)
    assert step_s == 0
    assert rows["start"].is_monotonic_increasing
    assert len(rows) == 9


def test_long_tables_are_drawn_in_at_most_the_wanted_steps(made) -> None:
    table = made.table(segments=5000)
    rows, step_s = timeline_steps(table, float(table["end"].max()), most=200)
    assert len(rows) <= 200
    assert step_s == round(step_s)
    names = [f"p.{name}" for name in made.CATEGORIES]
    assert rows[names].sum(axis=1).to_numpy() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(st.integers(21, 80), st.integers(0, 9))
def test_a_step_equals_the_naive_mean_over_its_speech(segments: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    start = np.sort(generator.integers(0, 400, segments)).astype(float)
    table = pd.DataFrame({"start": start, "end": start + generator.integers(1, 30, segments)})
    table["p.a"] = generator.random(segments)
    table["p.b"] = 1 - table["p.a"]
    rows, step_s = timeline_steps(table, float(table["end"].max()), most=20)
    for row in rows.itertuples():
        overlap = [
            max(0.0, min(row.end, e) - max(row.start, s)) for s, e in zip(table.start, table.end, strict=True)
        ]
        expected = sum(o * p for o, p in zip(overlap, table["p.a"], strict=True)) / sum(overlap)
        assert rows.loc[row.Index, "p.a"] == pytest.approx(expected, abs=1e-6)
    assert step_s > 0


def test_steps_without_speech_stay_empty(made) -> None:
    table = made.table(segments=100, seconds_each=1.0)
    table.loc[50:, ["start", "end"]] += 10_000
    rows, step_s = timeline_steps(table, 10_200.0, most=50)
    assert len(rows) <= 4
    assert rows["end"].iloc[0] == step_s


def test_a_step_counts_as_abstained_where_most_of_its_speech_is(made) -> None:
    table = made.table(segments=100)
    table["abstain"] = np.arange(100) >= 50
    rows, _ = timeline_steps(table, float(table["end"].max()), most=10)
    assert not rows["abstain"].iloc[0]
    assert rows["abstain"].iloc[-1]
