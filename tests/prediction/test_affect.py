import importlib.util
from pathlib import Path

import pytest

import mien
from mien.core.errors import ConfigError


@pytest.fixture
def affect(tiny_model: Path, write_noise, tmp_path: Path):
    paths = [write_noise(tmp_path / f"{name}.wav", seconds=4) for name in "ab"]
    return mien.analyze(paths, model=tiny_model, segments="windows")


def test_a_report_is_a_page_that_names_its_file(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    affect = mien.analyze(write_noise(tmp_path / "talk.wav"), model=tiny_model, segments="whole")
    page = affect.report(tmp_path / "talk.html")
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")
    assert "talk.wav" in page.read_text(encoding="utf-8")


def test_a_plot_is_a_matplotlib_figure(affect) -> None:
    assert importlib.util.find_spec("matplotlib")
    figure = affect.plot(affect.files["file"][0])
    assert figure.axes


def test_one_of_several_files_has_to_be_named(affect, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pass file="):
        affect.report(tmp_path / "x.html")


def test_an_unknown_file_names_the_nearest(affect) -> None:
    wrong = affect.files["file"][0].replace("a.wav", "aa.wav")
    with pytest.raises(ConfigError, match="Did you mean"):
        affect.plot(wrong)


def test_its_short_form_counts_segments_files_and_failures(affect) -> None:
    assert repr(affect) == "<Affect: 4 segments of 2 files, 0 failed; model tiny>"
