import itertools

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.signals.resample import Resampler, resample

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000]


@settings(deadline=None, max_examples=60)
@given(
    samples=st.integers(0, 30000),
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    cuts=st.lists(st.integers(0, 30000), max_size=12),
    seed=st.integers(0, 99),
)
def test_a_stream_gives_the_same_samples_as_the_whole(samples, rates, cuts, seed):
    signal = np.random.default_rng(seed).normal(0, 0.2, samples).astype(np.float32)
    whole = resample(signal, *rates)
    resampler = Resampler(*rates)
    edges = [0, *sorted(min(cut, samples) for cut in cuts), samples]
    parts = [resampler.push(signal[a:b]) for a, b in itertools.pairwise(edges)]
    streamed = np.concatenate([*parts, resampler.finish()])
    np.testing.assert_array_equal(streamed, whole)


@settings(deadline=None, max_examples=60)
@given(samples=st.integers(0, 50000), rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)))
def test_the_duration_is_kept_to_half_a_sample(samples, rates):
    given_hz, wanted_hz = rates
    out = resample(np.zeros(samples, np.float32), given_hz, wanted_hz)
    assert abs(len(out) - samples * wanted_hz / given_hz) <= 0.5


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_the_result_is_that_of_soxr_on_the_whole_signal(rate_hz):
    signal = np.random.default_rng(1).normal(0, 0.2, rate_hz).astype(np.float32)
    ours, theirs = resample(signal, rate_hz, 16000), soxr.resample(signal, rate_hz, 16000, quality="HQ")
    shared = min(len(ours), len(theirs))
    assert abs(len(ours) - len(theirs)) <= 1
    np.testing.assert_allclose(ours[:shared], theirs[:shared], atol=1e-5)


def test_a_tone_keeps_its_frequency_and_its_level():
    time_s = np.arange(44100) / 44100
    out = resample(np.sin(2 * np.pi * 1000 * time_s).astype(np.float32), 44100, 16000)
    spectrum = np.abs(np.fft.rfft(out[4000:12000] * np.hanning(8000)))
    assert np.argmax(spectrum) * 16000 / 8000 == 1000
    assert np.sqrt(np.mean(out[4000:12000] ** 2)) == pytest.approx(np.sqrt(0.5), rel=1e-3)
