"""Overviews: shares, speech time, plain sentences."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.reports.affect_summary import AffectSummary, covered_s, doubt_shares, sentences, summarize, together

SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40)), max_size=30)


@given(SPANS)
def test_covered_time_equals_counting_every_tick(spans: list[tuple[int, int]]) -> None:
    starts = np.array([a for a, _ in spans], dtype=float)
    ends = np.array([a + d for a, d in spans], dtype=float)
    ticks = {tick for a, d in spans for tick in range(a, a + d)}
    assert covered_s(starts, ends) == pytest.approx(len(ticks))


@given(st.integers(1, 60), st.integers(0, 5))
def test_shares_and_abstention_add_up_to_all_speech(made_segments: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    p = generator.dirichlet([1, 1, 1], made_segments)
    table = pd.DataFrame(p, columns=["p.a", "p.b", "p.c"])
    table["start"] = np.arange(made_segments) * 2.0
    table["end"] = table["start"] + generator.uniform(0.1, 2, made_segments)
    table["abstain"] = generator.random(made_segments) < 0.3
    summary = summarize(table)
    assert sum(summary.shares.values()) + summary.abstained == pytest.approx(1)
    assert list(summary.shares.values()) == sorted(summary.shares.values(), reverse=True)


def test_shares_weigh_segments_by_their_time(made) -> None:
    table = made.table(segments=2)
    table[[f"p.{name}" for name in made.CATEGORIES]] = 0.0
    table.loc[0, "p.anger"] = table.loc[1, "p.neutral"] = 1.0
    table.loc[:, "start"] = [0.0, 3.0]
    table.loc[:, "end"] = [3.0, 4.0]
    table["abstain"] = False
    summary = summarize(table, 8.0)
    assert summary.shares["anger"] == pytest.approx(0.75)
    assert summary.strongest == "anger"
    assert summary.speech_s == 4.0
    assert "75" in " ".join(sentences(summary))
    assert "50" in sentences(summary)[0]


def test_doubt_is_a_share_of_the_entropy_of_a_uniform_guess(made) -> None:
    table = made.table(segments=2)
    table["aleatoric.category"], table["epistemic.category"] = math.log(7) * 0.5, math.log(7) * 0.25
    assert doubt_shares(table) == pytest.approx([0.75, 0.75])


def test_doubt_is_unknown_without_its_columns(made) -> None:
    table = made.table().drop(columns=["aleatoric.category", "epistemic.category"])
    assert np.isnan(doubt_shares(table)).all()
    assert math.isnan(summarize(table).doubt)


def test_a_recording_without_speech_is_said_to_have_none(made) -> None:
    summary = summarize(made.table(segments=0), 12.0)
    assert summary.speech_s == 0
    assert sentences(summary) == ["The recording lasts 12.0\u00a0s. No speech was found in it."]


def test_abstention_comes_first_where_it_holds_for_most_of_the_speech() -> None:
    said = sentences(AffectSummary(10, 9, 4, {"anger": 0.2}, abstained=0.8))
    assert "abstains" in said[1]
    assert said[2].startswith("Elsewhere the voice most often expresses anger")


def test_full_abstention_names_no_expression() -> None:
    said = " ".join(sentences(AffectSummary(10, 9, 4, {"anger": 0.0}, abstained=1.0)))
    assert "abstains throughout" in said
    assert "anger" not in said


def test_text_speaks_of_expression_and_never_of_feeling(made) -> None:
    said = " ".join(sentences(summarize(made.table(), 60.0)))
    assert "expresses" in said
    assert "feel" not in said
    assert "felt" not in said


def test_recordings_together_weigh_by_speech_time() -> None:
    one = AffectSummary(10, 9, 3, {"anger": 1.0}, doubt=0.2)
    other = AffectSummary(10, 3, 1, {"neutral": 1.0}, doubt=0.6)
    both = together([one, other])
    assert both.shares == pytest.approx({"anger": 0.75, "neutral": 0.25})
    assert both.doubt == pytest.approx(0.3)
    assert both.segments == 4


def test_nothing_together_is_nothing() -> None:
    assert together([]).segments == 0
    assert math.isnan(together([]).doubt)
