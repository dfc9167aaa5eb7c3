"""Find texts that are nearly the same, and long runs of words that two sets of texts share."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.corpora.overlap import normalized_words

SHINGLE = 5
"""Characters that are compared at a time."""
LEAST_SIMILAR = 0.8
"""Share of shingles in common (Jaccard) from which on two texts count as nearly the same."""
BANDS, ROWS = 16, 4
"""Pairs at 0.8 meet in a band with a probability of 0.9998, pairs at 0.3 with 0.12."""
RUN_WORDS = 13
"""Words in a row that two texts hardly share by chance."""

_CROWDED = 64
_LEAST_CHARACTERS = 20

Hashes = NDArray[np.uint64]


def near_texts(texts: Sequence[str | None], *, least_similar: float = LEAST_SIMILAR) -> pd.DataFrame:
    """Find pairs of different texts that share most of their runs of five characters.

    Texts that are the same but for case and punctuation are not listed: `mien.corpora.overlap` finds those.
    Texts under 20 characters are left out, as those are alike by chance.

    Args:
        texts: null is skipped.
        least_similar: share of shingles in common (Jaccard), 0 to 1; far below 0.8 pairs are missed.

    Returns:
        One row per pair: `first`, `second` (positions in `texts`, of the first text of its wording) and
        `similarity`; most alike first.

    Example:
        >>> texts = ["He never said that she came.", "So it goes.", "So he never said that she came"]
        >>> near_texts(texts)["second"].tolist()
        [2]

    Source:
        A. Broder, On the Resemblance and Containment of Documents, 1997: MinHash; bands as in J. Leskovec,
        A. Rajaraman, J. Ullman, Mining of Massive Datasets, chapter 3.4.
    """
    place: dict[str, int] = {}
    for number, text in enumerate(texts):
        words = normalized_words(str(text)) if text is not None and not pd.isna(text) else ""
        if len(words) >= _LEAST_CHARACTERS:
            place.setdefault(words, number)
    plain = list(place)
    shingles = [np.unique(_shingles(one)) for one in plain]
    found = []
    for first, second in sorted(_candidates(_signatures(shingles))):
        one, other = shingles[first], shingles[second]
        both = len(np.intersect1d(one, other, assume_unique=True))
        similarity = both / (len(one) + len(other) - both)
        if similarity >= least_similar:
            found.append((place[plain[first]], place[plain[second]], similarity))
    table = pd.DataFrame(found, columns=["first", "second", "similarity"])
    return table.sort_values("similarity", ascending=False, kind="stable", ignore_index=True)


def shared_runs(train: Iterable[str], test: Sequence[str], *, words: int = RUN_WORDS) -> list[int]:
    """Return the positions of test texts that hold a run of so many words of a training text.

    Args:
        train: texts that train.
        test: texts that test.
        words: length of the run, at least 1.

    Example:
        >>> shared_runs(["one two three four"], ["zero, one two three", "three two one"], words=3)
        [0]

    Source:
        T. Brown et al., Language Models are Few-Shot Learners, 2020, appendix C: runs of 13 words.
    """
    known = {run for text in train for run in _runs(text, words)}
    return [number for number, text in enumerate(test) if not known.isdisjoint(_runs(text, words))]


def _runs(text: str, words: int) -> list[str]:
    said = normalized_words(text).split()
    return [" ".join(said[start : start + words]) for start in range(len(said) - words + 1)]


def _shingles(text: str) -> Hashes:
    """Return one hash per run of `SHINGLE` characters."""
    letters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    hashed = np.zeros(len(letters) - SHINGLE + 1, dtype=np.uint64)
    for step in range(SHINGLE):
        hashed = hashed * np.uint64(0x100000001B3) + letters[step : step + len(hashed)]
    return hashed ^ (hashed >> np.uint64(29))


def _signatures(shingles: list[Hashes]) -> Hashes:
    """Return the least hash of each text under each of `BANDS * ROWS` functions, `(texts, functions)`."""
    if not shingles:
        return np.zeros((0, BANDS * ROWS), np.uint64)
    every = np.concatenate(shingles)
    starts = np.cumsum([0, *(len(one) for one in shingles[:-1])])
    generator = np.random.default_rng(0)
    odd, shift = (generator.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) for _ in range(2))
    columns = [
        np.minimum.reduceat((every * (a | np.uint64(1)) + b) >> np.uint64(20), starts)
        for a, b in zip(odd, shift, strict=True)
    ]
    return np.stack(columns, axis=1)


def _candidates(signatures: Hashes) -> set[tuple[int, int]]:
    """Return pairs that agree in all rows of some band; bands that too many agree in are left out."""
    found: set[tuple[int, int]] = set()
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        buckets: dict[bytes, list[int]] = {}
        for number, row in enumerate(part):
            buckets.setdefault(row.tobytes(), []).append(number)
        for members in buckets.values():
            if 1 < len(members) <= _CROWDED:
                found |= {(one, other) for at, one in enumerate(members) for other in members[at + 1 :]}
    return found
