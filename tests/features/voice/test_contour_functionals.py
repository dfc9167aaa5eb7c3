"""Functionals of contours against slow twins in numpy and what openSMILE 2.6 said of small contours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.features.voice.deltas import deltas
from mien.features.voice.level_segments import describe_segments
from mien.features.voice.linear_prediction import describe_prediction
from mien.features.voice.regression import describe_regression
from mien.features.voice.spread import (
    describe_extremes,
    describe_means,
    describe_moments,
    describe_percentiles,
    describe_times,
)

contours = arrays(
    np.float32, st.integers(5, 120), elements=st.floats(-50, 50, width=32, allow_subnormal=False)
)
lively = contours.filter(lambda values: np.ptp(values) > 1)


def written(describe, size, *args):
    out = np.zeros(size, dtype=np.float32)
    describe(*args, out)
    return out


def line(values, per_frame=1.0):
    return written(describe_regression, 8, values, values.min(), np.ptp(values), per_frame)


@given(lively)
def test_percentiles_and_moments_are_those_of_numpy(values):
    found = written(describe_percentiles, 9, np.sort(values))
    shares = np.quantile(values.astype(float), [0.25, 0.5, 0.75, 0.01, 0.99])
    first, median, third, low, high = shares
    wanted = [first, median, third, median - first, third - median, third - first, low, high, high - low]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
    away = values.astype(float) - values.astype(float).mean()
    spread = away.std()
    wanted = [spread, (away**3).mean() / spread**3, (away**4).mean() / spread**4]
    np.testing.assert_allclose(written(describe_moments, 3, values), wanted, rtol=1e-3, atol=1e-3)


@given(lively)
def test_places_and_times_are_those_of_a_slow_twin(values):
    n = values.size
    found = written(describe_extremes, 3, values)
    np.testing.assert_allclose(found, [np.ptp(values), values.argmax() / n, values.argmin() / n], rtol=1e-6)
    times = written(describe_times, 6, values, values.min(), np.ptp(values))
    above = [np.mean(values > values.min() + share * np.ptp(values)) for share in (0.25, 0.5, 0.75, 0.9)]
    rising = np.mean(np.diff(values) > 0)
    turning = np.mean(np.diff(np.diff(values)) > 0)
    np.testing.assert_allclose(times, [*above, rising, turning], atol=1e-6)


@given(lively)
def test_line_and_parabola_are_those_of_least_squares(values):
    # many frames: short steep contours are pressed together
    values = np.repeat(values, 12)
    time, scaled = np.arange(values.size), (values - values.min()) / np.ptp(values).astype(float)
    first, second = np.polyfit(time, scaled, 1), np.polyfit(time, scaled, 2)
    errors = [np.mean((np.polyval(fit, time) - scaled) ** 2) for fit in (first, second)]
    found = line(values.astype(np.float32))
    np.testing.assert_allclose(found[:3], [*first, errors[0]], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found[3:7], [*second, errors[1]], rtol=1e-3, atol=1e-5)
    weight = np.abs(values.astype(float))
    assert found[7] == pytest.approx((weight * time).sum() / weight.sum() / values.size, rel=1e-4)


def test_slopes_are_pressed_together_as_openSMILE_does():
    # a ramp of so many frames and openSMILE's answer; a tenth of the range per frame is the limit
    for frames, answer in ((3, 0.20468709), (5, 0.18812074), (8, 0.13809076), (12, 1 / 11), (20, 1 / 19)):
        assert line(np.arange(frames, dtype=np.float32))[0] == pytest.approx(answer, rel=1e-4)
    assert line(np.arange(20, dtype=np.float32), 100.0)[0] == pytest.approx(100 / 19, rel=1e-4)


@given(lively)
def test_a_predictor_is_the_solution_of_its_normal_equations(values):
    found = written(describe_prediction, 6, values)
    padded = np.pad(values.astype(float), 5)
    rows = np.stack([padded[5 - k : padded.size - k] for k in range(1, 6)], axis=1)
    target = padded[5:]
    taps, *_ = np.linalg.lstsq(rows, target, rcond=None)
    error = np.mean((target - rows @ -found[1:]) ** 2) * target.size / values.size
    best = np.mean((target - rows @ taps) ** 2) * target.size / values.size
    # the contour ends where the predictor still looks back, so both see the same sums
    assert error <= best * (1 + 1e-3) + 1e-3
    assert found[0] == pytest.approx(best, rel=1e-3, abs=1e-3)


def test_a_flat_or_empty_contour_has_no_shape():
    flat = np.full(9, 5, dtype=np.float32)
    assert not written(describe_moments, 3, flat).any()
    assert not written(describe_times, 6, flat, flat.min(), np.float32(0)).any()
    assert line(flat).tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 0, 4 / 9])
    assert not written(describe_prediction, 6, np.zeros(9, np.float32)).any()
    assert written(describe_means, 4, np.zeros(9, np.float32)).tolist() == [0, 1, 0, 0]


def test_flatness_leaves_zeros_out_of_the_logarithm_only():
    found = written(describe_means, 4, np.array([0, 1, 2, 3], np.float32))
    assert found.tolist() == pytest.approx([1.5, 6 ** (1 / 3) / 1.5, 2, np.sqrt(3.5)])
    assert written(describe_means, 4, np.array([-1, -2, -3], np.float32))[2] == 0


def box(frames, *edges):
    values, high = np.zeros(frames, np.float32), 0
    for begin, end in zip(edges, (*edges[1:], frames), strict=True):
        high = 1 - high
        values[begin:end] = high
    return values


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (box(60, 10, 20), [10.5, 11, 10, 0.5]),
        (box(60, 10, 20, 30, 45), [11.5, 15, 10, 2.061553]),
        (np.linspace(0, 1, 60, dtype=np.float32), [23.5, 30, 17, 6.5]),
        (np.abs(np.linspace(-1, 1, 61, dtype=np.float32)), [13.75, 15, 10, 2.165064]),
        (np.linspace(0, 1, 1500, dtype=np.float32), [566.5, 750, 383, 183.5]),
        (np.zeros(30, np.float32), [0, 0, 0, 0]),
    ],
)
def test_segments_between_levels_are_those_of_openSMILE(values, answer):
    found = written(describe_segments, 4, values, values.min(), np.ptp(values), 0.01)
    np.testing.assert_allclose(100 * found, answer, atol=1e-3)


def test_changes_are_regressions_over_five_frames_with_two_rows_more():
    values = np.array([[0.0], [1], [4], [9], [16], [25], [36]], np.float32)
    found, starts = deltas(np.concatenate([values, values]), np.array([0, 7, 14]))
    assert starts.tolist() == [0, 9, 18]
    np.testing.assert_array_equal(found[:9], found[9:])
    # within, the change of t squared is 2 t; after the end the last value stands
    np.testing.assert_allclose(found[2:5, 0], [4, 6, 8])
    np.testing.assert_allclose(found[7:9, 0], [(0 + 2 * 11) / 10, 0], atol=1e-6)


def test_changes_of_voice_pass_over_silence_and_fade():
    values = np.array([[0.0], [5], [6], [7], [8], [9], [0]], np.float32)
    found, _ = deltas(values, np.array([0, 7]), voiced_only=True)
    assert found[0, 0] == 0
    # the divisor is 10 and grows by 1 or 4 with each comparison: 11, 16, 17
    np.testing.assert_allclose(found[2:5, 0], [2 / 11, 10 / 16, 2 / 17], rtol=1e-5)
