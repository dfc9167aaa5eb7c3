from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mien.core import registry
from mien.core.errors import DataError
from mien.training.adapters import describing
from mien.training.clip_samples import ClipSamples, describe_clips


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    time = np.arange(44100) / 44100
    left = 0.4 * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, 0.5 * left], axis=1), 44100)
    soundfile.write(tmp_path / "mono.wav", 0.1 * np.ones(32000), 16000)
    files = [str(tmp_path / name) for name in ("stereo.wav", "mono.wav", "mono.wav")]
    return pd.DataFrame({"file": files, "start": [0.0, 0.0, 0.5], "end": [1.0, 2.0, 1.25]})


@pytest.fixture
def front():
    torch.manual_seed(0)
    module = registry.find("encoders", "whisper")
    return describing(module.build(module.Config(**module.CARD["variants"]["tiny"]["config"]))).eval()


def test_any_rate_and_channels_become_mono_at_16_khz(table):
    clips = ClipSamples(table, longest_s=30.0)
    samples = clips.read(0)
    assert samples.dtype == np.float32
    assert samples.shape == (16000,)
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.3, abs=0.01)


def test_start_and_end_cut_a_clip_out_and_what_is_too_long_is_cut_off(table):
    clips = ClipSamples(table, longest_s=1.5)
    assert [len(clips.read(row)) for row in range(3)] == [16000, 24000, 12000]
    assert clips.lengths_s().tolist() == [1.0, 1.5, 0.75]


def test_names_tell_clips_of_one_file_apart_and_stay_the_same_wherever_it_lies(table, tmp_path):
    clips = ClipSamples(table, longest_s=30.0)
    assert len({clips.name(row) for row in range(3)}) == 3
    (tmp_path / "copy.wav").write_bytes((tmp_path / "mono.wav").read_bytes())
    moved = ClipSamples(table.assign(file=str(tmp_path / "copy.wav")), longest_s=30.0)
    assert moved.name(1) == clips.name(1)


def test_a_clip_outside_its_file_is_named(table):
    with pytest.raises(DataError, match=r"Got 0\.00 s of .*mono\.wav.* from 5 to 6 s"):
        ClipSamples(table.assign(start=5.0, end=6.0), longest_s=30.0).read(1)


def test_descriptions_are_those_of_each_clip_alone_and_are_kept_by_content(table, front, tmp_path):
    clips = ClipSamples(table, longest_s=30.0)
    options = {"rows": range(3), "copies": 1, "seed": 0, "cache": tmp_path / "kept", "of": "abc"}
    found = describe_clips(clips, front, **options)
    assert found.shape == (2, 3, 3, 32)
    alone = torch.from_numpy(clips.read(2))[None]
    with torch.no_grad():
        wanted = front.describe(alone, torch.ones_like(alone, dtype=torch.bool))[0].numpy()
    np.testing.assert_allclose(found[0, 2], wanted, atol=1e-4)
    assert not np.allclose(found[1], found[0], atol=1e-3)
    assert len(list((tmp_path / "kept").glob("*/*.npy"))) == 3
    with torch.no_grad():
        for weight in front.parameters():
            weight.zero_()
    np.testing.assert_array_equal(describe_clips(clips, front, **options), found)
    assert not np.array_equal(describe_clips(clips, front, **{**options, "of": "other weights"}), found)
