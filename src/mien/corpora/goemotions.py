"""GoEmotions: Reddit comments in 27 emotions and neutral, several per comment."""

from pathlib import Path

import pandas as pd

from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import (
    label_columns,
    name_of_code,
    read_cells,
    read_layout,
    read_tabbed,
    text_table,
)
from mien.corpora.split import PARTS

CARD: CorpusCard = {
    "title": "GoEmotions",
    "citation": "D. Demszky, D. Movshovitz-Attias, J. Ko, A. Cowen, G. Nemade, S. Ravi. GoEmotions: A "
    "Dataset of Fine-Grained Emotions. ACL 2020.",
    "year": 2020,
    "licence": "Apache-2.0",
    "shelf": "open",
    "language": "en",
    "url": "https://github.com/google-research/google-research/tree/master/goemotions",
    "modality": ["words"],
    "size": 54263,
    "classes": {
        "admiration": 5122,
        "amusement": 2895,
        "anger": 1960,
        "annoyance": 3093,
        "approval": 3687,
        "caring": 1375,
        "confusion": 1673,
        "curiosity": 2723,
        "desire": 801,
        "disappointment": 1583,
        "disapproval": 2581,
        "disgust": 1013,
        "embarrassment": 375,
        "excitement": 1052,
        "fear": 764,
        "gratitude": 3372,
        "grief": 96,
        "joy": 1785,
        "love": 2576,
        "nervousness": 208,
        "optimism": 1976,
        "pride": 142,
        "realization": 1382,
        "relief": 182,
        "remorse": 669,
        "sadness": 1625,
        "surprise": 1330,
        "neutral": 17772,
    },
    "dimensions": {},
    "material": "Reddit comments, written unprompted; names masked.",
    "labelled_by": "Crowd raters in India, three a comment says the data set's public card, who could choose "
    "several of 28 labels; a label is kept where two or more gave it. Single raters are in the "
    "owners' raw data, not here.",
    "use": [
        "Multi-label emotion of short texts, macro F1 over 28 labels.",
        "Training word models; its licence is open.",
    ],
    "traps": [
        "8817 of 54263 comments have several labels, so counts of classes add up to more than the comments; "
        "`emotion` holds only the 45446 with exactly one.",
        "Comments on which no two raters agree are left out: the owners' raw ratings hold 58009 comments. "
        "Scores are higher than on comments as they come.",
        "A label is there if two raters gave it: its absence does not mean that nobody saw it.",
        "37 of 5427 test and 43 of 5426 dev comments occur word for word in train.",
        "Rare labels have few test comments (grief 6): macro F1 over 28 labels moves with single comments.",
        "Comments of Reddit users, mostly young men, rated by English speakers in India; some are "
        "offensive. Authors are not given, so they cannot be held out.",
    ],
    "limits": [
        "What a commenter felt: raters read a comment without its thread.",
        "How people write elsewhere, or who are not young men.",
        "That a missing label means absence.",
    ],
}

SPACE = LabelSpace(tuple(CARD["classes"]), exclusive=False)

EKMAN: dict[str, tuple[str, ...]] = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "happiness": (
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ),
    "neutral": ("neutral",),
    "sadness": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    "surprise": ("confusion", "curiosity", "realization", "surprise"),
}
"""Shared category → the labels that the paper groups under it (there called joy, not happiness)."""

TO_SHARED: dict[str, str | None] = {name: shared for shared, names in EKMAN.items() for name in names}


def load(root: str | Path) -> pd.DataFrame:
    """Read GoEmotions as a segment table, one row per comment.

    Use the columns `label.*` for what the corpus is: several labels per text. Use `emotion` and `category`
    (Ekman's groups) only for methods that need one class, and say that you left comments out.

    Args:
        root: folder with `comments.csv.gz`, or with `train.tsv`, `dev.tsv` and `test.tsv` as its owners
            publish it (`goemotions/data/`).

    Returns:
        Segment table with `split`, one bool column `label.<name>` per label, `emotion` (the label where there
        is exactly one, else null) and `category`.

    Raises:
        DataError: no such file there, or an unknown label.

    Source:
        Demszky et al., ACL 2020; groups from its section on the taxonomy.
    """
    layouts = {"comments.csv.gz": _packed, "train.tsv": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    rows = rows.join(label_columns(rows.pop("labels"), SPACE))
    return text_table(rows, corpus="goemotions", language="en", space=SPACE, to_shared=TO_SHARED)


def _packed(path: Path) -> pd.DataFrame:
    cells = read_cells(path, columns=["split", "id", "text", "emotions"])
    return cells.rename(columns={"id": "segment", "emotions": "labels"})


def _published(path: Path) -> pd.DataFrame:
    parts = []
    for split in PARTS:
        rows = read_tabbed(path.with_name(f"{split}.tsv"), columns=["text", "labels", "segment"])
        parts.append(rows.assign(split=split))
    table = pd.concat(parts, ignore_index=True)
    table["labels"] = [_names(codes) for codes in table["labels"]]
    return table


def _names(codes: str) -> str:
    return "|".join(name_of_code(code, SPACE.categories) for code in codes.split(","))
