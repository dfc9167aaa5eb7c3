from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import InputError
from mien.prediction.model_card import ModelSummary
from mien.training.calibration_clips import made_up_clips, network_inputs, read_calibration

SUMMARY = ModelSummary("tiny", min_duration_s=0.5, max_duration_s=1.0)


def test_recordings_are_read_at_the_models_rate_and_cut_to_its_longest_clip(
    write_noise, tmp_path: Path
) -> None:
    write_noise(tmp_path / "long.wav", seconds=3, rate_hz=8000)
    write_noise(tmp_path / "short.wav", seconds=0.7)
    read = read_calibration([tmp_path], SUMMARY)
    assert sorted(len(clip) for clip in read.clips) == [11200, 16000]
    assert all(clip.dtype == np.float32 for clip in read.clips)
    assert read.speech
    assert not read.skipped


def test_a_corrupt_clip_is_skipped_and_named_with_its_reason(write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_bytes(b"RIFF but no sound")
    read = read_calibration([tmp_path, tmp_path / "missing.wav"], SUMMARY)
    assert len(read.clips) == 1
    assert sorted(Path(file).name for file, _ in read.skipped) == ["bad.wav", "missing.wav"]
    assert all("Got" in reason for _, reason in read.skipped)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(InputError, match="Got no recording to calibrate with"):
        read_calibration([tmp_path], SUMMARY)


def test_recordings_none_of_which_can_be_read_are_refused_with_the_first_reason(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF but no sound")
    with pytest.raises(InputError, match=r"1 recordings of which none can be read.*bad\.wav"):
        read_calibration([tmp_path], SUMMARY)


def test_the_draw_is_the_same_each_time_and_reaches_beyond_the_first_files(
    write_noise, tmp_path: Path
) -> None:
    for number in range(8):
        write_noise(tmp_path / f"{number}.wav", seconds=0.5 + number / 100)
    sizes = [[len(clip) for clip in read_calibration([tmp_path], SUMMARY, most=3).clips] for _ in range(2)]
    assert sizes[0] == sizes[1]
    assert len(set(sizes[0])) == 3
    assert max(sizes[0]) > 0.53 * 16000


def test_made_up_clips_are_finite_loud_enough_and_said_to_be_no_speech() -> None:
    made = made_up_clips(SUMMARY)
    assert not made.speech
    assert all(0.01 < np.abs(clip).max() <= 1 for clip in made.clips)
    assert all(0.5 * 16000 <= len(clip) <= 16000 for clip in made.clips)
    assert all(np.array_equal(a, b) for a, b in zip(made.clips, made_up_clips(SUMMARY).clips, strict=True))


def test_a_short_clip_is_filled_up_with_silence_for_the_network() -> None:
    feed = network_inputs([np.ones(100, dtype=np.float32)], SUMMARY)[0]
    assert feed["samples"].shape == (1, 8000)
    assert feed["samples"].sum() == 100
    assert feed["length"].tolist() == [8000]
