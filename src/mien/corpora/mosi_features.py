"""CMU-MOSI as features: opinions in videos, positive or negative, with words and voice as numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.core.tables import check_segments
from mien.corpora.card import CorpusCard
from mien.corpora.stored_arrays import read_arrays, read_parts

CARD: CorpusCard = {
    "title": "CMU-MOSI, utterance features",
    "citation": "A. Zadeh, R. Zellers, E. Pincus, L.-P. Morency. Multimodal Sentiment Intensity Analysis in "
    "Videos. IEEE Intelligent Systems 31(6), 2016. Features: S. Poria et al. Context-Dependent Sentiment "
    "Analysis in User-Generated Videos. ACL 2017.",
    "year": 2016,
    "licence": "Research use (Carnegie Mellon University); the repository with the features is MIT.",
    "shelf": "research",
    "language": "en",
    "url": "https://github.com/declare-lab/multimodal-deep-learning",
    "modality": ["words", "voice"],
    "size": 2199,
    "classes": {"negative": 1023, "positive": 1176},
    "dimensions": {},
    "material": "Opinions on films and other things, spoken to a camera by people on the web, as "
    "features and transcripts.",
    "labelled_by": "Crowd raters on a scale from -3 to 3 (Krippendorff's alpha 0.77 in the owners' paper "
    "on the corpus); here only the sign of their mean.",
    "use": [
        "Fusing words and voice, and following an opinion over a monologue.",
    ],
    "traps": [
        "The features of the words come from a network that was trained on the same training part: they know "
        "its labels, so scores on `train` say nothing.",
        "Sides only: the original scale from -3 to 3 is not here.",
        "A video stands for a speaker. The paper counts 89 speakers in 93 videos, so a few people have two, "
        "perhaps on both sides of the split.",
        "The features of the voice are unscaled: fit the scaling on `train`.",
        "The visual features of the source are not in the file: its keys `video_*` hold the names of videos.",
    ],
    "limits": [
        "That words beat the voice, or the reverse: the features of the words were trained on these "
        "labels, those of the voice were not.",
        "Emotions: the label is the side of an opinion.",
        "New features: the recordings are not here.",
    ],
}

SPACE = LabelSpace(("negative", "positive"))

TO_SHARED: dict[str, str | None] = dict.fromkeys(SPACE.categories)

WORDS_WIDTH, VOICE_WIDTH = 100, 73
SPLITS = ("train", "test")


def load(root: str | Path) -> pd.DataFrame:
    """Read the utterances of MOSI as a segment table with transcripts, one row per utterance.

    Use it with `features`, for models of words and voice and of the course of a monologue. The recordings
    are not here. The label stands in `emotion`, as a corpus' own category does everywhere; it names the side
    of an opinion, not an emotion.

    Args:
        root: folder with `mosi_utterance.npz` and `utterances.csv.gz`.

    Returns:
        Segment table with `text`, `emotion` (`negative` or `positive`), `category` (null), `split`
        (`train`, `test`), `video` and `turn` (place in the video, from 0); `file`, `start` and `end` are
        null. Rows are in the order of the arrays of `features`: by split, video and turn.

    Raises:
        DataError: a file is missing or broken, or the two files disagree.

    Source:
        Zadeh et al., IEEE Intelligent Systems 31(6), 2016; split of Poria et al., ACL 2017.
    """
    utterances = _ordered(root)
    table = pd.DataFrame(
        {
            "segment": "mosi_features/" + utterances["utterance"],
            "file": pd.NA,
            "start": np.nan,
            "end": np.nan,
            "turn": utterances.groupby("video").cumcount(),
            "speaker": "mosi_features/" + utterances["video"],
            "text": _transcripts(root, utterances),
            "emotion": np.array(SPACE.categories)[utterances["label"]],
            "category": pd.NA,
            "language": CARD["language"],
            "corpus": "mosi_features",
            "split": utterances["split"],
            "video": utterances["video"],
        }
    )
    return check_segments(table.astype(dict.fromkeys(table.columns[7:], "string")))


def features(root: str | Path) -> dict[str, NDArray[np.float32]]:
    """Read the features of MOSI, one row per row of `load`.

    Args:
        root: folder with `mosi_utterance.npz`.

    Returns:
        `words`, `(2199, 100)`: a convolutional network over word vectors, trained on `train`; `voice`,
        `(2199, 73)`: openSMILE descriptors, unscaled.

    Raises:
        DataError: the file is missing or broken.

    Source:
        Poria et al., ACL 2017, section 3.1.
    """
    utterances = _ordered(root)
    sizes = [int((utterances["split"] == split).sum()) for split in SPLITS]
    keys = {"words": ("text", WORDS_WIDTH), "voice": ("audio", VOICE_WIDTH)}
    found = {}
    for name, (key, width) in keys.items():
        parts = read_parts(
            root,
            "mosi_utterance.npz",
            key=key,
            splits=SPLITS,
            shape=(None, width),
            rows=sizes,
            title=CARD["title"],
        )
        found[name] = np.concatenate(parts).astype(np.float32)[utterances["row"].to_numpy()]
    return found


def _ordered(root: str | Path) -> pd.DataFrame:
    """Return `utterance`, `video`, `label`, `split` and `row` in the arrays, by split, video and number."""
    shapes: dict[str, tuple[int | None, ...]] = {
        f"{key}_{split}": (None,) for split in SPLITS for key in ("utt", "label")
    }
    arrays = read_arrays(root, "mosi_utterance.npz", shapes=shapes, title=CARD["title"])
    parts = [
        pd.DataFrame({"utterance": arrays[f"utt_{split}"], "label": arrays[f"label_{split}"], "split": split})
        for split in SPLITS
    ]
    table = pd.concat(parts, ignore_index=True).rename_axis("row").reset_index()
    place = table["utterance"].astype("string").str.extract(r"^(?P<video>.+)_(?P<number>\d+)$")
    if place["number"].isna().any() or not table["label"].isin((0, 1)).all():
        raise DataError(
            f"Got utterances or labels in `{root}` that are not MOSI's, expected names as `03bSnISJMiM_1` "
            "and labels 0 and 1; copy the file again."
        )
    table["video"] = place["video"]
    table["number"] = place["number"].astype("int64")
    table["later"] = table["split"] != SPLITS[0]
    return table.sort_values(["later", "video", "number"], ignore_index=True)


def _transcripts(root: str | Path, utterances: pd.DataFrame) -> "pd.Series[str]":
    """Return the words of each utterance, from the table that has the same labels."""
    path = Path(root) / "utterances.csv.gz"
    try:
        told = pd.read_csv(path, dtype="string", keep_default_na=False).set_index("utterance_id")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"Got no readable `{path}`, expected the transcripts of {CARD['title']}; copy it again. ({error})"
        ) from error
    told = told.reindex(utterances["utterance"]).reset_index()
    wrong = ~(told["positive"] == utterances["label"].astype("string")).fillna(False)
    if wrong.any():
        name = told.loc[wrong, "utterance"].iloc[0]
        raise DataError(
            f"Got `{name}` without transcript or with another label in `{path}`, expected what the arrays "
            "say; copy both files again."
        )
    return told["text"]
