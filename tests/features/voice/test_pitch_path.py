"""The pitch path against openSMILE 2.6.0, against all paths tried one by one, and at the edges.

`stored/pitch_path.npz` holds pitch candidates that openSMILE's eGeMAPSv02 chain found in a synthetic voice
with noise and pauses (`spoken`, 1.4 s) and made-up ones (`made_up`), and the path its smoother took through
each. `stored/pitch_buffer.npz` holds voicings of one candidate of 100 Hz, chosen so that voice and no voice
stay about as cheap for long, buffers from 3 to 40 frames, and where its smoother then found voice.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.features.voice.pitch_path import PathFollower, PathWeights, semitones, smooth_pitch

STORED = Path(__file__).with_name("stored") / "pitch_path.npz"
BUFFERED = np.load(STORED.with_name("pitch_buffer.npz"))


def made_up(frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pitch = np.exp(rng.uniform(np.log(55), np.log(1000), (frames, 6))).astype(np.float32)
    voicing = -np.sort(-rng.uniform(0.3, 1, (frames, 6))).astype(np.float32)
    empty = np.arange(6) >= rng.integers(0, 7, (frames, 1))
    return np.where(empty, 0, pitch).astype(np.float32), np.where(empty, 0, voicing).astype(np.float32)


def cost_of(path, pitch, voicing, cutoff, w):
    """The docstring's costs of one path; state 6 is unvoiced."""
    total = 0.0
    for t, state in enumerate(path):
        f, v = pitch[t].astype(float), voicing[t].astype(float)
        if state == 6:
            total += w.local * w.threshold * (v > cutoff).any()
        else:
            far = np.interp(f[state], [0, 100, 350, 600], [1, 0, 0, 1]) if f[state] < 600 else 1.2
            total += (
                w.local * (-np.log(max(v[state], 0.01)) + w.threshold * (v[state] <= cutoff)) + w.range * far
            )
        if t == 0:
            continue
        before = path[t - 1]
        if 6 in (before, state):
            total += 1.0 if before == state else w.turn
            continue
        old = pitch[t - 1].astype(float)
        way = np.log(f[state] / old[before])
        side = np.log(old[before] / old[before - 1]) if before else way - (t == 1 and state == 0)
        total += w.jump * (abs(way) + abs(side))
    return total


def best_of_all(pitch, voicing, cutoff, weights):
    states = [[*range(int((row > 0).sum())), 6] for row in pitch]
    return min(itertools.product(*states), key=lambda path: cost_of(path, pitch, voicing, cutoff, weights))


@pytest.mark.parametrize(("name", "cutoff"), [("spoken", 0.7), ("made_up", 0.0)])
def test_opensmile_takes_the_same_path(name, cutoff):
    stored = np.load(STORED)
    pitch, voicing = stored[f"{name}_candidates_hz"], stored[f"{name}_voicing"]
    f0, chosen = smooth_pitch(pitch, voicing, np.array([0, len(pitch)]), cutoff=cutoff)
    assert 0.2 < (f0 > 0).mean() < 1
    np.testing.assert_allclose(f0, stored[f"{name}_f0_hz"], rtol=1e-6)
    np.testing.assert_allclose(chosen, stored[f"{name}_chosen"], rtol=1e-6)


def unsure(number):
    """Return candidates, voicing, buffer and openSMILE's voiced frames of a course that stays unsure."""
    likely, voiced = BUFFERED[f"voicing_{number}"], BUFFERED[f"voiced_{number}"]
    first = np.arange(6) == 0
    pitch, voicing = np.where(first, np.float32(100), np.float32(0)), np.where(first, likely[:, None], 0)
    return np.tile(pitch, (len(likely), 1)), voicing.astype(np.float32), BUFFERED["buffers"][number], voiced


@pytest.mark.parametrize("number", range(len(BUFFERED["buffers"])))
def test_opensmile_decides_as_early_where_a_path_stays_unsure(number):
    pitch, voicing, buffer, voiced = unsure(number)
    f0, _ = smooth_pitch(pitch, voicing, np.array([0, len(pitch)]), cutoff=0.0, buffer_frames=int(buffer))
    np.testing.assert_array_equal(f0 > 0, voiced)


def test_a_path_that_is_decided_late_is_another_one():
    pitch, voicing, buffer, voiced = unsure(0)
    assert len(pitch) > 2 * buffer
    whole, _ = smooth_pitch(pitch, voicing, np.array([0, len(pitch)]), cutoff=0.0, buffer_frames=len(pitch))
    assert ((whole > 0) != voiced).any()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(0, 120),
    pieces=st.lists(st.integers(0, 30), max_size=12),
    buffer=st.integers(1, 45),
    stays_unsure=st.booleans(),
)
def test_a_path_followed_in_pieces_is_the_whole_one_and_no_frame_waits_longer_than_the_buffer(
    seed, frames, pieces, buffer, stays_unsure
):
    pitch, voicing = unsure(seed % 20)[:2] if stays_unsure else made_up(frames, seed)
    frames, options = len(pitch), {"cutoff": 0.0 if stays_unsure else 0.7, "buffer_frames": buffer}
    whole = smooth_pitch(pitch, voicing, np.array([0, frames]), **options)
    follower, found, at = PathFollower(**options), [], 0
    for piece in [*pieces, frames]:
        found.append(follower.follow(pitch[at : at + piece], voicing[at : at + piece]))
        at = min(at + piece, frames)
        assert at - sum(len(f0) for f0, _ in found) < buffer
    found.append(follower.finish())
    for k in range(2):
        np.testing.assert_array_equal(np.concatenate([one[k] for one in found]), whole[k])


