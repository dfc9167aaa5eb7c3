"""`mien extract` as a user types it."""

import subprocess
import sys

import numpy as np
import pandas as pd
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
