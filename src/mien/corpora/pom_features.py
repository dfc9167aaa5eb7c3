"""POM as features: film reviewers judged on 17 traits, with voice and face as numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.tables import check_segments
from mien.corpora.card import CorpusCard
from mien.corpora.split import PARTS
from mien.corpora.stored_arrays import read_parts

TRAITS = tuple(f"trait_{number}" for number in range(17))

CARD: CorpusCard = {
    "title": "Persuasive Opinion Multimedia (POM), audio and video features",
    "citation": "S. Park, H. S. Shim, M. Chatterjee, K. Sagae, L.-P. Morency. Computational Analysis of "
    "Persuasiveness in Social Multimedia. ICMI 2014. Features: A. Zadeh et al. Memory Fusion Network for "
    "Multi-View Sequential Learning. AAAI 2018.",
    "year": 2014,
    "licence": "Research use (Carnegie Mellon University).",
    "shelf": "research",
    "language": "en",
    "url": "https://github.com/pliang279/MFN",
    "modality": ["voice", "face"],
    "size": 903,
    "classes": {},
    "dimensions": {name: (1.0, 7.0) for name in TRAITS},
    "material": "Film reviews spoken to a camera by people on the web, as features of voice and face.",
    "labelled_by": "Raters on scales from 1 to 7; here the mean of each trait. Who they were, how many and "
    "how far they agree is not stated in the data.",
    "use": [
        "Regression on sequences of two modalities, with missing data.",
    ],
    "traps": [
        "The source does not name its columns: which trait (persuasive, confident, dominant, nervous …) is "
        "which is not known. Report all 17, or their mean; claim nothing about one by name.",
        "486 of the 903 videos have a face that is zero in all 20 steps: there is nothing to see in them.",
        "One mean in `test` is off the scale: 0.67 for trait_8, although ratings go from 1 to 7.",
        "Features were scaled before they were published, and zeros fill steps without data; which steps are "
        "padding is not marked.",
        "Speakers are unknown: whether the split keeps a reviewer on one side cannot be checked.",
        "Traits are what raters thought of a stranger on film, not what the person is like.",
    ],
    "limits": [
        "What kind of person somebody is: strangers judged an impression of a minute.",
        "Anything about one trait: columns have no names.",
        "Choosing or judging people, for which such scores must not be used.",
    ],
}

STEPS = 20
WIDTHS = {"voice": 43, "face": 41}
_KEYS = {"voice": "audio", "face": "video"}


def load(root: str | Path) -> pd.DataFrame:
    """Read the mean trait ratings of POM as a segment table, one row per video.

    Use it with `features`, for regression on sequences of two modalities. Recordings and words are not here.

    Args:
        root: folder with `pom_av.npz`.

    Returns:
        Segment table with `split` and `trait_0` to `trait_16` (mean ratings, 1 to 7); `file`, `start`,
        `end`, `speaker` and `text` are null. Rows are in the order of the arrays of `features`.

    Raises:
        DataError: the file is missing or broken.

    Source:
        Park et al., ICMI 2014; split of Zadeh et al., AAAI 2018.
    """
    ratings = _parts(root, "y", (None, len(TRAITS)))
    split = np.repeat(PARTS, [len(one) for one in ratings])
    number = np.concatenate([np.arange(len(one)) for one in ratings])
    names = [f"pom_features/{part}-{place:03d}" for part, place in zip(split, number, strict=True)]
    own = {
        "file": pd.NA,
        "start": np.nan,
        "end": np.nan,
        "language": CARD["language"],
        "corpus": "pom_features",
        "split": split,
    }
    traits = pd.DataFrame(np.concatenate(ratings).astype(np.float64), columns=list(TRAITS))
    table = pd.DataFrame({"segment": names, **own})
    table = table.astype(dict.fromkeys(("language", "corpus", "split"), "string"))
    return check_segments(pd.concat([table, traits], axis=1))


def features(root: str | Path) -> dict[str, NDArray[np.float32]]:
    """Read the features of POM, one row per row of `load`.

    Args:
        root: folder with `pom_av.npz`.

    Returns:
        `voice`, `(903, 20, 43)`, and `face`, `(903, 20, 41)`: 20 steps per video, scaled by their owners.

    Raises:
        DataError: the file is missing or broken, or an array has other rows than the ratings.

    Source:
        Zadeh et al., AAAI 2018.
    """
    rows = [len(one) for one in _parts(root, "y", (None, len(TRAITS)))]
    found = {}
    for name, width in WIDTHS.items():
        parts = _parts(root, _KEYS[name], (None, STEPS, width), rows)
        found[name] = np.concatenate(parts).astype(np.float32)
    return found


def _parts(
    root: str | Path, key: str, shape: tuple[int | None, ...], rows: list[int] | None = None
) -> list[NDArray[np.float32]]:
    return read_parts(root, "pom_av.npz", key=key, splits=PARTS, shape=shape, rows=rows, title=CARD["title"])
