"""Peaks of a contour that still comes, against peaks of the whole with the threshold that was followed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError
from mien.features.voice import peaks as whole
from mien.features.voice.running_peaks import RunningPeaks, Slopes


def follow(values, pieces=(), **options):
    """Return the slopes of a contour given in pieces."""
    running, at = RunningPeaks(**options), 0
    for piece in [*pieces, len(values)]:
        running.add(values[at : at + piece])
        at = min(at + piece, len(values))
    return np.array(running.slopes())


def with_threshold(values, threshold):
    """Return what `peaks` says with a threshold that is not a tenth of the range."""
    turns, at, slopes = (
        np.zeros(values.size, np.int8),
        np.zeros(values.size, np.int64),
        np.zeros(values.size + 1),
    )
    whole._find_turns(values, turns)
    whole._keep_counting_maxima(values, turns, np.float32(threshold))
    count = whole._alternate(values, turns, np.float32(threshold), at)
    first = 0 if count and turns[at[0]] > 0 else 1
    found = np.zeros(len(whole.NAMES), np.float32)
    whole._measure_distances(at, count, first, values.size, 0.01, found)
    whole._measure_slopes(values, at, count, first, 0.01, slopes, found)
    return found[[0, 9, 10, 11, 12]]


def made_up(seed, frames):
    """Return a contour: steps, walks, rounded or smoothed."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 10.0 ** rng.integers(-3, 3), frames)
    values = np.cumsum(values) if seed % 2 else values
    kinds = (values, np.round(values), np.convolve(values, np.ones(3) / 3)[:frames], np.abs(values))
    return kinds[seed % 4].astype(np.float32)


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(1, 250),
    pieces=st.lists(st.integers(0, 40), max_size=8),
    tolerance=st.sampled_from([5e-4, 0.01, 0.1]),
)
def test_they_are_the_peaks_of_a_threshold_within_the_tolerance(seed, frames, pieces, tolerance):
    values = made_up(seed, frames)
    found = follow(values, pieces, tolerance=tolerance)
    tenth = float(whole.THRESHOLD * (values.max() - values.min()))
    steps = 2 * np.log1p(tolerance)
    near = float(np.float32(np.exp(round(np.log(tenth) / steps) * steps))) if tenth else 0.0
    assert near == pytest.approx(tenth, rel=1.001 * tolerance)
    np.testing.assert_allclose(found, with_threshold(values, near), rtol=1e-4, atol=1e-5 * np.ptp(values))


def test_most_contours_have_the_very_peaks_of_the_whole():
    same = 0
    for seed in range(200):
        values = made_up(seed, 200)
        exact = whole.peaks(values, np.array([0, values.size]))
        expected = [getattr(exact, name)[0] for name in Slopes._fields]
        same += np.allclose(follow(values, tolerance=5e-4), expected, rtol=1e-4, atol=1e-5 * np.ptp(values))
    assert same >= 195


def test_a_range_that_grows_late_forgets_the_small_peaks_of_before():
    small = np.sin(np.arange(200) / 3).astype(np.float32)
    assert follow(small)[0] > 5
    assert follow(np.append(small, [0, 50, 0, 0, 0]).astype(np.float32))[0] == pytest.approx(1 / 2.05)


def test_level_short_and_absent_contours_have_no_peaks():
    for values in ([], [3], [3, 3, 3, 3, 3, 3]):
        assert follow(np.array(values, np.float32)).tolist() == [0, 0, 0, 0, 0]
    assert follow(np.arange(10, dtype=np.float32))[1] == pytest.approx(0.9)


def test_memory_does_not_grow():
    running = RunningPeaks()
    held = [sum(one.nbytes for one in vars(running).values() if isinstance(one, np.ndarray))]
    for seed in range(20):
        running.add(made_up(seed, 500))
    held.append(sum(one.nbytes for one in vars(running).values() if isinstance(one, np.ndarray)))
    assert held[0] == held[1] > 0


def test_a_tolerance_out_of_range_is_told():
    with pytest.raises(ConfigError, match="above 0 and below 1"):
        RunningPeaks(tolerance=0)
