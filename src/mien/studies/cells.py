"""One cell of a study: a system judged on a corpus with a seed, computed once and kept."""

import hashlib
import json
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien import __version__
from mien.core.errors import MienError
from mien.core.files import sha256_of, write_atomically
from mien.corpora.split import Fold, split_checksum
from mien.studies.fitted_streams import FITTED
from mien.studies.fusion import answer_late
from mien.studies.given_cell import answer_shipped, answer_stored
from mien.studies.learned_cell import FoldAnswer, LearnedCell
from mien.studies.searched_cell import SearchedCell
from mien.studies.streams import code_mark, open_stream, stream_mark
from mien.studies.study_corpora import StudyCorpus
from mien.studies.system_words import SystemWords
from mien.studies.tuned_cell import answer_tuned

LOGGER = logging.getLogger(__name__)
FACTS, ANSWERS = "cell.json", "answers.parquet"
DOUBTS = ("aleatoric.category", "epistemic.category")


@dataclass(frozen=True)
class Cell:
    """Say what is judged on what.

    Attributes:
        system: what is judged.
        corpus: on what.
        folds: what trains and tests.
        seed: number of the repetition, from 0.
        folder: of all cells; this one's lies in it.
        cache: folder for columns and descriptions.
        search_minutes: limit of a search over all folds together; None: only the number of trials ends it.
    """

    system: SystemWords
    corpus: StudyCorpus
    folds: tuple[Fold, ...]
    seed: int
    folder: Path
    cache: Path
    search_minutes: float | None = None

    @cached_property
    def home(self) -> Path:
        """Return the cell's own folder, `<corpus>-<8 hex>`; it changes with all that its answers hang on."""
        labels = self.corpus.table.reindex(columns=["segment", "label", "speaker"]).astype("string")
        lines = (
            *(__version__, code_mark("studies"), self.system.name, _content(self.system), str(self.seed)),
            *(self.corpus.content, split_checksum(self.corpus.table, self.folds), labels.to_csv(index=False)),
            f"{self.search_minutes}",
            *(stream_mark(name, self.corpus) for name in _marked(self.system)),
        )
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        return self.folder / f"{self.corpus.name}-{digest[:8]}"


@dataclass(frozen=True)
class Answered:
    """Hold what a cell gave.

    Attributes:
        system: its name.
        corpus: its name.
        seed: of the repetition.
        answers: prediction table with truth, as `with_truth` takes it; None where it failed.
        facts: `core_s` and `wall_s` (seconds), `chosen` (settings by fold), `notes`, and `failure` where it
            failed.
    """

    system: str
    corpus: str
    seed: int
    answers: pd.DataFrame | None
    facts: dict[str, Any]


def run_cell(cell: Cell, *, answer: Callable[[Any], Any] | None = None) -> Path:
    """Compute a cell, or find that it has been; whatever goes wrong becomes its reason.

    Args:
        cell: to be answered.
        answer: cell → answers with `row` and `fold`, chosen settings, notes; None answers as its words say.

    Returns:
        The cell's folder, with `cell.json` and, unless it failed, `answers.parquet`.
    """
    home = cell.home
    if (home / FACTS).exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    began, spent = time.perf_counter(), time.process_time()
    facts: dict[str, Any] = {"system": cell.system.name, "corpus": cell.corpus.name, "seed": cell.seed}
    try:
        found, chosen, notes = (answer or _answer)(cell)
        _write_answers(found, cell, home)
        facts |= {"chosen": chosen, "notes": notes}
    # whatever a system does, the table is finished, and its cell says why it is empty
    except Exception as error:  # noqa: BLE001
        LOGGER.warning("%s on %s: %s", cell.system.name, cell.corpus.name, error)
        facts["failure"] = str(error) if isinstance(error, MienError) else f"{type(error).__name__}: {error}"
        (home / "failure.txt").write_text(traceback.format_exc(), encoding="utf-8")
    facts |= {"wall_s": time.perf_counter() - began, "core_s": time.process_time() - spent}
    with write_atomically(home / FACTS) as temporary:
        temporary.write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    return home


def read_cell(home: Path) -> Answered:
    """Return what `run_cell` left in a folder."""
    facts = json.loads((home / FACTS).read_text(encoding="utf-8"))
    path = home / ANSWERS
    answers = pd.read_parquet(path) if path.exists() and "failure" not in facts else None
    return Answered(facts["system"], facts["corpus"], facts["seed"], answers, facts)


def forget_failure(home: Path) -> None:
    """Let a cell that failed be tried again."""
    path = home / FACTS
    if path.exists() and "failure" in json.loads(path.read_text(encoding="utf-8")):
        path.unlink()


def learned_cell(cell: Cell, system: SystemWords) -> LearnedCell:
    """Return a classical learner with its streams, all of them computed.

    Args:
        cell: says on what.
        system: of kind `learned` or `majority`.
    """
    corpus = cell.corpus
    speaker = corpus.table["speaker"].to_numpy(dtype=object) if system.per_speaker else None
    if speaker is not None and pd.isna(speaker).any():
        raise MienError(f"Got `{corpus.name}` with unknown speakers, expected all known for {system.name}.")
    streams = [open_stream(name, corpus, cache=cell.cache) for name in system.streams]
    return LearnedCell(
        streams, system.learner, corpus.truth, len(corpus.classes), corpus.groups, speaker, cell.seed
    )


