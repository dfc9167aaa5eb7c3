"""Every feature set: a card, columns as it says, and signals that no recording should be."""

import numpy as np
import pytest

from mien.core import registry
from mien.core.errors import ConfigError, DataError

NAMES = registry.names("features")
KEYS = {
    "title",
    "paper",
    "year",
    "inputs",
    "outputs",
    "levels",
    "descriptors",
    "min_duration_s",
    "departures",
}


@pytest.fixture(scope="module", params=NAMES)
def component(request):
    return registry.find("features", request.param)


def levels_of():
    return [(name, level) for name in NAMES for level in registry.find("features", name).CARD["levels"]]


def voice(seconds=1.0, rate_hz=16000, seed=0):
    """Return a buzz of 120 Hz that falls silent for its last third."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(0, 1e-3, time.size)
    return (0.1 * buzz * (time < 2 * seconds / 3) + noise).astype(np.float32)


def test_the_card_says_what_a_user_must_know(component):
    assert component.CARD.keys() - {"voiced_only", "groups", "needs"} == KEYS
    assert set(component.CARD.get("voiced_only", ())) <= set(component.CARD["levels"]["lld"])
    for one in component.CARD["descriptors"]:
        assert one.unit
        assert one.meaning
        assert one.window_s > 0


@pytest.mark.parametrize(("name", "level"), levels_of())
def test_columns_are_those_of_the_card_and_values_are_numbers(name, level):
    component = registry.find("features", name)
    found = component.extract([voice(), voice(0.5)], rate_hz=16000, level=level)
    assert found.columns == component.CARD["levels"][level]
    assert found.values.shape == (found.starts[-1], len(found.columns))
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize(("name", "level"), levels_of())
def test_a_clip_alone_is_the_same_as_in_a_batch(name, level):
    component = registry.find("features", name)
    clips = [voice(0.7, seed=1), voice(1.3, seed=2), voice(0.2, seed=3)]
    batch = component.extract(clips, rate_hz=16000, level=level)
    for number, clip in enumerate(clips):
        alone = component.extract([clip], rate_hz=16000, level=level)
        np.testing.assert_allclose(batch.clip(number), alone.values, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "level"), levels_of())
@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
def test_silence_clipping_offset_and_every_rate_give_numbers(name, level, rate_hz):
    component = registry.find("features", name)
    loud = np.clip(50 * voice(rate_hz=rate_hz), -1, 1)
    signals = [np.zeros(rate_hz, np.float32), loud, voice(rate_hz=rate_hz) + np.float32(0.5)]
    found = component.extract(signals, rate_hz=rate_hz, level=level)
    assert np.isfinite(found.values).all()


def test_too_short_a_clip_is_refused_with_the_least_there_must_be(component):
    least = component.CARD["min_duration_s"]
    component.extract([np.zeros(round(least * 16000), np.float32)], rate_hz=16000)
    for samples in (1, round(least * 16000) - 1):
        with pytest.raises(DataError, match=f"expected at least {least:g} s"):
            component.extract([np.zeros(samples, np.float32)], rate_hz=16000)


def test_stereo_and_values_that_are_no_numbers_are_refused(component):
    with pytest.raises(DataError, match="mix it to mono"):
        component.extract([np.zeros((2, 16000), np.float32)], rate_hz=16000)
    with pytest.raises(DataError, match="not finite"):
        component.extract([np.full(16000, np.nan, np.float32)], rate_hz=16000)


def test_an_unknown_level_and_too_low_a_rate_are_refused(component):
    with pytest.raises(ConfigError, match="expected functionals or lld"):
        component.extract([voice()], rate_hz=16000, level="frames")
    with pytest.raises(ConfigError, match="8000"):
        component.extract([voice(rate_hz=4000)], rate_hz=4000)
