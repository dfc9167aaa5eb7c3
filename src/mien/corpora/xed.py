"""XED: film subtitles in English and Finnish with Plutchik's eight emotions, several per line."""

import hashlib
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

CARD: CorpusCard = {
    "title": "XED, English and Finnish lines",
    "citation": "E. Öhman, M. Pàmies, K. Kajava, J. Tiedemann. XED: A Multilingual Dataset for Sentiment "
    "Analysis and Emotion Detection. COLING 2020.",
    "year": 2020,
    "licence": "CC BY 4.0 for the annotation; the lines are subtitles of films.",
    "shelf": "research",
    "language": "mul",
    "url": "https://github.com/Helsinki-NLP/XED",
    "modality": ["words"],
    "size": 52446,
    "classes": {
        "anger": 7025,
        "anticipation": 5855,
        "disgust": 4654,
        "fear": 4545,
        "joy": 5251,
        "neutral": 20469,
        "sadness": 4597,
        "surprise": 4371,
        "trust": 5002,
    },
    "dimensions": {},
    "material": "Lines of film subtitles in English and Finnish.",
    "labelled_by": "Annotators chose one or more of Plutchik's eight emotions a line; their single "
    "answers are not in the files.",
    "use": [
        "Multi-label emotion of short lines in two languages, without the neutral lines.",
    ],
    "traps": [
        "Neutral lines were prepared in another way, and their typing tells the label: in English 17366 of "
        "17528 emotional lines have a space before a punctuation mark, and 29 of 9675 neutral ones; no "
        "neutral line of either language has a comma. Undo the spaces and drop commas, or leave neutral out.",
        "In the packed `fi.csv.gz` all 10794 neutral lines lack their words (the file of the film stands in "
        "their place, here in `film`): `text` is null. The owners' `neu_fi.txt` has them.",
        "8 English neutral lines are without words in the packed file; one of them is empty at its owners "
        "too.",
        "The split is ours, by a hash of the lower-cased line: no line is in two splits, but lines of one "
        "film are. The packed Finnish neutral lines are split by film.",
        "891 English neutral lines repeat another; 4 English lines are there as neutral and with an emotion.",
        "Subtitles belong to the makers of the films; the licence of the annotation cannot cover them.",
    ],
    "limits": [
        "That a model tells neutral from emotional: typing does.",
        "How people talk: these lines were written, and translated.",
        "Scores on films that were not seen: films are in all splits.",
    ],
}

SPACE = LabelSpace(tuple(CARD["classes"]), exclusive=False)

TO_SHARED: dict[str, str | None] = {
    **{name: name for name in SPACE.categories},
    "anticipation": None,
    "joy": "happiness",
    "trust": None,
}

LANGUAGES = ("en", "fi")

_NEUTRAL_CELLS = {"en": ["number", "text"], "fi": ["number", "text", "code", "line", "film"]}

# the owners number emotions by the alphabet, and neutral lines are 0
_CODES = ("neutral", *(name for name in SPACE.categories if name != "neutral"))


def load(root: str | Path) -> pd.DataFrame:
    """Read the English and Finnish lines of XED as a segment table, one row per line.

    Use the columns `label.*`: several emotions per line. Read `CARD["traps"]` before using neutral lines.

    Args:
        root: folder with `en.csv.gz` and `fi.csv.gz`, or with `en-annotated.tsv`, `neu_en.txt`,
            `fi-annotated.tsv` and `neu_fi.txt` as its owners publish them (`AnnotatedData/`).

    Returns:
        Segment table with `split`, one bool column `label.<name>` per label, `emotion` (the label where there
        is exactly one, else null), `category`, `film` (file of the subtitles, Finnish neutral lines only) and
        `language`. Segments are numbered by language in the order of the files, emotional lines first.

    Raises:
        DataError: no such file there, or an unknown label.

    Source:
        Öhman et al., COLING 2020.
    """
    rows = read_layout(root, {"en.csv.gz": _packed, "en-annotated.tsv": _published}, title=CARD["title"])
    number = rows.groupby("language").cumcount() + 1
    rows["segment"] = rows["language"] + "-" + number.astype(str).str.zfill(5)
    rows = rows.join(label_columns(rows.pop("labels"), SPACE))
    return text_table(rows, corpus="xed", space=SPACE, to_shared=TO_SHARED)


def _packed(path: Path) -> pd.DataFrame:
    parts = []
    for language in LANGUAGES:
        cells = read_cells(path.with_name(f"{language}.csv.gz"), columns=["split", "text", "emotions"])
        is_file = cells["text"].str.fullmatch(rf"{language}/\d+/\d+/\d+\.xml\.gz?")
        film = cells["text"].where(is_file)
        parts.append(cells.assign(film=film, text=cells["text"].mask(is_file), language=language))
    return pd.concat(parts, ignore_index=True).rename(columns={"emotions": "labels"})


def _published(path: Path) -> pd.DataFrame:
    parts = []
    for language in LANGUAGES:
        emotional = read_tabbed(path.with_name(f"{language}-annotated.tsv"), columns=["text", "codes"])
        labels = [_names(codes) for codes in emotional["codes"]]
        neutral = read_tabbed(path.with_name(f"neu_{language}.txt"), columns=_NEUTRAL_CELLS[language])
        neutral = neutral.reindex(columns=["text", "film"]).assign(labels="neutral")
        part = pd.concat([emotional[["text"]].assign(labels=labels), neutral], ignore_index=True)
        parts.append(part.assign(split=[_split(text) for text in part["text"]], language=language))
    return pd.concat(parts, ignore_index=True)


def _names(codes: str) -> str:
    return "|".join(dict.fromkeys(name_of_code(code, _CODES) for code in codes.split(",")))


def _split(text: str) -> str:
    place = int(hashlib.md5(text.lower().strip().encode(), usedforsecurity=False).hexdigest(), 16) % 10
    return {0: "test", 1: "dev"}.get(place, "train")
