"""Run benchmarks and write docs/results/speed.md and speed.json.

Usage: python benchmarks/run_all.py [FILE …]

Without files, all of them. With files, the stored measurements of the others are kept.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from machine import CHECKOUT, section

FILES = (
    "model_speed.py",
    "analyze_hour.py",
    "cold_start.py",
    "encoder_batches.py",
    "descriptor_speed.py",
    "budget_speed.py",
    "table_speed.py",
    "bag_speed.py",
    "stream_speed.py",
    "many_segments.py",
)
PACKAGES = (
    "mien",
    "numpy",
    "onnxruntime",
    "pandas",
    "av",
    "soundfile",
    "soxr",
    "torch",
    "transformers",
    "numba",
    "scipy",
)
RESULTS = CHECKOUT / "docs" / "results"

HEAD = """# Speed and memory

Made by `make bench`. Absolute times say the order of magnitude on the processor named. A load above 0 before
a measurement means that other programs were running: times are then longer than they need be. Peak memory is
the resident memory of the command and its children together, in megabytes of 10^6 bytes.
"""


def main() -> None:
    measured = stored()
    for name in sys.argv[1:] or FILES:
        measured[name] = run(name)
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}}
    entries = [entry for name in FILES for entry in measured.get(name, [])]
    said = ", ".join(f"{name} {found}" for name, found in versions.items())
    text = "\n".join([HEAD, f"Last made with {said}.\n", *map(section, entries)])
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "speed.md").write_text(text, encoding="utf-8")
    record = {"versions": versions, "measurements": entries}
    (RESULTS / "speed.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def run(name: str) -> list[dict[str, Any]]:
    """Return what one benchmark reports."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "entry.jsonl"
        environment = {**os.environ, "MIEN_BENCH_JSON": str(lines)}
        subprocess.run([sys.executable, str(CHECKOUT / "benchmarks" / name)], check=True, env=environment)
        return [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]


def stored() -> dict[str, list[dict[str, Any]]]:
    """Return file → its measurements of an earlier run."""
    path = RESULTS / "speed.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"measurements": []}
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in record["measurements"]:
        found.setdefault(Path(entry["command"].split()[1]).name, []).append(entry)
    return found


if __name__ == "__main__":
    main()
