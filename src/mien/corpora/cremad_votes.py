"""CREMA-D: how crowds labelled 7442 acted clips from voice, face and both; votes only, no recordings."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.labels import LabelSpace
from mien.core.nearest import did_you_mean
from mien.core.ratings import check_ratings, number_raters
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import read_cells, read_layout, text_table

CARD: CorpusCard = {
    "title": "CREMA-D, crowd votes",
    "citation": "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma. CREMA-D: "
    "Crowd-Sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 2014.",
    "year": 2014,
    "licence": "Open Database License 1.0; contents under the Database Contents License.",
    "shelf": "open",
    "language": "en",
    "url": "https://github.com/CheyneyComputerScience/CREMA-D",
    "modality": ["none"],
    "size": 22326,
    "classes": {"anger": 3813, "disgust": 3813, "fear": 3813, "happy": 3813, "neutral": 3261, "sad": 3813},
    "dimensions": {},
    "material": "Votes on acted clips of 12 fixed English sentences; the clips are not in it.",
    "labelled_by": "Actors were asked for an emotion (`emotion`); 2443 crowd raters chose one of six for "
    "voice, face or both, each seeing a part of the clips.",
    "use": [
        "Disagreement between raters as a target, majority against soft labels.",
        "What the voice, the face and both tell people.",
    ],
    "traps": [
        "Every clip is there three times, as voice, face and both: 22326 rows are 7442 clips of 91 actors. "
        "Split by actor.",
        "`emotion` is what the actor was asked for, `voted` what the crowd saw; from the voice alone they "
        "agree in four of ten clips, because half of the voices are heard as neutral.",
        "Votes are counts: who voted is unknown, so methods that follow a rater refuse them. The owners' "
        "file `finishedResponses.csv`, which names raters, is not read.",
        "About 9.5 votes a row, 4 to 12: 1534 rows are tied, and have no `voted`.",
        "Twelve sentences only; intensity was asked for in one of them (`IEO`), and never for neutral.",
    ],
    "limits": [
        "No model of voice or face can be trained or scored on it: there are no recordings.",
        "A vote says what was seen in acting, not what an actor felt, and not how people sound unprompted.",
        "Which rater is good: nobody is named.",
    ],
}

SPACE = LabelSpace(("anger", "disgust", "fear", "happy", "neutral", "sad"))

TO_SHARED: dict[str, str | None] = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
}

PRESENTATIONS = {"1": "voice", "2": "face", "3": "audio-visual"}
"""First digit of a row's number → what raters were shown."""

RATED_APART = "presentation"
"""Column whose values are other tasks for raters; agreement is judged within each."""

SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}

INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": None}

_ROW = "Unnamed: 0"  # what pandas makes of a header without a name
_LETTERS = dict(zip("ADFHNS", SPACE.categories, strict=True))
_CODES = dict(zip(("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"), SPACE.categories, strict=True))
_NAME = re.compile(r"(?P<speaker>\d{4})_(?P<text_id>[A-Z]{3})_(?P<code>[A-Z]{3})_(?P<level>[A-Z]{2})")
_SEXES = {"Male": "male", "Female": "female"}


def load(root: str | Path) -> pd.DataFrame:
    """Read the rated clips as a segment table, one row per clip and presentation.

    Args:
        root: folder with `tabulated_votes.csv.gz` and `actors.csv`, or with
            `processedResults/tabulatedVotes.csv` and `VideoDemographics.csv` as their owners publish it.

    Returns:
        Segment table (`file`, `start`, `end` null) with `emotion` (intended) and `category`, `presentation`
        (`voice`, `face`, `audio-visual`), `clip` (name of the recording), `text_id`, `intensity` (intended:
        `low`, `medium`, `high`; null where none was asked for), `sex`, `age` in years, and the crowd's
        `voted` (null where tied), `agreement` (share of the winner, 0 to 1) and `raters`.

    Raises:
        DataError: no such files there, a file name or code that is not of CREMA-D, or an unknown actor.

    Source:
        Cao et al., IEEE Transactions on Affective Computing 2014; codes of the repository's read-me.
    """
    rows = _read(root)
    table = rows[["segment", "clip", "presentation", "speaker", "text_id", "sex"]].assign(
        text=_known(rows, "text_id", SENTENCES),
        emotion=_known(rows, "code", _CODES),
        intensity=_known(rows, "level", INTENSITIES),
        age=rows["age"].astype("Int64"),
        voted=rows["emoVote"].map(_LETTERS),
        agreement=rows["agreement"].astype("float64"),
        raters=rows["numResponses"].astype("int64"),
    )
    return text_table(
        table, corpus="cremad_votes", language=CARD["language"], space=SPACE, to_shared=TO_SHARED
    )


