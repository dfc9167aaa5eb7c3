"""EmoryNLP: utterances of the series Friends in the seven primary emotions of the Feeling Wheel."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import read_cells, read_json, read_layout, text_table

CARD: CorpusCard = {
    "title": "EmoryNLP emotion detection, text and labels",
    "citation": "S. M. Zahiri, J. D. Choi. Emotion Detection on TV Show Transcripts with Sequence-based "
    "Convolutional Neural Networks. AAAI Workshop on Affective Content Analysis 2018.",
    "year": 2018,
    "licence": "Apache-2.0 for the annotation; the words are from a television series: research only.",
    "shelf": "unlicensed",
    "language": "en",
    "url": "https://github.com/emorynlp/emotion-detection",
    "modality": ["words"],
    "size": 12606,
    "classes": {
        "joyful": 2755,
        "mad": 1332,
        "neutral": 3776,
        "peaceful": 1191,
        "powerful": 1063,
        "sad": 844,
        "scared": 1645,
    },
    "dimensions": {},
    "material": "Scripted television dialogue (Friends), as text.",
    "labelled_by": "Crowd raters, on the seven primary emotions of the Feeling Wheel; the owners' read-me "
    "says that they agree poorly. Single answers are not in the files.",
    "use": [
        "Emotion in conversation from text, with its official splits and weighted F1.",
    ],
    "traps": [
        "The same series as MELD and as half of MUStARD: 84 of its 97 episodes are in MELD too. Never test "
        "one with a model trained on another.",
        "Two sizes are in use: the 12606 utterances that its owners publish, and the 9489 of MELD's "
        "repository, where only those with clip times stay. Scores on the two are not comparable.",
        "166 of 984 test and 192 of 954 dev utterances of the smaller form have the words of a training "
        "utterance, often with another label.",
        "Episodes are held out, speakers are not: the six main characters speak in every split.",
        "Its owners call their agreement `not the greatest`; `peaceful` and `powerful` have no place among "
        "the shared categories.",
        "Television without a licence for its words: trains no shipped weight.",
    ],
    "limits": [
        "How people talk: writers wrote these lines to amuse.",
        "Anything about MELD or MUStARD from a model trained here, and the reverse.",
        "What the voice or the face would tell: neither is in it.",
    ],
}

SAME_SOURCE = "friends"
"""Material that the words are cut from; corpora of one material never test each other."""

SPACE = LabelSpace(("joyful", "mad", "neutral", "peaceful", "powerful", "sad", "scared"))

TO_SHARED: dict[str, str | None] = {
    "joyful": "happiness",
    "mad": "anger",
    "neutral": "neutral",
    "peaceful": None,
    "powerful": None,
    "sad": "sadness",
    "scared": "fear",
}

# a number of the packed table → its digits in the owners' name
_NUMBERS = {"season": 2, "episode": 2, "scene_id": 2, "utterance_id": 3}
_FILES = {"train": "trn", "dev": "dev", "test": "tst"}
_ID = re.compile(r"(?P<scene>s(?P<season>\d+)_e(?P<episode>\d+)_c\d+)_u(?P<utterance>\d+)")


def load(root: str | Path) -> pd.DataFrame:
    """Read EmoryNLP as a segment table, one row per utterance, scenes in order.

    Use it for emotion in conversation. Read `CARD["traps"]` before training on it and testing elsewhere.

    Args:
        root: folder with `utterances.csv.gz` (the 9,489 of MELD's repository), or with
            `emotion-detection-trn.json`, `-dev.json` and `-tst.json` as its owners publish all 12,606.

    Returns:
        Segment table, segments named as by their owners (`emorynlp/s01_e02_c01_u002`), with `dialogue` (the
        scene), `turn` (from 0, with gaps where utterances are left out), `split`, `emotion`, `category`,
        `season`, `episode`. Joint speakers are one speaker of their own (`Monica Geller, Phoebe Buffay`).

    Raises:
        DataError: no such file there, an unknown label, or a name that is not EmoryNLP's.

    Source:
        Zahiri and Choi, AAAI workshops 2018.
    """
    layouts = {"utterances.csv.gz": _packed, "emotion-detection-trn.json": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    parts = pd.DataFrame([_parts(name) for name in rows["segment"]], index=rows.index)
    parts = parts.astype({"season": "Int64", "episode": "Int64"})
    return text_table(rows.join(parts), corpus="emorynlp", language="en", space=SPACE, to_shared=TO_SHARED)


def _packed(path: Path) -> pd.DataFrame:
    cells = read_cells(path, columns=["split", *_NUMBERS, "speaker", "text", "emotion"])
    names = pd.Series("", index=cells.index)
    for letter, (name, digits) in zip(("s", "_e", "_c", "_u"), _NUMBERS.items(), strict=True):
        names = names + letter + cells[name].str.zfill(digits)
    return cells.drop(columns=list(_NUMBERS)).assign(segment=names)


def _published(path: Path) -> pd.DataFrame:
    rows = []
    for split, part in _FILES.items():
        found = read_json(path.with_name(f"emotion-detection-{part}.json"), _utterances)
        rows += [row | {"split": split} for row in found]
    return pd.DataFrame(rows, dtype="string")


def _utterances(content: Any) -> list[dict[str, str]]:
    scenes = [scene for episode in content["episodes"] for scene in episode["scenes"]]
    return [_row(one) for scene in scenes for one in scene["utterances"]]


def _row(utterance: dict[str, Any]) -> dict[str, str]:
    return {
        "segment": utterance["utterance_id"],
        "speaker": ", ".join(utterance["speakers"]),
        "text": utterance["transcript"],
        "emotion": utterance["emotion"].lower(),
    }


def _parts(name: str) -> dict[str, Any]:
    """Take an utterance's name apart."""
    found = _ID.fullmatch(name)
    if found is None:
        raise DataError(
            f"Got utterance `{name}`, expected a name as `s01_e02_c01_u002`; copy the file again."
        )
    return {
        "dialogue": found["scene"],
        "turn": int(found["utterance"]) - 1,
        "season": int(found["season"]),
        "episode": int(found["episode"]),
    }
