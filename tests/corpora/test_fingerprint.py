"""Copies are found whatever was done to them, and other takes are not taken for copies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.corpora import emodb, fsdd, urdu
from mien.corpora.fingerprint import MOST_ERRORS, fingerprint, near_copies
from mien.corpora.sound import listen
from mien.signals.decode import decode
from mien.signals.degrade import apply, clip_generator
from mien.signals.resample import resample


def to_rate(rate_hz):
    return lambda samples, own, name: (resample(samples, own, rate_hz), rate_hz)


def degraded(condition, level):
    def change(samples, own, name):
        generator = clip_generator(name, condition)
        slow = resample(samples, own, 16000)
        return apply(slow, condition, level, rate_hz=16000, generator=generator), 16000

    return change


CHANGES = [
    lambda samples, own, name: (samples * np.float32(0.05), own),
    lambda samples, own, name: (samples[round(0.12 * own) : -round(0.2 * own)], own),
    to_rate(8000),
    to_rate(44100),
    degraded("mp3", 3),
    degraded("opus", 3),
    degraded("amr", 2),
    degraded("mu-law", 1),
    degraded("microphone", 2),
]


@pytest.fixture(scope="module")
def clips(data_root):
    """Return every fifth clip of EmoDB: ten actors, the same ten sentences."""
    table = emodb.load(data_root / "emodb").iloc[::5]
    found = {}
    for row in table.itertuples():
        signal = decode(row.file, mono=True)
        found[row.segment] = signal.samples[0], signal.rate_hz
    return found


def test_planted_copies_are_found_and_other_takes_of_the_sentence_are_not(clips):
    prints = {name: fingerprint(*one) for name, one in clips.items()}
    planted = {}
    for number, name in enumerate(list(clips)[: 6 * len(CHANGES)]):
        change = CHANGES[number % len(CHANGES)]
        planted[f"copy of {name}"] = fingerprint(*change(*clips[name], name))
    found = near_copies(prints | planted)
    right = [one.second == f"copy of {one.first}" for one in found.itertuples()]
    assert sum(right) / len(planted) >= 0.95
    assert sum(right) / len(found) >= 0.99


def test_copies_in_a_real_corpus_are_found_that_hashes_cannot_see(data_root):
    table = urdu.load(data_root / "urdu")
    names = [f"urdu/{one}" for one in ("SF1_F4_H04", "SF4_F3_H019", "SM24_F14_S026", "SM24_F15_S027")]
    pairs = near_copies(listen(table[table["segment"].isin(names)]).prints)
    assert {frozenset(one) for one in pairs[["first", "second"]].to_numpy().tolist()} == {
        frozenset(names[:2]),
        frozenset(names[2:]),
    }


def test_one_voice_that_says_a_short_word_again_is_no_copy_but_a_scaled_file_is(data_root):
    table = fsdd.load(data_root / "fsdd")
    george = table[table["speaker"] == "fsdd/george"]
    prints = listen(george).prints
    assert near_copies(prints).empty
    signal = decode(george["file"].iloc[-1], mono=True)
    again = fingerprint(0.2 * signal.samples[0], signal.rate_hz)
    assert near_copies(prints | {"again": again})["first"].tolist() == [george["segment"].iloc[-1]]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1.0), st.integers(0, 12000))
def test_offset_and_errors_are_those_of_the_cut(seed, gain, start):
    noise = np.random.default_rng(seed).normal(scale=0.2, size=48000).astype(np.float32)
    part = np.float32(gain) * noise[start : start + 32000]
    (row,) = near_copies({"whole": fingerprint(noise, 16000), "part": fingerprint(part, 16000)}).itertuples()
    assert (row.first, row.second) == ("whole", "part")
    assert row.offset_s == pytest.approx(start / 16000, abs=0.02)
    assert row.error < MOST_ERRORS


def test_silence_and_scraps_are_copies_of_nothing():
    silence = fingerprint(np.zeros(32000, np.float32), 16000)
    scrap = fingerprint(np.ones(100, np.float32), 16000)
    assert not silence.heard.any()
    assert len(scrap.words) == 0
    assert near_copies({"a": silence, "b": silence, "c": scrap, "d": scrap}).empty
    assert near_copies({}).empty
