"""Run every benchmark and write docs/results/speed.md and speed.json."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from machine import CHECKOUT

FILES = ("model_speed.py", "analyze_hour.py", "cold_start.py")
PACKAGES = ("mien", "numpy", "onnxruntime", "pandas", "av", "soundfile", "soxr")

HEAD = """# Speed and memory

Made by `make bench`. Absolute times say the order of magnitude on the processor named. A load above 0 before
a measurement means that other programs were running: times are then longer than they need be. Peak memory is
the resident memory of the command and its children together, in megabytes of 10^6 bytes.
"""


def main() -> None:
    entries: list[dict[str, object]] = []
    for name in sys.argv[1:] or FILES:
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "entry.jsonl"
            environment = {**os.environ, "MIEN_BENCH_JSON": str(lines)}
            command = [sys.executable, str(CHECKOUT / "benchmarks" / name)]
            subprocess.run(command, check=True, env=environment)
            entries += [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}}
    when = datetime.now(UTC).date().isoformat()
    results = CHECKOUT / "docs" / "results"
    results.mkdir(parents=True, exist_ok=True)
    tables = [str(entry.pop("markdown")) for entry in entries]
    said = ", ".join(f"{name} {found}" for name, found in versions.items())
    text = "\n".join([HEAD, f"Made on {when} with {said}.\n", *tables])
    (results / "speed.md").write_text(text, encoding="utf-8")
    record = {"date": when, "versions": versions, "measurements": entries}
    (results / "speed.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