def ratings(root: str | Path) -> pd.DataFrame:
    """Read the crowd's votes as a ratings table, one row per vote.

    Only counts are published. The votes of a clip are numbered `#1`, `#2` … in the order of the categories;
    a number is not a person, and methods that follow a rater over items refuse the table.

    Args:
        root: as for `load`.

    Returns:
        Ratings table with the target `emotion`, values of `SPACE`.

    Raises:
        DataError: as `load`, or votes that do not add up to `numResponses`.

    Source:
        As `load`.
    """
    rows = _read(root)
    counts = rows[list(_LETTERS)].astype("int64").to_numpy()
    number = counts.sum(axis=1)
    wrong = number != rows["numResponses"].astype("int64").to_numpy()
    if wrong.any():
        name = rows.loc[wrong, "segment"].iloc[0]
        raise DataError(
            f"Got votes that do not add up on `{name}`, expected `numResponses`; copy the file again."
        )
    item, rater = number_raters(number)
    category = np.repeat(np.tile(np.arange(len(_LETTERS)), len(rows)), counts.ravel())
    segment = ("cremad_votes/" + rows["segment"]).iloc[item].reset_index(drop=True)
    value = pd.Series(SPACE.categories, dtype="string").iloc[category].reset_index(drop=True)
    table = pd.DataFrame({"segment": segment, "target": "emotion", "rater": rater, "value": value})
    return check_ratings(table)


def _read(root: str | Path) -> pd.DataFrame:
    """Return the votes, parsed names and actors of every row, all as text."""
    layouts = {
        "tabulated_votes.csv.gz": lambda path: _with_actors(path, path.with_name("actors.csv")),
        "processedResults/tabulatedVotes.csv": lambda path: _with_actors(
            path, path.parents[1] / "VideoDemographics.csv"
        ),
    }
    return read_layout(root, layouts, title=CARD["title"])


def _with_actors(votes: Path, actors: Path) -> pd.DataFrame:
    rows = read_cells(votes, columns=[_ROW, *_LETTERS, "fileName", "numResponses", "agreement", "emoVote"])
    rows = rows.rename(columns={_ROW: "row", "fileName": "clip"})
    parts = rows["clip"].str.extract(f"^{_NAME.pattern}$")
    if parts["speaker"].isna().any():
        clip = rows.loc[parts["speaker"].isna(), "clip"].iloc[0]
        raise DataError(
            f"Got clip `{clip}` in `{votes}`, expected a name as `1001_IEO_ANG_HI` (actor, sentence, "
            "emotion, level); copy the file again."
        )
    rows = pd.concat([rows, parts], axis=1)
    rows["presentation"] = _known(rows.assign(presentation=rows["row"].str[0]), "presentation", PRESENTATIONS)
    rows["segment"] = rows["presentation"] + "/" + rows["clip"]
    people = read_cells(actors, columns=["ActorID", "Age", "Sex"]).set_index("ActorID")
    rows["age"] = _known(rows, "speaker", people["Age"].to_dict())
    rows["sex"] = _known(rows, "speaker", people["Sex"].map(_SEXES).to_dict())
    return rows


def _known(rows: pd.DataFrame, name: str, meanings: Mapping[Any, str | None]) -> "pd.Series[str]":
    """Return the meaning of each code of a column; an unknown code is an error."""
    for code in rows[name].unique():
        if code not in meanings:
            clip = rows.loc[rows[name] == code, "clip"].iloc[0]
            raise DataError(
                f"Got {name} `{code}` of clip `{clip}`, expected one of {', '.join(meanings)}; copy the file "
                f"again.{did_you_mean(str(code), meanings)}"
            )
    return rows[name].map(meanings)
