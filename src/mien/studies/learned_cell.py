"""Judge a classical learner on streams: scaler, settings and calibration come from the training rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from mien.core.errors import DataError
from mien.corpora.split import Fold
from mien.evaluation.metrics import unweighted_average_recall
from mien.studies.learners import FIND, Columns, Learner, best_of, probabilities, sharpness
from mien.studies.streams import Stream

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

INNER_FOLDS = 3
SMALLEST = 1e-6
"""Probability of a class that no training row has."""


class Chosen(NamedTuple):
    """Hold what was chosen inside the training rows: a setting, and what its scores are multiplied with."""

    setting: Any
    sharp: float


class FoldAnswer(NamedTuple):
    """Hold what a system says of a fold's test rows.

    Attributes:
        said: `(rows, classes)`, probabilities.
        chosen: the setting that was chosen, in words; empty where there is none.
        inner: of a search, the winner's recall on training rows that it was not trained on; it was picked for
            being highest, so it promises too much.
    """

    said: Floats
    chosen: str = ""
    inner: float | None = None


@dataclass(frozen=True)
class LearnedCell:
    """Say what is learned from what.

    Attributes:
        streams: heard or read together.
        learner: name of a classical learner.
        truth: `(rows,)` class numbers.
        classes: their number.
        groups: `(rows,)`, what inner folds keep together, such as speakers.
        speaker: `(rows,)` who speaks, where every stream is to be z-normalized by speaker; None: it is not.
        seed: seeds inner folds and learners.
    """

    streams: Sequence[Stream]
    learner: str
    truth: Rows
    classes: int
    groups: NDArray[np.object_]
    speaker: NDArray[np.object_] | None = None
    seed: int = 0

    @property
    def how(self) -> Learner:
        """Return the learner with the settings that are tried."""
        return FIND[self.learner]

    def answer(self, fold: Fold) -> tuple[Floats, str]:
        """Return probabilities for the fold's test rows, `(rows, classes)`, and what was chosen."""
        chosen = self.choose(fold)
        return self.answer_as(chosen, fold), f"{chosen.setting:g}"

    def choose(self, fold: Fold) -> Chosen:
        """Return the setting for a fold, and how sharp its scores are.

        Settings are tried on the fold's dev rows where it has some, else on inner folds of whole groups. What
        these trials say of rows that did not train calibrates the final scores.

        Raises:
            DataError: the rows that train have one class only.
        """
        if len(np.unique(self.truth[fold.train])) < 2:
            raise DataError("Got one class only among the rows that train, expected at least two.")
        tried = self.try_settings(fold)
        return tried[best_of(tuple(tried), [recall for recall, _ in tried.values()])][1]

    def answer_as(self, chosen: Chosen, fold: Fold) -> Floats:
        """Return probabilities for the fold's test rows with a setting that was chosen before."""
        scores = self._scores(self.how, chosen.setting, fold.train, fold.test)
        found = probabilities(scores, chosen.sharp)
        found[:, ~np.isin(np.arange(self.classes), self.truth[fold.train])] = SMALLEST
        return found / found.sum(axis=1, keepdims=True)

    def trials(self, fold: Fold) -> list[tuple[Rows, Rows]]:
        """Return pairs of rows that train and rows that choose."""
        if len(fold.dev):
            return [(fold.train, fold.dev)]
        members = int(np.bincount(self.truth[fold.train]).max())
        count = min(INNER_FOLDS, len(set(self.groups[fold.train])), members)
        if count < 2:
            return []
        inner = StratifiedGroupKFold(count, shuffle=True, random_state=self.seed)
        parts = inner.split(fold.train, self.truth[fold.train], groups=self.groups[fold.train].astype(str))
        rows = [(fold.train[train], fold.train[dev]) for train, dev in parts]
        return [one for one in rows if len(np.unique(self.truth[one[0]])) > 1 and len(one[1])]

    def try_settings(self, fold: Fold) -> dict[Any, tuple[float, Chosen]]:
        """Return setting → average recall on training rows that did not train, and what it would choose.

        Where nothing can be tried, the middle setting alone is returned, with a recall of 0.
        """
        learner, trials = self.how, self.trials(fold)
        if not trials:
            middle = learner.settings[len(learner.settings) // 2]
            return {middle: (0.0, Chosen(middle, 1.0))}
        designs = [self.columns(train, dev) for train, dev in trials]
        truth = np.concatenate([self.truth[dev] for _, dev in trials])
        found = {}
        for setting in learner.settings:
            parts = [
                self._spread(learner.score(columns, self.truth[train], setting, self.seed), train)
                for columns, (train, _) in zip(designs, trials, strict=True)
            ]
            scores = np.concatenate(parts)
            recall = unweighted_average_recall(truth, scores.argmax(axis=1))
            found[setting] = recall, Chosen(setting, sharpness(scores, truth))
        return found

    def _scores(self, learner: Learner, setting: Any, train: Rows, other: Rows) -> Floats:
        columns = self.columns(train, other)
        return self._spread(learner.score(columns, self.truth[train], setting, self.seed), train)

    def _spread(self, scores: Floats, train: Rows) -> Floats:
        """Return a column for every class; one that no training row has gets the lowest score."""
        present = np.unique(self.truth[train])
        if len(present) == self.classes:
            return scores
        found = np.repeat(scores.min(axis=1, keepdims=True), self.classes, axis=1)
        found[:, present] = scores
        return found

    def columns(self, train: Rows, other: Rows) -> Columns:
        """Return the streams side by side, each scaled by the training rows to a mean squared length of 1.

        Args:
            train: rows that train, and that anything fitted looks at.
            other: further rows.
        """
        parts = [self._scaled(stream.columns(train), train, other) for stream in self.streams]
        stack: Callable[[list[Any]], Any] = np.hstack
        if not all(isinstance(one, np.ndarray) for part in parts for one in part):
            from scipy import sparse

            stack = lambda given: sparse.hstack(given).tocsr()  # noqa: E731
        return Columns(stack([one for one, _ in parts]), stack([one for _, one in parts]))

    def _scaled(self, values: Any, train: Rows, other: Rows) -> tuple[Any, Any]:
        if not isinstance(values, np.ndarray):
            return values[train], values[other]
        whole = values.astype(np.float64)
        if self.speaker is not None:
            whole = by_speaker(whole, self.speaker)
        center, spread = center_and_spread(whole[train])
        scaled = np.nan_to_num((whole - center) / spread) / np.sqrt(max(whole.shape[1], 1))
        return scaled[train], scaled[other]


def center_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and deviation of each column over rows that are described; a constant one is left alone.

    Args:
        values: `(rows, D)`, NaN throughout where a row is not described.

    Raises:
        DataError: no row is described.
    """
    known = values[~np.isnan(values).all(axis=1)]
    if not len(known):
        raise DataError("Got no training row that can be described, expected at least two; see the warnings.")
    center, spread = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    return center, np.where(spread > 0, spread, 1.0)


def by_speaker(values: Floats, speaker: NDArray[np.object_]) -> Floats:
    """Return each speaker's rows less their mean, over their deviation; no label is looked at.

    Args:
        values: `(rows, D)`.
        speaker: `(rows,)`.
    """
    found = values.copy()
    for name in set(speaker):
        rows = speaker == name
        if not np.isnan(values[rows]).all():
            center, spread = center_and_spread(values[rows])
            found[rows] = (values[rows] - center) / spread
    return found
