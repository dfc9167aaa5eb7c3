"""P6: `mien analyze` on long recordings joined from RAVDESS clips: time, and memory that must stay flat."""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd
from joined_clips import join_ravdess
from machine import measure, processor, report

GOAL = "P6: `mien analyze` of one recording (goal for 60 min: at most 60 s, at most 500 MB, flat in duration)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 60, 180])
    parser.add_argument("--model", default="voice-small")
    options = parser.parse_args()
    mien = Path(sys.executable).parent / "mien"
    before = processor()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            audio, out = Path(folder) / "joined.wav", Path(folder) / "results"
            clips = join_ravdess(audio, duration_s=60 * minutes)
            command = [
                mien,
                "analyze",
                audio,
                "--out",
                out,
                "--overwrite",
                "--quiet",
                "--model",
                options.model,
            ]
            cost = measure(command)
            if cost.exit_code:
                raise SystemExit(f"mien analyze ended with {cost.exit_code}")
            rows.append(
                {
                    "recording": f"{minutes:g} min, {len(clips)} clips",
                    "time": f"{cost.wall_s:.1f} s",
                    "x real time": f"{60 * minutes / cost.wall_s:.0f}",
                    "processor time": f"{cost.cpu_s:.1f} s",
                    "peak memory, children included": f"{cost.peak_mb:.0f} MB",
                    **found(out, clips),
                }
            )
    report(GOAL, rows, command="python benchmarks/analyze_hour.py", before=before)


def found(out: Path, clips: pd.DataFrame) -> dict[str, object]:
    """Say how many segments came out, and how much of the clips and of the pauses they cover."""
    predictions = pd.read_parquet(out / "predictions.parquet")
    starts, ends = predictions["start"].to_numpy(), predictions["end"].to_numpy()
    middles = (clips["start"] + clips["end"]).to_numpy() / 2
    covered = [bool(((starts <= middle) & (middle < ends)).any()) for middle in middles]
    report_kb = (out / "report.html").stat().st_size / 1e3
    return {
        "segments": len(predictions),
        "clips whose middle is in a segment": f"{100 * sum(covered) / len(covered):.1f} %",
        "report": f"{report_kb:.0f} kB",
    }


if __name__ == "__main__":
    main()
