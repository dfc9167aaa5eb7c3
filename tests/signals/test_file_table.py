import math
from pathlib import Path

import pandas as pd
import pytest

from mien.core.errors import InputError
from mien.signals.file_table import jobs_of_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.wav", "b c.wav"):
        (tmp_path / name).write_bytes(b"audio")
    return tmp_path


def test_a_table_of_files_gives_one_job_per_file(folder: Path) -> None:
    frame = pd.DataFrame({"file": ["b c.wav", "a.wav"], "emotion": ["anger", "fear"]})
    jobs, failures = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert [job.file for job in jobs] == ["b c.wav", "a.wav"]
    assert jobs[0].listed is None
    assert failures == {}


def test_a_table_of_segments_keeps_times_names_and_speakers(folder: Path) -> None:
    frame = pd.DataFrame(
        {
            "file": ["a.wav", "a.wav"],
            "start": [0.5, None],
            "end": [1.0, None],
            "segment": ["one", "two"],
            "speaker": ["03", None],
        }
    )
    (job,), _ = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert job.listed is not None
    assert job.listed.starts == (0.5, 0.0)
    assert job.listed.ends[0] == 1.0
    assert math.isnan(job.listed.ends[1])
    assert job.listed.names == ("one", "two")
    assert job.listed.speakers == ("03", None)


def test_a_table_of_files_may_say_who_speaks(folder: Path) -> None:
    frame = pd.DataFrame({"file": ["a.wav", "b c.wav"], "speaker": ["03", None]})
    jobs, _ = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert [job.speaker for job in jobs] == ["03", None]


@pytest.mark.parametrize(
    ("alias", "wanted"),
    [
        ("filename", "file"),
        ("path", "file"),
        ("File", "file"),
        ("onset", "start"),
        ("strat", "start"),
        ("spk", "speaker"),
    ],
)
def test_an_alias_is_refused_with_the_right_word(folder: Path, alias: str, wanted: str) -> None:
    columns = {"file": ["a.wav"]} if wanted != "file" else {}
    with pytest.raises(InputError, match=f"Got column `{alias}` in `t.csv`, expected `{wanted}`; rename it"):
        jobs_of_table(pd.DataFrame({**columns, alias: ["a.wav"]}), folder=folder, origin="t.csv")


def test_a_table_without_files_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"Got columns colour in `t.csv`, expected `file`"):
        jobs_of_table(pd.DataFrame({"colour": ["red"]}), folder=folder, origin="t.csv")


def test_a_missing_file_fails_and_the_others_go_on(folder: Path) -> None:
    frame = pd.DataFrame({"file": ["a.wav", "gone.wav"]})
    jobs, failures = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert [job.file for job in jobs] == ["a.wav"]
    assert "Got no file `gone.wav`" in failures["gone.wav"]


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0)])
def test_times_out_of_order_fail_the_file(folder: Path, start: float, end: float) -> None:
    frame = pd.DataFrame({"file": ["a.wav"], "start": [start], "end": [end]})
    _, failures = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert "expected 0 <= start < end" in failures["a.wav"]


def test_a_time_that_is_no_number_fails_the_file(folder: Path) -> None:
    frame = pd.DataFrame({"file": ["a.wav"], "start": ["0:30"]})
    _, failures = jobs_of_table(frame, folder=folder, origin="t.csv")
    assert failures["a.wav"].startswith("Got `0:30` as start of `a.wav`, expected seconds")


def test_a_segment_named_twice_is_refused(folder: Path) -> None:
    frame = pd.DataFrame({"file": ["a.wav", "b c.wav"], "segment": ["x", "x"]})
    with pytest.raises(InputError, match="segment `x` twice"):
        jobs_of_table(frame, folder=folder, origin="t.csv")


def test_an_empty_table_and_an_empty_cell_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no rows"):
        jobs_of_table(pd.DataFrame({"file": []}), folder=folder, origin="t.csv")
    with pytest.raises(InputError, match="no file in row 2"):
        jobs_of_table(pd.DataFrame({"file": ["a.wav", None]}), folder=folder, origin="t.csv")
