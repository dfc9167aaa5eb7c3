"""nEMO: acted Polish sentences in six emotions."""

import csv
import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "nEMO: Dataset of Emotional Speech in Polish",
    "citation": "I. Christop. nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024, 12111-12116.",
    "year": 2024,
    "licence": "CC BY-NC-SA 4.0",
    "shelf": "research",
    "language": "pl",
    "url": "https://github.com/amu-cai/nEMO",
    "modality": ["voice"],
    "size": 4481,
    "classes": {
        "anger": 749,
        "fear": 736,
        "happiness": 749,
        "neutral": 809,
        "sadness": 769,
        "surprised": 669,
    },
    "dimensions": {},
    "material": "Acted speech: fixed Polish sentences, each said in six emotions.",
    "labelled_by": "The emotion that each actor was asked for; the files hold no listeners' answers.",
    "use": [
        "A second and third language for voice models, one speaker left out at a time.",
    ],
    "traps": [
        "Nine speakers: one that a model cannot follow moves the score by several points.",
        "No disgust; two speakers lack many clips (MK0, MP0).",
        "The label is `surprised`, an adjective among nouns.",
    ],
    "limits": [
        "How people sound in life: it is acted.",
        "Differences between speakers or sexes: there are nine speakers.",
    ],
}

SPACE = LabelSpace(("anger", "fear", "happiness", "neutral", "sadness", "surprised"))

TO_SHARED: dict[str, str | None] = {
    **{name: name for name in SPACE.categories},
    "surprised": "surprise",
}

SPEAKERS = {
    "EB0": ("female", 27),
    "IC0": ("female", 28),
    "KD0": ("female", 28),
    "KS0": ("male", 23),
    "MK0": ("female", 23),
    "MP0": ("male", 24),
    "SM0": ("male", 24),
    "TP0": ("male", 26),
    "WR0": ("male", 23),
}

_NAME = re.compile(r"(?P<speaker>[A-Z]{2}\d)_(?P<emotion>[a-z]+)_(?P<text>\d+)")


def load(root: str | Path) -> pd.DataFrame:
    """Read nEMO, whole or in part, as a segment table with labels, one row per utterance.

    Args:
        root: folder with `samples/*.wav` and `data.tsv` as its owner publishes it, or with
            `audio/*.flac` and `index.csv`. The tables give the sentences; without them `text` is null.

    Returns:
        Frame with the columns of `mien.corpora.clips.CLIP_COLUMNS`.

    Raises:
        DataError: no audio there, or a file name that is not nEMO's.

    Source:
        Christop, LREC-COLING 2024.
    """
    clips = find_clips(root, layouts=("audio/*.flac", "samples/*.wav"), title=CARD["title"])
    sentences = _sentences(Path(root))

    def labels(path: Path) -> dict[str, Any]:
        return _labels(path) | {"text": sentences.get(path.stem)}

    return clip_table(
        clips, labels, corpus="nemo", language=CARD["language"], space=SPACE, to_shared=TO_SHARED
    )


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(path, _NAME, example="`SB0_anger_12` (speaker, emotion, sentence)", title=CARD["title"])
    speaker = known_code(name["speaker"], SPEAKERS, field="speaker", path=path)
    sex, age = SPEAKERS[speaker]
    return {
        "speaker": speaker,
        "sex": sex,
        "age": age,
        "text_id": name["text"],
        "emotion": known_code(name["emotion"], SPACE.categories, field="emotion", path=path),
    }


def _sentences(root: Path) -> dict[str, str]:
    """Return file stem → sentence from the table beside the audio, empty without one."""
    for name, delimiter, file_column, text_column in (
        ("index.csv", ",", "file", "text"),
        ("data.tsv", "\t", "file_id", "raw_text"),
    ):
        path = root / name
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as stream:
                rows = csv.DictReader(stream, delimiter=delimiter)
                return {Path(row[file_column]).stem: row[text_column] for row in rows}
    return {}
