import numpy as np
import pytest

from mien.core.errors import ConfigError, DataError
from mien.signals.degrade import noises

RATE_HZ = 16000


def power_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_training_noise_has_the_asked_ratio_over_the_whole_clip(syllables):
    noisy = noises.noise(syllables, np.random.default_rng(0), snr_db=10.0)
    assert power_db(syllables) - power_db(noisy - syllables) == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize("snr_db", [20.0, 0.0, -5.0])
def test_the_ratio_holds_where_the_clip_sounds(syllables, hiss, snr_db):
    sound = np.concatenate([hiss, hiss])
    noisy = noises.add(syllables, sound, snr_db=snr_db, rate_hz=RATE_HZ)
    # The buzz sounds in the first 1.5 of 2 s.
    assert power_db(syllables[:24000]) - power_db(noisy - syllables) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize(("slope", "per_octave_db"), [(0, 0.0), (1, -3.01), (2, -6.02)])
def test_colours_fall_by_so_many_decibels_per_octave(slope, per_octave_db):
    sound = noises.colour(1 << 18, np.random.default_rng(0), slope=slope)
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    octaves = [spectrum[low : 2 * low].mean() for low in (4096, 8192, 16384, 32768)]
    falls = np.diff(10 * np.log10(octaves))
    np.testing.assert_allclose(falls, per_octave_db, atol=0.3)


def test_colour_leaves_out_what_lies_below_its_limit():
    sound = noises.colour(RATE_HZ, np.random.default_rng(0), slope=2, lowest_hz=50.0, rate_hz=RATE_HZ)
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    assert spectrum[:50].max() < 1e-12 * spectrum.max()
    assert spectrum[50:100].sum() > 0.2 * spectrum.sum()


def test_recorded_noise_begins_where_it_sounds_and_goes_round():
    bark = np.zeros(8000, np.float32)
    bark[3200:3840] = np.linspace(0.1, 0.9, 640, dtype=np.float32)
    for seed in range(20):
        heard = noises.recorded(20000, np.random.default_rng(seed), noises=[bark], rate_hz=RATE_HZ)
        assert heard.size == 20000
        assert heard[0] > 0
        assert np.count_nonzero(heard) >= 2 * 640 - 320
        np.testing.assert_array_equal(heard[:8000], heard[8000:16000])


def test_babble_hears_six_others_equally_loud():
    # One tone per speaker, each at another level: all must come out alike, and six of the eight be heard.
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tones = [200 * (number + 1) for number in range(8)]
    speech = [
        (0.01 * 2**number * np.sin(2 * np.pi * tone * time_s)).astype(np.float32)
        for number, tone in enumerate(tones)
    ]
    mixed = noises.babble(RATE_HZ, np.random.default_rng(0), speech=speech, rate_hz=RATE_HZ)
    heights = np.abs(np.fft.rfft(mixed))[tones]
    assert (heights > 0.5 * heights.max()).sum() == 6
    assert heights[heights > 0.5 * heights.max()].min() > 0.95 * heights.max()


def test_a_single_other_speaker_is_heard_six_times(hiss):
    mixed = noises.babble(RATE_HZ, np.random.default_rng(0), speech=[hiss], rate_hz=RATE_HZ)
    assert np.isfinite(mixed).all()
    assert np.mean(mixed**2) == pytest.approx(6, rel=0.2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.zeros(100, np.float32), "silence of 100 samples"),
        (np.zeros(0, np.float32), "at least one"),
        (np.full(100, np.nan, np.float32), "finite"),
        (np.ones((2, 100), np.float32), r"shape \(2, 100\)"),
    ],
)
def test_noise_that_is_none_is_refused(bad, reason):
    for make in (
        lambda: noises.recorded(10, np.random.default_rng(0), noises=[bad], rate_hz=RATE_HZ),
        lambda: noises.babble(10, np.random.default_rng(0), speech=[bad], rate_hz=RATE_HZ),
    ):
        with pytest.raises(DataError, match=reason):
            make()


def test_no_recordings_are_refused():
    with pytest.raises(ConfigError, match="pass `noises`"):
        noises.recorded(10, np.random.default_rng(0), noises=[], rate_hz=RATE_HZ)
    with pytest.raises(ConfigError, match="pass `speech`"):
        noises.babble(10, np.random.default_rng(0), speech=[], rate_hz=RATE_HZ)
