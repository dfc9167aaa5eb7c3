"""A cell of a study with one link of its chain changed, all else equal."""

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.corpora.split import Fold
from mien.studies.cells import Cell, answer_by_fold, learned_cell, run_cell
from mien.studies.changed_sound import AS_RECORDED, Changed, changed_values
from mien.studies.fusion import answer_late
from mien.studies.learned_cell import Chosen, FoldAnswer, LearnedCell
from mien.studies.learners import FIND, Columns, Learner
from mien.studies.streams import Fixed, Stream, modality_of, open_stream
from mien.studies.study_corpora import VOICE
from mien.studies.system_words import SystemWords

Rows = NDArray[np.int64]
UNTRAINED = {"whisper-tiny": "whisper"}
"""Trained encoder → component that is the same network with random weights."""


@dataclass(frozen=True)
class Change:
    """Say what is other than in the system as it is named.

    Attributes:
        sound: of the clips, see `mien.studies.changed_sound.SOUNDS`.
        copies: degraded copies of each training clip.
        untrained: encoders have random weights.
        scaled: columns are z-normalized by the training rows.
        chosen: the learner's setting is chosen inside the training rows.
        calibrated: probabilities are calibrated on training rows that did not train.
    """

    sound: str = AS_RECORDED
    copies: int = 0
    untrained: bool = False
    scaled: bool = True
    chosen: bool = True
    calibrated: bool = True

    @property
    def words(self) -> str:
        """Return what is other, for a line of progress.

        Example:
            >>> Change().words, Change(copies=2).words
            ('as named', 'copies=2')
        """
        told = [(one.name, getattr(self, one.name), one.default) for one in fields(self)]
        return ", ".join(f"{name}={value}" for name, value, usual in told if value != usual) or "as named"


@dataclass(frozen=True)
class ChangedCell(Cell):
    """Say what is judged on what, and what is changed in it.

    Attributes:
        change: against the system as it is named.
    """

    change: Change = Change()

    @cached_property
    def home(self) -> Path:
        """Return the cell's own folder; it changes with all that its answers hang on."""
        plain = Cell(self.system, self.corpus, self.folds, self.seed, self.folder, self.cache).home
        digest = hashlib.sha256(f"{plain.name}\n{self.change!r}".encode()).hexdigest()
        return self.folder / f"{self.corpus.name}-{digest[:8]}"

    def sounds(self, *, workers: int = 1) -> list[Changed]:
        """Compute what the cell hears besides clips as they are, or read what was computed before.

        Args:
            workers: processes.
        """
        heard = [name for part in self.parts() for name in part.streams if modality_of(name) == VOICE]
        wanted = [f"copy-{number}" for number in range(1, self.change.copies + 1)]
        if self.change.sound != AS_RECORDED:
            wanted.append(self.change.sound)
        asked = [(name, sound) for name in dict.fromkeys(heard) for sound in wanted]
        if self.change.untrained:
            asked += [(UNTRAINED[name], AS_RECORDED) for name in heard if name in UNTRAINED]
        options: dict[str, Any] = {"cache": self.cache, "workers": workers}
        return [changed_values(name, self.corpus, sound, **options) for name, sound in asked]

    def parts(self) -> tuple[SystemWords, ...]:
        """Return the systems that are learned: several where their answers are fused."""
        return self.system.parts or (self.system,)


def prepare_changed(cell: ChangedCell, *, workers: int = 1) -> None:
    """Compute every stream of a cell, before workers would compute it each for itself.

    Args:
        cell: to be answered.
        workers: processes.
    """
    for name in dict.fromkeys(name for part in cell.parts() for name in part.streams):
        open_stream(name, cell.corpus, cache=cell.cache, workers=workers)
    cell.sounds(workers=workers)


def run_changed(cell: ChangedCell) -> Path:
    """Compute a cell, or find that it has been; as `mien.studies.cells.run_cell`."""
    if not (cell.home / "cell.json").exists():
        for part in cell.parts():
            _warm_up(FIND[part.learner])
    return run_cell(cell, answer=_answer)


def sound_seconds(cell: ChangedCell) -> float:
    """Return the seconds of a core that a cell's changed sounds took; of copies, describing counts too."""
    if cell.change.untrained:
        return 0.0
    extra = bool(cell.change.copies)
    return sum(one.changing_s + (one.describing_s if extra else 0.0) for one in cell.sounds())


