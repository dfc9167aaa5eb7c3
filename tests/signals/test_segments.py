import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, InputError
from mien.signals.energy import EnergyDetector
from mien.signals.segments import MAX_PART_S, Listed, VoiceActivity, Whole, Windows
from mien.signals.voice_activity import find_detector
from mien.signals.windows import window_spans

RATE_HZ = 100
"""Few samples a second: hours fit into a test, and the arithmetic is the same."""


def ramp(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float32)


def blocks_of(signal: np.ndarray, edges: list[int]) -> list[np.ndarray]:
    cuts = [0, *sorted(min(edge, len(signal)) for edge in edges), len(signal)]
    return [signal[a:b] for a, b in itertools.pairwise(cuts)]


def keys(cuts) -> list[tuple[int, float, float, bytes]]:
    return [(cut.index, cut.start, cut.end, cut.samples.tobytes()) for cut in cuts]


TIMES = st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 6000), st.booleans()), max_size=8)


def listed(times) -> Listed:
    starts = [start / RATE_HZ for start, _, _ in times]
    ends = [math.nan if is_open else (start + length) / RATE_HZ for start, length, is_open in times]
    return Listed(starts, ends)


@settings(deadline=None)
@given(
    samples=st.integers(0, 9000),
    edges=st.lists(st.integers(0, 9000), max_size=30),
    length_s=st.sampled_from([0.5, 3.0, 20.0, 31.5]),
    hop_s=st.sampled_from([0.7, 3.0, 25.0]),
    times=TIMES,
)
def test_cuts_do_not_depend_on_the_blocks(samples, edges, length_s, hop_s, times):
    signal = ramp(samples)
    for segmenter in (Whole(), Windows(length_s, hop_s), listed(times)):
        once = keys(segmenter.cuts([signal], RATE_HZ))
        assert keys(segmenter.cuts(blocks_of(signal, edges), RATE_HZ)) == once


@settings(deadline=None)
@given(samples=st.integers(1, 9000))
def test_the_parts_of_the_whole_add_up_to_the_sample(samples):
    cuts = list(Whole().cuts([ramp(samples)], RATE_HZ))
    np.testing.assert_array_equal(np.concatenate([cut.samples for cut in cuts]), ramp(samples))
    assert cuts[-1].end == samples / RATE_HZ
    assert all(len(cut.samples) <= MAX_PART_S * RATE_HZ for cut in cuts)
    assert len(cuts) == 1 or min(len(cut.samples) for cut in cuts) >= RATE_HZ


@settings(deadline=None)
@given(samples=st.integers(0, 9000), length=st.integers(50, 4000), hop=st.integers(1, 3000))
def test_windows_lie_where_the_arithmetic_says(samples, length, hop):
    hop = max(hop, samples // 40 + 1)
    cuts = list(Windows(length / RATE_HZ, hop / RATE_HZ).cuts([ramp(samples)], RATE_HZ))
    expected = list(window_spans(samples, length=length, hop=hop, shortest=50))
    found = {}
    for cut in cuts:
        start, _ = found.get(cut.index, (cut.start, 0))
        found[cut.index] = (start, cut.end)
    assert [(round(a * RATE_HZ), round(b * RATE_HZ)) for _, (a, b) in sorted(found.items())] == expected


@settings(deadline=None)
@given(samples=st.integers(1, 9000), times=TIMES)
def test_listed_segments_hold_the_samples_of_their_times(samples, times):
    signal = ramp(samples)
    parts = {}
    for cut in listed(times).cuts([signal], RATE_HZ):
        parts.setdefault(cut.index, []).append(cut.samples)
    for row, (start, length, is_open) in enumerate(times):
        expected = signal[start:] if is_open else signal[start : start + length]
        if len(expected):
            np.testing.assert_array_equal(np.concatenate(parts[row]), expected)
        else:
            assert row not in parts


def test_listed_times_that_make_no_sense_are_refused_with_their_row():
    with pytest.raises(InputError, match="row 1"):
        Listed([0.0, 3.0], [1.0, 2.0])
    with pytest.raises(InputError, match="row 0"):
        Listed([-1.0], [2.0])


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError):
        Windows(0.0, 1.0)
    with pytest.raises(ConfigError):
        VoiceActivity(EnergyDetector(), max_segment_s=0.5)


@pytest.mark.parametrize("name", ["energy", "silero"])
def test_speech_cuts_do_not_depend_on_the_blocks(name, speech):
    signal = speech[: 16000 * 25]
    segmenter = VoiceActivity(find_detector(name), max_segment_s=5.0)
    once = keys(segmenter.cuts([signal], 16000))
    assert len(once) > 3
    generator = np.random.default_rng(3)
    for sizes in (1 << 10, 1 << 14, 1 << 17):
        edges = list(np.cumsum(generator.integers(1, sizes, 2 * len(signal) // sizes)))
        assert keys(segmenter.cuts(blocks_of(signal, edges), 16000)) == once


@pytest.mark.parametrize("name", ["energy", "silero"])
def test_speech_cuts_are_ordered_disjoint_and_true_to_their_times(name, speech):
    cuts = list(VoiceActivity(find_detector(name), max_segment_s=6.0).cuts([speech], 16000))
    assert [cut.index for cut in cuts] == list(range(len(cuts)))
    for cut, following in itertools.pairwise(cuts):
        assert cut.end <= following.start
    for cut in cuts:
        assert 0.25 <= cut.end - cut.start <= 6.0
        start, end = round(cut.start * 16000), round(cut.end * 16000)
        np.testing.assert_array_equal(cut.samples, speech[start:end])


@pytest.mark.parametrize("name", ["energy", "silero"])
def test_joined_utterances_are_found_apart(name, speech):
    cuts = list(VoiceActivity(find_detector(name)).cuts([speech], 16000))
    silent = np.abs(speech) < 1e-3
    covered = np.zeros(len(speech), bool)
    for cut in cuts:
        covered[round(cut.start * 16000) : round(cut.end * 16000)] = True
    loud = np.abs(speech) > 0.05
    assert covered[loud].mean() > 0.97
    assert covered[silent].mean() < 0.6
    assert len(cuts) >= 15


def test_speech_at_another_rate_is_cut_at_the_same_times(speech):
    import soxr

    segmenter = VoiceActivity(find_detector("silero"))
    low = [(cut.start, cut.end) for cut in segmenter.cuts([speech], 16000)]
    high = [(cut.start, cut.end) for cut in segmenter.cuts([soxr.resample(speech, 16000, 48000)], 48000)]
    np.testing.assert_allclose(np.array(high), np.array(low), atol=0.1)


def test_silence_has_no_speech():
    for name in ("energy", "silero"):
        assert list(VoiceActivity(find_detector(name)).cuts([np.zeros(160000, np.float32)], 16000)) == []
        assert list(VoiceActivity(find_detector(name)).cuts([], 16000)) == []
