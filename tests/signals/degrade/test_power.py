import numpy as np
import pytest

from mien.signals.degrade.power import sounding_frames, sounding_power, within_full_scale

RATE_HZ = 16000


def naive_power(samples: np.ndarray) -> float:
    """Take 20-ms frames one by one and keep those within 30 dB of the loudest."""
    frames = [samples[start : start + 320].astype(float) for start in range(0, samples.size - 319, 320)]
    powers = [sum(frame * frame) / 320 for frame in frames]
    kept = [power for power in powers if power >= max(powers) / 1000]
    return sum(kept) / len(kept)


def test_it_is_what_the_naive_way_gives(syllables):
    noisy = syllables + 1e-4 * np.random.default_rng(0).standard_normal(syllables.size).astype(np.float32)
    assert sounding_power(noisy, rate_hz=RATE_HZ) == pytest.approx(naive_power(noisy), rel=1e-6)


def test_silence_around_a_clip_changes_nothing(syllables):
    padded = np.concatenate([np.zeros(3200, np.float32), syllables, np.zeros(32000, np.float32)])
    assert sounding_power(padded, rate_hz=RATE_HZ) == pytest.approx(
        sounding_power(syllables, rate_hz=RATE_HZ), rel=1e-6
    )


def test_a_clip_shorter_than_a_frame_is_one_frame():
    short = np.array([0.5, -0.5, 0.5], np.float32)
    assert sounding_power(short, rate_hz=RATE_HZ) == 0.25
    assert sounding_frames(short, rate_hz=RATE_HZ).tolist() == [0]


def test_silence_does_not_sound():
    assert sounding_power(np.zeros(1000, np.float32), rate_hz=RATE_HZ) == 0.0
    assert sounding_frames(np.zeros(1000, np.float32), rate_hz=RATE_HZ).size == 0


def test_what_passes_full_scale_is_turned_down_as_a_whole():
    clean = np.array([0.5, -0.25], np.float32)
    np.testing.assert_allclose(within_full_scale(4 * clean, clean), [1.0, -0.5])
    np.testing.assert_array_equal(within_full_scale(2 * clean, clean), 2 * clean)
    beyond = np.array([1.5, 0.3], np.float32)
    np.testing.assert_allclose(within_full_scale(2 * beyond, beyond), beyond)
