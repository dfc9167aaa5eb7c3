"""TweetEval: tweets in four emotions, and tweets with and without irony."""

from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import (
    name_of_code,
    number_in_split,
    read_cells,
    read_layout,
    read_lines,
    text_table,
)

CARD: CorpusCard = {
    "title": "TweetEval, emotion task (the irony task is another table)",
    "citation": "F. Barbieri, J. Camacho-Collados, L. Espinosa-Anke, L. Neves. TweetEval: Unified Benchmark "
    "and Comparative Evaluation for Tweet Classification. Findings of EMNLP 2020. Tasks: S. Mohammad et al. "
    "SemEval-2018 Task 1; C. Van Hee et al. SemEval-2018 Task 3.",
    "year": 2020,
    "licence": "The tasks' data are for research, under the platform's terms.",
    "shelf": "research",
    "language": "en",
    "url": "https://github.com/cardiffnlp/tweeteval",
    "modality": ["words"],
    "size": 5052,
    "classes": {"anger": 2118, "joy": 1163, "optimism": 445, "sadness": 1326},
    "dimensions": {},
    "material": "English tweets, written unprompted; names masked.",
    "labelled_by": "Emotion: crowd raters of SemEval-2018 task 1; irony: trained students of linguistics, of "
    "task 3. Their single answers are not in the files.",
    "use": [
        "Emotion (macro F1) and irony (F1 of the ironic class) of tweets, with its official splits.",
    ],
    "traps": [
        "A part of SemEval-2018 task 1, where tweets have several of 11 labels: here are only those with "
        "exactly one of the four most frequent. There is no neutral: every tweet is made to be one of four.",
        "Tweets were gathered by emotion words and hashtags, so words give the label away.",
        "The usual measure is macro F1; for irony the F1 of the ironic class.",
        "The irony task is another table, of 4601 other tweets, 2212 of them ironic: 50 % in train, 40 % in "
        "test. Never concatenate the two: in each, the label of the other is unknown, not absent.",
        "25 emotion tweets repeat another one within their split; none occurs in two splits.",
        "Names are masked as @user and authors are not given, so they cannot be held out.",
    ],
    "limits": [
        "Tweets at large: these were gathered by emotion words and hashtags, and none is neutral.",
        "What a writer felt: raters read a tweet alone.",
    ],
}

SPACE = LabelSpace(("anger", "joy", "optimism", "sadness"))

TO_SHARED: dict[str, str | None] = {
    "anger": "anger",
    "joy": "happiness",
    "optimism": None,
    "sadness": "sadness",
}

IRONY = LabelSpace(("non_irony", "irony"))

_SPACES = {"emotion": SPACE, "irony": IRONY}
_FILES = {"train": "train", "dev": "val", "test": "test"}


def load(root: str | Path, *, task: Literal["emotion", "irony"] = "emotion") -> pd.DataFrame:
    """Read one task of TweetEval as a segment table, one row per tweet.

    Args:
        root: folder with `emotion.csv.gz` and `irony.csv.gz`, or with the folders `emotion/` and `irony/` as
            their owners publish them (`datasets/`).
        task: `emotion` for the four emotions of the card, `irony` for the irony of other tweets.

    Returns:
        Segment table with `split`, and for the emotions `emotion` and `category`, for irony `irony` (bool).
        Segments are numbered in task and split; spaces at the ends of a tweet are cut off.

    Raises:
        ConfigError: an unknown task.
        DataError: no such file there, an unknown label, or texts and labels of different number.

    Source:
        Barbieri et al., Findings of EMNLP 2020.
    """
    if task not in _SPACES:
        raise ConfigError(f"Got task `{task}`, expected one of {', '.join(_SPACES)}.")
    space = _SPACES[task]
    rows = read_layout(
        root,
        {f"{task}.csv.gz": _packed, f"{task}/train_text.txt": partial(_published, space=space)},
        title=CARD["title"],
    )
    rows["segment"] = f"{task}-" + number_in_split(rows["split"])
    if task == "irony":
        rows["irony"] = [label == "irony" for label in IRONY.check(rows.pop("label"))]
        return text_table(rows, corpus="tweeteval", language="en")
    rows = rows.rename(columns={"label": "emotion"})
    return text_table(rows, corpus="tweeteval", language="en", space=SPACE, to_shared=TO_SHARED)


def _packed(path: Path) -> pd.DataFrame:
    return read_cells(path, columns=["split", "text", "label"])


def _published(path: Path, *, space: LabelSpace) -> pd.DataFrame:
    rows = []
    for split, part in _FILES.items():
        texts = read_lines(path.with_name(f"{part}_text.txt"))
        codes = read_lines(path.with_name(f"{part}_labels.txt"))
        if len(texts) != len(codes):
            raise DataError(
                f"Got {len(texts)} texts and {len(codes)} labels of `{part}` in `{path.parent}`, expected as "
                "many; copy the folder again."
            )
        names = [name_of_code(code, space.categories) for code in codes]
        rows += [(split, text.strip(), name) for text, name in zip(texts, names, strict=True)]
    return pd.DataFrame(rows, columns=["split", "text", "label"], dtype="string")
