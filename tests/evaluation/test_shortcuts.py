import numpy as np
import pytest

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.shortcuts import find_shortcut

SPEAKER = np.repeat([f"s{number}" for number in range(10)], 24).astype(object)
LABEL = np.array(["anger", "joy", "sad", "calm"] * 60, dtype=object)
LEVEL = np.array([3.0, 1.0, -3.0, 0.0] * 60)


def noise(seed, size=240):
    return np.random.default_rng(seed).normal(size=size)


def test_a_class_that_is_louder_for_everyone_is_found():
    found = find_shortcut((LEVEL + noise(0))[:, None], LABEL, SPEAKER)
    assert found.uar > 0.6
    assert found.by_chance == pytest.approx(0.25, abs=0.04)
    assert found.p == pytest.approx(1 / 201)
    assert found.uar > found.high_by_chance > found.by_chance


def test_numbers_without_any_link_rarely_look_like_one():
    ps = [find_shortcut(noise(seed)[:, None], LABEL, SPEAKER, shuffles=39).p for seed in range(60)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.15


def test_a_level_of_speakers_of_one_class_each_is_judged_against_such_speakers():
    """Each speaker has one class and an own level: freely shuffled clips would make that look like a link."""
    label = np.repeat(["anger", "joy"] * 5, 24).astype(object)
    ps = []
    for seed in range(40):
        level = np.repeat(noise(seed, 10), 24) + 0.1 * noise(seed + 100)
        ps.append(find_shortcut(level[:, None], label, SPEAKER, shuffles=39).p)
    assert np.mean(np.array(ps) <= 0.05) <= 0.15


def test_only_the_order_of_a_measure_counts():
    measures = (LEVEL + noise(0))[:, None]
    assert find_shortcut(measures, LABEL, SPEAKER).uar == find_shortcut(np.exp(measures), LABEL, SPEAKER).uar


def test_a_measure_that_never_changes_tells_nothing():
    found = find_shortcut(np.ones((240, 1)), LABEL, SPEAKER)
    assert found.uar <= found.high_by_chance


def test_bad_input_is_named():
    with pytest.raises(UndefinedScore, match="1 classes"):
        find_shortcut(np.ones((240, 1)), np.array(["a"] * 240, dtype=object), SPEAKER)
    with pytest.raises(DataError, match="not finite"):
        find_shortcut(np.full((240, 1), np.nan), LABEL, SPEAKER)
    with pytest.raises(DataError, match="one row each"):
        find_shortcut(np.ones((3, 1)), LABEL, SPEAKER)
    with pytest.raises(ConfigError, match="5 shuffles"):
        find_shortcut(np.ones((240, 1)), LABEL, SPEAKER, shuffles=5)
