import json
import os
from pathlib import Path

import pytest

from mien.core.errors import ConfigError, InputError
from mien.prediction.run_folder import differences, open_run_folder

IDENTITY = {"model": {"name": "tiny", "sha256": "a" * 64}, "options": {"segments": "vad"}}


def opened(folder: Path, *, resume: bool = False, overwrite: bool = False, identity=IDENTITY):
    return open_run_folder(folder, identity=identity, resume=resume, overwrite=overwrite, input_bytes=0)


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = opened(tmp_path / "a" / "b")
    assert folder.parts.is_dir()
    assert not folder.resumed


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert opened(tmp_path).path == tmp_path


def test_a_folder_that_holds_a_run_is_refused_without_a_flag(tmp_path: Path) -> None:
    opened(tmp_path).write_run(dict(IDENTITY), status="complete")
    with pytest.raises(ConfigError, match=r"a run that is complete.*--resume or --overwrite"):
        opened(tmp_path)


def test_resume_accepts_the_same_model_and_options(tmp_path: Path) -> None:
    opened(tmp_path).write_run(dict(IDENTITY), status="interrupted")
    assert opened(tmp_path, resume=True).resumed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"model": {"name": "tiny", "sha256": "b" * 64}},
            "model.sha256 was aaaaaaaaaaaa…, now bbbbbbbbbbbb…",
        ),
        ({"options": {"segments": "whole"}}, "options.segments was vad, now whole"),
    ],
)
def test_resume_names_what_differs(tmp_path: Path, change: dict, message: str) -> None:
    opened(tmp_path).write_run(dict(IDENTITY), status="interrupted")
    with pytest.raises(ConfigError, match=message):
        opened(tmp_path, resume=True, identity={**IDENTITY, **change})


def test_overwrite_removes_results_and_leaves_other_files(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    folder.write_run(dict(IDENTITY), status="complete")
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "my notes.txt").write_text("mine")
    opened(tmp_path, overwrite=True)
    assert not (tmp_path / "report.html").exists()
    assert (tmp_path / "my notes.txt").read_text() == "mine"


def test_overwrite_refuses_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("somebody else's")
    with pytest.raises(ConfigError, match=r"without a run\.json"):
        opened(tmp_path, overwrite=True)
    assert (tmp_path / "report.html").read_text() == "somebody else's"


def test_both_flags_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave one out"):
        opened(tmp_path, resume=True, overwrite=True)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="which is a file"):
        opened(tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    # /proc refuses new entries even to root, whom file permissions do not stop.
    if not os.path.isdir("/proc/self"):
        pytest.skip("needs /proc, a folder that nobody can write")
    with pytest.raises(InputError, match="which cannot be written"):
        opened(Path("/proc/self/mien-out"))


def test_too_little_space_is_said_before_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"MB free in .*free some"):
        open_run_folder(
            tmp_path / "out", identity=IDENTITY, resume=False, overwrite=False, input_bytes=10**18
        )


def test_half_written_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    folder.write_run(dict(IDENTITY), status="running")
    (folder.parts / ".abc.12345678.part.parquet").write_bytes(b"half")
    opened(tmp_path, resume=True)
    assert list(folder.parts.iterdir()) == []


def test_run_json_is_readable_and_says_its_status(tmp_path: Path) -> None:
    opened(tmp_path).write_run({**IDENTITY, "note": "ä"}, status="running")
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert run["status"] == "running"
    assert run["note"] == "ä"


def test_a_value_that_is_new_counts_as_a_difference() -> None:
    assert differences({}, {"a": 1}) == ["a was not set, now 1"]
