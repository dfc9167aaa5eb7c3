"""FSDD: English digits spoken by six men, without affect labels."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "Free Spoken Digit Dataset (FSDD)",
    "citation": "Z. Jackson et al. Free Spoken Digit Dataset. 2018. Zenodo 1342401.",
    "year": 2018,
    "licence": "CC BY-SA 4.0",
    "shelf": "open",
    "language": "en",
    "url": "https://github.com/Jakobovski/free-spoken-digit-dataset",
    "modality": ["voice"],
    "size": 3000,
    "classes": {},
    "dimensions": {},
    "material": "Read speech: single English digits, said by six men.",
    "labelled_by": "The digit that was read; nobody judged affect.",
    "use": [
        "Smoke tests, and telling speakers apart.",
        "A control: speech in which no emotion is expected.",
    ],
    "traps": [
        "Its owners' split is by take: every speaker is in train and in test. For anything but digits, hold "
        "speakers out.",
        "All clips of takes 0 to 4 are test: a part that holds no others has nothing to train on.",
        "Six men, three of whom speak English with a German or Greek accent, one with a French one.",
        "8 kHz and trimmed to half a second: nothing above 4 kHz, hardly any prosody.",
        "Nobody labelled affect; calm reading is likely but not known.",
    ],
    "limits": [
        "That `neutral` is right for it: nobody labelled it.",
        "Anything about women, or about sentences.",
    ],
}

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_TAKES = 5
"""Takes 0 to 4 are test, the others train, as the read-me has it."""

_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<take>\d+)")


def load(root: str | Path) -> pd.DataFrame:
    """Read spoken digits, whole or in part, as a segment table, one row per clip.

    Use it for smoke tests, for telling speakers apart, and as speech in which no emotion is expected.
    Nobody labelled affect here, so there is no `emotion`.

    Args:
        root: folder with `recordings/*.wav` as its owners publish it, or with `audio/*.flac`.

    Returns:
        Segment table with `text` (the digit as a word), `text_id` and `digit` (`0` to `9`), `sex`, `take`
        (from 0) and `split` (its owners' own, which shares speakers).

    Raises:
        DataError: no audio there, or a file name that is not the corpus'.

    Source:
        Read-me of the repository: names and split.
    """
    clips = find_clips(root, layouts=("audio/*.flac", "recordings/*.wav"), title=CARD["title"])
    return clip_table(clips, _labels, corpus="fsdd", language=CARD["language"])


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(path, _NAME, example="`7_jackson_32` (digit, speaker, take)", title=CARD["title"])
    return {
        "speaker": known_code(name["speaker"], SPEAKERS, field="speaker", path=path),
        "sex": "male",
        "text": DIGITS[int(name["digit"])],
        "text_id": name["digit"],
        "digit": name["digit"],
        "take": int(name["take"]),
        "split": "test" if int(name["take"]) < TEST_TAKES else "train",
    }
