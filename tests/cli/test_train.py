"""`mien train`, as a stranger types it."""

import json
import runpy
from pathlib import Path

import pytest

from mien.cli.main import main

pytest.importorskip("torch")

CHECKOUT = Path(__file__).resolve().parents[2]
_VOICES = runpy.run_path(str(CHECKOUT / "tests" / "training" / "voices.py"))


def refused(capsys, *words) -> str:
    """Run the command in this process; return the line with which it refuses."""
    with pytest.raises(SystemExit) as stopped:
        main(["train", *map(str, words)])
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


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
        (["absent.csv", "--encoder", "whisper-tiny", "--sampler", "smac"], "Got --sampler without --search"),
        (["absent.csv", "--encoder", "whisper-tiny", "--adapt", "probe,lora"], "without --search"),
        (["absent.csv", "--encoder", "whisper-tiny", "--label-counts", "25,x"], "Got x as count of labelled"),
        (["voice-small", "--data", ".", "--search", "5"], "Got --search with recipe"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(words, message, capsys, tmp_path):
    assert message in refused(capsys, *words, "--out", tmp_path / "runs")
