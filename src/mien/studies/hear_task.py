"""One task of the benchmark as data: clips, labels, folds, score."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.corpora.split import Fold

OWN_PARTS = ("train", "valid", "test")
"""Names of folds that are parts already: then there is one split, and no rotation."""


class Sound(NamedTuple):
    """Hold the samples of a clip.

    Attributes:
        samples: float32 `(samples,)` in [-1, 1].
        rate_hz: sampling rate in Hz.
    """

    samples: NDArray[np.float32]
    rate_hz: int


@dataclass(frozen=True, eq=False)
class HearTask:
    """Describe what is asked of an embedding, and how the answer is scored.

    Attributes:
        name: lower case with hyphens, unique.
        title: what is asked, in a few words.
        kind: `scene`, one vector per clip, or `timestamp`, vectors over time.
        several: True where a clip, or a moment, can have several labels or none.
        metric: a key of `mien.studies.hear_scores.METRICS`.
        labels: the K classes.
        clips: a row per clip: `clip` (unique), `fold`, `group` (whoever or whatever must stay in one fold,
            and is drawn whole for intervals; null where unknown), `label` (of scenes: a class, or a tuple
            of classes where there can be several).
        sound: row number → samples.
        seconds: longer clips are cut to this length.
        licence: of the sounds, in their owners' words.
        events: of timestamp tasks, a row per event: `clip`, `start`, `end` (s), `label`; else None.
        tolerance_s: of timestamp tasks: greatest error of an onset.
        chance: score of an answer that knows nothing.
        note: what a reader of the score should know.
    """

    name: str
    title: str
    kind: str
    several: bool
    metric: str
    labels: tuple[str, ...]
    clips: pd.DataFrame
    sound: Callable[[int], Sound] = field(repr=False)
    seconds: float
    licence: str
    events: pd.DataFrame | None = None
    tolerance_s: float = 0.2
    chance: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse clips that occur twice and groups that are in two folds.

        Raises:
            DataError: either is so, or there are no clips.
        """
        clips = self.clips
        twice = clips.loc[clips["clip"].duplicated(), "clip"]
        if len(twice) or not len(clips):
            name = f", `{twice.iloc[0]}` more than once" if len(twice) else ""
            raise DataError(
                f"Got {len(clips)} clips{name} in task {self.name}, expected some, each once; remove copies."
            )
        folds = clips.dropna(subset=["group"]).groupby("group")["fold"].nunique()
        if (folds > 1).any():
            raise DataError(
                f"Got `{folds.idxmax()}` in {folds.max()} folds of task {self.name}, expected one; deal "
                "whole speakers or recordings to folds."
            )

    @property
    def checksum(self) -> str:
        """Return 16 hex digits that change with clips, labels, folds or metric."""
        parts = [
            self.name,
            self.kind,
            self.metric,
            str(self.seconds),
            str(self.tolerance_s),
            repr(self.labels),
        ]
        parts.append(self.clips.astype(str).to_csv(index=False))
        if self.events is not None:
            parts.append(self.events.round(6).to_csv(index=False))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def splits(self) -> list[Fold]:
        """Return what trains, chooses and tests: each fold tests once, and the next one chooses.

        Raises:
            DataError: fewer than three folds.

        Source:
            J. Turian et al., HEAR: Holistic Evaluation of Audio Representations, PMLR 176, 2022.
        """
        fold = self.clips["fold"].to_numpy(dtype=object)
        names = sorted(set(fold))
        if set(names) == set(OWN_PARTS):
            return [Fold("test", *(np.flatnonzero(fold == part) for part in OWN_PARTS))]
        if len(names) < 3:
            raise DataError(
                f"Got {len(names)} folds in task {self.name}, expected 3 or more: one trains, one chooses, "
                "one tests."
            )
        found = []
        for place, name in enumerate(names):
            chooses = names[(place + 1) % len(names)]
            train = np.flatnonzero((fold != name) & (fold != chooses))
            found.append(
                Fold(str(name), train, np.flatnonzero(fold == chooses), np.flatnonzero(fold == name))
            )
        return found

    def targets(self) -> NDArray[np.float32]:
        """Return which labels each clip has, `(clips, K)` of 0 and 1; of scenes only.

        Raises:
            DataError: a clip has a label that is not among the classes.
        """
        place = {label: number for number, label in enumerate(self.labels)}
        found = np.zeros((len(self.clips), len(self.labels)), np.float32)
        for row, given in enumerate(self.clips["label"]):
            for label in given if self.several else (given,):
                if label not in place:
                    raise DataError(
                        f"Got label `{label}` in task {self.name}, expected one of {', '.join(self.labels)}."
                    )
                found[row, place[label]] = 1.0
        return found
