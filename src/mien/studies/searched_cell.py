"""Search streams, learner and setting inside the training rows of each fold, within trials and time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from mien.core.optional import require
from mien.corpora.split import Fold
from mien.studies.learned_cell import Chosen, FoldAnswer, LearnedCell
from mien.studies.learners import FIND
from mien.studies.streams import Stream

LEARNERS = ("svm", "logistic", "ridge")
TRIALS = 24


@dataclass(frozen=True)
class SearchedCell:
    """Say what is searched.

    Attributes:
        streams: name → columns; every one and every pair is a candidate.
        cell: the rest of a cell; its streams and learner are replaced.
        seed: seeds the search.
        fold_s: seconds of a fold after which no trial begins; None: only the number of trials ends it.
    """

    streams: Mapping[str, Stream]
    cell: LearnedCell
    seed: int
    fold_s: float | None = None

    def answer(self, fold: Fold) -> FoldAnswer:
        """Search inside a fold's training rows, then train the winner on all of them.

        The test rows are not looked at before the winner answers for them.

        Raises:
            MissingExtra: Optuna is not installed.
            DataError: the rows that train have one class only.

        Source:
            J. Bergstra et al., Algorithms for Hyper-Parameter Optimization, NeurIPS 2011 (tree-structured
            Parzen estimators, as Optuna has them).
        """
        optuna = require("optuna", "train")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        tried: dict[tuple[str, str], tuple[LearnedCell, dict[Any, tuple[float, Chosen]]]] = {}
        began = time.monotonic()

        def objective(trial: Any) -> float:
            streams = trial.suggest_categorical("streams", self._choices())
            learner = trial.suggest_categorical("learner", LEARNERS)
            setting = trial.suggest_categorical(f"{learner} setting", FIND[learner].settings)
            if (streams, learner) not in tried:
                cell = self._made_of(streams, learner)
                tried[streams, learner] = cell, cell.try_settings(fold)
            return tried[streams, learner][1][setting][0]

        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=self.seed))
        for _ in range(TRIALS):
            study.optimize(objective, n_trials=1)
            if self.fold_s is not None and time.monotonic() - began > self.fold_s:
                break
        best = study.best_trial.params
        setting = best[f"{best['learner']} setting"]
        cell, scores = tried[best["streams"], best["learner"]]
        said = cell.answer_as(scores[setting][1], fold)
        return FoldAnswer(said, f"{best['streams']}+{best['learner']} {setting:g}", float(study.best_value))

    def _choices(self) -> Sequence[str]:
        names = list(self.streams)
        return [*names, *(",".join(pair) for pair in combinations(names, 2))]

    def _made_of(self, streams: str, learner: str) -> LearnedCell:
        return replace(
            self.cell, streams=[self.streams[name] for name in streams.split(",")], learner=learner
        )
