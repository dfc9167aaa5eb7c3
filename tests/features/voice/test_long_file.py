"""A long file: memory that grows with its samples and not with everything made of them."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from mien.features.voice.geneva_frames import mean_square

RATE_HZ = 16000
MEASURE = """
import json, resource, sys
import numpy as np
import mien

def peak():
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1e6 if sys.platform == "darwin" else 1e3)

mien.extract("egemaps", np.zeros(16000, np.float32), rate_hz=16000, level=sys.argv[2])
before = peak()
rows = len(mien.extract("egemaps", [sys.argv[1]], level=sys.argv[2]))
print(json.dumps([rows, peak() - before]))
"""


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "made_up.wav"
    times = np.arange(60 * RATE_HZ) / RATE_HZ
    minute = np.zeros(times.size)
    for number in range(1, 12):
        minute += np.sin(number * 2 * np.pi * 140 * times + 6 * np.sin(times)) / number
    minute *= 0.1 * (np.sin(2 * times) > 0)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        for _ in range(10):
            file.write(minute)
    return path


@pytest.mark.parametrize(("level", "rows"), [("functionals", 1), ("lld", 59996)])
def test_ten_minutes_take_less_than_150_mb_more_than_one_second(ten_minutes, level, rows):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", MEASURE, str(ten_minutes), level]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found[0] == rows
    assert found[1] < 150


def test_mean_squares_in_blocks_are_those_of_each_frame():
    clip = np.random.default_rng(0).normal(size=160 * 2500 + 77).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(clip, 320)[::160].astype(np.float64)
    np.testing.assert_allclose(mean_square(clip, 320, 160), (frames**2).mean(axis=1), rtol=1e-12)


def test_silence_after_sound_has_no_energy():
    clip = np.concatenate([np.full(16000, 0.7, np.float32), np.zeros(16000, np.float32)])
    assert (mean_square(clip, 320, 160)[101:] == 0).all()
