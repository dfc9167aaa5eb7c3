from pathlib import Path

import pytest

from mien.prediction.expected_duration import expected_duration_s


def test_a_header_declares_the_duration(write_noise, tmp_path: Path) -> None:
    assert expected_duration_s(write_noise(tmp_path / "a.wav", seconds=2.5)) == pytest.approx(2.5)


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"RIFF\xff\xff\xff\xffWAVE"])
def test_a_file_that_declares_nothing_has_no_expected_duration(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert expected_duration_s(tmp_path / "a.wav") is None


def test_a_missing_file_has_no_expected_duration(tmp_path: Path) -> None:
    assert expected_duration_s(tmp_path / "gone.wav") is None
