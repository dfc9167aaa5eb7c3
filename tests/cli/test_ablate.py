"""`mien ablate` as a user meets it."""

import json
from pathlib import Path

from tests.studies.study_case import write_texts


def test_it_prints_a_verdict_per_link_and_writes_the_report(mien, tmp_path: Path) -> None:
    write_texts(tmp_path / "said.csv", speakers=7)
    words = ("--corpus", "said.csv", "--system", "tfidf+svm", "--links", "choice", "pretraining")
    done = mien("ablate", *words, "--draws", "100", "--out", "report")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["corpus", "link", "metric"]
    assert lines[1].startswith("said    choice")
    assert "does not apply: tfidf is not trained" in lines[2]
    assert {path.name for path in (tmp_path / "report").glob("ablation.*")} == {
        f"ablation.{kind}" for kind in ("html", "md", "csv", "json")
    }
    command = json.loads((tmp_path / "report" / "ablation.json").read_text())["summary"]["command"]
    assert command.startswith("mien ablate --corpus said.csv --system tfidf+svm --links choice pretraining")


def test_bad_input_is_one_line(mien, tmp_path: Path) -> None:
    write_texts(tmp_path / "said.csv")
    good = ("ablate", "--corpus", "said.csv", "--out", "report", "--system")
    for words, reason in (
        (("majority",), "Got `majority`, expected <stream>"),
        (("tfidf+svm", "--links", "choice", "ensembel"), "Did you mean `ensemble`?"),
    ):
        done = mien(*good, *words)
        assert done.returncode == 2, done.stderr
        assert reason in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
