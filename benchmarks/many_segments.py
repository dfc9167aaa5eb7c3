"""P10: how the cost of descriptors and scoring grows with the number of segments, and what two workers save.

Segments of half a second are cut from EmoDB, nEMO and RAVDESS, forty of a file. Scores are of random answers,
which cost what any answers cost.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from joined_clips import data_root
from machine import CHECKOUT, Cost, measure, processor, report

GOAL = "P10: from 1e3 to 1e5 segments (goal: exponent of the cost at most 1.05; two workers at least 1.8 x)"
CORPORA = ("emodb", "nemo", "ravdess_speech")
OF_A_FILE = 40
SIZES = (1000, 10_000, 100_000)
CATEGORIES = ("anger", "happiness", "neutral", "sadness")
SPEAKERS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().sizes
    before = processor()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segments = cut_corpora(max(sizes))
        features = [extract(segments.head(size), folder) for size in sizes]
        rows = growth("eGeMAPS functionals, 1 worker", sizes, features)
        for way in (("--workers", "2"), ("--workers", "2", "--on", "ray")):
            two = extract(segments, folder, *way)
            same = (folder / "one.parquet").read_bytes() == (folder / "other.parquet").read_bytes()
            rows.append(
                row(f"eGeMAPS functionals, {' '.join(way)}", max(sizes), two)
                | {"x one worker": f"{features[-1].wall_s / two.wall_s:.2f}"}
                | {"same bytes": "yes" if same else "no"}
                | ({"processor time": "not seen: Ray's own"} if "ray" in way else {})
            )
        rows += growth("`mien evaluate`", sizes, [score(size, folder) for size in sizes])
    report(GOAL, rows, command="python benchmarks/many_segments.py", before=before)


def cut_corpora(count: int) -> pd.DataFrame:
    """Return so many segments of real clips: `file`, `start` and `end` in seconds."""
    files = [path for name in CORPORA for path in sorted((data_root() / name / "audio").glob("*.flac"))]
    generator = np.random.default_rng(0)
    tables = []
    for at in generator.permutation(len(files))[: -(-count // OF_A_FILE)]:
        start = np.sort(generator.uniform(0, soundfile.info(files[at]).duration - 0.65, OF_A_FILE))
        end = start + generator.uniform(0.4, 0.6, OF_A_FILE)
        tables.append(pd.DataFrame({"file": str(files[at]), "start": start, "end": end}))
    return pd.concat(tables, ignore_index=True).head(count).round(4)


def extract(segments: pd.DataFrame, folder: Path, *options: str) -> Cost:
    """Describe segments by the command."""
    listed = folder / "segments.csv"
    segments.to_csv(listed, index=False)
    out = folder / ("other.parquet" if options else "one.parquet")
    return mien("extract", "egemaps", str(listed), "--out", str(out), "--overwrite", "--quiet", *options)


def score(count: int, folder: Path) -> Cost:
    """Score random answers by the command."""
    generator = np.random.default_rng(0)
    names = [f"s{number}" for number in range(count)]
    shares = generator.dirichlet(np.ones(len(CATEGORIES)), count)
    predicted = pd.DataFrame({"segment": names, "source": "voice", "model": "random"})
    predicted[[f"p.{one}" for one in CATEGORIES]] = shares
    predicted[["aleatoric.category", "epistemic.category"]] = 0.5
    predicted["abstain"] = False
    truth = pd.DataFrame({"segment": names, "category": generator.choice(CATEGORIES, count)})
    truth["speaker"] = [f"speaker{number % SPEAKERS}" for number in range(count)]
    predicted.to_parquet(folder / "predicted.parquet", index=False)
    truth.to_csv(folder / "truth.csv", index=False)
    return mien("evaluate", str(folder / "predicted.parquet"), "--truth", str(folder / "truth.csv"), "--json")


def mien(*words: str) -> Cost:
    """Run a command; stop where it fails."""
    cost = measure([sys.executable, "-m", "mien", *words])
    if cost.exit_code:
        raise SystemExit(f"`mien {words[0]}` failed in {CHECKOUT}.")
    return cost


def growth(what: str, sizes: list[int], costs: list[Cost]) -> list[dict[str, object]]:
    """Return a row per size, with the exponent of the processor time since the size before."""
    rows = []
    for at, (size, cost) in enumerate(zip(sizes, costs, strict=True)):
        exponent = np.log(cost.cpu_s / costs[at - 1].cpu_s) / np.log(size / sizes[at - 1]) if at else None
        rows.append(
            row(what, size, cost)
            | {"exponent since the row before": "" if exponent is None else f"{exponent:.2f}"}
        )
    return rows


def row(what: str, size: int, cost: Cost) -> dict[str, object]:
    return {
        "what": what,
        "segments": size,
        "processor time": f"{cost.cpu_s:.1f} s",
        "time": f"{cost.wall_s:.1f} s",
        "peak memory, children included": f"{cost.peak_mb:.0f} MB",
        "exponent since the row before": "",
        "x one worker": "",
        "same bytes": "",
    }


if __name__ == "__main__":
    main()
