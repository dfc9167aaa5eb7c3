"""What columns of descriptors tell about labels: a fast linear model, judged on speakers it has not heard."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.corpora.protocols import SpeakerKFold

FOLDS = 5
WIDE, MOST_ROWS = 1000, 1000
"""Of sets with more columns than the one, so many rows are used as the other says."""
Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
Blocks = Mapping[frozenset[str], NDArray[np.float32]]
"""What some columns need → their values (rows, columns)."""


class Answers(NamedTuple):
    """Hold what a model answered for speakers it had not heard.

    Attributes:
        truth: (rows,), number of the class, or a rating.
        answer: (rows,), likewise.
        speakers: (rows,).
    """

    truth: NDArray[np.float64]
    answer: NDArray[np.float64]
    speakers: NDArray[np.object_]


class GroupScore:
    """Score groups of descriptors by how well a linear model of their columns tells the labels.

    The model is ridge regression of standardized columns, on one column per class (each class counts alike)
    or on ratings; its penalty is the number of columns. Each speaker is answered for by a model of the
    others, in five folds. Use it to compare sets of columns, not as the result of a study: what is chosen by
    it looks better than it is.

    Args:
        blocks: columns by what they need.
        target: (rows,), labels: words, or numbers for ratings.
        speakers: (rows,).

    Attributes:
        metric: truth and answers → score, the higher the better.
        floor: the score without any column.
        about: measure, model, rows, speakers and protocol, as a run's folder says them.

    Raises:
        DataError: fewer than two speakers or classes, or rows without a speaker.
    """

    def __init__(self, blocks: Blocks, target: "pd.Series[Any]", speakers: "pd.Series[Any]") -> None:
        width = sum(one.shape[1] for one in blocks.values())
        most = MOST_ROWS if width > WIDE else len(target)
        rows = np.unique(np.linspace(0, len(target) - 1, min(most, len(target))).astype(int))
        self._blocks = {needs: values[rows].astype(np.float64) for needs, values in blocks.items()}
        kept = target.iloc[rows].reset_index(drop=True)
        self._speakers = speakers.iloc[rows].astype(object).to_numpy()
        self._is_rating = pd.api.types.is_numeric_dtype(kept)
        self._classes = () if self._is_rating else tuple(sorted(kept.astype(str).unique()))
        if not self._is_rating and len(self._classes) < 2:
            raise DataError(f"Got {len(self._classes)} classes, expected at least two; add labels.")
        self.metric: Metric = concordance if self._is_rating else average_recall
        self.floor = 0.0 if self._is_rating else 1 / len(self._classes)
        self._targets, self._weights, self._truth = self._coded(kept)
        self._folds = self._parted(kept)

    def _parted(self, kept: "pd.Series[Any]") -> "list[_Fold]":
        """Part the rows by speakers, and say in `about` how."""
        table = pd.DataFrame({"segment": np.arange(len(kept)), "speaker": self._speakers})
        if not self._is_rating:
            table["category"] = kept.astype(str)
        count = len(set(self._speakers))
        protocol = SpeakerKFold(k=min(FOLDS, max(count, 2)))
        folds = protocol.folds(table)
        self.about = {
            "measure": "concordance correlation" if self._is_rating else "unweighted average recall",
            "floor": self.floor,
            "model": "ridge regression of standardized columns, penalty: their number",
            "rows": len(kept),
            "speakers": count,
            **protocol.record(table, folds),
        }
        return [_Fold(self._blocks, fold.train, fold.test, self._weights[fold.train]) for fold in folds]

    def _coded(
        self, labels: "pd.Series[Any]"
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return what is regressed on (rows, outputs), weights (rows,) and the truth (rows,)."""
        if self._is_rating:
            ratings = labels.to_numpy(dtype=np.float64)
            return ratings[:, None], np.ones(len(ratings)), ratings
        codes = np.searchsorted(self._classes, labels.astype(str).to_numpy(dtype=str))
        counts = np.bincount(codes, minlength=len(self._classes))
        weights = len(codes) / (len(self._classes) * counts[codes])
        return np.eye(len(self._classes))[codes], weights, codes.astype(np.float64)

    def __call__(self, groups: frozenset[str]) -> float:
        """Return the score of the columns that some groups suffice for; there must be some."""
        found = self.answers(groups)
        return self.metric(found.truth, found.answer)

    def answers(self, groups: frozenset[str]) -> Answers:
        """Return what models of the columns that some groups suffice for answer, each speaker unheard."""
        needs = [one for one in self._blocks if one <= groups]
        answer = np.zeros(len(self._truth))
        for fold in self._folds:
            found = fold.predict(needs, self._targets[fold.train])
            answer[fold.test] = found[:, 0] if self._is_rating else found.argmax(axis=1)
        return Answers(self._truth, answer, self._speakers)