def _answer(cell: Cell) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return answers with `row` and `fold`, the settings chosen in each fold, and notes."""
    system = cell.system
    if system.kind == "tuned":
        found, epochs = answer_tuned(
            system.streams[0], system.learner, cell.corpus, cell.folds, seed=cell.seed,
            folder=cell.home / "training", cache=cell.cache / "tuned",
        )  # fmt: skip
        return found, [f"epoch {epoch}" for epoch in epochs], []
    if system.kind == "shipped":
        found, note = answer_shipped(system.name, cell.corpus)
        return _tested(found, cell.folds), [], [note]
    if system.kind == "stored":
        found, note = answer_stored(system.name, cell.corpus)
        return _tested(found, cell.folds), [], [note]
    if any(part.kind != "learned" for part in system.parts):
        return _mean_of_parts(cell)
    return answer_by_fold(cell, _answerer(cell))


def _mean_of_parts(cell: Cell) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the plain mean of what systems answer of which some are not trained fold by fold here."""
    answers = [_answer(replace(cell, system=part)) for part in cell.system.parts]
    tables = [found.sort_values("row").reset_index(drop=True) for found, _, _ in answers]
    names = [f"p.{one}" for one in cell.corpus.classes]
    mean = np.mean([table[names].to_numpy(float) for table in tables], axis=0)
    notes = [note for _, _, said in answers for note in said]
    fused = pd.DataFrame(mean, columns=names).assign(row=tables[0]["row"], fold=tables[0]["fold"])
    return fused, [], ["fused with equal weights, since not every part is learned here", *notes]


def answer_by_fold(
    cell: Cell, answer: Callable[[Fold], FoldAnswer]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return answers with `row` and `fold`, what was chosen in each fold, and notes.

    Args:
        cell: says on which folds.
        answer: fold → probabilities of its test rows.
    """
    names = [f"p.{one}" for one in cell.corpus.classes]
    chosen, promised, parts = [], [], []
    for fold in cell.folds:
        try:
            found = answer(fold)
        # a learner may raise anything; the reader must know in which fold it did
        except Exception as error:
            raise MienError(f"fold {fold.name}: {error}") from error
        chosen += [found.chosen] if found.chosen else []
        promised += [] if found.inner is None else [found.inner]
        parts.append(pd.DataFrame(found.said, columns=names).assign(row=fold.test, fold=fold.name))
    notes = [f"inside the folds, the search promised {100 * np.mean(promised):.1f}"] if promised else []
    return pd.concat(parts, ignore_index=True).sort_values("row", kind="stable"), chosen, notes


def _answerer(cell: Cell) -> Callable[[Fold], FoldAnswer]:
    """Return what answers one fold after the other, with all streams computed."""
    system = cell.system
    if system.kind == "learned":
        learned = learned_cell(cell, system)
        return lambda fold: FoldAnswer(*learned.answer(fold))
    if system.kind == "auto":
        return searched_cell(cell, system).answer
    if system.kind == "late":
        parts = [learned_cell(cell, part) for part in system.parts]
        return lambda fold: FoldAnswer(*answer_late(parts, fold))
    return lambda fold: FoldAnswer(_majority(cell.corpus, fold))


def searched_cell(cell: Cell, system: SystemWords) -> SearchedCell:
    """Return a search over streams and learners, all streams computed.

    Args:
        cell: says on what.
        system: of kind `auto`.
    """
    plain = learned_cell(cell, system)
    streams = dict(zip(system.streams, plain.streams, strict=True))
    seconds = None if cell.search_minutes is None else 60 * cell.search_minutes / len(cell.folds)
    return SearchedCell(streams, plain, cell.seed, seconds)


def _majority(corpus: StudyCorpus, fold: Fold) -> Any:
    """Return the shares of the classes among the training rows, for every test row."""
    shares = np.bincount(corpus.truth[fold.train], minlength=len(corpus.classes)) / len(fold.train)
    return np.tile(shares, (len(fold.test), 1))


def _tested(found: pd.DataFrame, folds: Sequence[Fold]) -> pd.DataFrame:
    """Return the rows that the study tests."""
    return found[found["row"].isin(np.concatenate([fold.test for fold in folds]))]


def _write_answers(found: pd.DataFrame, cell: Cell, home: Path) -> None:
    people = cell.corpus.people().iloc[found["row"]].reset_index(drop=True)
    truth = cell.corpus.table["label"].iloc[found["row"]].to_numpy()
    kept = [name for name in found if name.startswith("p.") or name in DOUBTS]
    rows = found.reset_index(drop=True)
    table = people.assign(truth=truth, fold=rows["fold"], model=cell.system.name)
    table = pd.concat([table, rows[kept]], axis=1)
    with write_atomically(home / ANSWERS) as temporary:
        table.to_parquet(temporary, index=False)


def _content(system: SystemWords) -> str:
    """Return what tells stored predictions apart where their path stays the same."""
    if system.kind != "stored":
        return "".join(_content(part) for part in system.parts)
    path = Path(system.name)
    return sha256_of(path / "predictions.parquet" if path.is_dir() else path)


def _marked(system: SystemWords) -> list[str]:
    """Return the streams whose columns are kept, by which cells are told apart as well."""
    own = (
        [name for name in system.streams if name not in FITTED] if system.kind in ("learned", "auto") else []
    )
    return own + [name for part in system.parts for name in _marked(part)]
