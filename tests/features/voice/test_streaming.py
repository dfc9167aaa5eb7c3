"""A voice described while it speaks is described as afterwards, in any pieces, soon, and in fixed memory."""

import pickle
from functools import cache

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.voice.made_voice import RATES_HZ, made_voice

from mien.core.errors import ConfigError, DataError
from mien.features.voice import egemaps
from mien.features.voice.geneva_columns import FUNCTIONALS, LLD
from mien.features.voice.streaming import GenevaStream

PERCENTILES = [at for at, name in enumerate(FUNCTIONALS) if "percentile" in name]
RANGES = [at for at, name in enumerate(FUNCTIONALS) if "pctlrange" in name]
PEAKS = [at for at, name in enumerate(FUNCTIONALS) if name.endswith("gSlope") or "Peaks" in name]
EXACT = sorted(set(range(len(FUNCTIONALS))) - {*PERCENTILES, *RANGES, *PEAKS})


@cache
def voice(rate_hz):
    """Return a made voice, its frames and its functionals."""
    clip = made_voice(rate_hz)
    frames, values = (
        egemaps.extract([clip], rate_hz=rate_hz, level=level).values for level in ("lld", "functionals")
    )
    return clip, frames, values[0]


def stream_of(clip, rate_hz, pieces):
    """Return the frames of a clip given in pieces, over and over, and the stream."""
    stream, found, at, number = GenevaStream(rate_hz, functionals=True), [], 0, 0
    while at < clip.size:
        piece = pieces[number % len(pieces)]
        found.append(stream.push(clip[at : at + piece]))
        at, number = at + piece, number + 1
    found.append(stream.finish())
    return np.concatenate(found), stream


def assert_same_frames(found, expected):
    """1e-4 of a value, or of a hundredth of its column's largest: slopes cross zero, and sums round."""
    assert found.shape == expected.shape
    scale = np.maximum(np.abs(expected), 0.01 * np.abs(expected).max(axis=0))
    apart = np.abs(found - expected) / np.maximum(scale, 1e-12)
    assert {LLD[at]: float(apart[:, at].max()) for at in np.flatnonzero((apart > 1e-4).any(axis=0))} == {}


def assert_near_functionals(found, expected):
    """The bounds of `GenevaStream.functionals`, but for peaks."""
    scale = np.maximum(np.abs(expected), 1e-6)
    for at, name in enumerate(FUNCTIONALS):
        if name.endswith("stddevNorm"):  # a mean that is small beside its spread is what is left of rounding
            scale[at - 1 : at + 1] *= max(1, 0.01 * abs(expected[at]))
    apart = np.abs(found - expected)
    assert {FUNCTIONALS[at] for at in EXACT if apart[at] > 1e-4 * scale[at]} == set()
    assert (apart[PERCENTILES] <= 1.01e-4 * scale[PERCENTILES]).all()
    for at in RANGES:  # the range of percentiles stands behind the three
        assert apart[at] <= 1.01e-4 * (found[at - 3] + found[at - 1])


@pytest.mark.parametrize("rate_hz", [*RATES_HZ, 22050])
def test_frames_and_functionals_are_those_of_the_whole(rate_hz):
    clip, frames, values = voice(rate_hz)
    found, stream = stream_of(clip, rate_hz, [rate_hz // 100])
    assert_same_frames(found, frames)
    assert_near_functionals(stream.functionals(), values)
    np.testing.assert_allclose(stream.functionals()[PEAKS], values[PEAKS], rtol=1e-4, atol=1e-6)
    assert stream.frames == len(frames)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 12000), min_size=1, max_size=6), st.integers(0, 8000))
