import numpy as np
import pytest
import torch

from mien.nets.log_mel import LogMel, mel_matrix


def naive_log_mel(samples: np.ndarray) -> np.ndarray:
    """Return log-mel frames by a plain FFT per frame, float64."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    frames = [
        np.abs(np.fft.rfft(samples[start : start + 512] * hann)) ** 2
        for start in range(0, len(samples) - 511, 256)
    ]
    energy = mel_matrix(rate_hz=16000, window=512, bands=64).astype(np.float64) @ np.array(frames).T
    return np.log10(energy / (energy.mean() + 1e-10) + 1e-5) + 1.5


@pytest.fixture
def samples() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)


def run(samples: np.ndarray) -> np.ndarray:
    return LogMel()(torch.from_numpy(samples)[None], torch.tensor([samples.size]))[0][0].numpy()


def test_log_mel_equals_a_plain_fft(samples):
    np.testing.assert_allclose(run(samples), naive_log_mel(samples), atol=2e-3)


def test_gain_does_not_matter(samples):
    np.testing.assert_allclose(run(samples), run(samples * np.float32(0.003)), atol=1e-3)


def test_frames_behind_the_end_are_zero_and_not_valid(samples):
    padded = np.concatenate([samples, np.zeros(5000, np.float32)])
    frames, valid = LogMel()(torch.from_numpy(padded)[None], torch.tensor([samples.size]))
    count = int(valid.sum())
    assert count == (samples.size - 512) // 256 + 1
    assert torch.all(frames[0, :, count:] == 0)
    np.testing.assert_allclose(frames[0, :, :count].numpy(), run(samples), atol=1e-5)


def test_silence_gives_numbers():
    assert np.isfinite(run(np.zeros(16000, np.float32))).all()


def test_every_mel_band_has_weight_and_unit_area():
    np.testing.assert_allclose(mel_matrix(rate_hz=16000, window=512, bands=64).sum(axis=1), 1.0, rtol=1e-5)


def test_a_tone_lands_in_the_band_of_its_frequency():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    mels = np.linspace(2595 * np.log10(1 + 50 / 700), 2595 * np.log10(1 + 8000 / 700), 66)[1:-1]
    centres_hz = 700 * (10 ** (mels / 2595) - 1)
    assert abs(centres_hz[run(0.1 * tone).mean(axis=1).argmax()] - 1000) < 60
