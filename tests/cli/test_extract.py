"""`mien extract` as a user types it."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile


def mien(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "mien", *map(str, words)], capture_output=True, text=True, **options
    )


def test_a_table_is_written_and_failures_are_told(tmp_path):
    time = np.arange(8000) / 16000
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(2 * np.pi * 200 * time), 16000)
    (tmp_path / "b.wav").write_bytes(b"")
    done = mien("extract", "egemaps", tmp_path, "--out", tmp_path / "x.csv")
    assert done.returncode == 1
    assert "1 rows of 88 descriptors of 1 files" in done.stderr
    assert "b.wav" in done.stderr
    assert pd.read_csv(tmp_path / "x.csv").shape == (1, 92)
    again = mien("extract", "egemaps", tmp_path / "a.wav", "--out", tmp_path / "x.csv")
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_an_unknown_set_names_the_nearest(tmp_path):
    done = mien("extract", "egemap", tmp_path, "--out", tmp_path / "x.parquet")
    assert done.returncode == 2
    assert "Did you mean `egemaps`?" in done.stderr


def test_single_descriptors_and_functionals_come_by_name(tmp_path):
    time_s = np.arange(8000) / 16000
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(2 * np.pi * 200 * time_s), 16000)
    words = ("extract", "egemaps", tmp_path / "a.wav", "--out", tmp_path / "x.csv")
    chosen = ("--descriptors", "Loudness,mfcc1_delta", "--functionals", "mean, p50")
    done = mien(*words, *chosen)
    assert "1 rows of 4 descriptors of 1 files" in done.stderr
    expected = ["Loudness_sma3_mean", "Loudness_sma3_p50", "mfcc1_sma3_delta_mean", "mfcc1_sma3_delta_p50"]
    assert list(pd.read_csv(tmp_path / "x.csv").columns[4:]) == expected
    wrong = mien(*words, "--overwrite", "--functionals", "men")
    assert wrong.returncode == 2
    assert "Did you mean `mean`" in wrong.stderr


def test_a_killed_run_goes_on_elsewhere_and_ends_with_the_same_bytes(tmp_path):
    pytest.importorskip("ray", reason="needs the extra `ray`")
    noise = 0.1 * np.random.default_rng(0).uniform(-1, 1, 5 * 16000)
    soundfile.write(tmp_path / "long.wav", noise, 16000)
    starts = np.linspace(0, 4.5, 2100)
    table = pd.DataFrame({"file": "long.wav", "start": starts, "end": starts + 0.07})
    table.to_csv(tmp_path / "rows.csv", index=False)
    words = ["extract", "egemaps", tmp_path / "rows.csv", "--out", tmp_path / "x.parquet"]
    parts = tmp_path / ".x.parquet.parts"
    process = subprocess.Popen([sys.executable, "-m", "mien", *map(str, words)])
    until = time.monotonic() + 120
    while not list(parts.glob("[!.]*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < until, "no part was written"
        time.sleep(0.005)
    process.kill()
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in parts.glob("[!.]*.parquet")}
    assert 1 <= len(finished) < 3
    assert not (tmp_path / "x.parquet").exists()
    assert mien(*words, "--on", "ray", "--workers", "2").returncode == 0
    assert not parts.exists()
    one = tmp_path / "one.parquet"
    assert mien(*words[:4], one).returncode == 0
    assert (tmp_path / "x.parquet").read_bytes() == one.read_bytes()
    assert list(pd.read_parquet(one)["segment"]) == [f"long-{number}" for number in range(2100)]
