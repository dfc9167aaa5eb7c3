"""Recordings without labels: files, folders and tables, cut evenly, held out by speaker."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import DataError, InputError
from mien.training.pool import read_pool

RATE_HZ = 8000


def write(path: Path, seconds: float, *, seed: int = 0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ))
    soundfile.write(path, samples, RATE_HZ)
    return str(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    for number in range(12):
        write(tmp_path / "a" / f"{number}.wav", 0.5, seed=number)
    return tmp_path / "a"


def test_a_folder_gives_every_recording_once_with_its_length(folder):
    table = read_pool([folder, folder / "3.wav"], longest_s=5).table
    assert len(table) == 12
    assert table["segment"].is_unique
    assert table["end"].tolist() == pytest.approx([0.5] * 12)


def test_long_recordings_are_cut_into_even_pieces_that_lose_nothing(folder):
    write(folder / "long.wav", 4.4)
    table = read_pool([folder], longest_s=2).table
    pieces = table[table["file"].str.endswith("long.wav")]
    assert pieces["start"].tolist() == pytest.approx([0, 4.4 / 3, 8.8 / 3])
    assert pieces["end"].tolist() == pytest.approx([4.4 / 3, 8.8 / 3, 4.4])


def test_one_bad_file_is_left_out_with_its_reason(folder):
    (folder / "bad.wav").write_bytes(b"no sound")
    pool = read_pool([folder], longest_s=5)
    assert len(pool.table) == 12
    assert [Path(file).name for file, _ in pool.skipped] == ["bad.wav"]


def test_a_table_may_label_some_clips_and_holds_out_whole_speakers(folder):
    rows = [
        {"path": f"{n}.wav", "speaker": f"s{n % 6}", "emotion": "joy" if n < 2 else ""} for n in range(12)
    ]
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    pool = read_pool([folder / "clips.csv"], longest_s=5)
    assert pool.labels(("anger", "joy")).tolist() == [1, 1] + [-1] * 10
    held = pool.held_out(np.zeros(12, np.int64), seed=0)
    speakers = pool.table["speaker"]
    assert pool.by_speaker
    assert 0 < held.sum() < 12
    assert not set(speakers[held]) & set(speakers[~held])


def test_a_label_that_the_teacher_does_not_know_is_refused_by_name(folder):
    rows = [{"file": f"{n}.wav", "emotion": "boredom"} for n in range(12)]
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    pool = read_pool([folder / "clips.csv"], longest_s=5)
    with pytest.raises(DataError, match=r"`boredom`, expected one of anger, joy.*rename the label"):
        pool.labels(("anger", "joy"))


def test_nothing_too_few_and_one_file_alone_are_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no recording that can be read"):
        read_pool([tmp_path / "empty"], longest_s=5)
    with pytest.raises(DataError, match="Got 1 clips, expected at least 10"):
        read_pool([folder / "0.wav"], longest_s=5)
    alone = read_pool([write(tmp_path / "long.wav", 12.0)], longest_s=1)
    with pytest.raises(DataError, match="clips of one file alone"):
        alone.held_out(np.zeros(len(alone.table), np.int64), seed=0)


def test_a_table_without_files_is_refused(tmp_path):
    pd.DataFrame({"sound": ["a.wav"]}).to_csv(tmp_path / "clips.csv", index=False)
    with pytest.raises(DataError, match=r"Got the columns sound in .*expected one for file"):
        read_pool([tmp_path / "clips.csv"], longest_s=5)