@dataclass(frozen=True)
class ChangedLearner(LearnedCell):
    """Learn as a plain cell does, but for what is changed.

    Attributes:
        change: what is.
        rows: number of clips; rows behind them are copies, which train and are never answered.
    """

    change: Change = Change()
    rows: int = 0

    def trials(self, fold: Fold) -> list[tuple[Rows, Rows]]:
        """Return pairs of rows that train and rows that choose; clips as recorded choose."""
        return [(train, other[other < self.rows]) for train, other in super().trials(fold)]

    @property
    def how(self) -> Learner:
        """Return the learner, with its middle setting alone where none is to be chosen."""
        learner = super().how
        if self.change.chosen:
            return learner
        return replace(learner, settings=(learner.settings[len(learner.settings) // 2],))

    def choose(self, fold: Fold) -> Chosen:
        """Return the setting for a fold; its scores are as sharp as they come where nothing is calibrated."""
        found = super().choose(fold)
        return found if self.change.calibrated else found._replace(sharp=1.0)

    def _scaled(self, values: Any, train: Rows, other: Rows) -> tuple[Any, Any]:
        if self.change.scaled or not isinstance(values, np.ndarray):
            return super()._scaled(values, train, other)
        whole = values.astype(np.float64)
        whole = np.nan_to_num(whole - np.nanmean(whole[train], axis=0))
        # one number for all columns: a learner's costs are for rows whose mean squared length is 1
        size = np.sqrt((whole[train] ** 2).sum(axis=1).mean()) or 1.0
        return whole[train] / size, whole[other] / size


def changed_learner(cell: ChangedCell, system: SystemWords) -> ChangedLearner:
    """Return a classical learner with its changed streams, all of them computed.

    Args:
        cell: says on what.
        system: of kind `learned`.
    """
    plain = learned_cell(cell, system)
    told = {one.name: getattr(plain, one.name) for one in fields(plain)}
    told["streams"] = [_heard(*one, cell) for one in zip(system.streams, plain.streams, strict=True)]
    times = 1 + cell.change.copies
    told |= {"truth": np.tile(plain.truth, times), "groups": np.tile(plain.groups, times)}
    if plain.speaker is not None:
        # each copy of a speaker's clips is normalized by itself, as a recording over that line would be
        names = [[f"{one}/{number}" for one in plain.speaker] for number in range(times)]
        told["speaker"] = np.concatenate(names).astype(object)
    return ChangedLearner(**told, change=cell.change, rows=len(plain.truth))


def _heard(name: str, stream: Stream, cell: ChangedCell) -> Stream:
    change = cell.change
    if modality_of(name) != VOICE or not isinstance(stream, Fixed):
        return stream
    if change.untrained and name in UNTRAINED:
        return Fixed(_values(UNTRAINED[name], AS_RECORDED, cell))
    if change.sound != AS_RECORDED:
        return Fixed(_values(name, change.sound, cell))
    copies = [_values(name, f"copy-{number}", cell) for number in range(1, change.copies + 1)]
    return Fixed(np.concatenate([stream.values, *copies]))


def _values(name: str, sound: str, cell: ChangedCell) -> NDArray[np.float32]:
    return changed_values(name, cell.corpus, sound, cache=cell.cache).values


def _answer(cell: ChangedCell) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return answers with `row` and `fold`, what was chosen in each fold, and notes."""
    learners = [changed_learner(cell, part) for part in cell.parts()]
    rows, copies = len(cell.corpus.table), cell.change.copies

    def answer(fold: Fold) -> FoldAnswer:
        wide = _with_copies(fold, rows, copies)
        return FoldAnswer(*(answer_late(learners, wide) if len(learners) > 1 else learners[0].answer(wide)))

    return answer_by_fold(cell, answer)


def _with_copies(fold: Fold, rows: int, copies: int) -> Fold:
    """Return a fold whose training rows train with their copies; whoever chooses and is tested has none."""
    train = np.concatenate([fold.train + number * rows for number in range(copies + 1)])
    return replace(fold, train=train)


def _warm_up(learner: Learner) -> None:
    """Load what a learner needs, so that the first cell does not pay for it."""
    learner.score(Columns(np.eye(4), np.eye(4)), np.array([0, 1, 0, 1]), learner.settings[0], 0)
