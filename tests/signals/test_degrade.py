import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.signals import degrade

RATE_HZ = 16000


@pytest.fixture
def samples() -> np.ndarray:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * 220 * time_s) * (1 + np.sin(2 * np.pi * 3 * time_s)) / 2).astype(
        np.float32
    )


def power_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_gain_changes_the_level_by_as_many_decibels(samples):
    assert power_db(degrade.gain(samples, -12.0)) == pytest.approx(power_db(samples) - 12, abs=1e-3)


def test_noise_has_the_asked_signal_to_noise_ratio(samples):
    noisy = degrade.noise(samples, np.random.default_rng(0), snr_db=10.0)
    assert power_db(samples) - power_db(noisy - samples) == pytest.approx(10.0, abs=0.01)


def test_room_and_microphone_keep_length_and_power(samples):
    for changed in (
        degrade.room(samples, np.random.default_rng(0), reverberation_s=0.4, rate_hz=RATE_HZ),
        degrade.microphone(samples, np.random.default_rng(0), depth_db=6.0, rate_hz=RATE_HZ),
    ):
        assert changed.shape == samples.shape
        assert power_db(changed) == pytest.approx(power_db(samples), abs=0.01)
        assert not np.allclose(changed, samples, atol=1e-3)


def test_room_rings_on_after_the_sound_has_ended():
    click = np.zeros(RATE_HZ, np.float32)
    click[100] = 0.5
    wet = degrade.room(click, np.random.default_rng(0), reverberation_s=0.3, rate_hz=RATE_HZ)
    early, late = np.mean(wet[200:1200] ** 2), np.mean(wet[4000:5000] ** 2)
    assert early > 10 * late > 0


def test_telephone_leaves_nothing_above_four_kilohertz():
    white = (0.1 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(degrade.telephone(white, rate_hz=RATE_HZ))) ** 2
    assert spectrum[4200:].sum() < 1e-3 * spectrum[:3800].sum()


def test_mp3_is_heard_as_the_same_tone(samples):
    decoded = degrade.mp3(samples, bit_rate=24000, rate_hz=RATE_HZ)
    assert decoded.shape == samples.shape
    assert abs(int(np.abs(np.fft.rfft(decoded)).argmax()) - 220) <= 2
    assert not np.array_equal(decoded, samples)


def test_speed_shortens_and_raises_the_pitch(samples):
    fast = degrade.speed(samples, 1.1, rate_hz=RATE_HZ)
    assert fast.size == pytest.approx(samples.size / 1.1, abs=2)
    peak_hz = np.abs(np.fft.rfft(fast)).argmax() * RATE_HZ / fast.size
    assert peak_hz == pytest.approx(242, abs=3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_chain_gives_finite_samples_and_repeats_by_seed(seed):
    samples = (0.1 * np.random.default_rng(1).standard_normal(8000)).astype(np.float32)
    first = degrade.degrade(samples, np.random.default_rng(seed), rate_hz=RATE_HZ)
    again = degrade.degrade(samples, np.random.default_rng(seed), rate_hz=RATE_HZ)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert 8000 / 1.13 < first.size < 8000 / 0.87
    np.testing.assert_array_equal(first, again)
