"""P8: bags of audio words of EmoDB on one core, beside openXBOW in the same run.

MIEN_OPENXBOW names openXBOW.jar (version 1.3.1, github.com/openXBOW/openXBOW), which Java 17 runs;
MIEN_DATA the folder of corpora. The frames are the 25 descriptors of eGeMAPS with their first, and some of
their second, differences: 65 columns.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import openxbow
import pandas as pd
import psutil
from machine import CHECKOUT, measure, processor, report
from threadpoolctl import threadpool_limits

from mien.features.bags import Bags, Weighting, Words
from mien.features.bags.assignment import nearest, squared_distances
from mien.features.bags.number_book import NumberBook
from mien.features.described import Described
from mien.features.extraction import extract_table
from mien.features.feature_table import KEYS

GOAL = "P8: bags of audio words of EmoDB, one core (goal: at least 10 x faster than openXBOW 1.3.1)"
DATA = Path(os.environ.get("MIEN_DATA", CHECKOUT.parent / "shared" / "data"))
COLUMNS, SIZE, ROUNDS = 65, 1000, 3
SETTINGS = {
    "random": (),
    "random++": (),
    "kmeans++": ("-numTrain", "10000"),
}


def main() -> None:
    before = processor()
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(process.cpu_affinity()[:1])
    frames = frames_of_emodb()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "frames.csv"
        openxbow.write_frames(source, frames.values, frames.starts)
        as_table(frames).to_parquet(folder / "frames.parquet")
        # what is compiled at the first call stays on disk
        Bags(Words(size=50, method="kmeans++")).fit_transform(frames)
        reading = theirs(source, folder, ("-c", "random", "-size", "1"))
        rows = [row(method, frames, folder, reading) for method in SETTINGS]
    shape = f"{frames.values.shape[0]:,} x {frames.values.shape[1]} frames, {SIZE} words"
    report(f"{GOAL}; {shape}", rows, command="python benchmarks/bag_speed.py", before=before)


def row(method: str, frames: Described, folder: Path, reading: float | None) -> dict[str, object]:
    """Measure one way to make a codebook, by both programs."""
    more = SETTINGS[method]
    options = Words(columns=frames.columns, size=SIZE, method=method, train=int(more[1]) if more else None)
    bags = Bags(options)
    alone = min(spent(lambda: bags.fit_transform(frames)) for _ in range(ROUNDS))
    command = [sys.executable, "-m", "mien", "bags", folder / "frames.parquet", "--words", SIZE]
    command += ["--codebook", method, "--out", folder / "bags.parquet", "--save", folder / "book.npz"]
    command += ["--overwrite", "--quiet", *(("--train", more[1]) if more else ())]
    ours = measure(command, cores=[0])
    found = {"codebook": f"{method} {' '.join(more)}".strip(), "mien, files to files": f"{ours.cpu_s:.1f} s"}
    whole = theirs(folder / "frames.csv", folder, ("-c", method, "-size", str(SIZE), *more))
    if whole is None or reading is None:
        return found | {"mien, arrays to bags": f"{alone:.2f} s", "openXBOW": openxbow.ABSENT}
    book = openxbow.read_book(folder / "book", options)
    same = openxbow.same_bags(book, Weighting(), frames, folder)
    differing = int((same != openxbow.read_bags(folder)).sum())
    return found | {
        "openXBOW": f"{whole:.1f} s",
        "times faster": f"{whole / ours.cpu_s:.1f}",
        "mien, arrays to bags": f"{alone:.2f} s",
        "openXBOW less its reading": f"{whole - reading:.1f} s",
        "times faster then": f"{(whole - reading) / alone:.1f}",
        "squared distance to word, both": f"{off(bags.books[0], frames):.1f}, {off(book, frames):.1f}",
        "cells that differ with its codebook": f"{differing} of {same.size}",
    }


def frames_of_emodb() -> Described:
    """Return frames of all clips, (frames, 65)."""
    table = extract_table("egemaps", DATA / "emodb" / "audio", level="lld")
    values = table.drop(columns=list(KEYS)).to_numpy(np.float32)
    starts = np.searchsorted(pd.factorize(table["segment"])[0], np.arange(table["segment"].nunique() + 1))
    changes = np.diff(values, axis=0, prepend=values[:1])
    twice = np.diff(changes, axis=0, prepend=changes[:1])
    joined = np.concatenate([values, changes, twice], axis=1)[:, :COLUMNS]
    return Described(joined, starts.astype(np.int64), tuple(f"lld{n}" for n in range(COLUMNS)))


def as_table(frames: Described) -> pd.DataFrame:
    table = pd.DataFrame(frames.values, columns=list(frames.columns))
    table.insert(
        0, "segment", np.repeat(np.arange(len(frames.starts) - 1), np.diff(frames.starts)).astype(str)
    )
    return table


def theirs(source: Path, folder: Path, options: tuple[str, ...]) -> float | None:
    """Return the processor time of openXBOW in seconds; None without it."""
    if not openxbow.is_here():
        return None
    return openxbow.run(source, folder, ["-standardizeInput", *options]).cpu_s


def spent(work) -> float:
    """Return the processor time of one call."""
    with threadpool_limits(1):
        started = time.process_time()
        work()
        return time.process_time() - started


def off(book: NumberBook, frames: Described) -> float:
    """Return the mean squared distance of frames to their words: what a codebook loses of them."""
    scaled = book.scaled(frames.values, frames.starts)
    return float(squared_distances(scaled, book.words, nearest(scaled, book.words)).mean())


if __name__ == "__main__":
    main()
