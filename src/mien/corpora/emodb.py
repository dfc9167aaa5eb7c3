"""EmoDB: acted German sentences in seven emotions."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.core.ratings import check_ratings, number_raters
from mien.corpora.card import CorpusCard
from mien.corpora.clips import clip_table, find_clips, known_code, parse_name
from mien.corpora.sentences import on_scale, read_cells

CARD: CorpusCard = {
    "title": "Berlin Database of Emotional Speech (EmoDB)",
    "citation": "F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss. "
    "A Database of German Emotional Speech. Interspeech 2005.",
    "year": 2005,
    "licence": "Free for research; its authors' later release is marked CC0-1.0.",
    "shelf": "open",
    "language": "de",
    "url": "http://emodb.bilderbar.info",
    "modality": ["voice"],
    "size": 535,
    "classes": {
        "anger": 127,
        "boredom": 81,
        "disgust": 46,
        "fear": 69,
        "happiness": 71,
        "neutral": 79,
        "sadness": 62,
    },
    "dimensions": {},
    "material": "Acted speech: ten fixed German sentences, each said in seven emotions, recorded for "
    "research.",
    "labelled_by": "The emotion that each actor was asked for; 20 or 21 listeners then said which "
    "emotion they heard and whether it sounded natural (`mien corpora raters emodb`).",
    "use": [
        "Comparing voice models with two decades of published scores, one speaker left out at a time.",
        "Training voice models; its licence is open.",
    ],
    "traps": [
        "Ten actors speak the same ten sentences: split by speaker, or a model learns the actor.",
        "Only clips that listeners recognized were kept, so scores are higher than on ordinary acting.",
        "Levels were set by hand during the recording; loudness is not comparable between clips.",
    ],
    "limits": [
        "How people sound in life: acted, clear and kept only where listeners agreed.",
        "Differences between speakers or sexes: there are ten speakers.",
    ],
}

SPACE = LabelSpace(("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"))

TO_SHARED: dict[str, str | None] = {name: name for name in SPACE.categories} | {"boredom": None}

# The letters abbreviate the German words: Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral.
LETTERS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}

SPEAKERS = {
    "03": ("male", 31),
    "08": ("female", 34),
    "09": ("female", 21),
    "10": ("male", 32),
    "11": ("male", 26),
    "12": ("male", 30),
    "13": ("female", 32),
    "14": ("female", 35),
    "15": ("male", 25),
    "16": ("female", 31),
}

SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}

_QUESTIONS = {"recognized": "recognised_pct", "natural": "natural_pct"}

_NAME = re.compile(r"(?P<speaker>\d{2})(?P<text>[ab]\d{2})(?P<letter>[A-Z])(?P<version>[a-z])")


def load(root: str | Path) -> pd.DataFrame:
    """Read EmoDB as a segment table with labels, one row per utterance.

    Args:
        root: folder with `wav/*.wav` as its owners publish it, or with `audio/*.flac`.

    Returns:
        Frame with the columns of `mien.corpora.clips.CLIP_COLUMNS`.

    Raises:
        DataError: no audio there, or a file name that is not EmoDB's.

    Source:
        Burkhardt et al., Interspeech 2005.
    """
    clips = find_clips(root, layouts=("audio/*.flac", "wav/*.wav"), title=CARD["title"])
    return clip_table(
        clips, _labels, corpus="emodb", language=CARD["language"], space=SPACE, to_shared=TO_SHARED
    )


def ratings(root: str | Path) -> pd.DataFrame:
    """Read the listeners' answers as a ratings table, one row per answer.

    Published are percentages, of 20 listeners for most clips and 21 for some. They are whole numbers of
    answers, so the answers are known, and who gave them is not: listeners are numbered `#1`, `#2` … within a
    clip, and methods that follow a rater over items refuse the table. Which wrong emotion somebody chose is
    not published. Of a clip where all said yes to both, 20 listeners are assumed.

    Args:
        root: folder with `index.csv`.

    Returns:
        Ratings table of two targets, 1 for yes and 0 for no: `recognized`, the listener chose the intended
        emotion; `natural`, the listener found it natural.

    Raises:
        DataError: no such file there, or percentages that are not of 20 or 21 listeners.

    Source:
        Burkhardt et al., Interspeech 2005, section 4.
    """
    rows = read_cells(Path(root) / "index.csv", columns=["file", *_QUESTIONS.values()])
    rows = rows.assign(segment=[f"emodb/{Path(file).stem}" for file in rows["file"]])
    percent = np.stack([on_scale(rows, one, low=0, high=100) for one in _QUESTIONS.values()], axis=1)
    listeners = np.zeros(len(rows), dtype=np.int64)
    for number in (21, 20):
        fits = np.abs(percent - np.rint(percent * number / 100) * 100 / number) < 0.006  # two decimals
        listeners[fits.all(axis=1)] = number
    if not listeners.all():
        first = int(listeners.argmin())
        raise DataError(
            f"Got {percent[first].tolist()} % for `{rows['segment'].iloc[first]}`, expected percentages of "
            "20 or 21 listeners; copy the file again."
        )
    item, rater = number_raters(listeners)
    answers = pd.DataFrame({"segment": rows["segment"].iloc[item].array, "rater": rater})
    tables = []
    for target, share in zip(_QUESTIONS, percent.T / 100, strict=True):
        yes = np.rint(share * listeners).astype(np.int64)
        counts = np.stack([yes, listeners - yes], axis=1)
        value = np.repeat(np.tile([1.0, 0.0], len(rows)), counts.ravel())
        tables.append(answers.assign(target=target, value=value))
    return check_ratings(pd.concat(tables))


def _labels(path: Path) -> dict[str, Any]:
    name = parse_name(
        path, _NAME, example="`03a01Fa` (speaker, text, emotion letter, version)", title=CARD["title"]
    )
    letter = known_code(name["letter"], LETTERS, field="emotion letter", path=path)
    speaker = known_code(name["speaker"], SPEAKERS, field="speaker", path=path)
    sex, age = SPEAKERS[speaker]
    return {
        "speaker": speaker,
        "sex": sex,
        "age": age,
        "text_id": name["text"],
        "text": SENTENCES.get(name["text"]),
        "emotion": LETTERS[letter],
    }
