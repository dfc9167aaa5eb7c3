"""MELD: utterances of the series Friends in seven emotions and three sentiments."""

from pathlib import Path

import numpy as np
import pandas as pd

from mien.core.labels import LabelSpace
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_layout, text_table
from mien.corpora.split import PARTS

CARD: CorpusCard = {
    "title": "Multimodal EmotionLines Dataset (MELD), text and labels",
    "citation": "S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria, R. Mihalcea. MELD: A Multimodal "
    "Multi-Party Dataset for Emotion Recognition in Conversations. ACL 2019. Dialogues: S.-Y. Chen et al. "
    "EmotionLines: An Emotion Corpus of Multi-Party Conversations. LREC 2018.",
    "year": 2019,
    "licence": "GPL-3.0 for the repository; the words are from a television series: research only.",
    "shelf": "unlicensed",
    "language": "en",
    "url": "https://github.com/declare-lab/MELD",
    "modality": ["words"],
    "size": 13708,
    "classes": {
        "anger": 1607,
        "disgust": 361,
        "fear": 358,
        "joy": 2308,
        "neutral": 6436,
        "sadness": 1002,
        "surprise": 1636,
    },
    "dimensions": {},
    "material": "Scripted television dialogue (Friends), as text.",
    "labelled_by": "Three annotators who watched the scenes; the majority is the label. The paper gives "
    "a Fleiss kappa of 0.43.",
    "use": [
        "Emotion in conversation from text, with its official splits and weighted F1.",
    ],
    "traps": [
        "The same series as EmoryNLP and as half of MUStARD: 84 of EmoryNLP's 97 episodes are here too. "
        "Never test one with a model trained on another.",
        "Episodes are not held out: 156 of 190 occur in more than one split, and the six main characters "
        "speak in all of them.",
        "331 of 2610 test and 135 of 1109 dev utterances have the words of a training utterance (`Okay.`), "
        "often with another label.",
        "Annotators saw and heard the scene; words alone often do not hold the label.",
        "Dialogue numbers restart in each split, and some utterances are missing (numbers have gaps).",
        "47 % are neutral: report weighted F1 and macro F1, never accuracy alone. The usual figure is "
        "weighted F1 on test.",
        "Television without a licence for its words: trains no shipped weight.",
    ],
    "limits": [
        "How people talk: writers wrote these lines to amuse.",
        "Anything about EmoryNLP or MUStARD from a model trained here, and the reverse.",
        "What the voice or the face would tell: neither is in this copy.",
    ],
}

SAME_SOURCE = "friends"
"""Material that the words are cut from; corpora of one material never test each other."""

SPACE = LabelSpace(("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"))

TO_SHARED: dict[str, str | None] = {**{name: name for name in SPACE.categories}, "joy": "happiness"}

SENTIMENTS = LabelSpace(("negative", "neutral", "positive"))

_PUBLISHED = {
    "dialogue_id": "Dialogue_ID",
    "utterance_id": "Utterance_ID",
    "speaker": "Speaker",
    "text": "Utterance",
    "emotion": "Emotion",
    "sentiment": "Sentiment",
    "season": "Season",
    "episode": "Episode",
}


def load(root: str | Path) -> pd.DataFrame:
    """Read MELD as a segment table, one row per utterance, dialogues in order.

    Use it for emotion in conversation. Read `CARD["traps"]` before training on it and testing elsewhere.

    Args:
        root: folder with `utterances.csv.gz`, or with `train_sent_emo.csv`, `dev_sent_emo.csv` and
            `test_sent_emo.csv` as its owners publish it.

    Returns:
        Segment table, segments named as the owners name clips (`meld/train_dia0_utt0`), with `dialogue`
        (unique over splits), `turn` (the owners' number, from 0, with gaps), `split`, `emotion`, `category`,
        `sentiment`, `season`, `episode`. Joint speakers are one speaker of their own (`Ross and Joey`).

    Raises:
        DataError: no such file there, or an unknown label.

    Source:
        Poria et al., ACL 2019.
    """
    layouts = {"utterances.csv.gz": _packed, "train_sent_emo.csv": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    SENTIMENTS.check(rows["sentiment"])
    dialogue = rows["split"] + "_dia" + rows["dialogue_id"]
    rows = rows.assign(dialogue=dialogue, segment=dialogue + "_utt" + rows["utterance_id"])
    rows = rows.rename(columns={"utterance_id": "turn"}).drop(columns="dialogue_id")
    for name in ("turn", "season", "episode"):
        rows[name] = on_scale(rows, name, low=0, high=np.inf).astype("Int64")
    return text_table(rows, corpus="meld", language="en", space=SPACE, to_shared=TO_SHARED)


def _packed(path: Path) -> pd.DataFrame:
    return read_cells(path, columns=["split", *_PUBLISHED])


def _published(path: Path) -> pd.DataFrame:
    parts = []
    for split in PARTS:
        cells = read_cells(path.with_name(f"{split}_sent_emo.csv"), columns=list(_PUBLISHED.values()))
        parts.append(
            cells.rename(columns={theirs: ours for ours, theirs in _PUBLISHED.items()}).assign(split=split)
        )
    return pd.concat(parts, ignore_index=True)
