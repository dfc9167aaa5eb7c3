"""Deeply Nonverbal Vocalization: coughs, sighs, laughter and other vocal sounds recorded on phones."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "Deeply Nonverbal Vocalization Dataset, open sample",
    "citation": "Deeply Inc. Nonverbal Vocalization Dataset. 2021. OpenSLR 99.",
    "year": 2021,
    "licence": "CC BY-NC-ND 4.0",
    "shelf": "research",
    "language": "zxx",
    "url": "https://github.com/deeplyinc/Nonverbal-Vocalization-Dataset",
    "modality": ["voice"],
    "size": 727,
    "classes": {
        "teeth-chattering": 46,
        "teeth-grinding": 43,
        "tongue-clicking": 47,
        "nose-blowing": 48,
        "coughing": 50,
        "yawning": 48,
        "throat-clearing": 54,
        "sighing": 51,
        "lip-popping": 54,
        "lip-smacking": 45,
        "panting": 44,
        "crying": 24,
        "laughing": 25,
        "sneezing": 52,
        "moaning": 45,
        "screaming": 51,
    },
    "dimensions": {},
    "material": "Vocal sounds without words, made on request and recorded on phones.",
    "labelled_by": "The sound that each speaker was asked for; no listener checked it in the files.",
    "use": [
        "Telling vocal sounds apart: laughter, sighs, screams, coughs.",
        "What an emotion model answers to a voice without words.",
    ],
    "traps": [
        "The classes are vocal sounds made on request, not emotions: a cry on request is no sadness, so none "
        "maps to a shared category.",
        "Most speakers have one clip or two: leave-one-speaker-out has hundreds of folds; deal speakers to a "
        "few folds.",
        "The age of a speaker can differ by a year between clips, and ZXH4 is male in one clip and female in "
        "the others: take sex and age from the row, not from the speaker.",
        "Many speakers are minors, some of them 12 years old.",
        "No derivatives: pass no altered copy of the clips on, and ship no weights trained on them.",
    ],
    "limits": [
        "That a laugh is joy or a scream is fear: these were made on request.",
        "Anything about health from a cough or a sneeze.",
    ],
}

SPACE = LabelSpace(tuple(CARD["classes"]))

TO_SHARED: dict[str, str | None] = dict.fromkeys(SPACE.categories)

CODES = {str(code): name for code, name in enumerate(SPACE.categories)}
SEXES = {"0": "female", "1": "male"}
LOCATIONS = {"0": "indoor", "1": "outdoor"}
QUALITIES = {"0": "high", "1": "low"}
NOISES = {"0": "noiseless", "1": "noisy"}

_NAME = re.compile(
    r"(?P<speaker>[0-9A-Z]{4})_(?P<vocalization>\d+)_(?P<trial>\d+)_(?P<sex>\d)_(?P<age>\d+)"
    r"_(?P<location>\d)_(?P<quality>\d)_(?P<noise>\d)"
)


def load(root: str | Path) -> pd.DataFrame:
    """Read the vocal sounds, whole or in part, as a segment table, one row per clip.

    Use it to tell vocal sounds apart, or to see what a speech model makes of them. The label stands in
    `emotion`, as a corpus' own category does everywhere; it names a sound, not an emotion.

    Args:
        root: folder with `dataset/<class>/*.wav` as its owners publish it, or with `audio/<class>/*.flac`.

    Returns:
        Frame with the columns of `mien.corpora.clips.CLIP_COLUMNS` (`text`, `category`: null), then
        `location` (`indoor`, `outdoor`), `quality` (`high`, `low`) and `noise` (`noiseless`, `noisy`).

    Raises:
        DataError: no audio there, a file name that is not the corpus', or one whose code and folder name
            different classes.

    Source:
        Deeply Inc., read-me of the repository: file name convention.
    """
    clips = find_clips(root, layouts=("audio/*/*.flac", "dataset/*/*.wav"), title=CARD["title"])
    return clip_table(
        clips,
        _labels,
        corpus="deeply_nonverbal",
        language=CARD["language"],
        space=SPACE,
        to_shared=TO_SHARED,
    )


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(
        path,
        _NAME,
        example="`2AV8_4_1_0_44_0_0_0` (speaker, class, trial, sex, age, location, quality, noise)",
        title=CARD["title"],
    )
    vocalization = CODES[known_code(name["vocalization"], CODES, field="class number", path=path)]
    if path.parent.name != vocalization:
        raise DataError(
            f"Got `{path}` with the number of `{vocalization}` in the folder `{path.parent.name}`, expected "
            "both to agree; move or rename the file."
        )
    return {
        "speaker": name["speaker"],
        "sex": SEXES[known_code(name["sex"], SEXES, field="sex", path=path)],
        "age": int(name["age"]),
        "emotion": vocalization,
        "location": LOCATIONS[known_code(name["location"], LOCATIONS, field="location", path=path)],
        "quality": QUALITIES[known_code(name["quality"], QUALITIES, field="quality", path=path)],
        "noise": NOISES[known_code(name["noise"], NOISES, field="noise", path=path)],
    }
