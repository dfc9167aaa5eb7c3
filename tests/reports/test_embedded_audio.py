"""Sound in pages: small, whole, or linked."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from mien.core.errors import InputError
from mien.reports.embedded_audio import AudioAllowance, encode_mp3, playable_audio, relative_link


def decoded(sound: bytes) -> np.ndarray:
    with av.open(io.BytesIO(sound)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_an_mp3_keeps_length_and_pitch_whatever_the_blocks() -> None:
    rate_hz = 24_000
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate_hz * 5) / rate_hz)).astype(np.float32)
    blocks = np.split(tone, [7, 7, 30_000, 90_001])
    sound = encode_mp3(blocks, rate_hz)
    heard = decoded(sound)
    assert len(heard) / rate_hz == pytest.approx(5, abs=0.06)
    spectrum = np.abs(np.fft.rfft(heard[rate_hz : 2 * rate_hz]))
    assert spectrum.argmax() == 440
    assert len(sound) < 5 * 8_000


def test_samples_beyond_full_scale_are_clipped() -> None:
    assert np.abs(decoded(encode_mp3([np.full(24_000, 7, np.float32)], 24_000))).max() < 1.6


def test_no_sample_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one sample"):
        encode_mp3([], 24_000)


def test_a_real_recording_is_embedded_small(recording: Path, tmp_path: Path) -> None:
    duration_s = soundfile.info(recording).duration
    sound = playable_audio(recording, tmp_path / "a.html", duration_s=duration_s, allowance=AudioAllowance())
    assert sound.embedded
    assert sound.source.startswith("data:audio/mpeg;base64,")
    assert len(sound.source) < duration_s * 9_000 + 4_000


def test_what_exceeds_the_allowance_is_linked(tmp_path: Path) -> None:
    media = tmp_path / "my #1 talk.wav"
    soundfile.write(media, np.zeros(8000), 8000)
    page = tmp_path / "out" / "report.html"
    sound = playable_audio(media, page, duration_s=601, allowance=AudioAllowance())
    assert sound.source == "../my%20%231%20talk.wav"
    assert not sound.embedded
    assert "original file" in sound.note


def test_the_allowance_is_for_the_page_and_for_the_run() -> None:
    allowance = AudioAllowance(run_s=1000, page_s=600)
    assert allowance.take(500)
    assert not allowance.take(200)
    allowance.new_page()
    assert allowance.take(400)
    allowance.new_page()
    assert not allowance.take(200)
    assert not allowance.take(float("nan"))


def test_a_recording_that_cannot_be_read_is_linked_with_the_reason(tmp_path: Path) -> None:
    media = tmp_path / "text.wav"
    media.write_text("not sound")
    sound = playable_audio(media, tmp_path / "a.html", duration_s=3, allowance=AudioAllowance())
    assert sound.source == "text.wav"
    assert "could not be embedded" in sound.note


def test_a_recording_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    sound = playable_audio(tmp_path / "no.wav", tmp_path / "a.html", duration_s=3, allowance=AudioAllowance())
    assert sound.source == ""
    assert "not at hand" in sound.note


def test_links_are_relative_and_safe() -> None:
    assert relative_link(Path("/a/b/ü & <x>.wav"), Path("/a/b/c/r.html")) == "../%C3%BC%20%26%20%3Cx%3E.wav"
