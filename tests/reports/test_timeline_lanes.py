"""SVG paths stand where the numbers say."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.reports.timeline_lanes import Lane, bands, bars, dimension_range, doubt_paths, number, spans, steps

LANE = Lane("anger", "", 10, 30)


@given(st.floats(-2000, 2000))
def test_short_coordinates_keep_a_tenth_of_a_unit(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, abs=0.0501)


def test_a_bar_stands_on_the_lane_and_is_as_high_as_its_share() -> None:
    at = np.array([[100.0, 50.0]])
    assert bars(at, np.array([0.5]), LANE) == "M100 40V25H150V40z"


def test_touching_bars_share_one_outline_and_others_do_not() -> None:
    at = np.array([[0.0, 10.0], [10.0, 10.0], [30.0, 10.0]])
    assert bars(at, np.array([0.5, 1.0, 0.5]), LANE) == "M0 40V25H10V10H20V40zM30 40V25H40V40z"


def test_bars_of_nothing_or_nan_are_not_drawn() -> None:
    at = np.array([[0.0, 5.0], [10.0, 5.0]])
    assert bars(at, np.array([0.0, np.nan]), LANE) == ""


def test_a_line_goes_on_over_touching_segments_and_breaks_at_pauses() -> None:
    at = np.array([[0.0, 10.0], [10.0, 10.0], [60.0, 10.0]])
    data = steps(at, np.array([0.5, 1.0, 0.0]), LANE)
    assert data == "M0 25h10V10h10M60 40h10"


def test_bands_lie_between_their_levels() -> None:
    assert bands(np.array([[0.0, 10.0]]), np.array([0.0]), np.array([0.5]), LANE) == "M0 25h10v15h-10z"


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), min_size=1, max_size=20))
def test_spans_stay_inside_the_drawing(pairs: list[tuple[float, float]]) -> None:
    rows = pd.DataFrame({"start": [a for a, _ in pairs], "end": [a + d for a, d in pairs]})
    at = spans(rows, 100.0)
    assert (at[:, 0] >= 0).all()
    assert (at[:, 0] <= 1000).all()
    assert (at[:, 1] > 0).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1, 0.9], (0, 1)), ([-0.2, 0.5], (-1, 1)), ([1.5, 6.2], (1, 7)), ([np.nan], (0, 1))],
)
def test_a_dimension_is_drawn_in_its_own_range(values: list[float], expected: tuple[float, float]) -> None:
    assert dimension_range(np.array(values), derived=False) == expected


def test_the_threshold_is_drawn_at_its_share_of_the_most_doubt() -> None:
    rows = pd.DataFrame({"aleatoric.category": [0.5], "epistemic.category": [0.5]})
    drawn = doubt_paths(rows, np.array([[0.0, 10.0]]), 2.0, 1.0, LANE)
    assert re.search(r'class="threshold" d="M0 25h1000"', drawn)
    assert "threshold" not in doubt_paths(rows, np.array([[0.0, 10.0]]), 2.0, None, LANE)
