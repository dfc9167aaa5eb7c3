"""What the two commands of the README would run, read from make itself."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def plan(target: str, folder: Path, *more: str) -> str:
    """Return the commands that make would run for a target in a fresh environment."""
    fresh = [f"VENV={folder / 'fresh'}", f"SPEECH={folder / 'speech.wav'}"]
    # A make above us would pass its flags on and add lines of its own.
    clean = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "MFLAGS"}
    command = ["make", "--dry-run", target, *fresh, *more]
    done = subprocess.run(command, cwd=CHECKOUT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_sets_up_an_environment_without_torch_or_development_tools(tmp_path: Path) -> None:
    commands = plan("demo", tmp_path)
    assert "--editable ." in commands
    assert "torch" not in commands
    assert "dev]" not in commands


def test_the_demo_analyzes_the_fetched_speech_and_names_its_report(tmp_path: Path) -> None:
    lines = plan("demo", tmp_path).splitlines()
    fetched = next(row for row, line in enumerate(lines) if "demo_speech.py" in line)
    analyzed = next(row for row, line in enumerate(lines) if "mien analyze" in line)
    assert fetched < analyzed
    assert "--overwrite" in lines[analyzed]
    assert "report.html" in lines[-1]


def test_the_tests_install_torch_then_tools_and_run_every_check_before_pytest(
    tmp_path: Path,
) -> None:
    commands = plan("test", tmp_path, "TORCH=torch==9.9")
    order = [
        "torch==9.9",
        ".[descriptors,whisper,words,tensorboard,text,dev]",
        "ruff check",
        "ruff format --check",
        "mypy",
        "-m pytest",
    ]
    places = [commands.index(word) for word in order]
    assert places == sorted(places)


def test_the_check_of_a_clone_runs_the_tests() -> None:
    script = CHECKOUT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)
