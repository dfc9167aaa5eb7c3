"""Peaks of contours: openSMILE's numbers, and cases small enough to see."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.features.voice.peaks import NAMES, Peaks, peaks

STORED = json.loads((Path(__file__).parent / "stored" / "peaks.json").read_text())
"""What openSMILE's Peaks2 says of the contours of `synthesize`, a tenth of the range as threshold."""


def synthesize(number):
    """Return a contour (frames,) of one of seven kinds: walks high and low, plateaus, gaps, whole numbers."""
    state, noise = number + 1, []
    for _ in range(12 + 37 * number % 90):
        state = (1103515245 * state + 12345) % 2**31
        noise.append(state / 2**31 - 0.5)
    walk = 2 * np.cumsum(noise)
    kinds = (
        walk,
        np.abs(walk),
        30 + walk,
        walk - 30,
        np.round(3 * walk),
        np.round(5 * np.array(noise)),
        np.where(np.array(noise) < -0.2, 0, 30 + walk),
    )
    return kinds[number % len(kinds)].astype(np.float32)


def describe(values, **options):
    """Return the peaks of one clip as plain numbers by field."""
    contour = np.array(values, np.float32)
    found = peaks(contour, np.array([0, contour.size]), **options)
    return {name: float(column[0]) for name, column in found._asdict().items()}


@pytest.mark.parametrize("limit_ratios", [False, True])
def test_all_numbers_are_those_of_opensmile(limit_ratios):
    contours = [synthesize(number) for number in range(len(STORED["values"]))]
    starts = np.cumsum([0, *(contour.size for contour in contours)])
    expected = np.array(STORED["values"])
    if limit_ratios:
        expected[:, NAMES.index("peakMeanRel")] = STORED["limited_peakMeanRel"]
    found = np.column_stack(peaks(np.concatenate(contours), starts, limit_ratios=limit_ratios))
    assert STORED["names"] == list(NAMES)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_fields_stand_in_the_order_of_opensmiles_names():
    squeezed = [field.replace("_", "") for field in Peaks._fields]
    assert squeezed[0] == "peakspersecond"
    assert squeezed[1:] == [name.lower() for name in NAMES[1:]]


def test_two_hills_have_two_peaks_one_valley_and_four_slopes():
    found = describe([0, 0, 4, 2, 0, 3, 6, 5, 4], hop_s=0.5)
    assert found["peaks_per_second"] == pytest.approx(2 / 4.5)
    assert found["mean_peak_dist"] == 2
    assert found["peak_dist_stddev"] == 1  # the step up takes two frames less than from peak to peak
    assert (found["peak_mean_abs"], found["peak_range_abs"]) == (5, 2)
    assert found["peak_range_rel"] == pytest.approx(2 / 6)
    assert found["peak_mean_mean_dist"] == pytest.approx(5 - 24 / 9)
    assert found["peak_mean_rel"] == pytest.approx(5 / (24 / 9))
    assert (found["mean_rising_slope"], found["stddev_rising_slope"]) == (5, 1)
    assert found["mean_falling_slope"] == 1  # 4 per second down to the valley, and -2 to the end


@pytest.mark.parametrize(
    ("dip", "second", "heights"),
    [
        (58, 62, [60]),  # neither deep nor clearly higher: the first stays
        (58, 64, [64]),  # more than 5 % higher: the second takes its place
        (51, 61, [61]),  # a rise of the threshold, but the dip is no valley: the higher stays
        (50, 61, [60, 61]),  # a valley between them: both stay
    ],
)
def test_a_second_hill_counts_by_dip_and_height(dip, second, heights):
    found = describe([50, 50, 60, dip, second, second - 1, 0, 100, 50, 50])  # the threshold is 10
    heights = [*heights, 100]
    assert found["peaks_per_second"] == pytest.approx(10 * len(heights))
    assert found["peak_mean_abs"] == pytest.approx(np.mean(heights))


def test_a_much_higher_hill_takes_the_valley_before_it_along():
    kept = describe([50, 50, 60, 48, 57, 53.5, 63, 62, 0, 100, 50, 50])
    taken = describe([50, 50, 60, 48, 57, 53.5, 63.4, 62.4, 0, 100, 50, 50])
    assert kept["peak_mean_abs"] == pytest.approx((60 + 63 + 100) / 3)
    assert taken["peak_mean_abs"] == pytest.approx((63.4 + 100) / 2)
    assert kept["min_range_rel"] == pytest.approx(0.48)
    assert taken["min_range_rel"] == 0


def test_plateaus_and_the_two_values_at_either_end_are_no_peaks():
    assert describe([0, 9, 0, 5, 5, 0, 0, 8, 0])["peaks_per_second"] == 0
    assert describe([0, 0, 9, 0, 0])["peaks_per_second"] == pytest.approx(20)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_contour_without_peaks_has_one_slope_per_frame(sign):
    found = describe(sign * np.arange(10))
    rising, falling = found["mean_rising_slope"], found["mean_falling_slope"]
    assert (rising, falling) == pytest.approx((0.9, 0) if sign > 0 else (0, -0.9))


def test_a_level_or_empty_clip_has_no_peaks_and_no_slopes():
    found = peaks(np.array([3, 3, 3, 3, 7], np.float32), np.array([0, 4, 4, 5]))
    numbers = np.column_stack(found)
    assert found.peak_mean_mean_dist.tolist() == [-3, 0, -7]
    assert np.delete(numbers, NAMES.index("peakMeanMeanDist"), axis=1).tolist() == np.zeros((3, 12)).tolist()


def test_a_limited_ratio_is_left_alone_to_10_and_stays_within_20():
    hills = np.array([0, 0, 1, -1, 1, -1, 0, 0])
    near, far, none = (
        describe(hills + mean, limit_ratios=True)["peak_mean_rel"] for mean in (0.125, -0.001, 0)
    )
    assert near == pytest.approx(9)
    assert -20 < far < -19.9
    assert none == 20


@given(st.lists(st.integers(-40, 40), max_size=60), st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_contour_in_another_unit_has_the_same_peaks(values, factor):
    plain, scaled = describe(values), describe(factor * np.array(values))
    in_unit = [name for name in Peaks._fields if name.endswith(("_slope", "_abs", "_mean_mean_dist"))]
    if sum(values) == 0:  # then `peak_mean_rel` is no ratio
        in_unit.append("peak_mean_rel")
    for name in Peaks._fields:
        expected = plain[name] * (factor if name in in_unit else 1)
        assert scaled[name] == pytest.approx(expected, rel=1e-5, abs=1e-6 * factor), name
