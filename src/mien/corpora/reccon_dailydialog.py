"""RECCON, DailyDialog part: written English dialogues with emotions and their causes."""

from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.core.tables import check_relations
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_json, read_layout, text_table

CARD: CorpusCard = {
    "title": "RECCON, DailyDialog part (RECCON-DD)",
    "citation": "S. Poria, N. Majumder, D. Hazarika et al. Recognizing Emotion Cause in Conversations. "
    "Cognitive Computation 13, 2021. Dialogues: Y. Li et al. DailyDialog. IJCNLP 2017.",
    "year": 2021,
    "licence": "CC BY-NC-SA 4.0 (DailyDialog)",
    "shelf": "research",
    "language": "en",
    "url": "https://github.com/declare-lab/RECCON",
    "modality": ["words"],
    "size": 11104,
    "classes": {
        "anger": 451,
        "disgust": 140,
        "fear": 74,
        "happiness": 4361,
        "neutral": 5243,
        "sadness": 351,
        "surprise": 484,
    },
    "dimensions": {},
    "material": "English dialogues written for learners of the language.",
    "labelled_by": "The emotions are those of DailyDialog; annotators of RECCON then marked the words "
    "that caused each. Their single answers are not in the files.",
    "use": [
        "Emotion in dialogue, and which words caused it (`relations`).",
    ],
    "traps": [
        "15 utterances carry variant labels (happy, happines, excited, sad, surprised, angry); `SPELLINGS` "
        "maps them, and `excited` becomes happiness by our decision.",
        "Chosen dialogues have at least four utterances that are not neutral: classes are not as in "
        "DailyDialog.",
        "10 of 225 test dialogues and 1 of 47 dev dialogues are word for word a training dialogue; 324 of "
        "2405 test and 70 of 493 dev utterances have the words of a training utterance.",
        "74 % of the utterances that are not neutral are happiness: report macro F1.",
        "Speakers A and B are new people in each dialogue. Dialogues were written for learners of English.",
        "395 of 9864 causes are background that nobody mentions (`latent`), and 2 come after their effect: a "
        "model that only looks back cannot find those.",
        "RECCON's smaller IEMOCAP part is not in it; splits are of RECCON, not of DailyDialog.",
    ],
    "limits": [
        "Causes in life: a cause here is a stretch of text, not what made somebody feel.",
        "How frequent emotions are: dialogues were chosen for having some.",
    ],
}

SPACE = LabelSpace(("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"))

TO_SHARED: dict[str, str | None] = {name: name for name in SPACE.categories}

SPELLINGS = {
    "angry": "anger",
    "excited": "happiness",
    "happines": "happiness",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}
"""Variant label in the owners' files → the label of `SPACE` that is meant."""

KINDS = ("no-context", "inter-personal", "self-contagion", "latent")
"""Kinds of causes: the same utterance, another speaker's, an own other one, unmentioned background."""

_COLUMNS = [
    "split",
    "dialogue_id",
    "turn",
    "speaker",
    "text",
    "emotion",
    "cause_turns",
    "cause_spans",
    "cause_type",
]
_FILES = {"train": "train", "dev": "valid", "test": "test"}
_BACKGROUND = "b"
_BETWEEN_SPANS = " || "


def load(root: str | Path) -> pd.DataFrame:
    """Read RECCON's DailyDialog part as a segment table, one row per utterance, dialogues in order.

    Use it for emotion in conversation, with `relations` for its causes.

    Args:
        root: folder with `utterances.csv.gz`, or with `dailydialog_train.json`, `dailydialog_valid.json` and
            `dailydialog_test.json` as its owners publish it (`data/original_annotation/`).

    Returns:
        Segment table, segments numbered as by their owners (`reccon_dailydialog/tr_4466_utt_1`), with
        `dialogue`, `turn` (from 0), `split`, `emotion` (variants mapped by `SPELLINGS`), `category` and
        `cause_type` (the owners' kinds of an utterance's causes, joined by spaces; there `hybrid` is both
        inter-personal and self-contagion; null where neutral). Speakers are unique per dialogue.

    Raises:
        DataError: no such file there, or an unknown label.

    Source:
        Poria et al., Cognitive Computation 2021.
    """
    rows = _rows(root)
    rows = rows.assign(
        turn=rows["turn"] - 1,
        speaker=rows["dialogue"] + "/" + rows["speaker"],
        emotion=rows["emotion"].replace(SPELLINGS),
        cause_type=rows["cause_type"].mask(rows["cause_type"] == ""),
    ).drop(columns=["cause_turns", "cause_spans"])
    return text_table(rows, corpus="reccon_dailydialog", language="en", space=SPACE, to_shared=TO_SHARED)


