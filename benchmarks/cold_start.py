"""P7: import time, a cold analysis of ten seconds, and the size of a base install."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from joined_clips import join_ravdess
from machine import CHECKOUT, measure, processor, report

GOAL = (
    "P7: cold start (goal: import at most 0.1 s; analyze 10 s of audio at most 2.5 s; install at most 700 MB)"
)


def import_seconds(repeats: int) -> tuple[float, float]:
    """Return the median times of Python with `import mien` and of Python alone, in seconds."""
    times: dict[str, list[float]] = {"import mien": [], "pass": []}
    for _ in range(repeats):
        for code, found in times.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            found.append(time.perf_counter() - started)
    return median(times["import mien"]), median(times["pass"])


def megabytes(folder: Path) -> float:
    """Return the size of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def install(folder: Path) -> tuple[float, float]:
    """Install mien into a fresh environment; return the megabytes it added and mien's own share."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    bare = megabytes(folder)
    # Compiled files would come with the first import: count them as the user's disk does.
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--compile", CHECKOUT]
    subprocess.run(command, check=True)
    own = next((folder / "lib").rglob("site-packages/mien"))
    return megabytes(folder) - bare, megabytes(own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--model", default="voice-small")
    parser.add_argument("--no-install", action="store_true", help="leave out the fresh environment")
    options = parser.parse_args()
    before = processor()
    with_mien, alone = import_seconds(options.repeats)
    rows: list[dict[str, object]] = [
        {
            "what": "`import mien`, less Python's own start",
            "value": f"{with_mien - alone:.3f} s",
            "peak memory": "",
        }
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        join_ravdess(folder / "ten.wav", duration_s=10)
        mien = Path(sys.executable).parent / "mien"
        analyze = [mien, "analyze", folder / "ten.wav", "--quiet", "--model", options.model]
        commands = {
            "`mien --help`": [mien, "--help"],
            "`mien analyze` of 10 s, no --out": analyze,
            "`mien analyze` of 10 s, with --out": [*analyze, "--out", folder / "out", "--overwrite"],
        }
        for what, command in commands.items():
            costs = [measure(command) for _ in range(max(3, options.repeats // 2))]
            if any(cost.exit_code for cost in costs):
                raise SystemExit(f"{what} ended with {costs[0].exit_code}")
            times = [cost.wall_s for cost in costs]
            value = f"{median(times):.2f} s (first {times[0]:.2f} s)"
            rows.append(
                {"what": what, "value": value, "peak memory": f"{max(c.peak_mb for c in costs):.0f} MB"}
            )
        if not options.no_install:
            added, own = install(folder / "fresh")
            rows.append(
                {
                    "what": "base install in a fresh environment, without pip",
                    "value": f"{added:.0f} MB, of it mien with its models {own:.1f} MB",
                    "peak memory": "",
                }
            )
    report(GOAL, rows, command="python benchmarks/cold_start.py", before=before)


if __name__ == "__main__":
    main()
