"""URDU: clips from Urdu talk shows in four emotions."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "URDU-Dataset: emotional speech from Urdu talk shows",
    "citation": "S. Latif, A. Qayyum, M. Usman, J. Qadir. Cross Lingual Speech Emotion Recognition: "
    "Urdu vs. Western Languages. FIT 2018. arXiv 1812.10411.",
    "year": 2018,
    "licence": "None stated; its read-me allows research only, and the clips were cut from public video.",
    "shelf": "unlicensed",
    "language": "ur",
    "url": "https://github.com/siddiquelatif/URDU-Dataset",
    "modality": ["voice"],
    "size": 400,
    "classes": {"angry": 100, "happy": 100, "neutral": 100, "sad": 100},
    "dimensions": {},
    "material": "Unscripted speech of television talk shows, cut from public video.",
    "labelled_by": "Annotators chose and labelled the clips; their single answers are not in the files.",
    "use": [
        "Showing that leakage checks work: speaker and recording tell the class.",
    ],
    "traps": [
        "26 of 29 speakers occur in one class only: a random split measures who speaks, not how. "
        "Use it to show leakage checks, not to rank models.",
        "Two speakers (SM4 and SM2) are 76 of the 100 angry clips.",
        "The read-me says 38 speakers; the file names hold 29.",
        "Television speech without a licence: trains no shipped weight.",
        "The recording tells the class: 88 of 100 neutral clips have a constant offset of about "
        "-0.043 of full scale, as have 32 happy, 20 angry and 16 sad ones. Take the mean off every "
        "clip.",
    ],
    "limits": [
        "That a model recognizes emotion in Urdu, or one better than another: who speaks tells "
        "nearly everything.",
        "Anything about angry women: there are none, and few women who are neutral (4 clips) or sad (6).",
    ],
}

SPACE = LabelSpace(("angry", "happy", "neutral", "sad"))

TO_SHARED: dict[str, str | None] = {
    "angry": "anger",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
}

LETTERS = {"A": "angry", "H": "happy", "N": "neutral", "S": "sad"}
SEXES = {"M": "male", "F": "female"}

_NAME = re.compile(r"(?P<speaker>S(?P<sex>[A-Z])\d+)_F\d+_(?P<letter>[A-Z])\d+")


def load(root: str | Path) -> pd.DataFrame:
    """Read the Urdu talk-show clips as a segment table with labels, one row per clip.

    Read `CARD["traps"]` first: speaker and emotion are almost fully confounded.

    Args:
        root: folder with `Angry/ Happy/ Neutral/ Sad/` as its owners publish it, or with
            `audio/<emotion>/*.flac`.

    Returns:
        Frame with the columns of `mien.corpora.clips.CLIP_COLUMNS`; `text` is unknown.

    Raises:
        DataError: no audio there, a file name that is not the corpus', or one whose letter and folder
            name different emotions.

    Source:
        Latif et al., FIT 2018.
    """
    layouts = ("audio/*/S*_F*_*.flac", "[AHNS]*/S*_F*_*.wav")
    clips = find_clips(root, layouts=layouts, title=CARD["title"])
    return clip_table(
        clips, _labels, corpus="urdu", language=CARD["language"], space=SPACE, to_shared=TO_SHARED
    )


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(
        path,
        _NAME,
        example="`SM1_F10_A010` (speaker, his file, emotion letter and number)",
        title=CARD["title"],
    )
    sex = SEXES[known_code(name["sex"], SEXES, field="sex letter", path=path)]
    emotion = LETTERS[known_code(name["letter"], LETTERS, field="emotion letter", path=path)]
    if path.parent.name.lower() != emotion:
        raise DataError(
            f"Got `{path}` with the letter of `{emotion}` in the folder `{path.parent.name}`, expected both "
            "to agree; move or rename the file."
        )
    return {"speaker": name["speaker"], "sex": sex, "emotion": emotion}
