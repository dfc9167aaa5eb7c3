"""Jitter and shimmer against openSMILE 2.6.0, a slow twin, and waves whose periods are known.

`stored/periods.npz` holds what openSMILE's cPitchJitter gave for `trembling_vowel` (eGeMAPS: search 0.1,
ComParE: search 0.25), with the pitch it was given.
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.features.voice.periods import PeriodWalk, jitter_and_shimmer

STORED = Path(__file__).with_name("stored") / "periods.npz"
RATE, HOP = 16000, 160


def trembling_vowel() -> np.ndarray:
    """1.3 s of pulses with unsteady periods and amplitudes, breath, a pause and a lower second part."""
    rng = np.random.default_rng(4)
    time = np.arange(20800) / RATE
    pitch = np.where(time < 0.7, 180 + 50 * np.sin(2 * np.pi * 1.5 * time), 95 - 25 * (time - 0.7))
    tremble = np.interp(np.arange(20800), np.arange(0, 20801, 50), rng.normal(0, 0.02, 417))
    phase = 2 * np.pi * np.cumsum(pitch * (1 + tremble)) / RATE
    voice = sum(0.85**k * np.cos(k * phase + 0.3 * k * k) for k in range(1, 20))
    voice *= 0.05 * (1 + 0.3 * np.interp(np.arange(20800), np.arange(0, 20801, 80), rng.normal(0, 1, 261)))
    spoken = ((time > 0.1) & (time < 0.6)) | ((time > 0.72) & (time < 1.2))
    return np.round((voice * spoken + rng.normal(0, 0.002, 20800)) * 32768) / 32768


def pulses(periods: list[int], heights: list[float]) -> np.ndarray:
    """A smooth bump in the middle of each period."""
    wave = np.zeros(sum(periods) + 1000)
    bump = np.hanning(15) * np.cos(np.arange(-7, 8) * 0.7)
    middle = 50
    for period, height in zip(periods, heights, strict=True):
        wave[middle - 7 : middle + 8] += height * bump
        middle += period
    return wave


def slow_twin(wave, f0, search=0.1, least=0.5):
    """The rules of the docstring, written for reading."""
    rows, at, begun, lengths, changes, held = [], 0, 0, [], [], np.zeros(3)
    for i, pitch in enumerate(f0):
        start = i * HOP
        if pitch == 0:
            at = begun = start + HOP
            lengths, changes, held = [], [], np.zeros(3)
            rows.append(np.zeros(3))
            continue
        if at >= start - 1:
            at = begun
        low, high = int(RATE / pitch * (1 - search)), int(RATE / pitch * (1 + search))
        end = min(max(start + HOP, at + 2 * high + 4), len(wave))
        found, moved, turned, gaps, heights = [], [], [], [], []
        while at + 2 * high + 4 <= end:
            begun = at
            lags = np.arange(low, high + 1)
            with np.errstate(invalid="ignore"):
                scores = np.nan_to_num(
                    [np.corrcoef(wave[at : at + n], wave[at + n : at + 2 * n])[0, 1] for n in lags]
                )
            inner = scores[1:-1]
            peaks = np.flatnonzero((inner > scores[:-2]) & (inner > scores[2:])) + 1
            if not len(peaks):
                at += int(RATE / pitch + 0.5)
                continue
            best = peaks[np.argmax(scores[peaks])]
            curve = np.polyfit([-1, 0, 1], scores[best - 1 : best + 2], 2)
            shift = -curve[1] / (2 * curve[0])
            lag = lags[best]
            if np.polyval(curve, shift) >= least:
                if lengths:
                    moved.append(abs(lag + shift - lengths[-1]))
                    if changes and changes[-1] > 0:
                        turned.append(abs(moved[-1] - changes[-1]))
                    changes.append(moved[-1])
                lengths.append(lag + shift)
                found.append(lag + shift)
                one, two = np.ptp(wave[at + 1 : at + lag - 1]), np.ptp(wave[at + lag + 1 : at + 2 * lag - 1])
                gaps.append(abs(one - two))
                heights.append((one + two) / 2)
            at += lag
        row = held.copy() if not found else np.zeros(3)
        if moved:
            row[0] = held[0] = min(1, np.mean(moved) / np.mean(found))
        if turned:
            row[1] = held[1] = np.mean(turned) / np.mean(found)
        if found:
            row[2] = held[2] = min(1, sum(gaps) / sum(heights))
        rows.append(row)
    return np.array(rows)


def measured(wave, f0, **options) -> np.ndarray:
    return np.stack(jitter_and_shimmer(wave, f0, RATE, hop=HOP, **options), axis=1)


@pytest.mark.parametrize(("name", "search"), [("egemaps", 0.1), ("compare", 0.25)])
def test_opensmile_measures_the_same_on_a_trembling_vowel(name, search):
    stored = np.load(STORED)
    ours = measured(trembling_vowel(), stored["f0_hz"], search=search)[:, :4]
    assert (stored["f0_hz"] > 0).sum() > 70
    np.testing.assert_allclose(ours, stored[name], rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("factor", [0.94, 1.0, 1.07])
def test_a_slow_twin_measures_the_same(factor):
    wave, rng = trembling_vowel(), np.random.default_rng(0)
    f0 = factor * np.load(STORED)["f0_hz"].astype(float)
    f0[rng.random(len(f0)) < 0.1] = 0
    ours = measured(wave, f0)[:, :3]
    assert ((ours > 0).sum(axis=0) > 30).all()
    np.testing.assert_allclose(ours, slow_twin(wave, f0), rtol=1e-4, atol=1e-6)


def test_periods_that_alternate_have_the_jitter_of_their_difference():
    wave = pulses([99, 101] * 20, [1.0] * 40)
    jitter = measured(wave, np.full(22, 160.0))[5:, 0]
    np.testing.assert_allclose(jitter, 0.02, rtol=0.02)


def test_amplitudes_that_alternate_have_the_shimmer_of_their_difference():
    values = measured(pulses([100] * 40, [1.0, 0.8] * 20), np.full(22, 160.0))[5:]
    np.testing.assert_allclose(values[:, 2], 0.2 / 0.9, rtol=1e-5)
    np.testing.assert_allclose(values[:, 3], 20 * np.log10(1 + 0.2 / 0.9), rtol=1e-5)
    np.testing.assert_allclose(values[:, 0], 0, atol=1e-4)


@settings(deadline=None, max_examples=15)
@given(scale=st.floats(1e-3, 1e4), offset=st.floats(-1, 1))
def test_neither_level_nor_offset_changes_a_value(scale, offset):
    wave, f0 = trembling_vowel()[2000:8000], np.full(30, 190.0)
    np.testing.assert_allclose(
        measured((wave + offset) * scale, f0), measured(wave, f0), rtol=1e-3, atol=1e-6
    )


def test_unvoiced_frames_are_0_and_forget_what_was_before():
    wave, f0 = trembling_vowel()[2000:8000], np.full(30, 190.0)
    gap = f0.copy()
    gap[10:13] = 0
    values = measured(wave, gap)
    assert not values[10:13].any()
    alone = measured(wave[13 * HOP :], f0[13:])
    np.testing.assert_allclose(values[13:], alone, rtol=1e-5)


def test_silence_has_neither_jitter_nor_shimmer():
    assert not measured(np.zeros(5000), np.full(20, 120.0)).any()


def test_a_frame_without_a_period_repeats_the_one_before():
    wave = np.concatenate([pulses([97, 103, 100] * 8, [1.0, 0.9, 0.7] * 8)[:2400], np.zeros(4000)])
    values = measured(wave, np.full(30, 160.0))
    assert values[16, 2] > 0
    assert (values[17:] == values[17]).all()


def test_few_samples_or_frames_are_no_trouble():
    assert measured(np.zeros(0), np.zeros(0)).shape == (0, 5)
    assert measured(np.ones(100), np.array([100.0])).tolist() == [[0, 0, 0, 0, 0]]
    assert measured(np.zeros(0), np.array([0.0, 100.0])).shape == (2, 5)


def test_bad_input_is_told_with_a_way_out():
    good, f0 = np.zeros(1000), np.full(3, 100.0)
    with pytest.raises(DataError, match="one recording at a time"):
        jitter_and_shimmer(good[None], f0, RATE, hop=HOP)
    with pytest.raises(DataError, match="repair the recording"):
        jitter_and_shimmer(np.full(1000, np.nan), f0, RATE, hop=HOP)
    with pytest.raises(DataError, match="expected 0 to 2000 Hz"):
        jitter_and_shimmer(good, f0 * 30, RATE, hop=HOP)
    with pytest.raises(DataError, match="unvoiced frames by 0"):
        jitter_and_shimmer(good, f0 - 200, RATE, hop=HOP)
    with pytest.raises(ConfigError, match=r"search=1\.5"):
        jitter_and_shimmer(good, f0, RATE, hop=HOP, search=1.5)


@settings(deadline=None, max_examples=25)
@given(
    pieces=st.lists(st.integers(0, 20), max_size=10),
    seed=st.integers(0, 10**6),
    search=st.sampled_from([0.1, 0.25]),
)
def test_pieces_of_a_walk_measure_what_the_whole_does(pieces, seed, search):
    wave, rng = trembling_vowel(), np.random.default_rng(seed)
    f0 = np.load(STORED)["f0_hz"].astype(float)
    f0[rng.random(len(f0)) < 0.05] = 0
    whole = measured(wave, f0, search=search)
    walk, found, at = PeriodWalk(RATE, hop=HOP, search=search), [], 0
    for piece in [*pieces, len(f0)]:
        begin, now = walk.needs_from, f0[at : at + piece]
        assert begin >= at * HOP - 2 * (1 + search) * RATE / 55 - 4
        at += len(now)
        # a frame of 60 ms is all that a stream has of what comes after
        samples = wave[begin : (at - 1) * HOP + round(0.06 * RATE)]
        found.append(np.stack(walk.measure(samples, now, first_sample=begin)[:4], axis=1))
    np.testing.assert_array_equal(np.concatenate(found), whole[:, :4])


def test_a_walk_that_lacks_samples_says_so():
    walk = PeriodWalk(RATE, hop=HOP)
    with pytest.raises(DataError, match="keep samples from `needs_from` on"):
        walk.measure(np.zeros(2000), np.full(3, 160.0), first_sample=10)
