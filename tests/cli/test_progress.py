import pandas as pd
import pytest

from mien.cli.progress import Progress
from mien.prediction.affect import Affect
from mien.prediction.model_card import ModelSummary

MODEL = ModelSummary("tiny", shelf="open", licence="CC0-1.0")


def row(file: str, status: str = "ok", note: str = "") -> dict[str, object]:
    return {
        "file": file,
        "status": status,
        "segments": 1,
        "duration_s": 60.0,
        "seconds_used": 50.0,
        "note": note,
    }


def test_failures_are_said_at_once_and_the_model_first(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.started(MODEL, files=2, size=10, notes=["`a` is named twice; analyzed once"])
    progress.finished(row("b", "failed", "Got `b`; mend it."), size=5)
    assert capsys.readouterr().err.splitlines() == [
        "Model tiny · open shelf · CC0-1.0",
        "note: `a` is named twice; analyzed once",
        "failed: Got `b`; mend it.",
    ]


def test_quiet_still_says_licence_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=True)
    progress.started(MODEL, files=2, size=10, notes=["a note"])
    progress.finished(row("a", note="a note"), size=5)
    progress.finished(row("b", "failed", "Got `b`; mend it."), size=5)
    assert capsys.readouterr().err.splitlines() == [
        "Model tiny · open shelf · CC0-1.0",
        "failed: Got `b`; mend it.",
    ]


def test_the_line_shows_rate_and_remaining_time() -> None:
    progress = Progress()
    progress.started(MODEL, files=4, size=1000, notes=[])
    progress.finished(row("a"), size=200)
    progress.heard(30.0, 50.0)
    assert progress._line(10.0) == "1/4 files · 1:00 of audio · 6 x real time · 25% · 0:30 left"


def test_the_summary_counts_files_by_status(capsys: pytest.CaptureFixture[str]) -> None:
    files = pd.DataFrame([row("a"), row("b", "no-speech"), row("c", "failed", "why")])
    affect = Affect(pd.DataFrame({"segment": ["a#1"]}), files, model=MODEL, run={}, media={})
    Progress().summary(affect)
    assert capsys.readouterr().err.startswith("3 files: 1 ok, 1 without speech, 1 failed · 1 segment")
