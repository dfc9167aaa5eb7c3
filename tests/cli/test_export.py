import runpy
from pathlib import Path

import pytest

write_small_model = runpy.run_path(str(Path(__file__).parents[1] / "training" / "small_export.py"))[
    "write_small_model"
]


def test_export_prints_layers_comparison_and_folder(mien, write_noise, tmp_path: Path) -> None:
    (tmp_path / "speech").mkdir()
    for number in range(3):
        write_noise(tmp_path / "speech" / f"{number}.wav", seed=number)
    (tmp_path / "speech" / "broken.wav").write_bytes(b"RIFF but no sound")
    write_small_model(tmp_path / "small")
    done = mien("export", "small", "--quantize", "int8-dynamic", "--calibration", "speech", "--force")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["layer", "operator", "weights", "kept", "in", "own", "dB", "whole", "dB"]
    assert any("recurrence/GRU" in line and "int8 weights" in line for line in lines)
    assert " MB before, " in done.stdout
    assert "Answers on 3 recordings" in done.stdout
    assert "Skipped, as they cannot be read: 1 of" in done.stdout
    assert "broken.wav" in done.stderr
    assert lines[-1] == "Model: small-int8 (CC0-1.0)"
    again = mien("analyze", "speech/0.wav", "--model", "small-int8", "--segments", "whole")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--quantize", "int9"], "Got quantize `int9`"),
        (["--format", "tflite"], "Got format `tflite`, expected onnx"),
        (["--calibration", "."], "Got no recording to calibrate with"),
    ],
)
def test_wrong_options_end_with_one_line(mien, words: list[str], message: str) -> None:
    done = mien("export", "voice-small", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
