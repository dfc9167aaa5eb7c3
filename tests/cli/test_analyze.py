import json
from pathlib import Path

import pandas as pd
import pytest

from mien.core.tables import check_predictions

LINE = "Model tiny · research shelf · CC0-1.0"
RESULTS = {"predictions.parquet", "predictions.csv", "files.csv", "failures.csv", "report.html", "run.json"}


def test_a_run_writes_every_result_and_says_model_and_report(
    mien, tiny_model, write_noise, tmp_path: Path
) -> None:
    write_noise(tmp_path / "a b.wav", seconds=4)
    done = mien("analyze", "a b.wav", "--model", tiny_model, "--segments", "windows", "--out", "res")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == LINE
    assert f"Report: {Path('res') / 'report.html'}" in done.stderr
    assert done.stdout == ""
    assert {path.name for path in (tmp_path / "res").iterdir()} == RESULTS
    table = check_predictions(pd.read_parquet(tmp_path / "res" / "predictions.parquet"))
    written = pd.read_csv(tmp_path / "res" / "predictions.csv")
    assert written.columns.tolist() == table.columns.tolist()
    assert written["start"].tolist() == [0, 3]
    assert written["p.anger"].tolist() == table["p.anger"].tolist()
    assert pd.read_csv(tmp_path / "res" / "failures.csv").columns.tolist() == ["file", "reason"]
    run = json.loads((tmp_path / "res" / "run.json").read_text(encoding="utf-8"))
    assert run["status"] == "complete"
    assert len(run["model"]["sha256"]) == 64
    assert run["options"]["segments"] == "windows"
    assert set(run["schema"]) == set(table.columns)
    assert run["inputs"] == ["a b.wav"]


def test_without_a_folder_a_table_is_printed_and_nothing_written(
    mien, tiny_model, write_noise, tmp_path
) -> None:
    write_noise(tmp_path / "a.wav", seconds=4)
    before = sorted(tmp_path.rglob("*"))
    done = mien("analyze", "a.wav", "--model", tiny_model, "--segments", "windows")
    header, *rows = done.stdout.splitlines()
    assert header.split()[:5] == ["file", "start", "end", "affect", "p"]
    assert [row.split()[1:3] for row in rows] == [["0.00", "3.00"], ["3.00", "4.00"]]
    assert sorted(tmp_path.rglob("*")) == before


def test_json_prints_one_object_per_segment(mien, tiny_model, write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "ä.wav", seconds=4)
    done = mien("analyze", "ä.wav", "--model", tiny_model, "--segments", "windows", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["file"], row["start"], row["end"]) for row in rows] == [("ä.wav", 0, 3), ("ä.wav", 3, 4)]
    assert sum(value for name, value in rows[0].items() if name.startswith("p.")) == pytest.approx(
        1, abs=1e-4
    )
    assert rows[0]["abstain"] in (True, False)
    assert rows[0]["speaker"] is None


def test_quiet_leaves_only_the_licence_line(mien, tiny_model, write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "a.wav")
    done = mien("analyze", "a.wav", "--model", tiny_model, "--quiet", "--segments", "whole")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [LINE]
    assert done.stdout == ""


def test_licence_open_refuses_a_research_model(mien, tiny_model, write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "a.wav")
    done = mien("analyze", "a.wav", "--model", tiny_model, "--licence", "open")
    assert done.returncode == 2
    assert "expected the open shelf" in done.stderr


def test_exit_codes_tell_some_from_none(mien, tiny_model, write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "a.wav")
    options = ["--model", tiny_model, "--segments", "whole"]
    some = mien("analyze", "a.wav", "gone.wav", *options)
    assert some.returncode == 1
    assert "failed: Got no file at `gone.wav`" in some.stderr
    none = mien("analyze", "gone.wav", *options)
    assert none.returncode == 3
    (tmp_path / "empty").mkdir()
    nothing = mien("analyze", "empty", *options)
    assert nothing.returncode == 3
    assert "no known audio or video" in nothing.stderr


def test_a_folder_in_use_is_refused_resumed_or_replaced(
    mien, tiny_model, write_noise, tmp_path: Path
) -> None:
    write_noise(tmp_path / "a.wav")
    command = ["analyze", "a.wav", "--model", tiny_model, "--segments", "whole", "--out", "res"]
    assert mien(*command).returncode == 0
    first = (tmp_path / "res" / "predictions.csv").read_text()
    refused = mien(*command)
    assert refused.returncode == 2
    assert "--resume or --overwrite" in refused.stderr
    assert mien(*command, "--resume").returncode == 0
    assert (tmp_path / "res" / "predictions.csv").read_text() == first
    other = mien("analyze", "a.wav", "--model", tiny_model, "--out", "res", "--resume")
    assert other.returncode == 2
    assert "options.segments was whole, now vad" in other.stderr
    write_noise(tmp_path / "b.wav")
    more = mien(*command[:2], "b.wav", *command[2:], "--resume")
    assert more.returncode == 0
    assert pd.read_csv(tmp_path / "res" / "files.csv")["file"].tolist() == ["a.wav", "b.wav"]
    assert mien("analyze", "b.wav", *command[2:], "--overwrite").returncode == 0
    assert pd.read_csv(tmp_path / "res" / "files.csv")["file"].tolist() == ["b.wav"]


def test_resume_tries_failed_files_again(mien, tiny_model, write_noise, tmp_path: Path) -> None:
    write_noise(tmp_path / "good.wav")
    (tmp_path / "late.wav").write_text("not yet")
    command = [
        "analyze",
        "good.wav",
        "late.wav",
        "--model",
        tiny_model,
        "--segments",
        "whole",
        "--out",
        "res",
    ]
    assert mien(*command).returncode == 1
    write_noise(tmp_path / "late.wav")
    assert mien(*command, "--resume").returncode == 0
    assert pd.read_csv(tmp_path / "res" / "files.csv")["status"].tolist() == ["ok", "ok"]
    assert pd.read_csv(tmp_path / "res" / "failures.csv").empty


def test_a_table_of_segments_keeps_its_names_times_and_speakers(
    mien, tiny_model, write_noise, tmp_path
) -> None:
    (tmp_path / "corpus").mkdir()
    write_noise(tmp_path / "corpus" / "a.wav", seconds=4)
    table = pd.DataFrame(
        {
            "file": ["a.wav"] * 3,
            "start": [0.5, 2.0, 9.0],
            "end": [1.5, None, 10.0],
            "segment": ["x", "y", "beyond"],
            "speaker": ["03", "04", "05"],
        }
    )
    table.to_csv(tmp_path / "corpus" / "list.csv", index=False)
    done = mien("analyze", "corpus/list.csv", "--model", tiny_model, "--out", "res")
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "res" / "predictions.csv", dtype={"speaker": "string"})
    assert found[["segment", "start", "end", "speaker"]].values.tolist() == [
        ["x", 0.5, 1.5, "03"],
        ["y", 2.0, 4.0, "04"],
    ]
    note = pd.read_csv(tmp_path / "res" / "files.csv")["note"][0]
    assert "1 of 3 listed segments lie beyond the end" in note


def test_a_table_with_an_alias_is_refused(mien, tiny_model, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("filename,start\na.wav,0\n")
    done = mien("analyze", "list.csv", "--model", tiny_model)
    assert done.returncode == 2
    assert "Got column `filename` in `list.csv`, expected `file`; rename it." in done.stderr
