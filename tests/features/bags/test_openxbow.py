"""The same codebook gives the bags that openXBOW 1.3.1 gives; `benchmarks/openxbow.py` stored its numbers."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from mien.features.bags import Bags, Weighting, Words
from mien.features.bags.book_file import Books, write_books
from mien.features.bags.number_book import NumberBook
from mien.features.described import Described

STORED = json.loads(Path(__file__).with_name("stored").joinpath("openxbow.json").read_text())
COLUMNS = ("a", "b", "c", "d")
NORMS = {"0": "none", "1": "frames", "2": "sum", "3": "length"}


def parsed(options):
    """Return options of openXBOW as a table: option → value."""
    words = shlex.split(options)
    values = {word.lstrip("-"): "" for word in words if word[1:2].isalpha()}
    for word, after in zip(words, [*words[1:], "-end"], strict=True):
        if word[1:2].isalpha() and not after[1:2].isalpha():
            values[word.lstrip("-")] = after
    return values


def floats(line):
    return np.float32(line.split(";"))


def learned(case):
    """Return the codebooks of a case, and its weighting, as mien's."""
    lines, chosen = case["book"], parsed(case["options"])
    split = (COLUMNS[:1], COLUMNS[1:]) if "attributes" in chosen else (COLUMNS,)
    scale = [np.zeros(4), np.ones(4)]
    if "standardizeInput" in chosen:
        at = lines.index("standardizeInput")
        scale = [floats(lines[at + row])[1:] for row in (1, 2)]
    begins = [at for at, line in enumerate(lines) if line == "codebookNumeric"]
    assigns = (chosen.get("a", "1") + ",1").split(",")
    books = []
    for at, columns, assign in zip(begins, split, assigns, strict=False):
        size = int(lines[at + 1].split(";")[0])
        options = Words(
            f"part{at}",
            columns,
            size=size,
            assign=int(assign),
            gaussian=float(chosen["gaussian"]) if "gaussian" in chosen else None,
            farthest=float(chosen["off"]) if "off" in chosen else None,
        )
        words = np.stack([floats(line) for line in lines[at + 2 : at + 2 + size]])
        part = [np.float32([one[COLUMNS.index(name)] for name in columns]) for one in scale]
        books.append(NumberBook(options, *part, None, words))
    rarities = floats(lines[lines.index("idf") + 1]) if "idf" in chosen else None
    norm = NORMS[chosen.get("norm", "0")]
    return Books(tuple(books), rarities), Weighting(log="log" in chosen, idf="idf" in chosen, norm=norm)


@pytest.mark.parametrize("case", STORED["cases"], ids=lambda case: case["options"] or "plain")
def test_bags_equal_those_of_openxbow(case, tmp_path):
    write_books(tmp_path / "book.npz", *learned(case), {"seed": 0})
    frames = Described(np.float32(STORED["frames"]), np.array(STORED["starts"]), COLUMNS)
    bags = Bags.load(tmp_path / "book.npz").transform(frames)
    assert list(bags["segment"]) == [f"array-{number}" for number in range(1, 6)]
    np.testing.assert_allclose(bags.iloc[:, 1:].to_numpy(), case["bags"], rtol=1e-5, atol=1e-6)


def test_inverse_document_frequencies_equal_those_of_openxbow():
    from mien.features.bags.counting import rarity

    plain, with_idf = (
        next(case for case in STORED["cases"] if case["options"] == wanted)
        for wanted in ("-size 10", "-size 10 -idf")
    )
    line = with_idf["book"][with_idf["book"].index("idf") + 1]
    np.testing.assert_allclose(rarity(np.float32(plain["bags"])), floats(line), atol=1e-6)
