"""RAVDESS, its speech audio: two acted English sentences in eight emotions."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS), speech audio",
    "citation": "S. R. Livingstone, F. A. Russo. The Ryerson Audio-Visual Database of Emotional Speech "
    "and Song (RAVDESS). PLoS ONE 13(5), e0196391, 2018.",
    "year": 2018,
    "licence": "CC BY-NC-SA 4.0",
    "shelf": "research",
    "language": "en",
    "url": "https://zenodo.org/record/1188976",
    "modality": ["voice"],
    "size": 1440,
    "classes": {
        "neutral": 96,
        "calm": 192,
        "happy": 192,
        "sad": 192,
        "angry": 192,
        "fearful": 192,
        "disgust": 192,
        "surprised": 192,
    },
    "dimensions": {},
    "material": "Acted speech: two fixed English sentences, each said in eight emotions and two strengths.",
    "labelled_by": "The emotion and strength that each actor was asked for. The owners had every "
    "recording rated ten times by 247 people; those ratings are not in this copy.",
    "use": [
        "Comparing voice models on even classes, with actors held out.",
        "Strength of expression beside its kind.",
    ],
    "traps": [
        "Two sentences only, the same for everyone: split by actor.",
        "Neutral has no strong intensity and half the clips of the other classes.",
        "Calm is close to neutral; in the shared label space it counts as neutral, which makes neutral "
        "the largest class.",
        "Levels are very low in many files, and strong clips are louder: loudness alone tells intensity.",
        "One clip is there twice: `03-01-03-01-02-01-07` and `03-01-03-01-02-02-07` hold the same "
        "samples (same actor, same label), so 1440 clips are 1439 recordings.",
    ],
    "limits": [
        "How people sound in life: it is acted, by professionals, in two sentences.",
        "That a model knows words: everybody says the same two.",
    ],
}

SPACE = LabelSpace(("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"))

TO_SHARED: dict[str, str | None] = {
    "neutral": "neutral",
    "calm": "neutral",
    "happy": "happiness",
    "sad": "sadness",
    "angry": "anger",
    "fearful": "fear",
    "disgust": "disgust",
    "surprised": "surprise",
}

CODES = {f"{code:02d}": name for code, name in enumerate(SPACE.categories, start=1)}
INTENSITIES = {"01": "normal", "02": "strong"}
SENTENCES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}

_NAME = re.compile(
    r"03-01-(?P<emotion>\d{2})-(?P<intensity>\d{2})-(?P<statement>\d{2})-(?P<repetition>\d{2})-(?P<actor>\d{2})"
)


def load(root: str | Path) -> pd.DataFrame:
    """Read the speech audio of RAVDESS as a segment table with labels, one row per utterance.

    Song (`03-02-…`) and video files beside the speech are left out.

    Args:
        root: folder with `Actor_01/…/Actor_24/` as its owners publish it (or the folder above, with
            `Audio_Speech_Actors_01-24/`), or with `audio/*.flac`.

    Returns:
        Frame with the columns of `mien.corpora.clips.CLIP_COLUMNS`; `intensity` is `normal` or `strong`.

    Raises:
        DataError: no audio there, or a file name that is not RAVDESS'.

    Source:
        Livingstone and Russo, PLoS ONE 13(5), 2018.
    """
    layouts = (
        "audio/03-01-*.flac",
        "Actor_*/03-01-*.wav",
        "Audio_Speech_Actors_01-24/Actor_*/03-01-*.wav",
    )
    clips = find_clips(root, layouts=layouts, title=CARD["title"])
    return clip_table(
        clips, _labels, corpus="ravdess_speech", language=CARD["language"], space=SPACE, to_shared=TO_SHARED
    )


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(
        path,
        _NAME,
        example="`03-01-05-01-02-01-16` (modality, channel, emotion, intensity, statement, repetition, "
        "actor)",
        title=CARD["title"],
    )
    actor = int(name["actor"])
    if not 1 <= actor <= 24:
        raise DataError(f"Got actor {actor} in `{path}`, expected 1 to 24; check the file name.")
    return {
        "speaker": name["actor"],
        "sex": "male" if actor % 2 else "female",
        "text_id": str(int(name["statement"])),
        "text": SENTENCES[known_code(name["statement"], SENTENCES, field="statement", path=path)],
        "emotion": CODES[known_code(name["emotion"], CODES, field="emotion", path=path)],
        "intensity": INTENSITIES[known_code(name["intensity"], INTENSITIES, field="intensity", path=path)],
    }
