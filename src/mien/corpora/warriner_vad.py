"""Warriner norms: how pleasant, arousing and controlling English words are on their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_layout, read_lines, text_table
from mien.corpora.split import PARTS

CARD: CorpusCard = {
    "title": "Norms of valence, arousal, and dominance for 13,915 English lemmas",
    "citation": "A. B. Warriner, V. Kuperman, M. Brysbaert. Norms of valence, arousal, and dominance for "
    "13,915 English lemmas. Behavior Research Methods 45, 2013, 1191-1207.",
    "year": 2013,
    "licence": "CC BY-NC-ND 3.0",
    "shelf": "unlicensed",
    "language": "en",
    "url": "https://github.com/JULIELab/XANEW",
    "modality": ["words"],
    "size": 13915,
    "classes": {},
    "dimensions": {"valence": (1.0, 9.0), "arousal": (1.0, 9.0), "dominance": (1.0, 9.0)},
    "material": "Single English words, rated without any sentence.",
    "labelled_by": "Crowd raters on scales from 1 to 9, most words by about 20 a dimension; the mean and "
    "standard deviation of each word are given.",
    "use": [
        "A lexicon, and norms that turn categories of emotion into dimensions.",
        "Training and testing models of words.",
    ],
    "traps": [
        "Words, not sentences: the mean over a text's words ignores negation, irony and sense.",
        "Lemmas only (`abandon`, not `abandoned`): inflected words must be reduced first, and a word that "
        "is not in the list is not neutral, it is unknown.",
        "Raters differ: the mean standard deviation is 1.7 for valence, 2.3 for arousal, 2.2 for dominance, "
        "and most words have about 20 raters.",
        "124 entries are in no split, mostly names and capitals (`AIDS`, `Coke`); ten words differ from "
        "another only in capitals, with ratings of their own.",
        "`null`, `TRUE` and `FALSE` are words here: read the file as text.",
        "No derivatives: trains no shipped weight.",
    ],
    "limits": [
        "The affect of a text: means over words ignore negation, irony and sense.",
        "Words that are not in the list: they are unknown, not neutral.",
    ],
}

_LETTERS = {"V": "valence", "A": "arousal", "D": "dominance"}
_CELLS = [f"{letter}.{what}.Sum" for letter in _LETTERS for what in ("Mean", "SD", "Rat")]


def load(root: str | Path) -> pd.DataFrame:
    """Read the norms of all raters as a segment table, one row per word.

    Use it to train and test word models, or as a lexicon. Norms by sex, age and education of the raters are
    in the file too, and are not read.

    Args:
        root: folder with `Ratings_Warriner_et_al.csv.gz` and `train.txt`, `dev.txt`, `test.txt`, or with
            `Ratings_Warriner_et_al.csv` and `splits/crosslingual/` as in the repository of the split's
            owners.

    Returns:
        Segment table whose `text` is the word, with `split` (null for words in no list), and for each of
        `valence`, `arousal`, `dominance` the mean (1 to 9), `<dimension>_sd` and `<dimension>_raters`.

    Raises:
        DataError: no such file there, a value off the scale, or a listed word that has no norms.

    Source:
        Warriner et al., Behavior Research Methods 2013; split of S. Buechel (X-ANEW).
    """
    layouts = {"Ratings_Warriner_et_al.csv.gz": _packed, "Ratings_Warriner_et_al.csv": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    norms: dict[str, Any] = {}
    for letter, name in _LETTERS.items():
        low, high = CARD["dimensions"][name]
        norms[name] = on_scale(rows, f"{letter}.Mean.Sum", low=low, high=high)
        norms[f"{name}_sd"] = on_scale(rows, f"{letter}.SD.Sum", low=0, high=high - low)
        norms[f"{name}_raters"] = on_scale(rows, f"{letter}.Rat.Sum", low=1, high=np.inf).astype("Int64")
    rows = rows[["segment", "text", "split"]].assign(**norms)
    return text_table(rows, corpus="warriner_vad", language="en")


def _packed(path: Path) -> pd.DataFrame:
    return _norms(path, lists=path.parent)


def _published(path: Path) -> pd.DataFrame:
    return _norms(path, lists=path.parent / "splits" / "crosslingual")


def _norms(path: Path, *, lists: Path) -> pd.DataFrame:
    rows = read_cells(path, columns=["Word", *_CELLS])
    split_of = {word: split for split in PARTS for word in read_lines(lists / f"{split}.txt")}
    unknown = sorted(set(split_of) - set(rows["Word"]))
    if unknown:
        raise DataError(
            f"Got `{unknown[0]}` in a list of `{lists}`, expected a word with norms; copy the list again."
        )
    return rows.assign(segment=rows["Word"], text=rows["Word"], split=rows["Word"].map(split_of))