def test_in_a_clear_voice_a_frame_is_decided_at_once():
    pitch = np.tile(np.array([220, 110, 0, 0, 0, 0], np.float32), (5, 1))
    voicing = np.tile(np.array([0.99, 0.72, 0, 0, 0, 0], np.float32), (5, 1))
    follower = PathFollower()
    counts = [len(follower.follow(pitch[t : t + 1], voicing[t : t + 1])[0]) for t in range(5)]
    assert sum(counts) >= 3


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    frames=st.integers(1, 4),
    cutoff=st.sampled_from([0.0, 0.7]),
    weights=st.builds(PathWeights, *(st.floats(0.1, high) for high in (10, 10, 4, 2, 2))),
)
def test_no_other_path_is_cheaper(seed, frames, cutoff, weights):
    pitch, voicing = made_up(frames, seed)
    f0, _ = smooth_pitch(pitch, voicing, np.array([0, frames]), cutoff=cutoff, weights=weights)
    states = [6 if hz == 0 else int(np.argmax(row == hz)) for hz, row in zip(f0, pitch, strict=True)]
    best = best_of_all(pitch, voicing, cutoff, weights)
    ours, least = (cost_of(path, pitch, voicing, cutoff, weights) for path in (states, best))
    assert ours == pytest.approx(least, rel=1e-6, abs=1e-6)


def test_clips_of_a_batch_do_not_touch_each_other():
    pitch, voicing = made_up(60, 1)
    starts = np.array([0, 20, 20, 21, 60])
    whole = smooth_pitch(pitch, voicing, starts)
    alone = [
        smooth_pitch(pitch[a:b], voicing[a:b], np.array([0, b - a])) for a, b in itertools.pairwise(starts)
    ]
    for k in range(2):
        assert np.array_equal(whole[k], np.concatenate([part[k] for part in alone]))


def test_a_steady_voice_is_voiced_throughout():
    pitch = np.tile(np.array([220, 110, 440, 0, 0, 0], np.float32), (50, 1))
    voicing = np.tile(np.array([0.9, 0.8, 0.75, 0, 0, 0], np.float32), (50, 1))
    f0, chosen = smooth_pitch(pitch, voicing, np.array([0, 50]))
    assert set(f0) == {220}
    assert set(chosen) == {np.float32(0.9)}


def test_one_leap_of_an_octave_is_bridged():
    pitch = np.tile(np.array([120, 240, 0, 0, 0, 0], np.float32), (9, 1))
    voicing = np.tile(np.array([0.85, 0.8, 0, 0, 0, 0], np.float32), (9, 1))
    pitch[4, :2] = 240, 120
    assert set(smooth_pitch(pitch, voicing, np.array([0, 9]))[0]) == {120}


def test_frames_without_a_clear_candidate_are_unvoiced():
    pitch, voicing = made_up(30, 2)
    f0, chosen = smooth_pitch(pitch, np.minimum(voicing, 0.6), np.array([0, 30]))
    assert not f0.any()
    assert np.array_equal(chosen, np.minimum(voicing, np.float32(0.6))[:, 0])


def test_silence_one_frame_and_no_frame_have_no_pitch():
    for frames in (0, 1, 5):
        empty = np.zeros((frames, 6), np.float32)
        f0, chosen = smooth_pitch(empty, empty, np.array([0, frames]))
        assert f0.shape == chosen.shape == (frames,)
        assert not f0.any()


def test_semitones_count_from_27_5_hz_and_keep_unvoiced_frames():
    tones = semitones(np.array([0, 27.5, 58.27, 440], np.float32))
    np.testing.assert_allclose(tones, [0, 0, 13, 48], atol=1e-3)


def test_shapes_that_do_not_fit_are_told():
    with pytest.raises(DataError, match=r"expected \(frames, 6\)"):
        smooth_pitch(np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32), np.array([0, 3]))
    with pytest.raises(DataError, match=r"expected \(frames, 6\)"):
        PathFollower().follow(np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32))
    with pytest.raises(ConfigError, match="expected at least 1"):
        PathFollower(buffer_frames=0)
    for starts in ([], [0, 2], [1, 3], [0, 2, 1, 3]):
        with pytest.raises(DataError, match="rising from 0 to 3"):
            smooth_pitch(np.zeros((3, 6), np.float32), np.zeros((3, 6), np.float32), np.array(starts, int))
