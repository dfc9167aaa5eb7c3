"""MUStARD: sarcastic and other utterances of television dialogue, with the turns before them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_json, read_layout, text_table

CARD: CorpusCard = {
    "title": "Multimodal Sarcasm Detection Dataset (MUStARD), text and labels",
    "citation": "S. Castro, D. Hazarika, V. Pérez-Rosas, R. Zimmermann, R. Mihalcea, S. Poria. Towards "
    "Multimodal Sarcasm Detection (An Obviously Perfect Paper). ACL 2019.",
    "year": 2019,
    "licence": "MIT for the repository; the words are from television series: research only.",
    "shelf": "unlicensed",
    "language": "en",
    "url": "https://github.com/soujanyaporia/MUStARD",
    "modality": ["words"],
    "size": 690,
    "classes": {},
    "dimensions": {},
    "material": "Scripted television dialogue of several series, as text with the turns before.",
    "labelled_by": "Annotators said whether an utterance is sarcastic; who and how many they were is not "
    "stated in the data.",
    "use": [
        "Sarcasm from text with context, tested on a series that did not train.",
    ],
    "traps": [
        "Sarcasm is not an emotion: the label is the bool column `sarcasm` (345 of 690).",
        "The speaker leaks the label: guessing each speaker's more frequent one is right for 72 % (Chandler "
        "120 of 158 sarcastic, Dorothy 38 of 39, Joey 3 of 36). Test across shows.",
        "The show leaks it too: all 14 utterances of Sarcasmaholics Anonymous and 39 of 40 of The Golden "
        "Girls are sarcastic. Neither can be tested alone: `split` trains on three shows and tests on "
        "Friends, as the owners' speaker-independent setting does. For a second fold, test The Big Bang "
        "Theory.",
        "356 utterances are from Friends, as all of MELD and EmoryNLP: 142 of the 690 occur word for word "
        "in MELD. Never test one with a model trained on another.",
        "Classes are balanced by choice; sarcasm is rare in talk, so scores say nothing about false alarms "
        "there.",
        "17 utterances share their words with another (`Thank you.`): only context can tell them apart.",
        "Television without a licence for its words: trains no shipped weight.",
    ],
    "limits": [
        "How frequent sarcasm is: half of the utterances are sarcastic by choice.",
        "Scores of a random split: they measure who speaks and in which series.",
        "Sarcasm in ordinary talk.",
    ],
}

SAME_SOURCE = "friends"
"""Material that half of the words are cut from; corpora of one material never test each other."""

SHOWS = {
    "BBT": "big-bang-theory",
    "FRIENDS": "friends",
    "GOLDENGIRLS": "golden-girls",
    "SARCASMOHOLICS": "sarcasmaholics-anonymous",
}
"""The owners' code of a show → its name in the table."""

_COLUMNS = ["id", "show", "speaker", "text", "context", "context_speakers", "sarcasm"]
_BETWEEN_TURNS = " || "
_CODES = LabelSpace(tuple(SHOWS))


def load(root: str | Path) -> pd.DataFrame:
    """Read the 690 judged utterances of MUStARD as a segment table.

    Use it for sarcasm. `context` gives the turns before each.

    Args:
        root: folder with `utterances.csv.gz`, or with `sarcasm_data.json` as its owners publish it.

    Returns:
        Segment table with `dialogue`, `turn` (how many turns come before), `split` (`test` is Friends),
        `show` and `sarcasm` (bool). Speakers are unique per show; `PERSON` is anybody without a name.

    Raises:
        DataError: no such file there, an unknown show, or a label that is not 0 or 1.

    Source:
        Castro et al., ACL 2019; split as in its setting across speakers.
    """
    rows = _rows(root)
    turns = [len(turns.split(_BETWEEN_TURNS)) for turns in rows["context"]]
    rows = rows.assign(
        turn=turns,
        speaker=rows["show"] + "/" + rows["speaker"],
        sarcasm=on_scale(rows, "sarcasm", low=0, high=1) == 1,
    )
    return text_table(rows.drop(columns=["context", "context_speakers"]), corpus="mustard", language="en")


def context(root: str | Path) -> pd.DataFrame:
    """Read the turns before the judged utterances as a segment table without labels.

    Concatenate it with `load` for whole dialogues, in order of `dialogue` and `turn`.

    Args:
        root: as for `load`.

    Returns:
        Segment table with `dialogue`, `turn` (from 0), `split` and `show` as in `load`.

    Raises:
        DataError: no such file there, an unknown show, or turns and speakers of different number.

    Source:
        Castro et al., ACL 2019.
    """
    rows = _rows(root)
    parts = ["context", "context_speakers"]
    for name in parts:
        rows[name] = rows[name].str.split(_BETWEEN_TURNS, regex=False)
    _check_pairs(rows)
    rows = rows[["segment", "dialogue", "split", "show", *parts]].explode(parts)
    turn = rows.groupby("dialogue").cumcount()
    rows = rows.assign(
        segment=rows["segment"] + "_context_" + turn.astype(str),
        turn=turn,
        speaker=rows["show"] + "/" + rows["context_speakers"],
        text=rows["context"],
    ).reset_index(drop=True)
    return text_table(rows.drop(columns=parts), corpus="mustard", language="en")


def _check_pairs(rows: pd.DataFrame) -> None:
    for name, turns, speakers in zip(rows["segment"], rows["context"], rows["context_speakers"], strict=True):
        if len(turns) != len(speakers):
            raise DataError(
                f"Got {len(turns)} turns and {len(speakers)} speakers before `{name}`, expected as many; "
                "copy the file again."
            )


def _rows(root: str | Path) -> pd.DataFrame:
    layouts = {"utterances.csv.gz": _packed, "sarcasm_data.json": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    _CODES.check(rows["show"])
    show = rows["show"].map(SHOWS)
    split = np.where(show == "friends", "test", "train")
    return rows.assign(segment=rows["id"], dialogue=rows["id"], show=show, split=split).drop(columns="id")


def _packed(path: Path) -> pd.DataFrame:
    return read_cells(path, columns=_COLUMNS)


def _published(path: Path) -> pd.DataFrame:
    return pd.DataFrame(read_json(path, _utterances), columns=_COLUMNS, dtype="string")


def _utterances(content: Any) -> list[dict[str, str]]:
    return [
        {
            "id": name,
            "show": one["show"],
            "speaker": one["speaker"],
            "text": one["utterance"],
            "context": _BETWEEN_TURNS.join(one["context"]),
            "context_speakers": _BETWEEN_TURNS.join(one["context_speakers"]),
            "sarcasm": str(int(one["sarcasm"])),
        }
        for name, one in content.items()
    ]
