import numpy as np
import pytest

from mien.signals.degrade import levels


def test_gain_changes_the_level_by_as_many_decibels(syllables):
    quiet = levels.gain(syllables, -12.0)
    ratio = np.mean(quiet.astype(float) ** 2) / np.mean(syllables.astype(float) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(-12, abs=1e-3)


def test_sixteen_bits_are_those_of_a_file():
    found = levels.sixteen_bits(np.array([1.0, -1.0, 0.4 / 32768, 0.6 / 32768, 0.25], np.float32))
    np.testing.assert_array_equal(found * 32768, [32767, -32768, 0, 1, 8192])


def test_an_overdriven_clip_keeps_its_peak_and_is_cut_where_it_was_within_the_decibels(syllables):
    cut = levels.overdrive(syllables, over_db=6.0)
    peak = np.abs(syllables).max()
    assert np.abs(cut).max() == peak
    quiet = np.abs(syllables) < peak * 10 ** (-6.01 / 20)
    np.testing.assert_allclose(cut[quiet], syllables[quiet] * 10 ** (6 / 20), rtol=1e-6)
    assert (np.abs(cut[~quiet]) > 0.99 * peak).all()


def test_silence_can_be_overdriven():
    np.testing.assert_array_equal(levels.overdrive(np.zeros(5, np.float32), over_db=12.0), np.zeros(5))
