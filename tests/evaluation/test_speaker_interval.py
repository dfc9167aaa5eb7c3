"""A value comes with its interval, or with the reason why it has none."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import UndefinedScore
from mien.evaluation.intervals import bootstrap
from mien.evaluation.resampling import resample
from mien.evaluation.speaker_interval import over_speakers

RIGHT = np.random.default_rng(0).random(60) < 0.7
SPEAKER = pd.Series(np.repeat(list("abcdef"), 10))


def found(speaker: pd.Series, value=RIGHT.mean):
    return over_speakers(
        value, lambda names: resample(np.mean, RIGHT, cluster=names, draws=200), speaker=speaker
    )


def test_the_interval_is_that_of_the_bootstrap_by_speaker():
    interval = bootstrap(np.mean, RIGHT, cluster=SPEAKER.to_numpy(), draws=200)
    assert found(SPEAKER) == (pytest.approx(interval.value), interval.low, interval.high, "")


def test_a_value_without_an_interval_says_why():
    assert found(SPEAKER.where(SPEAKER != "a"))[1:] == (None, None, "no interval: who speaks is not known")
    value, low, high, note = found(pd.Series(["a"] * 60))
    assert (value, low, high) == (RIGHT.mean(), None, None)
    assert note.startswith("no interval: Got 1 clusters")


def test_a_score_without_value_gives_its_reason():
    def undefined() -> float:
        raise UndefinedScore("no right answer")

    assert found(SPEAKER, undefined) == (None, None, None, "no right answer")
