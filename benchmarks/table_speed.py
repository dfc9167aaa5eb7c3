"""P11: from the files of EmoDB to a table, beside a script of openSMILE and scikit-learn.

The script runs in the environment that `make parity` makes; MIEN_OPENSMILE names another Python.
"""

import os
import sys
import tempfile
from pathlib import Path
from shutil import copytree

from joined_clips import data_root
from machine import CHECKOUT, Cost, measure, processor, report

GOAL = (
    "P11: EmoDB, eGeMAPS, linear SVM, leave one speaker out, from files to table, two cores (goal: at most "
    "5 s, 2 s with descriptors kept; nkululeko 23.2 and 7.9 s on another computer)"
)
REFERENCE = Path(os.environ.get("MIEN_OPENSMILE", CHECKOUT / "build" / "parity" / "bin" / "python"))


def main() -> None:
    before = processor()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(folder / "compiled")
        rows = [
            row("`mien compare`", compare(folder / "first")),
            row("`mien compare --workers 2`", compare(folder / "two", "--workers", "2")),
        ]
        copytree(folder / "first" / "cache", folder / "kept" / "cache")
        rows.append(row("`mien compare`, descriptors kept", compare(folder / "kept")))
        rows.append(row("`mien compare`, all kept", compare(folder / "first")))
        if REFERENCE.exists():
            script = [REFERENCE, CHECKOUT / "scripts" / "opensmile_table.py", data_root() / "emodb"]
            features = folder / "features.npz"
            rows.append(row("openSMILE and scikit-learn", measure([*script, features])))
            rows.append(row("the same, descriptors kept", measure([*script, features])))
    report(GOAL, rows, command="python benchmarks/table_speed.py", before=before)


def compare(out: Path, *words: str) -> Cost:
    """Return what the command costs; the same folder again goes on from what is there."""
    asked = ["--corpus", "emodb", "--systems", "egemaps+svm", "--protocol", "loso", "--data", data_root()]
    mien = Path(sys.executable).parent / "mien"
    return measure([mien, "compare", *asked, "--out", out, *words])


def row(way: str, cost: Cost) -> dict[str, object]:
    """Return a row of the table."""
    if cost.exit_code:
        raise SystemExit(f"{way} ended with {cost.exit_code}")
    return {
        "way": way,
        "time": f"{cost.wall_s:.1f} s",
        "processor time": f"{cost.cpu_s:.1f} s",
        "peak memory": f"{cost.peak_mb:.0f} MB",
    }


if __name__ == "__main__":
    main()
