"""ESC-10: five-second environmental sounds, to be noise or to be no speech."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name

CARD: CorpusCard = {
    "title": "ESC-10: Dataset for Environmental Sound Classification",
    "citation": "K. J. Piczak. ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015.",
    "year": 2015,
    "licence": "The set: CC BY 3.0; each clip: CC0 or CC BY, see the column `licence`.",
    "shelf": "open",
    "language": "zxx",
    "url": "https://github.com/karolpiczak/ESC-10",
    "modality": ["none"],
    "size": 400,
    "classes": {},
    "dimensions": {},
    "material": "Environmental sounds from freesound.org, five seconds each; no speech.",
    "labelled_by": "Its owner chose and sorted the clips by what they are tagged to hold.",
    "use": [
        "Noise for robustness tests and for training.",
        "Asking a voice model whether it notices that nobody speaks.",
    ],
    "traps": [
        "Two of the ten sounds come from people (`baby_cry`, `person_sneeze`): a voice model may rightly "
        "react to them.",
        "Noise that a model was trained with tells nothing about noise it never met: train with the sounds "
        "of `train`, test with those of `test`.",
        "CC BY clips ask for their authors' names: pass the columns `author` and `source` on with them.",
    ],
    "limits": [
        "Emotion of any kind.",
        "Robustness to noise in general: ten kinds of sound are here.",
    ],
}

SOUNDS = (
    "dog_bark",
    "rain",
    "sea_waves",
    "baby_cry",
    "clock_tick",
    "person_sneeze",
    "helicopter",
    "chainsaw",
    "rooster",
    "fire_crackling",
)
"""The ten sounds, in their owner's order; 40 clips each in the whole set."""

SPLITS = {"1": "train", "2": "train", "3": "train", "4": "dev", "5": "test"}
"""Fold → part; clips cut from one recording lie in one fold."""

_NAME = re.compile(r"(?P<fold>\d)-(?P<recording>\d+)-[A-Z]")
_FOLDER = re.compile(r"(?:\d{3} - )?(?P<sound>.+)")
_ATTRIBUTIONS = {
    "ATTRIBUTION.md": re.compile(
        r"audio/\w+/(?P<clip>[\w-]+)\.flac \| (?P<source>.+) \| (?P<author>.+) \| (?P<licence>CC[\w-]+)"
    ),
    "README.txt": re.compile(
        r"- \[(?P<clip>[\w-]+)\.ogg\]:\s+clip derived from (?P<source>.+) by (?P<author>.+) "
        r"\[(?P<licence>CC[\w-]+)\]"
    ),
}
"""File → form of its line for one clip."""

_CREDITS = ("licence", "author", "source")


def load(root: str | Path) -> pd.DataFrame:
    """Read environmental sounds, whole or in part, as a segment table, one row per clip.

    Use it to add noise to speech, or to ask a model whether it notices that nobody speaks. Nobody labelled
    affect here, so there is no `emotion`.

    Args:
        root: folder with `001 - Dog bark/*.ogg` and so on, and `README.txt`, as its owner publishes it, or
            with `audio/<sound>/*.flac` and `ATTRIBUTION.md`.

    Returns:
        Segment table (`speaker`, `text`: null) with `sound` (of `SOUNDS`), `fold` (`1` to `5`),
        `recording` (number at freesound.org), `split`, `licence` (`CC0` or `CC-BY`), `author` and `source`
        (of the recording; null where the folder has no list of them).

    Raises:
        DataError: no audio there, or a folder or file name that is not the corpus'.

    Source:
        Piczak, ACM Multimedia 2015; read-me of the repository for names and folds.
    """
    clips = find_clips(root, layouts=("audio/*/*.flac", "[0-9]* - */*.ogg"), title=CARD["title"])
    attributions = _attributions(Path(root))

    def labels(path: Path) -> dict[str, Any]:
        return _labels(path) | attributions.get(path.stem, dict.fromkeys(_CREDITS))

    table = clip_table(clips, labels, corpus="esc10_noise", language=CARD["language"])
    return table.drop(columns=["text_id", "sex", "age"]).astype(dict.fromkeys(_CREDITS, "string"))


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(
        path, _NAME, example="`1-100032-A` (fold, recording, clip of the recording)", title=CARD["title"]
    )
    folder = _FOLDER.fullmatch(path.parent.name)
    sound = folder["sound"].lower().replace(" ", "_") if folder else path.parent.name
    fold = known_code(name["fold"], SPLITS, field="fold", path=path)
    return {
        "sound": known_code(sound, SOUNDS, field="sound", path=path),
        "fold": fold,
        "recording": name["recording"],
        "split": SPLITS[fold],
    }


def _attributions(root: Path) -> dict[str, dict[str, str]]:
    """Return clip → its licence, author and source, empty where the folder has no list of them."""
    for name, pattern in _ATTRIBUTIONS.items():
        path = root / name
        if path.is_file():
            lines = map(pattern.fullmatch, path.read_text(encoding="utf-8").splitlines())
            return {line["clip"]: {name: line[name] for name in _CREDITS} for line in lines if line}
    return {}
