import numpy as np
import pytest

from mien.signals.degrade.rooms import room

RATE_HZ = 16000


def response(**options: float) -> np.ndarray:
    """Return what a room makes of a click, of unit energy as a whole."""
    click = np.zeros(2 * RATE_HZ, np.float32)
    click[0] = 1.0
    return room(click, np.random.default_rng(3), rate_hz=RATE_HZ, **options)


@pytest.mark.parametrize("reverberation_s", [0.2, 0.7, 1.5])
def test_the_echo_falls_by_60_decibels_in_the_stated_time(reverberation_s):
    echo = response(reverberation_s=reverberation_s, direct_to_reverberant_db=0.0)[1:].astype(float)
    # Schroeder's backward integral, fitted from -5 to -25 dB as ISO 3382 does for T20.
    decay_db = 10 * np.log10(np.cumsum(echo[::-1] ** 2)[::-1] + 1e-30)
    decay_db -= decay_db[0]
    fitted = np.flatnonzero((decay_db < -5) & (decay_db > -25))
    per_second_db = np.polyfit(fitted / RATE_HZ, decay_db[fitted], 1)[0]
    assert -60 / per_second_db == pytest.approx(reverberation_s, rel=0.1)


@pytest.mark.parametrize("ratio_db", [10.0, 0.0, -10.0])
def test_direct_sound_and_echo_have_the_stated_ratio(ratio_db):
    heard = response(reverberation_s=0.5, direct_to_reverberant_db=ratio_db).astype(float)
    found_db = 10 * np.log10(heard[0] ** 2 / np.sum(heard[1:] ** 2))
    assert found_db == pytest.approx(ratio_db, abs=0.05)


def test_a_room_keeps_length_and_power_and_rings_on(syllables):
    wet = room(syllables, np.random.default_rng(0), reverberation_s=0.4, rate_hz=RATE_HZ)
    assert wet.shape == syllables.shape
    assert np.mean(wet**2) == pytest.approx(np.mean(syllables**2), rel=1e-3)
    after = [np.mean(wet[start : start + 800] ** 2) for start in (24000, 25600, 27200)]
    assert after[0] > 3 * after[1] > 9 * after[2] > 0
