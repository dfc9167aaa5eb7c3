"""Run openXBOW beside mien: its jar is named by MIEN_OPENXBOW and stays outside; its licence is GPL 3.

Usage: python benchmarks/openxbow.py tests/features/bags/stored/openxbow.json

writes the numbers that the tests compare with: made-up frames, codebooks that openXBOW 1.3.1 made of them,
and its bags for several options.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from machine import Cost, measure

from mien.features.bags import Bags, Weighting, Words
from mien.features.bags.book_file import Books, write_books
from mien.features.bags.counting import rarity
from mien.features.bags.number_book import NumberBook

JAR = Path(os.environ.get("MIEN_OPENXBOW", "openXBOW.jar"))
JAVA = ("java", "-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1", "-Xmx4g", "-jar", str(JAR))
ABSENT = "not run: MIEN_OPENXBOW does not name openXBOW.jar"


def is_here() -> bool:
    """Tell whether there is a jar, and a Java to run it."""
    return JAR.is_file() and subprocess.run(["java", "-version"], capture_output=True).returncode == 0


def write_frames(path: Path, values: np.ndarray, starts: np.ndarray) -> None:
    """Write frames as openXBOW reads them, every digit of single precision kept."""
    names = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    with path.open("w", encoding="utf-8") as file:
        for name, row in zip(names, values.tolist(), strict=True):
            file.write(f"'{name}';" + ";".join(f"{value:.9g}" for value in row) + "\n")


def run(source: Path, folder: Path, options: Sequence[str], *, learn: bool = True) -> Cost:
    """Make bags: `bags.csv` and the codebook `book` in a folder; without `learn` by the codebook there."""
    book = ("-B" if learn else "-b", str(folder / "book"))
    return measure([*JAVA, "-i", str(source), "-o", str(folder / "bags.csv"), *book, *options], cores=[0])


def read_bags(folder: Path) -> np.ndarray:
    """Return the bags that were made, (bags, words)."""
    return np.loadtxt(folder / "bags.csv", delimiter=";", ndmin=2, dtype=np.float32)


def read_book(path: Path, options: Words) -> NumberBook:
    """Return a codebook of openXBOW as one of mien; the options name its columns."""
    lines = path.read_text(encoding="utf-8").splitlines()
    width = len(options.columns or ())
    offset, divisor = np.zeros(width, np.float32), np.ones(width, np.float32)
    if "standardizeInput" in lines:
        at = lines.index("standardizeInput")
        # its lists begin with the column of names
        offset, divisor = (np.float32(lines[at + row].split(";")[1:]) for row in (1, 2))
    at = lines.index("codebookNumeric")
    size = int(lines[at + 1].split(";")[0])
    words = np.array([line.split(";") for line in lines[at + 2 : at + 2 + size]], dtype=np.float32)
    return NumberBook(options, offset, divisor, None, words)


def same_bags(book: NumberBook, weighting: Weighting, frames: object, folder: Path) -> np.ndarray:
    """Return mien's bags of frames by a codebook of openXBOW, (bags, words)."""
    path = folder / "book.npz"
    rarities = None
    if weighting.idf:
        plain = asdict(weighting) | {"idf": False, "norm": "none"}
        write_books(path, Books((book,), None), Weighting(**plain), {"seed": 0})
        rarities = rarity(values_of(Bags.load(path), frames))
    write_books(path, Books((book,), rarities), weighting, {"seed": 0})
    return values_of(Bags.load(path), frames)


def values_of(bags: Bags, frames: object) -> np.ndarray:
    """Return the counts alone."""
    return bags.transform(frames).select_dtypes("float32").to_numpy()


OPTIONS = (
    "", "-a 3", "-log", "-idf", "-log -idf -norm 1", "-a 2 -norm 2", "-a 3 -log -norm 3", "-gaussian 1.0",
    "-a 4 -gaussian 2.0 -log -norm 2", "-a 3 -off 2.0", "-a 3 -off 1.5 -gaussian 1.0 -norm 1",
    "-standardizeInput -a 2 -log -idf",
)  # fmt: skip


def store(out: Path) -> None:
    """Write frames, codebooks and bags for `OPTIONS` and for two codebooks."""
    generator = np.random.default_rng(0)
    starts = np.array([0, 9, 30, 36, 60, 75])
    middles = generator.normal(0, 2, (8, 4))[generator.integers(0, 8, 75)]
    values = (middles + generator.normal(0, 0.7, (75, 4))).round(3).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_frames(folder / "frames.csv", values, starts)
        cases = [stored_case(folder, ["-size", "10", *words.split()]) for words in OPTIONS]
        split = ["-attributes", "n1[1]2[3]", "-size", "3,5", "-a", "1,2", "-norm"]
        cases += [stored_case(folder, [*split, norm]) for norm in "123"]
    found = {
        "version": "1.3.1",
        "frames": values.round(3).tolist(),
        "starts": starts.tolist(),
        "cases": cases,
    }
    rounded = json.loads(json.dumps(found), parse_float=lambda text: float(f"{float(text):.7g}"))
    out.write_text(json.dumps(rounded) + "\n", encoding="utf-8")


def stored_case(folder: Path, options: Sequence[str]) -> dict[str, object]:
    """Return what openXBOW makes of the frames by some options."""
    run(folder / "frames.csv", folder, options)
    book = (folder / "book").read_text(encoding="utf-8").splitlines()
    return {"options": " ".join(options).strip(), "book": book, "bags": read_bags(folder).tolist()}


if __name__ == "__main__":
    store(Path(sys.argv[1]))
