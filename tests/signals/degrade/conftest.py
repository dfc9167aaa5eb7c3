"""Clips that degradations are tested on."""

import numpy as np
import pytest

RATE_HZ = 16000


@pytest.fixture
def syllables() -> np.ndarray:
    """Return 1.5 s of a buzz that swells four times a second, then 0.5 s of silence, at 16 kHz."""
    time_s = np.arange(int(1.5 * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 140 * number * time_s) / number for number in range(1, 30))
    voiced = 0.1 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))
    return np.concatenate([voiced, np.zeros(RATE_HZ // 2)]).astype(np.float32)


@pytest.fixture
def hiss() -> np.ndarray:
    """Return a second of white noise at 16 kHz."""
    return (0.1 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
