"""`mien.extract`: recordings and arrays in, one table out, whatever some of them are like."""

import errno

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile

import mien
from mien.core.errors import ConfigError, DataError, InputError
from mien.features import clips, feature_table
from mien.features.describe import Work
from mien.features.extraction import Crew, extract_to_file
from mien.features.extraction import extract_table as extract
from mien.features.feature_table import KEYS
from mien.signals.inputs import gather


def buzz(seconds=0.5, hz=150, rate_hz=16000):
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return (0.1 * sum(np.sin(2 * np.pi * hz * k * time) for k in range(1, 15))).astype(np.float32)


@pytest.fixture
def in_pairs(monkeypatch):
    """Let a piece be two files, so that a few files are several pieces."""
    monkeypatch.setattr(clips, "MOST", np.array([2.0, 1e9, 1000, 1200.0]))


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


def test_files_alone_give_the_same(folder):
    files = sorted(folder.glob("*.wav"))
    alone = pd.concat([extract("egemaps", file) for file in files], ignore_index=True)
    pd.testing.assert_frame_equal(extract("egemaps", files), alone, rtol=1e-4, atol=1e-5)


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


def test_a_run_that_was_stopped_goes_on_with_what_is_finished(folder, in_pairs, monkeypatch):
    files, out = sorted(folder.glob("*.wav")), folder / "features.parquet"
    real, seen = Work.describe_files, []

    def stop_at_the_third(work, jobs):
        seen.append([job.path.name for job in jobs])
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(work, jobs)

    monkeypatch.setattr(Work, "describe_files", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        extract("egemaps", files, out=out)
    assert not out.exists()
    table = extract("egemaps", files, out=out)
    assert seen[2:] == [["clip4.wav"], ["clip4.wav"]]
    assert not list(folder.glob(".*parts"))
    monkeypatch.setattr(Work, "describe_files", real)
    pd.testing.assert_frame_equal(table, extract("egemaps", files), check_exact=True)


def test_what_is_finished_counts_only_for_the_same_question_and_files(folder, monkeypatch):
    file, out = folder / "clip0.wav", folder / "features.parquet"
    real, seen = Work.describe_files, []
    monkeypatch.setattr(Work, "describe_files", lambda work, jobs: seen.append(1) or real(work, jobs))
    parts = out.with_name(f".{out.name}.parts")
    for work in (Work("egemaps", "functionals", parts=parts), Work("egemaps", "lld", parts=parts)):
        for _ in range(2):
            work(gather(file).jobs)
    assert len(seen) == 2
    soundfile.write(file, buzz(0.4), 16000)
    Work("egemaps", "lld", parts=parts)(gather(file).jobs)
    assert len(seen) == 3


def test_parts_are_joined_to_the_same_bytes_whatever_the_workers(folder, in_pairs):
    files, written = sorted(folder.glob("*.wav")), []
    for workers in (1, 2):
        out = folder / f"{workers}.parquet"
        done = extract_to_file("egemaps", files, out, crew=Crew(workers))
        assert done.files == tuple(map(str, files))
        written.append(out.read_bytes())
    assert written[0] == written[1]
    assert done.rows == 5


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_written_table_is_the_one_that_would_be_returned(folder, in_pairs, suffix):
    (folder / "clip0.wav").rename(folder / 'NA, "quoted".wav')
    table = extract("egemaps", folder, level="lld")
    again = extract("egemaps", folder, level="lld", out=folder / f"frames.{suffix}")
    pd.testing.assert_frame_equal(again, table, check_exact=True)


def test_groups_of_rows_are_joined_in_order(folder, in_pairs, monkeypatch):
    monkeypatch.setattr(feature_table, "ROWS_TOGETHER", 3)
    files = sorted(folder.glob("*.wav"))
    table = extract("egemaps", files, out=folder / "features.parquet")
    assert pq.ParquetFile(folder / "features.parquet").num_row_groups == 2
    assert list(table["file"]) == [str(file) for file in files]


def test_a_table_of_nothing_but_failures_has_all_columns(folder):
    soundfile.write(folder / "short.wav", buzz(0.03), 16000)
    for out in (None, folder / "features.csv", folder / "features.parquet"):
        table = extract("egemaps", folder / "short.wav", out=out)
        assert table.shape == (0, 92)
        assert len(table.attrs["failures"]) == 1


def test_a_file_of_another_rate_does_not_take_others_with_it(folder):
    soundfile.write(folder / "telephone.wav", buzz(0.5, rate_hz=4000), 4000)
    table = extract("egemaps", [folder / "telephone.wav", folder / "clip0.wav"])
    assert list(table["segment"]) == ["clip0"]
    assert "Got 4000 Hz" in table.attrs["failures"]["telephone"]


def test_files_of_one_name_fail_one_by_one(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
        soundfile.write(folder / name / "short.wav", buzz(0.03), 16000)
    failures = extract("egemaps", [folder / "a", folder / "b"]).attrs["failures"]
    assert len(failures) == 2
    assert all(f"{name}/short.wav" in reason for name, reason in zip("ab", failures.values(), strict=True))


@pytest.mark.parametrize("kept", [False, True])
def test_a_piece_that_breaks_off_is_repeated_file_by_file(folder, monkeypatch, kept):
    real = Work.describe_files

    def fail_at_clip1(work, jobs):
        if any(job.path.stem == "clip1" for job in jobs):
            raise RuntimeError("numerical accident")
        return real(work, jobs)

    monkeypatch.setattr(Work, "describe_files", fail_at_clip1)
    table = extract("egemaps", sorted(folder.glob("*.wav")), out=folder / "x.parquet" if kept else None)
    assert list(table["segment"]) == ["clip0", "clip2", "clip3", "clip4"]
    (reason,) = table.attrs["failures"].values()
    assert "clip1.wav" in reason
    assert "RuntimeError: numerical accident" in reason


@pytest.mark.parametrize("place", ["write_table", "ParquetWriter"])
def test_a_full_disk_stops_the_run_and_keeps_what_is_finished(folder, in_pairs, monkeypatch, place):
    files, out, real = sorted(folder.glob("*.wav")), folder / "features.parquet", getattr(pq, place)
    left = [2 if place == "write_table" else 0]

    def write_until_full(*given, **options):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*given, **options)

    monkeypatch.setattr(pq, place, write_until_full)
    with pytest.raises(InputError, match=r"no more space.*goes on"):
        extract("egemaps", files, out=out)
    assert not out.exists()
    assert len(list(folder.glob(".features.parquet.parts/*"))) == (2 if place == "write_table" else 3)
    monkeypatch.setattr(pq, place, real)
    assert len(extract("egemaps", files, out=out)) == 5


def test_names_choose_descriptors_and_functionals(folder):
    frames = extract("egemaps", folder, level="lld", descriptors=["Loudness", "mfcc1_delta"])
    assert list(frames.columns[4:]) == ["Loudness_sma3", "mfcc1_sma3_delta"]
    table = extract("egemaps", folder, descriptors=["Loudness"], functionals=["mean", "max"])
    assert list(table.columns[4:]) == ["Loudness_sma3_mean", "Loudness_sma3_max"]
    naive = frames.groupby("segment")["Loudness_sma3"].agg(["mean", "max"])
    np.testing.assert_allclose(table.iloc[:, 4:], naive, rtol=1e-6)


def test_wrong_questions_are_refused(folder):
    with pytest.raises(ConfigError, match="expected one of functionals, lld"):
        extract("egemaps", folder, level="frames")
    with pytest.raises(ConfigError, match=r"Did you mean `egemaps`"):
        extract("egemap", folder)
    with pytest.raises(ConfigError, match="rate"):
        extract("egemaps", buzz())
    with pytest.raises(DataError, match="shape"):
        extract("egemaps", np.zeros((2, 2, 100), np.float32), rate_hz=16000)
    with pytest.raises(InputError, match="create"):
        extract("egemaps", folder, out=folder / "none" / "x.parquet")
    with pytest.raises(ConfigError, match=r"Did you mean `ray`"):
        extract("egemaps", folder, on="rays")
