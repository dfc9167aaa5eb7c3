import numpy as np
import pytest

from mien.signals.degrade import filters

RATE_HZ = 16000


def gain_db(changed: np.ndarray, original: np.ndarray, low_hz: int, high_hz: int) -> float:
    ratio = [np.sum(np.abs(np.fft.rfft(one)[low_hz:high_hz]) ** 2) for one in (changed, original)]
    return float(10 * np.log10(ratio[0] / ratio[1]))


def test_a_band_keeps_what_is_inside_and_takes_what_is_outside(hiss):
    kept = filters.band(hiss, low_hz=300, high_hz=3400, rate_hz=RATE_HZ)
    assert gain_db(kept, hiss, 350, 3000) == pytest.approx(0, abs=0.1)
    assert gain_db(kept, hiss, 10, 250) < -25
    assert gain_db(kept, hiss, 3900, 8000) < -25


def test_half_the_amplitude_passes_at_the_edge():
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    for edges in ({"low_hz": 1000.0}, {"high_hz": 1000.0}):
        middle = filters.band(tone, **edges, rate_hz=RATE_HZ)[4000:12000]
        assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, abs=0.02)


def test_a_limit_above_half_the_rate_changes_nothing(hiss):
    np.testing.assert_allclose(filters.band(hiss, high_hz=9000, rate_hz=RATE_HZ), hiss, atol=1e-6)


def test_a_filter_does_not_ring_around_to_the_beginning():
    late = np.zeros(RATE_HZ, np.float32)
    late[-1] = 1.0
    assert np.abs(filters.band(late, low_hz=300, high_hz=3400, rate_hz=RATE_HZ)[:8000]).max() < 1e-4


def test_a_microphone_keeps_length_and_power_and_colours_by_so_many_decibels():
    white = (0.1 * np.random.default_rng(1).standard_normal(4 * RATE_HZ)).astype(np.float32)
    gains_db = []
    for seed in range(60):
        heard = filters.microphone(white, np.random.default_rng(seed), depth_db=6.0, rate_hz=RATE_HZ)
        assert heard.shape == white.shape
        assert np.mean(heard**2) == pytest.approx(np.mean(white**2), rel=1e-3)
        # 1 Hz is a quarter of a bin here: around the anchors at 696 and 3542 Hz, whose gains are independent.
        gains_db.append(gain_db(heard, white, 2700, 2850) - gain_db(heard, white, 14000, 14300))
    assert np.std(gains_db) == pytest.approx(6 * np.sqrt(2), rel=0.3)
