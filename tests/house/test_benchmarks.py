"""`make bench` runs every benchmark, and keeps what it does not run."""

import ast
import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def constant(path: Path, name: str) -> object:
    """Return the value of a constant of a file that is not imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    return None


def test_every_file_with_a_goal_is_run() -> None:
    with_goal = {path.name for path in BENCHMARKS.glob("*.py") if constant(path, "GOAL")}
    assert set(constant(BENCHMARKS / "run_all.py", "FILES")) == with_goal


def test_every_stored_measurement_is_of_a_benchmark_that_is_there() -> None:
    record = json.loads((BENCHMARKS.parent / "docs" / "results" / "speed.json").read_text(encoding="utf-8"))
    for entry in record["measurements"]:
        assert (BENCHMARKS.parent / entry["command"].split()[1]).is_file()
        assert entry["date"] <= "2100"


def test_a_run_of_one_keeps_the_measurements_of_the_others(tmp_path: Path) -> None:
    folder, results = tmp_path / "benchmarks", tmp_path / "docs" / "results"
    folder.mkdir()
    results.mkdir(parents=True)
    for name in ("machine.py", "run_all.py"):
        (folder / name).write_text((BENCHMARKS / name).read_text(encoding="utf-8"), encoding="utf-8")
    call = "report('Made up', [{'x': 1}], command='python benchmarks/cold_start.py', before='now')"
    (folder / "cold_start.py").write_text(f"from machine import report\n{call}\n")
    old = {"title": "Old", "date": "2026-01-01", "processor": "p", "rows": [{"y": 2}]}
    old["command"] = "python benchmarks/model_speed.py"
    (results / "speed.json").write_text(json.dumps({"measurements": [old]}))
    subprocess.run([sys.executable, folder / "run_all.py", "cold_start.py"], check=True, capture_output=True)
    text = (results / "speed.md").read_text(encoding="utf-8")
    assert text.index("## Old") < text.index("## Made up")
    assert "2026-01-01, p. `python benchmarks/model_speed.py`" in text
    assert [one["title"] for one in json.loads((results / "speed.json").read_text())["measurements"]] == [
        "Old",
        "Made up",
    ]
