"""A leaderboard is finished whatever an encoder does, and a run goes on where it was stopped."""

import json
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

from mien.cli.main import main
from mien.core.errors import ConfigError, DataError
from mien.reports.hear_report import hear_html, hear_markdown
from mien.studies.hear_leaderboard import run_hear, write_hear

CASE = runpy.run_path(str(Path(__file__).with_name("hear_folders.py")))
MODULE = CASE["MODULE"]
LINEAR = 36
"""A seed whose first point has no hidden layer."""

FRAGILE = (
    MODULE.replace("def get_scene_embeddings", "def _scenes")
    + """

from pathlib import Path

HERE = Path(__file__).parent


def get_scene_embeddings(audio, model):
    with (HERE / "heard").open("a") as stream:
        stream.write(f"{len(audio)}\\n")
    if (HERE / "stop").exists() and len((HERE / "heard").read_text().split()) > 1:
        raise KeyboardInterrupt
    return _scenes(audio, model)
"""
)
"""Counts what it hears, and is stopped by the user at the second batch where a file says so."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return two tasks of whole clips and one over time."""
    root = tmp_path_factory.mktemp("tasks")
    one = CASE["write_scene_folder"](root / "tones")
    two = CASE["write_scene_folder"](root / "chords", name="chords", several=True)
    more = CASE["write_scene_folder"](root / "more", name="more-tones", per_class=3)
    return [str(one), str(more), str(CASE["write_event_folder"](root / "beeps")), str(two)]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that makes a module importable."""
    made = []

    def write(name, text):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        made.append(name)
        return folder

    yield write
    for name in made:
        sys.modules.pop(name, None)


def test_official_folders_are_solved_by_a_module_that_hears_pitch(folders, module, tmp_path):
    module("able_package", MODULE)
    board = run_hear(["module:able_package"], folders, tmp_path, work=tmp_path / "work", grid=1, seed=22)
    scores = board.cells.set_index("task")["score"]
    assert scores["tones"] == 1.0
    assert scores["chords"] > 0.9
    assert scores["beeps"] > 0.8
    assert (board.cells["status"] == "done").all()


def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_table(folders, module, tmp_path):
    folder = module("fragile_package", FRAGILE)
    asked = (["module:fragile_package", "mel-means"], folders[:2], tmp_path)
    whole = run_hear(*asked, work=tmp_path / "whole", grid=1, seed=LINEAR)
    (folder / "heard").unlink()
    (folder / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        run_hear(*asked, work=tmp_path / "work", grid=1, seed=LINEAR)
    (folder / "stop").unlink()
    heard_before = (folder / "heard").read_text()
    resumed = run_hear(*asked, work=tmp_path / "work", grid=1, seed=LINEAR)
    pd.testing.assert_frame_equal(resumed.cells, whole.cells)
    pd.testing.assert_frame_equal(resumed.summary, whole.summary)
    heard = (folder / "heard").read_text()
    again = run_hear(*asked, work=tmp_path / "work", grid=1, seed=LINEAR)
    assert (folder / "heard").read_text() == heard != heard_before
    pd.testing.assert_frame_equal(again.cells, whole.cells)


def test_an_encoder_that_crashes_says_why_and_the_others_go_on(folders, module, tmp_path):
    module(
        "crashing_package",
        MODULE.replace("return get_timestamp_embeddings(audio, model)[0].mean(dim=1)", "return 1 / 0"),
    )
    module(
        "closed_package",
        MODULE.replace("    model = Spectrum()", "    raise RuntimeError('no licence here')"),
    )
    names = ["module:crashing_package", "module:closed_package", "mel-means"]
    lines = []
    board = run_hear(
        names, folders[:1], tmp_path, work=tmp_path / "work", grid=1, seed=LINEAR, watch=lines.append
    )
    cells = board.cells.set_index("encoder")
    assert cells.loc["crashing_package", "note"] == "ZeroDivisionError: division by zero"
    assert cells.loc["closed_package", "note"] == "RuntimeError: no licence here"
    assert cells.loc["mel-means", "status"] == "done"
    assert board.summary["encoder"].iloc[0] == "mel-means"
    assert board.summary.set_index("encoder")["mean_rank"].to_dict()["mel-means"] == 1.0
    assert len(lines) == 3
    parts = (board.cells, board.summary, board.tasks, board.skipped, board.settings)
    for text in (hear_markdown(*parts), hear_html(*parts)):
        assert "no licence here" in text
        assert text.count("failed") >= 2


def test_the_command_writes_the_table_in_four_forms(folders, module, tmp_path, monkeypatch):
    module("stranger", MODULE)
    words = ["hear", "--module", "stranger", "--encoder", "mel-means", "--tasks", folders[0]]
    words += ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--grid", "1", "--seed", str(LINEAR)]
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    cells = pd.read_csv(tmp_path / "out" / "leaderboard.csv")
    stored = json.loads((tmp_path / "out" / "leaderboard.json").read_text())
    assert sorted(cells["encoder"]) == ["mel-means", "stranger"]
    assert [one["score"] for one in stored["cells"]] == pytest.approx(cells["score"].tolist())
    assert stored["settings"]["grid"] == 1
    for name in ("leaderboard.md", "leaderboard.html"):
        assert "stranger" in (tmp_path / "out" / name).read_text()


def test_words_that_fit_nothing_are_refused_before_any_work(folders, tmp_path, capsys):
    def run(encoders, tasks=folders[:1], **options):
        return run_hear(encoders, tasks, tmp_path, work=tmp_path / "work", **options)

    with pytest.raises(ConfigError, match="each name once"):
        run(["mel-means", "mel-means"])
    with pytest.raises(ConfigError, match="Got encoders none"):
        run([])
    with pytest.raises(ConfigError, match="Got a grid of 0"):
        run(["mel-means"], grid=0)
    with pytest.raises(ConfigError, match="hear-mini"):
        run(["mel-means"], tasks=["hear-mimi"])
    with pytest.raises(DataError, match="expected at least one task"):
        run(["mel-means"], tasks=["digits"])
    assert not (tmp_path / "work").exists()
    with pytest.raises(SystemExit):
        main(["hear", "--module", "a", "--module", "b", "--weights", "w", "--data", ".", "--out", "o"])
    assert "Got 1 --weights for 2 --module" in capsys.readouterr().err


def test_a_summary_counts_a_failed_cell_as_chance(folders, module, tmp_path):
    module(
        "half_package",
        MODULE.replace("return found, ms", "raise RuntimeError('too long')\n    return found, ms"),
    )
    board = run_hear(
        ["module:half_package"], folders[2:3], tmp_path, work=tmp_path / "work", grid=1, seed=LINEAR
    )
    assert board.summary.iloc[0].to_dict() == {
        "encoder": "half_package", "mean_above_chance": 0.0, "mean_rank": 1.0, "tasks": 0,
    }  # fmt: skip
    write_hear(board, tmp_path / "out")
    assert "too long" in (tmp_path / "out" / "leaderboard.md").read_text()
