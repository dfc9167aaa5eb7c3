import numpy as np
import pytest
import soundfile

from mien.core.errors import ConfigError, InputError
from mien.signals.degrade import apply, clip_generator
from mien.signals.degrade.clip_files import Sounds, degrade_file, targets


def read(path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def test_a_file_holds_what_apply_makes_of_it_in_16_bits_at_its_own_rate(tmp_path, write_noise):
    source = write_noise(tmp_path / "a.wav", rate_hz=22050, seconds=0.5)
    degrade_file(source, tmp_path / "b.wav", condition="room", level=2, seed=5)
    expected = apply(read(source), "room", 2, rate_hz=22050, generator=clip_generator("a", "room", seed=5))
    assert soundfile.info(tmp_path / "b.wav").samplerate == 22050
    assert soundfile.info(tmp_path / "b.wav").subtype == "PCM_16"
    np.testing.assert_allclose(read(tmp_path / "b.wav"), expected, atol=0.51 / 32768)


def test_a_quiet_recording_keeps_its_16_bit_steps(tmp_path, write_noise):
    source = write_noise(tmp_path / "a.wav", seconds=0.5)
    degrade_file(source, tmp_path / "b.wav", condition="gain", level=5)
    expected = apply(read(source), "gain", 5, rate_hz=16000, generator=clip_generator("a", "gain"))
    np.testing.assert_array_equal(read(tmp_path / "b.wav"), expected)


def test_sounds_are_resampled_and_leave_out_the_clip_itself(tmp_path, write_noise):
    first = write_noise(tmp_path / "a.wav", rate_hz=8000, seconds=0.5)
    write_noise(tmp_path / "b.wav", rate_hz=16000, seconds=0.25)
    sounds = Sounds(tmp_path)
    assert [one.size for one in sounds.at(16000)] == [8000, 4000]
    assert [one.size for one in sounds.at(16000, without=first)] == [4000]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="Got no recordings"):
        Sounds(tmp_path / "empty")


def test_names_that_collide_or_exist_are_refused(tmp_path, write_noise):
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    files = [write_noise(tmp_path / folder / "a.wav") for folder in ("x", "y")]
    with pytest.raises(ConfigError, match=r"both become `a\.wav`"):
        targets(files, tmp_path / "out")
    with pytest.raises(ConfigError, match="which exists"):
        targets(files[:1], tmp_path / "x")
    assert targets(files[:1], tmp_path / "out") == [tmp_path / "out" / "a.wav"]
    assert (tmp_path / "out").is_dir()
    with pytest.raises(InputError, match="cannot be created"):
        targets(files[:1], files[0] / "out")
