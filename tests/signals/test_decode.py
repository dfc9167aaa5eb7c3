import os
import shutil
import tracemalloc

import numpy as np
import pytest
import soundfile
from media_files import tone, write_media, write_plain

from mien.core.errors import InputError
from mien.signals.decode import BLOCK_S, decode, open_audio

DEPTHS = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]

CONTAINERS = [
    ("a.m4a", "aac", None),
    ("a.mp3", "libmp3lame", None),
    ("a.webm", "libopus", "libvpx"),
    ("b.webm", "libopus", None),
    ("a.mp4", "aac", "mpeg4"),
    ("a.mkv", "flac", "mpeg4"),
    ("a.avi", "libmp3lame", "mpeg4"),
    ("a.mov", "pcm_s16le", "mpeg4"),
    ("a.ts", "aac", "mpeg4"),
    ("a.ogg", "libopus", None),
    ("a.aac", "aac", None),
    ("a.ac3", "ac3", None),
    ("a.caf", "alac", None),
]


def read(path, **options):
    stream = open_audio(path, **options)
    blocks = list(stream)
    return np.concatenate(blocks), stream


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples[len(samples) // 4 : -len(samples) // 4] ** 2)))


def loudest_hz(samples: np.ndarray, rate_hz: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * rate_hz / len(samples))


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_depth_of_wav_gives_the_same_sound(tmp_path, depth):
    path = write_plain(tmp_path / "a.wav", tone(1.0), subtype=depth)
    samples, stream = read(path)
    coarse = {"PCM_U8": 0.01, "ULAW": 0.02, "ALAW": 0.02}.get(depth, 1e-4)
    np.testing.assert_allclose(samples, tone(1.0), atol=coarse)
    assert stream.notes == []
    assert stream.duration_s == 1.0


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_every_rate_and_channel_count_gives_the_same_sound(tmp_path, rate_hz, channels):
    signal = np.repeat(tone(1.0, rate_hz)[:, None], channels, axis=1)
    samples, stream = read(write_plain(tmp_path / "a.wav", signal, rate_hz))
    assert len(samples) == 16000
    assert stream.notes == []
    np.testing.assert_allclose(samples[500:-500], tone(1.0)[500:-500], atol=2e-3)


@pytest.mark.parametrize(("name", "codec", "video"), CONTAINERS)
def test_every_container_gives_the_same_sound(tmp_path, name, codec, video):
    path = write_media(tmp_path / name, tone(2.0, 48000), codec=codec, video=video, channels=2)
    samples, stream = read(path)
    assert stream.duration_s == pytest.approx(2.0, abs=0.1)
    assert stream.duration_s == len(samples) / 16000
    assert loudest_hz(samples, 16000) == pytest.approx(440, abs=2)
    assert level(samples) == pytest.approx(level(tone(2.0)), rel=0.1)
    assert stream.notes == []


@pytest.mark.parametrize("extension", ["flac", "ogg", "mp3", "aiff", "au", "w64", "rf64", "caf"])
def test_every_format_of_libsndfile_gives_the_same_sound(tmp_path, extension):
    path = write_plain(tmp_path / f"Ä b.{extension}", tone(1.5, 44100), 44100)
    samples, stream = read(path)
    assert stream.duration_s == pytest.approx(1.5, abs=0.06)
    assert loudest_hz(samples, 16000) == pytest.approx(440, abs=2)
    assert stream.notes == []


def test_pictures_at_irregular_times_do_not_shift_the_sound(tmp_path):
    click = np.zeros(96000, np.float32)
    click[48000:48010] = 0.9
    options = {"codec": "aac", "video": "libx264"}
    regular, _ = read(write_media(tmp_path / "a.mp4", click, **options))
    irregular, _ = read(write_media(tmp_path / "b.mp4", click, irregular=True, **options))
    assert np.argmax(np.abs(irregular)) == pytest.approx(16000, abs=40)
    assert np.argmax(np.abs(regular)) == pytest.approx(16000, abs=40)


def test_sound_that_begins_late_in_a_film_keeps_its_time(tmp_path):
    path = write_media(tmp_path / "a.mkv", tone(1.0, 48000), codec="flac", video="mpeg4", start_s=0.75)
    samples, stream = read(path)
    assert not np.abs(samples[: int(0.7 * 16000)]).any()
    assert stream.duration_s == pytest.approx(1.75, abs=0.02)
    assert "filled with silence" in stream.notes[0]


def test_the_extension_does_not_matter(tmp_path):
    path = write_media(tmp_path / "a.m4a", tone(1.0, 48000))
    shutil.copy(path, tmp_path / "b.wav")
    shutil.copy(write_plain(tmp_path / "c.wav", tone(1.0)), tmp_path / "d.raw")
    assert open_audio(tmp_path / "b.wav") is not None
    assert len(read(tmp_path / "b.wav")[0]) == pytest.approx(16000, abs=2000)
    assert len(read(tmp_path / "d.raw")[0]) == 16000


def test_blocks_are_of_30_s_and_add_up(tmp_path):
    signal = tone(70.0, 8000)
    stream = open_audio(write_plain(tmp_path / "a.wav", signal, 8000), rate_hz=8000)
    blocks = list(stream)
    assert [len(block) for block in blocks] == [round(BLOCK_S * 8000)] * 2 + [80000]
    np.testing.assert_allclose(np.concatenate(blocks), signal, atol=1e-4)


def test_a_whole_recording_is_the_same_as_its_stream(tmp_path):
    path = write_plain(tmp_path / "a.flac", tone(3.3, 44100), 44100)
    signal = decode(path, rate_hz=16000, mono=True)
    assert signal.samples.shape == (1, 52800)
    np.testing.assert_allclose(signal.samples[0], read(path)[0], atol=1e-6)


def test_a_whole_recording_keeps_its_rate_and_channels(tmp_path):
    both = np.stack([tone(1.0, 22050), tone(1.0, 22050, frequency_hz=880.0)], axis=1)
    signal = decode(write_plain(tmp_path / "a.wav", both, 22050))
    assert signal.rate_hz == 22050
    assert signal.samples.dtype == np.float32
    np.testing.assert_allclose(signal.samples.T, both, atol=1e-4)


def test_a_stream_can_be_read_twice(tmp_path):
    stream = open_audio(write_plain(tmp_path / "a.wav", tone()))
    np.testing.assert_array_equal(np.concatenate(list(stream)), np.concatenate(list(stream)))


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg"])
def test_a_truncated_end_is_noted_and_the_rest_is_read(tmp_path, extension):
    generator = np.random.default_rng(0)
    path = write_plain(tmp_path / f"a.{extension}", generator.normal(0, 0.1, 160000).astype(np.float32))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    _samples, stream = read(path)
    assert 4.5 < stream.duration_s < 6.5
    assert "end is missing" in stream.notes[0]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.mkv", "flac"), ("b.webm", "libopus")]
)
def test_a_truncated_container_is_noted_and_the_rest_is_read(tmp_path, name, codec):
    noise = np.random.default_rng(0).normal(0, 0.1, 480000).astype(np.float32)
    path = write_media(tmp_path / name, noise, codec=codec)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    _, stream = read(path)
    assert 5 < stream.duration_s < 6.5
    assert any("missing" in note or "damaged" in note for note in stream.notes)