def average_recall(truth: NDArray[np.float64], answer: NDArray[np.float64]) -> float:
    """Return the mean over classes of the share of their rows that is answered right."""
    return float(np.mean([np.mean(answer[truth == one] == one) for one in np.unique(truth)]))


def concordance(truth: NDArray[np.float64], answer: NDArray[np.float64]) -> float:
    """Return Lin's concordance correlation; 0 where neither varies."""
    apart = truth.var() + answer.var() + (truth.mean() - answer.mean()) ** 2
    together = np.mean((truth - truth.mean()) * (answer - answer.mean()))
    return float(2 * together / apart) if apart > 0 else 0.0


class _Fold:
    """Fit and answer in one fold; what columns have in common with each other is kept for the next set."""

    def __init__(
        self,
        blocks: Mapping[frozenset[str], NDArray[np.float64]],
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        weights: NDArray[np.float64],
    ) -> None:
        self.train, self.test = train, test
        self._weights = weights / weights.mean()
        self._columns = {needs: self._standardized(values) for needs, values in blocks.items()}
        self._kernels: dict[frozenset[str], NDArray[np.float64]] = {}

    def _standardized(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return columns with the mean 0 and the spread 1 over the weighted rows that train."""
        mean = np.average(values[self.train], axis=0, weights=self._weights)
        spread = np.sqrt(np.average((values[self.train] - mean) ** 2, axis=0, weights=self._weights))
        return np.asarray((values - mean) / np.where(spread > 0, spread, 1))

    def predict(self, needs: list[frozenset[str]], targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a model of the training rows says of the test rows, (test rows, outputs)."""
        width = sum(self._columns[one].shape[1] for one in needs)
        mean = np.average(targets, axis=0, weights=self._weights)
        fit = self._fit_rows if width > len(self.train) else self._fit_columns
        return np.asarray(mean + fit(needs, targets - mean, width))

    def _fit_columns(
        self, needs: list[frozenset[str]], targets: NDArray[np.float64], width: int
    ) -> NDArray[np.float64]:
        columns = np.concatenate([self._columns[one] for one in needs], axis=1)
        weighted = columns[self.train].T * self._weights
        system = weighted @ columns[self.train] + width * np.eye(width)
        return np.asarray(columns[self.test] @ np.linalg.solve(system, weighted @ targets))

    def _fit_rows(
        self, needs: list[frozenset[str]], targets: NDArray[np.float64], width: int
    ) -> NDArray[np.float64]:
        """Do what `_fit_columns` does by the rows' products, which are fewer where columns are many."""
        kernel = np.zeros((len(self.train) + len(self.test), len(self.train)))
        for one in needs:
            kernel += self._kernel(one)
        system = kernel[self.train] + np.diag(width / self._weights)
        return np.asarray(kernel[self.test] @ np.linalg.solve(system, targets))

    def _kernel(self, needs: frozenset[str]) -> NDArray[np.float64]:
        if needs not in self._kernels:
            columns = self._columns[needs]
            self._kernels[needs] = columns @ columns[self.train].T
        return self._kernels[needs]
