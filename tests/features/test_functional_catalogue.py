"""Functionals by name: each beside a naive twin, clip by clip."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mien.core.errors import ConfigError
from mien.features.functional_catalogue import CATALOGUE, compute
from mien.features.voice.peaks import NAMES, peaks

HOP_S = 0.01


def line(contour):
    seconds = HOP_S * np.arange(contour.size)
    slope, offset = np.polyfit(seconds, contour, 1)
    return slope, offset, np.sqrt(np.mean((contour - offset - slope * seconds) ** 2))


def parabola(contour):
    seconds = HOP_S * np.arange(contour.size)
    found = np.polyfit(seconds, contour, 2)
    return found[0], np.sqrt(np.mean((contour - np.polyval(found, seconds)) ** 2))


def stretches(contour):
    """Lengths above the mean by openSMILE's rules, walked frame by frame."""
    above = (contour > contour.mean(dtype=np.float64)).tolist()
    for at in range(1, len(above) - 1):
        above[at] = above[at] or (above[at - 1] and above[at + 1])
    lengths, length = [], 0
    for at, inside in enumerate([*above, False]):
        if inside:
            length += 1
        elif length:
            lengths.append(length - 1 - (at == len(above)))
            length = 0
    return [one for one in lengths if one > 1]


TWINS = {
    "mean": np.mean,
    "stddev": np.std,
    "stddevNorm": lambda x: np.std(x) / np.mean(x),
    "rms": lambda x: np.sqrt(np.mean(x**2)),
    "meanAbs": lambda x: np.mean(np.abs(x)),
    "skewness": stats.skew,
    "kurtosis": lambda x: stats.kurtosis(x, fisher=False),
    "min": np.min,
    "max": np.max,
    "range": np.ptp,
    "minPos": lambda x: np.argmin(x) / x.size,
    "maxPos": lambda x: np.argmax(x) / x.size,
    "slope": lambda x: line(x)[0],
    "offset": lambda x: line(x)[1],
    "slopeError": lambda x: line(x)[2],
    "curvature": lambda x: parabola(x)[0],
    "curveError": lambda x: parabola(x)[1],
    "risetime": lambda x: np.mean(np.diff(x) > 0),
    "falltime": lambda x: np.mean(np.diff(x) < 0),
    "meanCrossingRate": lambda x: np.sum(np.diff(x > x.mean()) != 0) / (HOP_S * x.size),
    "segmentsPerSec": lambda x: len(stretches(x)) / (HOP_S * x.size),
    "meanSegmentLength": lambda x: HOP_S * np.mean(stretches(x) or [0]),
    "stddevSegmentLength": lambda x: HOP_S * np.std(stretches(x) or [0]),
}
for share in (25, 50, 75, 90):
    TWINS[f"upleveltime{share}"] = lambda x, share=share: np.mean(x > x.min() + share / 100 * np.ptp(x))
for name in CATALOGUE:
    if name.startswith("p") and name[1].isdigit():
        low, _, high = name[1:].partition("-")
        TWINS[name] = lambda x, low=float(low), high=float(high or "nan"): (
            np.percentile(x, low) if np.isnan(high) else np.percentile(x, high) - np.percentile(x, low)
        )


@pytest.fixture(scope="module")
def contours():
    """Two clips of smooth noise, an empty one between them, and the whole as one flat contour."""
    generator = np.random.default_rng(7)
    pair = [np.convolve(generator.normal(2, 1, size), np.ones(4) / 4, "valid") for size in (150, 61)]
    pair = [one.astype(np.float32) for one in pair]
    sizes = [pair[0].size, 0, pair[1].size]
    return pair, np.concatenate(pair), np.concatenate([[0], np.cumsum(sizes)])


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - set(NAMES)))
def test_a_functional_equals_its_naive_twin(contours, name):
    pair, flat, starts = contours
    found = compute(flat, starts, [name], hop_s=HOP_S)[:, 0]
    expected = [TWINS[name](pair[0].astype(np.float64)), 0, TWINS[name](pair[1].astype(np.float64))]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_peaks_come_under_opensmiles_names(contours):
    _, flat, starts = contours
    np.testing.assert_array_equal(
        compute(flat, starts, NAMES), np.stack(peaks(flat, starts, hop_s=HOP_S), axis=1)
    )


def test_every_entry_says_its_unit_and_meaning():
    for name, entry in CATALOGUE.items():
        assert entry.unit in ("x", "1", "s", "1/s", "x/s", "x/s²"), name
        assert entry.meaning


def test_the_page_tells_of_every_functional():
    page = Path(__file__).parents[2].joinpath("docs", "descriptors.md").read_text(encoding="utf-8")
    assert not [name for name in CATALOGUE if f"`{name}`" not in page]


def test_names_come_in_the_order_asked_for(contours):
    _, flat, starts = contours
    names = ["max", "mean", "p50", "min"]
    together = compute(flat, starts, names)
    for place, name in enumerate(names):
        np.testing.assert_array_equal(together[:, place], compute(flat, starts, [name])[:, 0])


@given(st.lists(st.lists(st.floats(-1e3, 1e3, width=32), max_size=7), min_size=1, max_size=6))
def test_no_contour_however_short_gives_anything_but_numbers(clips):
    starts = np.concatenate([[0], np.cumsum([len(clip) for clip in clips])])
    flat = np.array([value for clip in clips for value in clip], dtype=np.float32)
    found = compute(flat, starts, list(CATALOGUE))
    assert np.isfinite(found).all()
    assert not found[np.diff(starts) == 0].any()


@pytest.mark.parametrize("level", [0.1, 1e6])
def test_a_contour_of_one_value_has_no_spread(level):
    flat = np.full(100, level, np.float32)
    names = ["stddev", "skewness", "slope", "slopeError", "curveError", "range", "meanCrossingRate"]
    np.testing.assert_allclose(compute(flat, np.array([0, 100]), names) / level, 0, atol=1e-6)


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean `kurtosis`"):
        compute(np.zeros(3, np.float32), np.array([0, 3]), ["kurtossis"])
