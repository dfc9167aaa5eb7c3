"""Bags of sounds: additive, of every frame, and able to tell simple sounds apart."""

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.features.bags.sounds import BANDS, describe_sounds, sound_bags


def clip(kind, seed, seconds=1.0, rate_hz=16000):
    generator = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    noise = generator.normal(size=time.size)
    if kind == "noise":
        return (0.1 * noise).astype(np.float32)
    hz = generator.uniform(200, 400)
    return (0.1 * np.sin(2 * np.pi * hz * time) + 0.001 * noise).astype(np.float32)


def test_frames_of_both_windows_share_their_middle():
    click = np.full(16000, 1e-3, np.float32)
    click[8000] = 1
    found = describe_sounds([click], rate_hz=16000)
    short, long = found.values[:, :BANDS].max(axis=1), found.values[:, BANDS:].max(axis=1)
    middle = (8000 - 800) / 160
    assert short.argmax() == pytest.approx(middle, abs=1)
    assert long.argmax() == pytest.approx(middle, abs=1)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_every_rate_gives_numbers_every_10_ms(rate_hz):
    found = describe_sounds([np.zeros(rate_hz, np.float32), clip("tone", 0, 0.5, rate_hz)], rate_hz=rate_hz)
    assert np.isfinite(found.values).all()
    assert found.starts[-1] == pytest.approx(91 + 41, abs=2)


def test_bags_tell_tones_from_noise_and_say_where():
    clips = [clip(kind, seed) for seed in range(6) for kind in ("noise", "tone")]
    frames = describe_sounds(clips, rate_hz=16000)
    bags = sound_bags().fit(frames)
    values = bags.transform(frames).select_dtypes("float32").to_numpy()
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    alike = unit @ unit.T
    assert alike[::2, 1::2].max() < alike[::2, ::2].min()
    both = describe_sounds([np.concatenate([clips[0], clips[1]])], rate_hz=16000)
    told = bags.words(both)
    early = set(told.loc[told["start"] < 0.8, "word"])
    assert not early & set(told.loc[told["start"] > 1.1, "word"])


@pytest.mark.parametrize("bad", [np.zeros(100), np.zeros((2, 16000)), np.full(16000, np.nan)])
def test_clips_that_cannot_be_described_are_told(bad):
    with pytest.raises(DataError, match="expected finite samples of one channel"):
        describe_sounds([np.asarray(bad, np.float32)], rate_hz=16000)
