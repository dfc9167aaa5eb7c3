import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import DataError
from mien.corpora.recording_check import check_recordings, spread_by_class
from mien.corpora.sound import describe_sound, listen
from mien.signals.resample import resample

RATE_HZ = 16000


@pytest.fixture
def speechlike():
    """Return two seconds of noise in bursts, over a soft background."""
    generator = np.random.default_rng(0)
    envelope = np.repeat([1.0, 0.01, 1.0, 0.01], RATE_HZ // 2)
    return (0.1 * envelope * generator.normal(size=2 * RATE_HZ)).astype(np.float32)


def test_level_background_and_ratio_are_those_of_the_bursts(speechlike):
    found = describe_sound(speechlike, RATE_HZ)
    assert found["level_db"] == pytest.approx(-20, abs=0.2)
    assert found["noise_db"] == pytest.approx(-60, abs=1.0)
    assert found["snr_db"] == pytest.approx(found["level_db"] - found["noise_db"])


def test_gain_moves_levels_and_nothing_else(speechlike):
    loud, soft = (describe_sound(gain * speechlike, RATE_HZ) for gain in (np.float32(1), np.float32(0.1)))
    for name in ("level_db", "noise_db", "peak_db"):
        assert loud[name] - soft[name] == pytest.approx(20, abs=1e-3)
    for name in ("snr_db", "bandwidth_hz", "duration_s"):
        assert loud[name] == pytest.approx(soft[name], abs=1e-3)


def test_material_of_a_lower_rate_shows_however_it_is_stored(speechlike):
    wide = describe_sound(speechlike, RATE_HZ)["bandwidth_hz"]
    narrow = resample(resample(speechlike, RATE_HZ, 8000), 8000, RATE_HZ)
    stored = (np.round(narrow * 2**15) / 2**15).astype(np.float32)
    assert wide > 7900
    assert 3600 < describe_sound(stored, RATE_HZ)["bandwidth_hz"] < 4300


def test_samples_at_the_limit_count_as_clipped_only_where_they_stay_there():
    tone = np.sin(np.arange(RATE_HZ) / 7).astype(np.float32)
    clipped = np.clip(2 * tone, -1, 1)
    at_limit = np.abs(clipped) >= 1
    assert describe_sound(tone, RATE_HZ)["clipped"] < 0.05
    assert describe_sound(clipped, RATE_HZ)["clipped"] == pytest.approx(at_limit.mean(), abs=0.05)
    assert describe_sound(0.5 * clipped, RATE_HZ)["clipped"] == 0.0


def test_silence_has_no_levels_and_does_not_stop_anything():
    found = describe_sound(np.zeros(RATE_HZ, np.float32), RATE_HZ)
    assert found["duration_s"] == 1.0
    assert all(np.isnan(found[name]) for name in ("level_db", "noise_db", "peak_db", "bandwidth_hz"))


def test_an_offset_that_decoding_takes_off_is_still_told(tmp_path, speechlike):
    soundfile.write(tmp_path / "a.wav", speechlike + 0.05, RATE_HZ)
    table = pd.DataFrame({"segment": ["a"], "file": [str(tmp_path / "a.wav")], "start": 0.0, "end": np.nan})
    assert listen(table).facts["offset"][0] == pytest.approx(0.05, abs=0.002)


def test_a_broken_file_is_named_and_the_rest_goes_on(tmp_path, speechlike):
    soundfile.write(tmp_path / "good.wav", speechlike, RATE_HZ)
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but not sound")
    files = [str(tmp_path / name) for name in ("bad.wav", "good.wav", "good.wav")]
    table = pd.DataFrame(
        {"segment": list("abc"), "file": files, "start": [0.0, 0.0, 1.0], "end": [np.nan, 1.0, np.nan]}
    )
    heard = listen(table)
    assert heard.facts["segment"].tolist() == ["b", "c"]
    assert heard.facts["duration_s"].tolist() == [1.0, 1.0]
    assert list(heard.failures) == [files[0]]
    with pytest.raises(DataError, match="without `end`"):
        listen(table.drop(columns="end"))


def facts_of(rows):
    usual = {"duration_s": 2.0, "rate_hz": 16000.0, "level_db": -20.0, "peak_db": -5.0, "clipped": 0.0}
    usual |= {"offset": 0.0, "noise_db": -60.0, "snr_db": 40.0, "bandwidth_hz": 7900.0}
    table = pd.DataFrame([usual | row for row in rows])
    table["segment"] = pd.Series([f"s{number}" for number in range(len(rows))], dtype="string")
    return table


def test_findings_name_the_clips_that_stand_out():
    rows = [{"peak_db": -float(number)} for number in range(18)]
    rows += [{"clipped": 0.02, "offset": 0.03}, {"bandwidth_hz": 3900.0, "snr_db": 4.0}]
    facts = facts_of(rows)
    found = {one.name: one for one in check_recordings(pd.DataFrame({"segment": facts["segment"]}), facts)}
    assert "1 of 20 segments" in found["clipped clips"].text
    assert "s18" in found["constant offset"].text
    assert "s19" in found["narrow bandwidth"].text
    assert found["narrow bandwidth"].verdict == "warning"
    assert found["little above the background"].verdict == "note"
    assert "scaled clip by clip" not in found


def test_clips_that_all_peak_at_one_level_were_scaled_one_by_one():
    facts = facts_of([{"peak_db": -0.01}] * 20)
    found = {one.name for one in check_recordings(pd.DataFrame({"segment": facts["segment"]}), facts)}
    assert "scaled clip by clip" in found


def test_quartiles_are_per_class():
    facts = facts_of([{"level_db": float(level)} for level in (-30, -28, -26, -10, -8, -6)])
    table = pd.DataFrame({"segment": facts["segment"], "emotion": ["sad"] * 3 + ["angry"] * 3})
    spread = spread_by_class(table, facts).set_index(["measure", "class"])
    assert spread.loc[("level_db", "sad"), ["first", "median", "third"]].tolist() == [-29.0, -28.0, -27.0]
    assert spread.loc[("level_db", "angry"), "median"] == -8.0
