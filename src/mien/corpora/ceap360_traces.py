"""CEAP-360VR: 32 people rating their own valence and arousal while they watch eight 360° videos."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.ratings import RATING_COLUMNS
from mien.core.tables import check_segments
from mien.corpora.card import CorpusCard

CARD: CorpusCard = {
    "title": "CEAP-360VR, continuous ratings",
    "citation": "T. Xue, A. El Ali, T. Zhang, G. Ding, P. Cesar. CEAP-360VR: A Continuous Physiological and "
    "Behavioral Emotion Annotation Dataset for 360° VR Videos. IEEE Transactions on Multimedia, 2021.",
    "year": 2021,
    "licence": "CC BY-NC 4.0 as its read-me says; the link there leads to CC BY-NC-SA: honour both.",
    "shelf": "research",
    "language": "zxx",
    "url": "https://github.com/cwi-dis/CEAP-360VR-Dataset",
    "modality": ["none"],
    "size": 8,
    "classes": {},
    "dimensions": {"valence": (1.0, 9.0), "arousal": (1.0, 9.0)},
    "material": "Ratings that people gave while they watched 360° videos; the videos and the people are "
    "not in it.",
    "labelled_by": "The 32 viewers themselves, each moving one point for valence and arousal "
    "through the whole of every video.",
    "use": [
        "Gold standards from traces: mean, EWE, maximum likelihood, delay and smoothing.",
        "How far viewers of one and the same thing differ.",
    ],
    "traps": [
        "People rate what they feel themselves, not what somebody expresses: disagreement is not error, and "
        "a mean of raters is what an audience feels.",
        "Nearly everyone starts at 5 and first moves after four seconds: leave the beginning out, or say "
        "that it is in.",
        "A trace stays at a value until the rater moves, so neighbouring frames are not independent: 14100 "
        "frames are eight videos.",
        "Video V1 has 25 frames a second, the others 30.",
        "`valence` and `arousal` of the videos are of other people: of the pilot study, and of the video "
        "database (`database_valence`, `database_arousal`).",
    ],
    "limits": [
        "Anything about expression: nobody's face, voice or words were judged.",
        "How people feel about videos in general: these are eight.",
    ],
}

VIDEOS = tuple(f"V{number}" for number in range(1, 9))

_AXES = ("valence", "arousal")


def load(root: str | Path) -> pd.DataFrame:
    """Read the eight videos as a segment table. The videos themselves are not here.

    Args:
        root: folder with `VideoInfo.json` and `traces.npz`, or `CEAP-360VR` as its owners publish it
            (`1_Stimuli/VideoInfo.json`).

    Returns:
        Segment table of 8 rows (`file`, `start`, `end` null) with `title`, `duration_s` (of the ratings),
        `rate_hz`, `valence` and `arousal` of the pilot study, `database_valence` and `database_arousal`, all
        1 to 9.

    Raises:
        DataError: no such file there, or it is of another form.

    Source:
        Xue et al., IEEE Transactions on Multimedia 2021.
    """
    videos = _videos(root)
    table = pd.DataFrame(
        {
            "segment": [f"ceap360_traces/{name}" for name in VIDEOS],
            "file": None,
            "start": np.nan,
            "end": np.nan,
            "language": CARD["language"],
            "corpus": "ceap360_traces",
            "title": [videos[name]["VideoFileName"] for name in VIDEOS],
            "duration_s": 60.0,
            "rate_hz": [float(videos[name]["FrameRate"]) for name in VIDEOS],
        }
    )
    for axis in _AXES:
        table[axis] = [float(videos[name][f"PilotStudy{axis.title()}"]) for name in VIDEOS]
        table[f"database_{axis}"] = [float(videos[name][f"Original{axis.title()}"]) for name in VIDEOS]
    texts = ("segment", "file", "language", "corpus", "title")
    return check_segments(table.astype(dict.fromkeys(texts, "string")))


def traces(root: str | Path) -> pd.DataFrame:
    """Read the continuous ratings as a trace table with raters, one row per frame, rater and dimension.

    It is a ratings table too, of two targets: select one before deriving a gold standard. 902,400 rows.

    Args:
        root: folder with `traces.npz`, or `CEAP-360VR` as its owners publish it (`3_AnnotationData/Frame`).

    Returns:
        Columns of `mien.core.ratings.RATING_COLUMNS`: `time` in seconds is the frame's number divided by the
        video's frame rate, `value` 1 to 9, `rater` as `ceap360_traces/P1`.

    Raises:
        DataError: no such files there, they are of another form, or a value is off the scale.

    Source:
        Xue et al., IEEE Transactions on Multimedia 2021, section III.
    """
    folder = Path(root)
    if (folder / "traces.npz").is_file():
        people, rate_hz, values = _packed(folder / "traces.npz")
    else:
        people, rate_hz, values = _published(folder)
    low, high = CARD["dimensions"]["valence"]
    there = ~np.isnan(values)
    if (there[:, :, 1:] & ~there[:, :, :-1]).any() or (there[..., 0] != there[..., 1]).any():
        raise DataError(f"Got a gap in the ratings of `{folder}`, expected whole traces; copy it again.")
    if not ((values[there] >= low) & (values[there] <= high)).all():
        raise DataError(
            f"Got a rating off the scale in `{folder}`, expected {low:g} to {high:g}; copy it again."
        )
    rater, video, frame, axis = np.nonzero(there)
    names = {
        "segment": (video, [f"ceap360_traces/{name}" for name in VIDEOS]),
        "target": (axis, list(_AXES)),
        "rater": (rater, [f"ceap360_traces/{name}" for name in people]),
    }
    table = pd.DataFrame(
        {name: pd.array(known, dtype="string").take(code) for name, (code, known) in names.items()}
    )
    table["value"] = values[there].astype(np.float64)
    table["time"] = frame / rate_hz[video]
    return table[list(RATING_COLUMNS)]


def _packed(path: Path) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return raters, frame rates `(8,)` and values `(raters, 8, frames, 2)` with NaN after the end."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            people, videos = stored["participants"].tolist(), stored["videos"].tolist()
            rate_hz, values = stored["rate_hz"].astype(np.float64), stored["va"].astype(np.float64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"Got `{path}`, which cannot be read; copy it again. ({error})") from error
    if tuple(videos) != VIDEOS or values.shape[:2] != (len(people), len(VIDEOS)) or values.shape[3:] != (2,):
        raise DataError(
            f"Got videos {', '.join(videos)} and values {values.shape} in `{path}`, expected "
            f"{', '.join(VIDEOS)} and (participants, 8, frames, 2); copy it again."
        )
    return people, rate_hz, values


def _published(folder: Path) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Read the owners' files, one per participant, into the arrays of `_packed`."""
    files = list((folder / "3_AnnotationData" / "Frame").glob("P*_Annotation_FrameData.json"))
    if not files:
        raise DataError(
            f"Got no ratings of {CARD['title']} in `{folder}`, expected `traces.npz` or "
            "`3_AnnotationData/Frame/P1_Annotation_FrameData.json` and so on; pass the folder with them."
        )
    files.sort(key=lambda path: int(path.name.split("_")[0].removeprefix("P")))
    info = _videos(folder)
    found: list[list[NDArray[np.float64]]] = []
    for path in files:
        try:
            (person,) = _json(path)["ContinuousAnnotation_FrameData"]
            frames = {
                one["VideoID"]: one["TimeStamp_Valence_Arousal"]
                for one in person["Video_Annotation_FrameData"]
            }
            found.append(
                [np.array([[one["Valence"], one["Arousal"]] for one in frames[name]]) for name in VIDEOS]
            )
        except (KeyError, ValueError, TypeError) as error:
            raise DataError(
                f"Got `{path}` of another form, expected all of {', '.join(VIDEOS)}; copy it again."
            ) from error
    longest = max(len(one) for traces_ in found for one in traces_)
    values = np.full((len(found), len(VIDEOS), longest, 2), np.nan)
    for person_number, of_person in enumerate(found):
        for video, one in enumerate(of_person):
            values[person_number, video, : len(one)] = one
    people = [path.name.split("_")[0] for path in files]
    return people, np.array([float(info[name]["FrameRate"]) for name in VIDEOS]), values


def _videos(root: str | Path) -> dict[str, dict[str, Any]]:
    """Return the description of each video."""
    for place in ("VideoInfo.json", "1_Stimuli/VideoInfo.json"):
        path = Path(root) / place
        if path.is_file():
            try:
                videos = {one["VideoID"]: one for one in _json(path)["VideoInfo"]}
                return {name: videos[name] for name in VIDEOS}
            except (KeyError, TypeError) as error:
                raise DataError(
                    f"Got `{path}` of another form, expected {', '.join(VIDEOS)}; copy it again."
                ) from error
    raise DataError(
        f"Got no `VideoInfo.json` in `{root}`, expected the folder of {CARD['title']}; pass that folder."
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"Got `{path}`, which is not JSON; copy it again. ({error})") from error
