"""Smoothing over three frames, at once and piece by piece."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.features.voice.smoothing import Smoother, smooth


def slow_twin(contour, voiced_only):
    """The docstring's rules, written for reading."""
    padded = [contour[0], *contour, contour[-1], contour[-1]]
    found = []
    for k in range(1, len(padded) - 1):
        near = [value for value in padded[k - 1 : k + 2] if value or not voiced_only]
        found.append(0 if voiced_only and padded[k] == 0 else np.mean(near))
    return found


@pytest.mark.parametrize("voiced_only", [False, True])
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_a_slow_twin_smooths_the_same(voiced_only, contour):
    values = np.array(contour, np.float32)[:, None]
    found, starts = smooth(values, np.array([0, len(values)]), voiced_only=voiced_only)
    np.testing.assert_allclose(found[:, 0], slow_twin(contour, voiced_only), rtol=1e-6)
    assert starts.tolist() == [0, len(values) + 1]


@pytest.mark.parametrize("voiced_only", [False, True])
@given(st.integers(0, 30), st.lists(st.integers(0, 6), max_size=10), st.integers(0, 10**6))
def test_pieces_are_smoothed_like_the_whole(voiced_only, frames, pieces, seed):
    values = np.random.default_rng(seed).integers(0, 3, (frames, 2)).astype(np.float32)
    whole, _ = smooth(values, np.array([0, frames]), voiced_only=voiced_only)
    smoother, found, at = Smoother(2, voiced_only=voiced_only), [], 0
    for piece in [*pieces, frames]:
        found.append(smoother.push(values[at : at + piece]))
        at = min(at + piece, frames)
        assert sum(map(len, found)) == max(0, at - 1)  # every frame but the last is given
    np.testing.assert_array_equal(np.concatenate([*found, smoother.finish()]), whole)
