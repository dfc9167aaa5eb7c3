"""Single descriptors and functionals by name."""

from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.features.choice import choose, delta
from mien.features.described import Described
from mien.features.functional_catalogue import CATALOGUE
from mien.features.voice.egemaps import CARD, extract

FEW = {"levels": {"lld": ("loud_sma3", "pitch_sma3nz")}}


def frames():
    """Two clips; pitch is 0 without voice, and never above in the second clip."""
    loud = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0]
    pitch = [0, 10, 20, 0, 5, 5, 8, 0, 0, 0, 0]
    values = np.array([loud, pitch], np.float32).T
    return Described(values, np.array([0, 8, 11]), FEW["levels"]["lld"], hop_s=0.01, window_s=0.02)


def test_functionals_leave_frames_without_voice_out():
    choice = choose(FEW, "functionals", functionals=["mean", "min"])
    found = choice.of(frames())
    assert found.columns == ("loud_sma3_mean", "loud_sma3_min", "pitch_sma3nz_mean", "pitch_sma3nz_min")
    np.testing.assert_allclose(found.values, [[4.5, 1, 9.6, 5], [0, 0, 0, 0]])
    assert found.hop_s is None


def test_a_set_says_which_descriptors_are_0_without_voice():
    card = {"levels": {"lld": ("loud_sma3", "f0_sma")}, "voiced_only": ("f0_sma",)}
    named = replace(frames(), columns=card["levels"]["lld"])
    found = choose(card, "functionals", descriptors=["f0"], functionals=["mean"]).of(named)
    np.testing.assert_allclose(found.values, [[9.6], [0]])


def test_frames_of_single_descriptors_keep_their_times():
    found = choose(FEW, "lld", descriptors=["pitch", "loud_sma3_delta"]).of(frames())
    assert found.columns == ("pitch_sma3nz", "loud_sma3_delta")
    assert (found.hop_s, found.window_s) == (0.01, 0.02)
    np.testing.assert_allclose(found.values[:, 1], [0.5, 0.8, 1, 1, 1, 1, 0.8, 0.5, 0, 0, 0])


def test_a_delta_looks_neither_into_other_clips_nor_across_gaps_in_voice():
    one = frames()
    found = delta(one.values[:, 1], one.starts, one.values[:, 1] != 0)
    # the stretch 10, 20 alone: (1 · 10 + 2 · 10) / 10 at both of its frames
    np.testing.assert_allclose(found[[1, 2]], 3)
    np.testing.assert_allclose(found[[4, 5, 6]], [0.6, 0.9, 0.9], rtol=1e-6)
    assert not found[one.values[:, 1] == 0].any()


def test_the_sets_own_functionals_come_by_their_names():
    names = ["loudness_sma3_amean", "mfcc1_sma3_stddevNorm"]
    choice = choose(CARD, "functionals", descriptors=names)
    assert choice.columns == choice.sources == tuple(names)
    clip = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    whole = extract([clip], rate_hz=16000)
    assert choice.of(whole).columns == tuple(names)
    assert choice.of(whole).hop_s is None
    np.testing.assert_array_equal(choice.of(whole).values, whole.only(tuple(names)).values)


def test_only_what_the_names_are_made_of_is_asked_of_the_set():
    choice = choose(CARD, "functionals", descriptors=["mfcc1", "mfcc1_delta"], functionals=["mean"])
    assert choice.sources == ("mfcc1_sma3",)


def test_all_is_everything_once():
    choice = choose(CARD, "functionals", descriptors=["Loudness", "all", "all_delta"], functionals=["all"])
    assert len(choice.contours) == 50
    assert len(set(choice.columns)) == len(choice.columns) == 50 * len(CATALOGUE)


def test_without_names_nothing_is_chosen():
    assert choose(CARD, "functionals") is None


@pytest.mark.parametrize(
    ("level", "asked", "message"),
    [
        ("lld", {"descriptors": ["loudnes"]}, "Did you mean `Loudness`"),
        ("lld", {"descriptors": ["mfc1_delta"]}, "Did you mean `mfcc1_delta`"),
        ("functionals", {"functionals": ["men"]}, "Did you mean `mean`"),
        ("lld", {"functionals": ["mean"]}, "one or the other"),
        ("functionals", {"descriptors": ["Loudness"]}, "name some functionals"),
        ("functionals", {"descriptors": ["loudness_sma3_mean"]}, "Did you mean `loudness_sma3_amean`"),
    ],
)
def test_wrong_names_are_refused(level, asked, message):
    with pytest.raises(ConfigError, match=message):
        choose(CARD, level, **asked)
