"""Functionals of contours that still come, against numpy on the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.features.online import Extremes, LineFit, Moments, QuantileSketch, Stretches
from mien.features.voice.functionals import segments

numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
contours = st.lists(numbers, min_size=1, max_size=60)
cuts = st.lists(st.integers(0, 60), max_size=5)


def in_pieces(values, cut):
    """Return an array cut at some places."""
    return np.split(np.asarray(values), sorted(min(place, len(values)) for place in cut))


@given(contours, cuts)
def test_moments_of_pieces_are_those_of_the_whole(values, cut):
    moments, merged = Moments(1), Moments(1)
    for piece in in_pieces(values, cut):
        part = Moments(1)
        part.add(piece[:, None])
        moments.add(piece[:, None])
        merged.merge(part)
    whole = np.array(values)
    apart = whole - whole.mean()
    for found in (moments, merged):
        assert found.count[0] == whole.size
        assert found.mean[0] == pytest.approx(whole.mean(), abs=1e-9)
        assert found.variance[0] == pytest.approx(whole.var(), rel=1e-9, abs=1e-9)
        if whole.std() > 1e-3:
            assert found.deviation[0] == pytest.approx(whole.std(), rel=1e-9)
            assert found.skewness[0] == pytest.approx(
                (apart**3).mean() / whole.std() ** 3, rel=1e-6, abs=1e-6
            )
            assert found.kurtosis[0] == pytest.approx((apart**4).mean() / whole.var() ** 2, rel=1e-6)


def test_moments_far_from_zero_keep_their_places():
    values, moments = 1e8 + np.random.default_rng(0).normal(size=5000), Moments(1)
    for value in values:
        moments.add([[value]])
    assert moments.variance[0] == pytest.approx(values.var(), rel=1e-6)


def test_moments_count_each_column_where_it_is_valid():
    values, moments = np.arange(12.0).reshape(4, 3), Moments(3)
    valid = values % 4 != 0
    for row in range(4):
        moments.add(values[row : row + 1], valid[row : row + 1])
    for column in range(3):
        kept = values[valid[:, column], column]
        assert moments.count[column] == kept.size
        assert (moments.mean[column], moments.variance[column]) == pytest.approx((kept.mean(), kept.var()))


def test_without_values_everything_is_zero():
    moments = Moments(2)
    moments.add(np.empty((0, 2)))
    found = (moments.mean, moments.variance, moments.skewness, moments.kurtosis)
    assert np.array(found).tolist() == [[0, 0]] * 4
    assert (LineFit().slope, LineFit().offset, LineFit().squared_error, Extremes().range) == (0, 0, 0, 0)
    assert QuantileSketch().quantiles([0.5]).tolist() == [0]
    assert Stretches().lengths() == (0, 0, 0)


@given(contours, cuts)
def test_extremes_say_where_they_came_first(values, cut):
    one, merged = Extremes(), Extremes()
    for piece in in_pieces(values, cut):
        part = Extremes()
        part.add(piece)
        one.add(piece)
        merged.merge(part)
    for found in (one, merged):
        assert (found.low, found.high, found.range) == (min(values), max(values), max(values) - min(values))
        assert (found.low_at, found.high_at) == (np.argmin(values), np.argmax(values))


@given(st.lists(numbers, min_size=2, max_size=60), cuts)
def test_a_line_is_the_one_of_least_squares(values, cut):
    line = LineFit()
    for piece in in_pieces(values, cut):
        line.add(piece)
    steps = np.arange(len(values))
    slope, offset = np.polyfit(steps, values, 1)
    assert (line.slope, line.offset) == pytest.approx((slope, offset), abs=1e-6)
    error = np.mean((np.array(values) - slope * steps - offset) ** 2)
    assert line.squared_error == pytest.approx(error, rel=1e-6, abs=1e-6)


@settings(max_examples=200)
@given(
    values=contours,
    cut=cuts,
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    error=st.sampled_from([1e-4, 1e-3, 0.02]),
)
def test_quantiles_are_off_by_no_more_than_the_error(values, cut, shares, error):
    one, merged = QuantileSketch(error=error), QuantileSketch(error=error)
    for piece in in_pieces(values, cut):
        part = QuantileSketch(error=error)
        part.add(piece)
        one.add(piece)
        merged.merge(part)
    low, high = (np.quantile(values, shares, method=way) for way in ("lower", "higher"))
    allowed = 1.0001 * error * np.maximum(np.abs(low), np.abs(high)) + 1e-9
    for found in (one, merged):
        assert (np.abs(found.quantiles(shares) - np.quantile(values, shares)) <= allowed).all()


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=60), st.floats(0, 1))
def test_among_values_of_one_sign_the_error_is_a_share_of_the_quantile(values, share):
    for sign in (1, -1):
        sketch = QuantileSketch(error=0.01)
        sketch.add(sign * np.array(values))
        assert sketch.quantiles(share) == pytest.approx(
            np.quantile(sign * np.array(values), share), rel=0.010001
        )


def test_a_sketch_of_a_million_values_is_as_large_as_an_empty_one_and_as_exact():
    sketch, rng, pieces = QuantileSketch(error=1e-3), np.random.default_rng(0), []
    size = sketch._bins.nbytes
    for _ in range(10):
        pieces.append(rng.lognormal(0, 2, 100_000))
        sketch.add(pieces[-1])
    shares = [0.001, 0.2, 0.5, 0.8, 0.999]
    assert sketch.quantiles(shares) == pytest.approx(np.quantile(np.concatenate(pieces), shares), rel=1e-3)
    assert (sketch._bins.nbytes, sketch._below.nbytes, sketch.count) == (size, 0, 1_000_000)


def test_a_sketch_stops_at_its_range():
    sketch = QuantileSketch(error=0.01, smallest=0.1, largest=10)
    sketch.add([-0.05, 0.05, 1000])
    assert sketch.quantiles([0, 1]).tolist() == pytest.approx([0, 10], rel=0.02)


def test_bad_options_and_values_are_told():
    for options in ({"error": 0}, {"error": 1}, {"smallest": 2, "largest": 1}):
        with pytest.raises(ConfigError, match="in these ranges"):
            QuantileSketch(**options)
    with pytest.raises(DataError, match="leave them out"):
        QuantileSketch().add([1, np.nan])
    with pytest.raises(ConfigError, match="same bins"):
        QuantileSketch().merge(QuantileSketch(error=0.1))


@given(st.lists(st.booleans(), max_size=80), cuts)
def test_stretches_are_those_of_the_whole(inside, cut):
    stretches = Stretches()
    for piece in in_pieces(np.array(inside, bool), cut):
        stretches.add(piece)
    whole = segments(np.array(inside, bool), np.array([0, len(inside)]))
    expected = [float(column[0]) for column in (whole.count, whole.mean, whole.deviation)]
    assert list(stretches.lengths()) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(st.lists(st.booleans(), max_size=40), st.lists(st.booleans(), max_size=10))
def test_asking_for_stretches_does_not_end_them(inside, more):
    asked, silent = Stretches(), Stretches()
    for stretches in (asked, silent):
        stretches.add(inside)
        if stretches is asked:
            stretches.lengths()
        stretches.add(more)
    assert asked.lengths() == silent.lengths()
