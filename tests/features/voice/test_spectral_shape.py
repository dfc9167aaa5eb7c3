"""Shapes of spectra and filtered bands against formulas in numpy and openSMILE 2.6's answers."""

import numpy as np
import pytest
from scipy.signal import lfilter

from mien.features.voice.rasta import rasta
from mien.features.voice.spectral_shape import NAMES, bark, shape

SIZE, RATE = 512, 16000


def of(spectrum):
    """Return the shape of one power spectrum by name."""
    found = shape(np.atleast_2d(spectrum).astype(np.float32), size=SIZE, rate_hz=RATE)
    return dict(zip(NAMES, found[0].tolist(), strict=True))


def noise(seed=0):
    return np.random.default_rng(seed).random(SIZE // 2 + 1)


def test_moments_are_those_of_a_distribution_over_frequency():
    power = noise()
    share, hz = power[1:] / power[1:].sum(), np.arange(1, 257) * RATE / SIZE
    mean = share @ hz
    spread = share @ (hz - mean) ** 2
    found = of(power)
    assert found["spectralCentroid"] == pytest.approx(mean, rel=1e-5)
    assert found["spectralVariance"] == pytest.approx(spread, rel=1e-5)
    assert found["spectralSkewness"] == pytest.approx(share @ (hz - mean) ** 3 / spread**1.5, abs=1e-5)
    assert found["spectralKurtosis"] == pytest.approx(share @ (hz - mean) ** 4 / spread**2, rel=1e-5)
    assert found["spectralEntropy"] == pytest.approx(-share @ np.log2(share), rel=1e-5)
    assert found["spectralSlope"] == pytest.approx(255 * np.polyfit(hz, power[1:], 1)[0], rel=1e-4)


def test_roll_off_is_the_first_bin_at_which_the_share_is_reached():
    power = np.zeros(257)
    power[[10, 20, 30, 40]] = 3, 3, 3, 1
    found = of(power)
    assert [found[f"spectralRollOff{share}.0"] for share in (25, 50, 75, 90)] == [
        pytest.approx(31.25 * at) for at in (10, 20, 30, 30)
    ]


@pytest.mark.parametrize(
    ("peaks", "ways"),
    [
        ({50: 9}, 0),
        ({50: 9, 60: 4}, 5),
        ({50: 9, 52: 4}, 0),  # two bins apart neither stands out
        ({50: 9, 53: 4}, 5),
        ({48: 4, 49: 6.25, 50: 9, 51: 4, 52: 2.25, 53: 1, 54: 2.25, 55: 4, 56: 7.29, 57: 4}, 14.29),
    ],
)
def test_harmonicity_is_the_way_between_what_stands_out_by_two_bins(peaks, ways):
    power = np.ones(257) if len(peaks) > 4 else np.zeros(257)
    for at, height in peaks.items():
        power[at] = height
    assert of(power)["spectralHarmonicity"] == pytest.approx(ways / 512, rel=1e-5)


@pytest.mark.parametrize(
    ("power", "bits"), [(1.0, 5.929642e-4), (1e-2, 0.04235458), (1e-4, 2.541275), (1e-6, 84.70916)]
)
def test_entropy_of_one_bin_counts_the_faint_ones_as_openSMILE_does(power, bits):
    spectrum = np.zeros(257)
    spectrum[50] = power
    assert of(spectrum)["spectralEntropy"] == pytest.approx(bits, rel=2e-3)


def test_silence_has_no_shape_and_the_lowest_roll_off():
    found = of(np.zeros(257))
    assert {name for name, value in found.items() if value} == {
        f"spectralRollOff{share}.0" for share in (25, 50, 75, 90)
    }
    assert found["spectralRollOff90.0"] == pytest.approx(31.25)


def test_sharpness_of_one_bin_is_its_place_on_the_bark_scale():
    for at in (20, 60, 250):
        spectrum = np.zeros(257)
        spectrum[at] = 1
        z = float(bark(np.array([at * RATE / SIZE]))[0])
        weight = 1 + 3 * (max(z - 16, 0) / 8) ** np.log2(3)
        assert of(spectrum)["psySharpness"] == pytest.approx(0.11 * z * weight, rel=1e-4)


def test_the_filter_over_time_is_the_recursion_and_begins_after_five_frames():
    logs = np.random.default_rng(1).normal(0, 1, (40, 3)).astype(np.float32)
    pole, inner = 1 - np.sin(2 * np.pi * 0.01), -2 * np.cos(2 * np.pi * 0.29)
    outer = np.sqrt(0.05 / (1 + inner**2))
    taps = outer * np.array([1, inner, 0, -inner, -1])
    changes = sum(tap * np.roll(logs, lag, axis=0) for lag, tap in enumerate(taps))
    changes[:5] = 0
    twin = lfilter([1], [1, -pole], changes, axis=0)
    found = rasta(np.concatenate([logs, logs]), np.array([0, 40, 80]), hop_s=0.01)
    np.testing.assert_allclose(found[:40], twin, atol=1e-5)
    np.testing.assert_array_equal(found[:40], found[40:])


def test_what_stays_the_same_is_filtered_away():
    steady = rasta(np.full((400, 2), 7, np.float32), np.array([0, 400]), hop_s=0.01)
    assert np.abs(steady).max() < 1e-5
