"""The Geneva set against stored numbers of openSMILE 2.6, and how it must move when a signal does."""

from pathlib import Path

import numpy as np
import pytest
from tests.features.voice.made_voice import RATES_HZ, made_voice

from mien.core import registry
from mien.features.voice import egemaps
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD

STORED = np.load(Path(__file__).with_name("stored") / "egemaps.npz")
SPECTRAL = 10
PITCH = LLD.index("F0semitoneFrom27.5Hz_sma3nz")


@pytest.fixture(scope="module", params=RATES_HZ)
def both(request):
    """Return rate, our frames and openSMILE's, our functionals and openSMILE's."""
    clip = made_voice(request.param)
    frames = egemaps.extract([clip], rate_hz=request.param, level="lld").values
    values = egemaps.extract([clip], rate_hz=request.param).values[0]
    stored = (STORED[f"{request.param}.lld"], STORED[f"{request.param}.functionals"])
    return request.param, frames, stored[0], values, stored[1]


def within(ours, theirs, share=1e-3):
    """Return the share of values that agree to a share of themselves, or of 1/1000 of the largest."""
    scale = np.maximum(np.abs(theirs), 1e-3 * np.abs(theirs).max() + 1e-12)
    return float(np.mean(np.abs(ours - theirs) <= share * scale))


def test_there_are_as_many_frames_as_openSMILE_has(both):
    _, ours, theirs, _, _ = both
    assert ours.shape == theirs.shape


@pytest.mark.parametrize("name", LLD[:SPECTRAL])
def test_spectral_descriptors_are_those_of_openSMILE_on_99_percent_of_frames(both, name):
    _, ours, theirs, _, _ = both
    column = LLD.index(name)
    assert within(ours[:, column], theirs[:, column]) >= 0.99


def test_voice_is_found_where_openSMILE_finds_it_and_its_pitch_is_the_same(both):
    _, ours, theirs, _, _ = both
    voiced = (ours[:, PITCH] > 0) & (theirs[:, PITCH] > 0)
    assert np.mean((ours[:, PITCH] > 0) == (theirs[:, PITCH] > 0)) >= 0.99
    assert voiced.sum() > 50
    assert within(ours[voiced, PITCH], theirs[voiced, PITCH]) >= 0.99


@pytest.mark.parametrize("name", LLD[SPECTRAL + 1 :])
def test_descriptors_of_voice_are_those_of_openSMILE_where_both_hear_it(both, name):
    rate_hz, ours, theirs, _, _ = both
    column = LLD.index(name)
    voiced = (ours[:, PITCH] > 0) & (theirs[:, PITCH] > 0)
    # formants of weak resonances hang on the last place of the predictor, at high rates more of them
    least = 0.9 if rate_hz <= 16000 else 0.75
    assert within(ours[voiced, column], theirs[voiced, column], share=1e-2) >= least


def test_functionals_are_within_1_percent_of_those_of_openSMILE(both):
    rate_hz, _, _, ours, theirs = both
    apart = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6)
    differ = [name for name, one in zip(FUNCTIONALS, apart, strict=True) if one > 0.01]
    # at 44.1 kHz openSMILE leaves two frames of this clip out of means over voice, at other rates one
    assert len(differ) <= (3 if rate_hz <= 16000 else 10), differ


def test_a_shift_by_one_hop_shifts_the_frames_by_one():
    clip = made_voice(16000)[8000:]
    whole = egemaps.extract([clip], rate_hz=16000, level="lld").values
    later = egemaps.extract([clip[160:]], rate_hz=16000, level="lld").values
    # flux and periods look back, so the frames after a pause of the whole clip are compared
    kept = [column for column, name in enumerate(LLD) if not name.startswith(("jitter", "shimmer"))]
    np.testing.assert_allclose(whole[60:-8][:, kept], later[59:-8][:, kept], rtol=1e-3, atol=1e-3)


def test_gain_changes_what_hears_level_and_no_ratio():
    clip = made_voice(16000)
    loud = egemaps.extract([clip], rate_hz=16000, level="lld").values
    soft = egemaps.extract([0.5 * clip], rate_hz=16000, level="lld").values
    both = (loud[:, PITCH] > 0) & (soft[:, PITCH] > 0)
    for name in ("alphaRatio_sma3", "hammarbergIndex_sma3", "F1frequency_sma3nz"):
        column = LLD.index(name)
        assert within(loud[both, column], soft[both, column]) > 0.98, name
    np.testing.assert_allclose(loud[both, PITCH], soft[both, PITCH], rtol=1e-3)
    ratio = soft[:, 0] / loud[:, 0]
    np.testing.assert_allclose(ratio, 0.25**0.33, rtol=1e-3)


def test_one_louder_half_is_six_decibels_in_the_equivalent_level():
    clip, at = made_voice(16000), FUNCTIONALS.index("equivalentSoundLevel_dBp")
    loud = egemaps.extract([clip], rate_hz=16000).values[0, at]
    soft = egemaps.extract([0.5 * clip], rate_hz=16000).values[0, at]
    assert loud - soft == pytest.approx(6.0206, abs=1e-3)


def test_a_buzz_of_known_pitch_is_found_to_a_tenth_of_a_semitone():
    time = np.arange(16000) / 16000
    for hz in (90.0, 150.0, 260.0):
        buzz = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, int(7000 / hz)))
        found = egemaps.extract([(0.1 * buzz).astype(np.float32)], rate_hz=16000).values[0, 0]
        assert found == pytest.approx(12 * np.log2(hz / 27.5), abs=0.1)


def test_the_set_is_found_by_its_name():
    assert registry.find("features", "egemaps") is egemaps
