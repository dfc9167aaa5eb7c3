"""EmoBank: English sentences rated on valence, arousal and dominance by writers' and readers' view."""

from pathlib import Path

import pandas as pd

from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_layout, read_tabbed, text_table

CARD: CorpusCard = {
    "title": "EmoBank",
    "citation": "S. Buechel, U. Hahn. EmoBank: Studying the Impact of Annotation Perspective and "
    "Representation Format on Dimensional Emotion Analysis. EACL 2017, 578-585.",
    "year": 2017,
    "licence": "CC BY-SA 4.0",
    "shelf": "open",
    "language": "en",
    "url": "https://github.com/JULIELab/EmoBank",
    "modality": ["words"],
    "size": 10062,
    "classes": {},
    "dimensions": {"valence": (1.0, 5.0), "arousal": (1.0, 5.0), "dominance": (1.0, 5.0)},
    "material": "Written English sentences of several genres.",
    "labelled_by": "Raters on three scales from 1 to 5, once for what the writer expresses and once for what "
    "a reader feels; mostly five a perspective, as the fractions of their means show. Who they were is not "
    "stated in the data.",
    "use": [
        "Regression of valence, arousal and dominance from words.",
        "The gap between a writer's and a reader's view.",
    ],
    "traps": [
        "Ratings crowd around 3 (standard deviation 0.35, 0.26 and 0.21): a constant has a small error. "
        "Report Pearson r or CCC.",
        "A sentence has mostly five raters per perspective: much of the spread of arousal and "
        "dominance is noise of the raters, and no model can come near r = 1.",
        "Documents are not held out: 126 of 136 have sentences in more than one split. Group by `document` "
        "to hold them out.",
        "18 of 1000 test and 25 of 1000 dev sentences occur word for word in train; many are scraps such as "
        "a closing quotation mark.",
        "Valence, arousal and dominance are the owners' weighted mean of both perspectives, not the plain "
        "mean of `writer_*` and `reader_*`.",
        "1192 of its sentences are the headlines of SemEval-2007 task 14: do not test one with the other.",
    ],
    "limits": [
        "What a writer felt: raters judged sentences without their writers.",
        "That a model with r below 1 fails: raters' noise caps it, most of all for arousal and dominance.",
    ],
}

_LETTERS = {"V": "valence", "A": "arousal", "D": "dominance"}
_PERSPECTIVES = ("writer", "reader")
_RATINGS = [*_LETTERS, *(f"{view}_{letter}" for view in _PERSPECTIVES for letter in _LETTERS)]


def load(root: str | Path) -> pd.DataFrame:
    """Read EmoBank as a segment table, one row per sentence.

    Use it for dimensions of written affect, and for the gap between what a writer expresses and a reader
    feels.

    Args:
        root: folder with `sentences.csv.gz`, or with `emobank.csv`, `writer.csv`, `reader.csv` and `meta.tsv`
            as its owners publish it (`corpus/`).

    Returns:
        Segment table with `split`, `valence`, `arousal`, `dominance` (1 to 5, both perspectives), the same
        with `writer_` and `reader_` before, `genre` and `document`.

    Raises:
        DataError: no such file there, or a rating off the scale.

    Source:
        Buechel and Hahn, EACL 2017; the split was published in 2019.
    """
    layouts = {"sentences.csv.gz": _packed, "emobank.csv": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    low, high = CARD["dimensions"]["valence"]
    for name in _RATINGS:
        view, _, letter = name.rpartition("_")
        rows[f"{view}_{_LETTERS[letter]}".strip("_")] = on_scale(rows, name, low=low, high=high)
    # the last numbers of a name are the place of the sentence in its document
    rows["document"] = rows["segment"].str.replace(r"_\d+(_\d+)?$", "", regex=True)
    return text_table(rows.drop(columns=_RATINGS), corpus="emobank", language="en")


def _packed(path: Path) -> pd.DataFrame:
    cells = read_cells(path, columns=["id", "split", "text", "category", *_RATINGS])
    return cells.rename(columns={"id": "segment", "category": "genre"})


def _published(path: Path) -> pd.DataFrame:
    rows = read_cells(path, columns=["id", "split", "text", *_LETTERS]).set_index("id")
    for view in _PERSPECTIVES:
        ratings = read_cells(path.with_name(f"{view}.csv"), columns=["id", *_LETTERS]).set_index("id")
        rows = rows.join(ratings.add_prefix(f"{view}_"), validate="one_to_one")
    meta = read_tabbed(path.with_name("meta.tsv"), columns=["id", "document", "genre"]).set_index("id")
    return rows.join(meta["genre"], validate="one_to_one").reset_index(names="segment")
