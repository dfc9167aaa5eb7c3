"""The ComParE set against stored numbers of openSMILE 2.6, and how it must move when a signal does."""

from pathlib import Path

import numpy as np
import pytest
from tests.features.voice.made_voice import RATES_HZ, made_voice

from mien.core import registry
from mien.features.voice import compare
from mien.features.voice.compare_columns import FUNCTIONALS, LLD, LLD_DELTAS

STORED = np.load(Path(__file__).with_name("stored") / "compare.npz")
FADING = "voicingFinalUnclipped_sma_de"


@pytest.fixture(scope="module", params=RATES_HZ)
def both(request):
    """Return what we and openSMILE say of the made voice, by level."""
    rate_hz, clip = request.param, made_voice(request.param)
    levels = compare.CARD["levels"]
    ours = {level: compare.extract([clip], rate_hz=rate_hz, level=level).values for level in levels}
    return ours, {level: np.atleast_2d(STORED[f"{rate_hz}.{level}"]) for level in levels}


def within(ours, theirs):
    """Return the share of values of each column within 1e-3, or within 1e-5 of the largest near 0."""
    scale = np.maximum(np.abs(theirs), 1e-2 * np.abs(theirs).max(axis=0) + 1e-12)
    return np.mean(np.abs(ours - theirs) <= 1e-3 * scale, axis=0)


def test_columns_are_as_many_as_the_challenge_has():
    assert (len(LLD), len(LLD_DELTAS), len(FUNCTIONALS)) == (65, 65, 6373)
    assert len(set(FUNCTIONALS)) == 6373


def test_every_descriptor_is_that_of_openSMILE_on_99_percent_of_frames(both):
    ours, theirs = both
    assert ours["lld"].shape == theirs["lld"].shape
    found = within(ours["lld"], theirs["lld"])
    assert {name: one for name, one in zip(LLD, found, strict=True) if one < 0.99} == {}


def test_changes_are_those_of_openSMILE(both):
    ours, theirs = both
    assert ours["lld_de"].shape == theirs["lld_de"].shape
    found = dict(zip(LLD_DELTAS, within(ours["lld_de"], theirs["lld_de"]), strict=True))
    # changes of the voice are divided by a count of frames, so that one frame of no voice moves what follows
    assert found.pop(FADING) >= 0.8
    assert min(found.values()) >= 0.96


def test_functionals_are_within_1_percent_of_those_of_openSMILE(both):
    ours, theirs = both[0]["functionals"][0], both[1]["functionals"][0]
    apart = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)
    assert np.mean(apart <= 0.01) >= 0.97


def test_gain_changes_what_hears_level_and_no_shape():
    clip = made_voice(16000)
    loud = compare.extract([clip], rate_hz=16000, level="lld").values
    soft = compare.extract([0.5 * clip], rate_hz=16000, level="lld").values
    quiet = loud[:, LLD.index("pcm_RMSenergy_sma")] < 0.005
    for name in ("spectralCentroid", "spectralVariance", "spectralSkewness", "psySharpness"):
        column = LLD.index(f"pcm_fftMag_{name}_sma")
        np.testing.assert_allclose(soft[~quiet, column], loud[~quiet, column], rtol=1e-3)
    crossings = LLD.index("pcm_zcr_sma")
    np.testing.assert_array_equal(soft[:, crossings], loud[:, crossings])
    energy = LLD.index("pcm_RMSenergy_sma")
    np.testing.assert_allclose(soft[:, energy], 0.5 * loud[:, energy], rtol=1e-5)


def test_a_shift_by_one_hop_shifts_the_frames_by_one():
    clip = made_voice(16000)[8000:]
    whole = compare.extract([clip], rate_hz=16000, level="lld").values
    later = compare.extract([clip[160:]], rate_hz=16000, level="lld").values
    # filtered bands remember a clip's beginning, periods and pitch look back
    forgetful = [at for at, name in enumerate(LLD) if "fftMag" in name or name.startswith(("mfcc", "pcm_"))]
    np.testing.assert_allclose(whole[10:-8][:, forgetful], later[9:-8][:, forgetful], rtol=1e-3, atol=1e-3)


def test_a_tone_has_its_frequency_as_centroid_and_little_spread():
    tone = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype(np.float32)
    frame = dict(zip(LLD, compare.extract([tone], rate_hz=16000, level="lld").values[50], strict=True))
    assert frame["pcm_fftMag_spectralCentroid_sma"] == pytest.approx(1000, abs=2)
    assert frame["pcm_fftMag_spectralRollOff50.0_sma"] == 1000
    assert np.sqrt(frame["pcm_fftMag_spectralVariance_sma"]) < 40
    assert frame["pcm_zcr_sma"] == pytest.approx(0.125, abs=0.003)
    assert frame["pcm_RMSenergy_sma"] == pytest.approx(0.3 / np.sqrt(2), rel=1e-3)


def test_the_set_is_found_by_its_name():
    assert registry.find("features", "compare") is compare
