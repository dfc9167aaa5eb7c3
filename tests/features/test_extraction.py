"""`mien.extract`: recordings and arrays in, one table out, whatever some of them are like."""

import numpy as np
import pandas as pd
import pytest
import soundfile

import mien
from mien.core.errors import ConfigError, DataError
from mien.features import extraction as module
from mien.features.extraction import KEYS
from mien.features.extraction import extract_table as extract


def buzz(seconds=0.5, hz=150, rate_hz=16000):
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return (0.1 * sum(np.sin(2 * np.pi * hz * k * time) for k in range(1, 15))).astype(np.float32)


def pairs_of(jobs):
    return [tuple(jobs[at : at + 2]) for at in range(0, len(jobs), 2)]


@pytest.fixture
def folder(tmp_path):
    for number in range(5):
        soundfile.write(tmp_path / f"clip{number}.wav", buzz(0.3 + 0.1 * number, 100 + 30 * number), 16000)
    return tmp_path


def test_files_come_in_order_with_keys_and_times(folder):
    table = extract("egemaps", sorted(folder.glob("*.wav")))
    assert list(table.columns[:4]) == list(KEYS)
    assert table.shape == (5, 4 + 88)
    assert list(table["segment"]) == [f"clip{number}" for number in range(5)]
    assert table["end"].to_numpy() == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7])
    assert table["F0semitoneFrom27.5Hz_sma3nz_amean"].is_monotonic_increasing


def test_frames_come_every_10_ms(folder):
    table = extract("egemaps", folder / "clip0.wav", level="lld")
    assert np.diff(table["start"]) == pytest.approx(0.01)
    assert (table["end"] - table["start"]).to_numpy() == pytest.approx(0.02)
    assert table.shape[1] == 4 + 25


def test_two_processes_and_files_alone_give_the_same(folder):
    files = sorted(folder.glob("*.wav"))
    one, two = extract("egemaps", files), extract("egemaps", files, workers=2)
    pd.testing.assert_frame_equal(one, two)
    alone = pd.concat([extract("egemaps", file) for file in files], ignore_index=True)
    pd.testing.assert_frame_equal(one, alone, rtol=1e-4, atol=1e-5)


def test_a_table_says_which_segments(folder):
    soundfile.write(folder / "long.wav", np.concatenate([buzz(1, 110), buzz(1, 220)]), 16000)
    rows = pd.DataFrame(
        {"file": "long.wav", "start": [0.0, 1.0], "end": [1.0, np.nan], "segment": ["low", "high"]}
    )
    rows.to_csv(folder / "rows.csv", index=False)
    table = extract("egemaps", folder / "rows.csv").set_index("segment")
    pitch = table["F0semitoneFrom27.5Hz_sma3nz_percentile50.0"]
    assert pitch["low"] == pytest.approx(24, abs=0.1)
    assert pitch["high"] == pytest.approx(36, abs=0.1)
    assert table.loc["high", "end"] == pytest.approx(2)


def test_arrays_of_one_and_two_channels(folder):
    mono = extract("egemaps", buzz(), rate_hz=16000)
    both = extract("egemaps", [np.stack([buzz(), buzz()]), buzz()], rate_hz=16000)
    assert list(both["segment"]) == ["array-1", "array-2"]
    np.testing.assert_allclose(both.iloc[:, 4:], np.repeat(mono.iloc[:, 4:], 2, axis=0), rtol=1e-4, atol=1e-4)
    assert mien.extract is extract


def test_what_cannot_be_described_is_named_and_the_rest_goes_on(folder):
    (folder / "broken.wav").write_bytes(b"no sound")
    soundfile.write(folder / "short.wav", buzz(0.03), 16000)
    soundfile.write(folder / "other.wav", buzz(0.5, rate_hz=44100), 44100)
    files = [
        folder / name
        for name in ("clip0.wav", "broken.wav", "other.wav", "short.wav", "clip1.wav", "none.wav")
    ]
    table = extract("egemaps", files)
    assert list(table["segment"]) == ["clip0", "other", "clip1"]
    failures = table.attrs["failures"]
    assert len(failures) == 3
    assert "expected at least 0.06 s" in failures["short"]


def test_a_file_is_written_whole_and_not_twice(folder):
    out = folder / "features.parquet"
    table = extract("egemaps", folder / "clip0.wav", out=out)
    pd.testing.assert_frame_equal(pd.read_parquet(out), table, check_exact=True)
    assert not list(folder.glob(".*parts"))
    with pytest.raises(ConfigError, match="--overwrite"):
        extract("egemaps", folder / "clip0.wav", out=out)
    extract("egemaps", folder / "clip1.wav", out=out, overwrite=True)
    with pytest.raises(ConfigError, match=r"\.parquet or \.csv"):
        extract("egemaps", folder / "clip0.wav", out=folder / "features.txt")


def test_a_run_that_was_stopped_goes_on_with_what_is_finished(folder, monkeypatch):
    files, out = sorted(folder.glob("*.wav")), folder / "features.parquet"
    monkeypatch.setattr(
        module, "chunks", lambda jobs: [tuple(jobs[at : at + 2]) for at in range(0, len(jobs), 2)]
    )
    real, seen = module._describe_jobs, []

    def stop_at_the_third(jobs, **options):
        seen.append([job.path.name for job in jobs])
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(jobs, **options)

    monkeypatch.setattr(module, "_describe_jobs", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        extract("egemaps", files, out=out)
    assert not out.exists()
    monkeypatch.setattr(
        module, "_describe_jobs", lambda jobs, **options: seen.append("again") or real(jobs, **options)
    )
    table = extract("egemaps", files, out=out)
    assert seen[3:] == ["again"]
    monkeypatch.setattr(module, "_describe_jobs", real)
    pd.testing.assert_frame_equal(table, extract("egemaps", files))


def test_wrong_questions_are_refused(folder):
    with pytest.raises(ConfigError, match="expected one of functionals, lld"):
        extract("egemaps", folder, level="frames")
    with pytest.raises(ConfigError, match=r"Did you mean `egemaps`"):
        extract("egemap", folder)
    with pytest.raises(ConfigError, match="rate"):
        extract("egemaps", buzz())
    with pytest.raises(DataError, match="shape"):
        extract("egemaps", np.zeros((2, 2, 100), np.float32), rate_hz=16000)
