"""`mien degrade` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import soundfile

from mien.signals.degrade import LADDER


def test_a_folder_of_clips_becomes_a_folder_of_worse_ones(mien, tmp_path: Path, write_noise) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "others").mkdir()
    for number in range(2):
        write_noise(tmp_path / "clips" / f"c{number}.wav", seconds=0.5, seed=number)
        write_noise(tmp_path / "others" / f"o{number}.wav", seconds=0.4, seed=10 + number)
    (tmp_path / "clips" / "broken.wav").write_bytes(b"no sound")
    words = ["clips", "--condition", "babble", "--speech", "others", "--level", "5", "--out", "worse"]
    done = mien("degrade", *words)
    assert done.returncode == 1
    assert done.stdout == "2 clips with babble, level 5 (signal-to-noise ratio in dB: 0): worse\n"
    assert len(done.stderr.splitlines()) == 1
    assert "broken.wav" in done.stderr
    run = json.loads((tmp_path / "worse" / "run.json").read_text())
    assert (run["condition"], run["level"], run["seed"]) == ("babble", 5, 0)
    assert list(run["files"]) == ["c0.wav", "c1.wav"]
    assert list(run["failures"]) == ["clips/broken.wav"]
    clean, worse = (soundfile.read(tmp_path / folder / "c0.wav")[0] for folder in ("clips", "worse"))
    ratio_db = 10 * np.log10(np.mean(clean**2) / np.mean((worse - clean) ** 2))
    assert abs(ratio_db) < 0.2


def test_list_shows_every_condition_with_its_levels(mien) -> None:
    done = mien("degrade", "--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(LADDER)
    assert lines[5].endswith("reverberation time RT60 in s: 0.2, 0.4, 0.7, 1, 1.5")


def test_bad_input_is_one_line(mien, tmp_path: Path, write_noise) -> None:
    write_noise(tmp_path / "a.wav", seconds=0.2)
    for words, reason in (
        ([], "Got no FILES"),
        (["a.wav", "--condition", "rooom", "--out", "x"], "Did you mean `room`"),
        (["a.wav", "--condition", "babble", "--out", "x"], "Got no --speech for `babble`"),
        (["a.wav", "--condition", "room", "--out", "."], "which exists"),
    ):
        done = mien("degrade", *words)
        assert done.returncode == 2, (words, done.stdout)
        assert reason in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not (tmp_path / "x").exists()
    assert mien("degrade", "absent.wav", "--condition", "room", "--out", "x").returncode == 3
