"""Streams: what is computed of a segment once is kept by its content."""

import logging

import numpy as np
import pandas as pd
import pytest
import soundfile
from tests.studies.study_case import text_corpus
from tests.studies.voice_case import RATE_HZ, write_voices

from mien.core.errors import ConfigError
from mien.studies import streams
from mien.studies.streams import open_stream
from mien.studies.study_corpora import read_corpora

NOBODY = np.array([], np.int64)


@pytest.fixture
def voices(tmp_path):
    return write_voices(tmp_path / "voices", speakers=2, clips=2)


def corpus_of(table, label="loudness"):
    return read_corpora([str(table)], data=None, label=label)[0]


@pytest.fixture
def described(monkeypatch):
    """Return a list that grows by the number of segments that are described at a time."""
    counts, describe = [], streams._describe

    def watched(name, table, workers):
        counts.append(len(table))
        return describe(name, table, workers)

    monkeypatch.setattr(streams, "_describe", watched)
    return counts


def test_a_segment_is_described_once_whatever_else_is_in_the_corpus(voices, tmp_path, described):
    whole = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache")
    rows = pd.read_csv(voices)
    rows.iloc[[5, 2, 9]].to_csv(voices.with_name("some.csv"), index=False)
    some = open_stream("egemaps", corpus_of(voices.with_name("some.csv")), cache=tmp_path / "cache")
    assert described == [16]
    np.testing.assert_array_equal(some.columns(NOBODY), whole.columns(NOBODY)[[5, 2, 9]])


def test_a_recording_that_changed_is_described_again_and_no_other(voices, tmp_path, described):
    before = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    changed = voices.parent / "s1-3.wav"
    samples, _ = soundfile.read(changed, dtype="float32")
    soundfile.write(changed, samples / 2, RATE_HZ, subtype="FLOAT")
    after = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    assert described == [16, 1]
    assert (before != after).any(axis=1).nonzero()[0].tolist() == [8 + 3]


def test_the_same_recording_twice_is_described_once(voices, tmp_path, described):
    (voices.parent / "s0-1.wav").write_bytes((voices.parent / "s0-0.wav").read_bytes())
    values = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    assert described == [15]
    np.testing.assert_array_equal(values[0], values[1])


def test_what_cannot_be_described_has_no_values_and_is_not_tried_again(voices, tmp_path, described, caplog):
    soundfile.write(voices.parent / "s0-2.wav", np.zeros(100, np.float32), RATE_HZ)
    with caplog.at_level(logging.WARNING):
        first = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    again = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    assert described == [16]
    assert "egemaps cannot describe" in caplog.text
    assert "s0-2" in caplog.text
    assert np.isnan(first).all(axis=1).nonzero()[0].tolist() == [2]
    np.testing.assert_array_equal(first, again)


def test_bags_of_frames_are_kept_likewise_and_a_clip_without_frames_has_none(voices, tmp_path, described):
    soundfile.write(voices.parent / "s0-2.wav", np.zeros(100, np.float32), RATE_HZ)
    train = np.arange(16)
    first = open_stream("egemaps-bag", corpus_of(voices), cache=tmp_path / "cache").columns(train)
    again = open_stream("egemaps-bag", corpus_of(voices), cache=tmp_path / "cache").columns(train)
    assert described == [16]
    np.testing.assert_array_equal(first, again)
    assert np.isnan(first).all(axis=1).nonzero()[0].tolist() == [2]


def test_what_was_described_at_a_time_outlives_a_kill(voices, tmp_path, described, monkeypatch):
    monkeypatch.setattr("mien.studies.stream_cache.AT_ONCE", 6)
    describe = streams._describe

    def dies_at_the_third(name, table, workers):
        if len(described) == 2:
            raise KeyboardInterrupt
        return describe(name, table, workers)

    monkeypatch.setattr(streams, "_describe", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache")
    monkeypatch.setattr(streams, "_describe", describe)
    values = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "cache").columns(NOBODY)
    assert described == [6, 6, 4]
    fresh = open_stream("egemaps", corpus_of(voices), cache=tmp_path / "other").columns(NOBODY)
    np.testing.assert_array_equal(values, fresh)


def test_a_stream_of_voice_refuses_texts(tmp_path):
    with pytest.raises(ConfigError, match="takes voice, but `texts` has words"):
        open_stream("egemaps", text_corpus(), cache=tmp_path)