def relations(root: str | Path) -> pd.DataFrame:
    """Read which words caused the emotion of which utterance.

    The kind follows from who says the cause; this agrees with the owners' `cause_type` for every utterance.
    A cause that is annotated twice with the same words is there once.

    Args:
        root: as for `load`.

    Returns:
        Relation table: `from` (segment with the emotion), `to` (segment with its cause; null for background
        that nobody mentions), `kind` (one of `KINDS`), `span` (the words of the cause, a part of its text;
        null for background) and `p` (1).

    Raises:
        DataError: no such file there, causes and spans of different number, or a cause that is no turn of its
            dialogue.

    Source:
        Poria et al., Cognitive Computation 2021, section on types of causes.
    """
    rows = _rows(root)
    speakers = dict(zip(rows["segment"], rows["speaker"], strict=True))
    found = []
    for row in rows[rows["cause_turns"] != ""].to_dict("records"):
        found += _causes({str(key): value for key, value in row.items()}, speakers)
    table = pd.DataFrame(found, columns=["from", "to", "kind", "span"], dtype="string").drop_duplicates()
    return check_relations(table.assign(p=1.0).reset_index(drop=True))


def _causes(row: dict[str, Any], speakers: dict[str, str]) -> list[tuple[str, str | None, str, str | None]]:
    """Return the relations of one utterance."""
    turns, spans = row["cause_turns"].split(" "), row["cause_spans"].split(_BETWEEN_SPANS)
    if len(turns) != len(spans):
        raise DataError(
            f"Got {len(turns)} causes and {len(spans)} spans in `{row['segment']}`, expected as many; "
            "copy the file again."
        )
    effect = f"reccon_dailydialog/{row['segment']}"
    found: list[tuple[str, str | None, str, str | None]] = []
    for turn, span in zip(turns, spans, strict=True):
        cause = f"{row['dialogue']}_utt_{turn}"
        if turn == _BACKGROUND:
            found.append((effect, None, "latent", None))
        elif cause not in speakers:
            raise DataError(
                f"Got cause `{turn}` in `{row['segment']}`, expected a turn of its dialogue or "
                f"`{_BACKGROUND}`; copy the file again."
            )
        else:
            other = "self-contagion" if speakers[cause] == row["speaker"] else "inter-personal"
            kind = "no-context" if cause == row["segment"] else other
            found.append((effect, f"reccon_dailydialog/{cause}", kind, span))
    return found


def _rows(root: str | Path) -> pd.DataFrame:
    layouts = {"utterances.csv.gz": _packed, "dailydialog_train.json": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    rows["segment"] = rows["dialogue_id"] + "_utt_" + rows["turn"]
    rows["turn"] = on_scale(rows, "turn", low=1, high=1000).astype("Int64")
    return rows.rename(columns={"dialogue_id": "dialogue"})


def _packed(path: Path) -> pd.DataFrame:
    return read_cells(path, columns=_COLUMNS)


def _published(path: Path) -> pd.DataFrame:
    rows = []
    for split, part in _FILES.items():
        found = read_json(path.with_name(f"dailydialog_{part}.json"), _utterances)
        rows += [row | {"split": split} for row in found]
    return pd.DataFrame(rows, columns=_COLUMNS, dtype="string")


def _utterances(content: Any) -> list[dict[str, str]]:
    # a dialogue is a list of one list of turns
    return [_row(one) | {"dialogue_id": name} for name, (turns,) in content.items() for one in turns]


def _row(utterance: dict[str, Any]) -> dict[str, str]:
    return {
        "turn": str(utterance["turn"]),
        "speaker": utterance["speaker"],
        "text": utterance["utterance"],
        "emotion": utterance["emotion"],
        "cause_turns": " ".join(str(turn) for turn in utterance.get("expanded emotion cause evidence", [])),
        "cause_spans": _BETWEEN_SPANS.join(utterance.get("expanded emotion cause span", [])),
        "cause_type": " ".join(utterance.get("type", [])),
    }