def test_pieces_of_any_length_give_the_same(pieces, begin):
    clip = voice(8000)[0][begin : begin + 8000]
    expected = egemaps.extract([clip], rate_hz=8000, level="lld").values
    found, stream = stream_of(clip, 8000, [max(pieces) // 20 + piece for piece in pieces])
    assert_same_frames(found, expected)
    assert_near_functionals(stream.functionals(), egemaps.extract([clip], rate_hz=8000).values[0])


def test_sample_by_sample_gives_the_same():
    clip = voice(8000)[0][4000:7200]
    found, _ = stream_of(clip, 8000, [1])
    assert_same_frames(found, egemaps.extract([clip], rate_hz=8000, level="lld").values)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_no_frame_is_later_than_the_delay_and_none_earlier_than_it_can_be(rate_hz):
    clip, stream, soonest = voice(rate_hz)[0], GenevaStream(rate_hz), []
    hop = rate_hz // 100
    for at in range(0, clip.size, hop):
        stream.push(clip[at : at + hop])
        seen_s = min(at + hop, clip.size) / rate_hz
        assert stream.frames >= int((seen_s - stream.delay_s) / stream.hop_s + 1 + 1e-6)
        soonest.append(seen_s - stream.hop_s * stream.frames)
    # a frame needs the one after it, which lasts 60 ms; most come as soon as that, or a few frames later
    assert min(soonest[60:]) >= 0.07 - 0.01 - 1e-6
    assert np.median(soonest[60:]) <= 0.1


def test_real_voices_are_described_alike(data_root):
    same_peaks = []
    for corpus, number in (("emodb", 40), ("emodb", 300), ("ravdess_speech", 700), ("nemo", 200)):
        path = sorted((data_root / corpus / "audio").glob("*.flac"))[number]
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        clip = samples.mean(axis=1)
        found, stream = stream_of(clip, rate_hz, [rate_hz // 50, 37, rate_hz])
        assert_same_frames(found, egemaps.extract([clip], rate_hz=rate_hz, level="lld").values)
        values = egemaps.extract([clip], rate_hz=rate_hz).values[0]
        assert_near_functionals(stream.functionals(), values)
        same_peaks.append(np.allclose(stream.functionals()[PEAKS], values[PEAKS], rtol=1e-4, atol=1e-6))
    assert sum(same_peaks) >= 3


def test_memory_does_not_grow():
    clip, stream, sizes = voice(8000)[0], GenevaStream(8000, functionals=True), []
    for _ in range(12):
        for at in range(0, clip.size, 4000):
            stream.push(clip[at : at + 4000])
        sizes.append(len(pickle.dumps(stream)))
    assert max(sizes[2:]) < 1.1 * sizes[1]


def test_functionals_move_with_the_voice_and_asking_does_not_change_them():
    clip, rate_hz = voice(16000)[0], 16000
    asked, silent = GenevaStream(rate_hz, functionals=True), GenevaStream(rate_hz, functionals=True)
    assert asked.functionals().shape == (88,)
    rows = []
    for at in range(0, clip.size, 8000):
        for stream in (asked, silent):
            stream.push(clip[at : at + 8000])
        rows.append(asked.functionals())
    for stream in (asked, silent):
        stream.finish()
    np.testing.assert_allclose(asked.functionals(), silent.functionals(), rtol=1e-5)
    level = FUNCTIONALS.index("equivalentSoundLevel_dBp")
    assert rows[0][level] < rows[2][level]


def test_silence_and_the_shortest_stream_have_rows():
    stream = GenevaStream(16000, functionals=True)
    rows = np.concatenate([stream.push(np.zeros(960)), stream.finish()])
    expected = egemaps.extract([np.zeros(960, np.float32)], rate_hz=16000, level="lld").values
    assert_same_frames(rows, expected)
    expected = egemaps.extract([np.zeros(960, np.float32)], rate_hz=16000).values[0]
    assert_near_functionals(stream.functionals(), expected)


def test_bad_samples_are_told_and_not_taken():
    clip, frames, _ = voice(8000)
    stream = GenevaStream(8000)
    found = [stream.push(clip[:5000])]
    for bad, said in (
        (np.zeros((2, 80)), "mix channels"),
        (np.zeros(80, np.int16), "divide whole numbers"),
        ([0.0, np.nan], "not finite"),
    ):
        with pytest.raises(DataError, match=said):
            stream.push(bad)
    assert stream.push([]).shape == (0, 25)
    found += [stream.push(clip[5000:]), stream.finish()]
    assert_same_frames(np.concatenate(found), frames)


def test_a_stream_ends_once_and_not_too_early():
    stream = GenevaStream(8000)
    stream.push(np.zeros(479))
    with pytest.raises(DataError, match="at least 480 samples"):
        stream.finish()
    stream.push(np.zeros(1))
    assert len(stream.finish()) == 2
    with pytest.raises(DataError, match="second end"):
        stream.finish()
    with pytest.raises(DataError, match="new GenevaStream"):
        stream.push(np.zeros(80))


def test_wrong_options_are_told():
    with pytest.raises(ConfigError, match="8000 or more"):
        GenevaStream(4000)
    with pytest.raises(ConfigError, match="functionals=True"):
        GenevaStream(8000).functionals()
