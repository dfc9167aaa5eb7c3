"""Harmonics over noise from periods, against a slow twin and stored numbers of openSMILE 2.6."""

from pathlib import Path

import numpy as np
import pytest
from tests.features.voice.made_voice import made_voice

from mien.features.voice import compare
from mien.features.voice.compare_columns import LLD
from mien.features.voice.period_noise import LOUDEST_DB, UNVOICED_DB, noise_ratio

STORED = np.load(Path(__file__).with_name("stored") / "compare.npz")


def slow_twin(wave, begins, lags, end, expected):
    """The rule of the docstring, written for reading."""
    size = int(expected + 0.5)
    segments = np.stack([wave[begin : begin + size] for begin in (*begins, end)])
    long = [min(lag, size) for lag in (*lags, lags[-1])]
    mean = segments.mean(axis=0)
    harmonic = len(segments) * np.sum(mean[3 : size - 2] ** 2) / (size - 4)
    noise = sum(np.sum((one - mean)[2 : least - 2] ** 2) for one, least in zip(segments, long, strict=True))
    return 10 * np.log10(harmonic / (noise / np.mean([one - 4 for one in long])))


@pytest.mark.parametrize("periods", [1, 2, 4])
def test_a_slow_twin_measures_the_same(periods):
    rng = np.random.default_rng(periods)
    lags = 80 + rng.integers(-5, 6, periods)
    begins = 7 + np.concatenate([[0], np.cumsum(lags)])
    wave = np.sin(2 * np.pi * np.arange(900) / 80) + rng.normal(0, 0.2, 900)
    found = noise_ratio(wave, begins[:-1], lags, begins[-1], 83.4)
    assert found == pytest.approx(slow_twin(wave, begins[:-1], lags, begins[-1], 83.4), abs=1e-9)


def test_more_noise_is_a_lower_ratio_by_as_many_decibels():
    rng, begins, lags = np.random.default_rng(0), 80 * np.arange(5), np.full(5, 80)
    tone, hiss = np.sin(2 * np.pi * np.arange(900) / 80), rng.normal(0, 1, 900)
    soft, loud = (noise_ratio(tone + level * hiss, begins, lags, 400, 80.0) for level in (0.01, 0.1))
    assert soft - loud == pytest.approx(20, abs=0.5)


def test_no_period_is_0_silence_the_lowest_and_no_noise_the_highest():
    none = np.zeros(0, np.int64)
    begins, lags = np.array([0]), np.array([80])
    assert noise_ratio(np.zeros(400), none, none, 0, 80.0) == 0
    assert noise_ratio(np.zeros(400), begins, lags, 80, 80.0) == UNVOICED_DB
    assert noise_ratio(np.tile(np.arange(80.0), 5), begins, lags, 80, 80.0) == LOUDEST_DB


def test_openSMILE_measures_the_same_of_the_made_voice():
    clip, at = made_voice(16000), LLD.index("logHNR_sma")
    ours = compare.extract([clip], rate_hz=16000, level="lld").values[:, at]
    theirs = STORED["16000.lld"][:, at]
    assert (theirs > 0).sum() > 40
    assert np.mean(np.abs(ours - theirs) < 0.01) > 0.98
