import numpy as np
import pytest

from mien.core.errors import DataError
from mien.evaluation.intervals import speaker_bootstrap


def accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float(np.mean(truth == prediction))


def test_interval_covers_the_true_accuracy_when_speakers_differ():
    generator, covered = np.random.default_rng(0), 0
    for simulation in range(100):
        skill = np.clip(generator.normal(0.7, 0.1, 30), 0, 1)
        speaker = np.repeat(np.arange(30), 20)
        correct = generator.random(600) < skill[speaker]
        low, high = speaker_bootstrap(
            accuracy, np.ones(600), correct.astype(float), speaker=speaker, draws=200, seed=simulation
        )
        covered += low <= 0.7 <= high
    assert covered >= 85


def test_interval_by_speaker_is_wider_than_by_clip_when_speakers_differ():
    speaker = np.repeat(np.arange(10), 50)
    correct = (speaker % 2).astype(float)
    low, high = speaker_bootstrap(accuracy, np.ones(500), correct, speaker=speaker)
    clip_low, clip_high = speaker_bootstrap(accuracy, np.ones(500), correct, speaker=np.arange(500))
    assert high - low > 3 * (clip_high - clip_low)


def test_one_speaker_is_refused():
    with pytest.raises(DataError, match="at least 2"):
        speaker_bootstrap(accuracy, np.ones(3), np.ones(3), speaker=np.zeros(3))
