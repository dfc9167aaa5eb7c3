"""Clips are cut, levelled and degraded as said, and described as the same clips from disk would be."""

import numpy as np
import pytest
from tests.studies.voice_case import RATE_HZ, tone, write_voices

from mien.signals.degrade.power import sounding_power
from mien.studies.changed_sound import AS_RECORDED, changed_values, degraded_copy, levelled, only_sounding
from mien.studies.streams import open_stream
from mien.studies.study_corpora import read_corpora


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    table = write_voices(tmp_path_factory.mktemp("voices"), speakers=2, clips=1)
    return read_corpora([str(table)], data=None, label="pitch")[0]


def test_silent_ends_are_cut_off_at_any_rate():
    clip = tone(200.0)
    for rate_hz, samples in ((RATE_HZ, clip), (3 * RATE_HZ, np.repeat(clip, 3))):
        seconds = only_sounding(samples, rate_hz).size / rate_hz
        assert 0.4 <= seconds <= 0.4 + 2 * 0.1 + 3 * 0.032


def test_levelled_clips_are_equally_loud_where_they_sound_and_within_full_scale():
    for level in (0.003, 0.1, 0.9):
        found = levelled(tone(200.0, level=level), RATE_HZ)
        assert 10 * np.log10(sounding_power(found, rate_hz=RATE_HZ)) == pytest.approx(-26, abs=0.01)
    spike = np.zeros(RATE_HZ, np.float32)
    spike[100] = 0.5
    assert np.abs(levelled(spike, RATE_HZ)).max() <= 1
    assert levelled(np.zeros(100, np.float32), RATE_HZ).tolist() == [0.0] * 100


def test_copies_are_the_same_each_time_and_differ_from_each_other():
    clip = tone(200.0)
    first, again, second, other = (
        degraded_copy(clip, RATE_HZ, segment=segment, number=number)
        for segment, number in (("a", 1), ("a", 1), ("a", 2), ("b", 1))
    )
    assert first.tolist() == again.tolist()
    assert first.size == clip.size
    for changed in (second, other):
        assert not np.array_equal(first, changed)
    assert not np.array_equal(first, clip)


def test_clips_as_recorded_are_described_as_from_disk(corpus, tmp_path):
    plain = open_stream("egemaps", corpus, cache=tmp_path)
    found = changed_values("egemaps", corpus, AS_RECORDED, cache=tmp_path)
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-4, atol=1e-4)
    assert found.describing_s > 0


def test_changed_clips_are_described_once_and_by_any_number_of_workers(corpus, tmp_path, monkeypatch):
    one = changed_values("egemaps", corpus, "levelled", cache=tmp_path / "one")
    two = changed_values("egemaps", corpus, "levelled", cache=tmp_path / "two", workers=2)
    np.testing.assert_array_equal(one.values, two.values)
    monkeypatch.setattr("mien.studies.changed_sound._describe", None)
    again = changed_values("egemaps", corpus, "levelled", cache=tmp_path / "one")
    np.testing.assert_array_equal(one.values, again.values)


def test_a_clip_that_cannot_be_changed_has_no_values_and_the_rest_have(corpus, tmp_path, monkeypatch):
    from mien.core.errors import DataError
    from mien.studies import changed_sound

    def picky(samples, rate_hz):
        if np.abs(samples).max() > 0.2:
            raise DataError("Got a loud clip, expected a soft one.")
        return samples

    monkeypatch.setitem(changed_sound.SOUNDS, "picky", picky)
    found = changed_values("egemaps", corpus, "picky", cache=tmp_path).values
    loud = corpus.table["loudness"].eq("loud").to_numpy()
    assert np.isnan(found[loud]).all()
    assert not np.isnan(found[~loud]).any()