def test_an_mp4_without_its_index_is_refused(tmp_path):
    path = write_media(tmp_path / "a.mp4", tone(5.0, 48000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"a\.mp4"):
        read(path)


def test_nan_samples_become_zero_and_are_counted(tmp_path):
    signal = tone(2.0)
    signal[100:150] = np.nan
    signal[200] = np.inf
    samples, stream = read(write_plain(tmp_path / "a.wav", signal, subtype="FLOAT"))
    assert not samples[100:150].any()
    assert samples[200] == 0
    assert stream.notes == ["51 samples that are not numbers (NaN) replaced by 0"]


def test_clipping_is_noted(tmp_path):
    signal = np.clip(8 * tone(2.0), -1, 1)
    _, stream = read(write_plain(tmp_path / "a.wav", signal))
    assert "clipped" in stream.notes[0]


def test_a_constant_offset_is_removed_and_noted(tmp_path):
    signal = tone(2.0, level=0.2) + 0.3
    samples, stream = read(write_plain(tmp_path / "a.wav", signal.astype(np.float32)))
    assert abs(samples.mean()) < 1e-3
    assert stream.notes == ["constant offset of 0.3 of full scale removed"]


def test_quiet_and_silent_recordings_are_read_and_noted(tmp_path):
    quiet = read(write_plain(tmp_path / "a.wav", 1e-3 * tone(), subtype="PCM_24"))
    silent = read(write_plain(tmp_path / "b.wav", 0 * tone()))
    assert "very quiet" in quiet[1].notes[0]
    assert level(quiet[0]) == pytest.approx(1e-3 * level(tone()), rel=0.01)
    assert "silent" in silent[1].notes[0]


def test_samples_on_another_scale_are_scaled_and_noted(tmp_path):
    samples, stream = read(write_plain(tmp_path / "a.wav", 20000 * tone(), subtype="FLOAT"))
    assert np.abs(samples).max() == pytest.approx(1.0, abs=0.01)
    assert "times full scale" in stream.notes[0]


def test_channels_that_cancel_do_not_vanish(tmp_path):
    path = write_plain(tmp_path / "a.wav", np.stack([tone(), -tone()], axis=1))
    samples, stream = read(path)
    np.testing.assert_allclose(samples, tone(), atol=1e-3)
    assert "cancel" in stream.notes[0]


def refused(path) -> str:
    """Return the one-line reason, which names the file and a remedy."""
    with pytest.raises(InputError) as caught:
        read(path)
    with pytest.raises(InputError):
        decode(path)
    reason = str(caught.value)
    assert "\n" not in reason
    assert path.name in reason
    assert "expected" in reason
    assert ";" in reason
    return reason


def test_a_missing_file_is_refused(tmp_path):
    assert "no file" in refused(tmp_path / "gone.wav")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.wav").touch()
    assert "empty file" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("extension", ["wav", "mp3", "mp4", "txt", "m3u8", "ass"])
def test_text_with_any_name_is_refused(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_text("This is a diary and no sound.\n" * 50)
    assert "no readable audio" in refused(path)


def test_a_playlist_is_not_followed(tmp_path):
    write_plain(tmp_path / "a.wav", tone())
    path = tmp_path / "list.wav"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\na.wav\n#EXT-X-ENDLIST\n")
    assert "no readable audio" in refused(path)


def test_a_video_without_sound_is_refused(tmp_path):
    assert "without an audio track" in refused(write_media(tmp_path / "a.mp4", None, video="mpeg4"))


@pytest.mark.parametrize("samples", [0, 1, 200])
def test_too_few_samples_are_refused(tmp_path, samples):
    assert "sample" in refused(write_plain(tmp_path / "a.wav", tone()[:samples]))


def test_nothing_but_nan_is_refused(tmp_path):
    path = write_plain(tmp_path / "a.wav", np.full(16000, np.nan, np.float32), subtype="FLOAT")
    assert "NaN" in refused(path)


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    assert "folder" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe" in refused(tmp_path / "pipe.wav")


def test_a_file_without_permission_is_refused(tmp_path_factory, as_other_user):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = write_plain(Path(folder) / "a.wav", tone())
        path.chmod(0)
        assert "no permission" in refused(path)


def test_a_header_with_an_absurd_rate_is_refused(tmp_path):
    path = write_plain(tmp_path / "a.wav", tone())
    content = bytearray(path.read_bytes())
    content[24:28] = (1).to_bytes(4, "little")
    path.write_bytes(content)
    assert "1 Hz" in refused(path)


def test_memory_does_not_grow_with_the_length(tmp_path):
    def peak(duration_s: int) -> int:
        path = tmp_path / f"{duration_s}.wav"
        with soundfile.SoundFile(path, "w", 8000, 1) as file:
            for _ in range(duration_s // 60):
                file.write(tone(60.0, 8000))
        tracemalloc.start()
        for _ in open_audio(path):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    short, long = peak(300), peak(3000)
    assert long < 1.1 * short
    assert long < 30e6
