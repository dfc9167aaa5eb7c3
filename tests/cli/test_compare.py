import json
import subprocess
import sys

import pytest
from tests.studies.study_case import write_texts

from mien.cli.main import main
from mien.cli.many_values import repeat_names


def test_the_command_judges_systems_and_writes_every_report(tmp_path):
    table = write_texts(tmp_path / "said.csv")
    words = ["--corpus", str(table), "--systems", "majority", "tfidf+svm", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "mien", "compare", *words, "--draws", "100"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tfidf+svm" in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"study.html", "study.md", "study.tex", "study.json", "study.parquet", "methods.txt"} <= names
    summary = json.loads((tmp_path / "out" / "study.json").read_text())["summary"]
    assert summary["command"].startswith("mien compare --corpus")


def test_an_empty_cell_is_told_and_gives_exit_code_1(tmp_path, capsys):
    table = write_texts(tmp_path / "said.csv")
    words = ["--corpus", str(table), "--systems", "majority", "voice-small", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as left:
        main(["compare", *words, "--draws", "100"])
    assert left.value.code == 1
    assert "voice-small on said: Got `voice-small`, which takes voice" in capsys.readouterr().err


def test_a_wrong_system_is_one_line_and_exit_code_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["compare", "--corpus", "emodb", "--systems", "egemaps", "--out", str(tmp_path / "out")])
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("mien: Got system `egemaps`, expected majority")


def test_options_of_several_words_are_read_like_repeated_ones():
    given = ["--corpus", "a", "b", "--out", "x", "--systems", "c+svm", "--again"]
    assert repeat_names(given) == [
        *("--corpus", "a", "--corpus", "b", "--out", "x", "--systems", "c+svm", "--again"),
    ]
    assert repeat_names(["table.csv", "--target", "mood"]) == ["table.csv", "--target", "mood"]
