"""Run protocols over systems and corpora, and lay the results side by side."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, DataError, MienError
from mien.core.workers import spread
from mien.corpora.protocols import EvaluationProtocol, find_protocol
from mien.evaluation.run_evaluation import make_folder
from mien.evaluation.summed_scores import find_score
from mien.reports.study_tables import StudyTables
from mien.studies.cells import Answered, Cell, forget_failure, read_cell, run_cell
from mien.studies.cost import cost_columns, energy_note
from mien.studies.degraded import WORDS, judge_degraded, rungs_of
from mien.studies.fitting_protocol import fitting_protocol
from mien.studies.label_curve import check_counts, label_columns
from mien.studies.matrix import joint_corpus, matrix_cells, matrix_of, pair_corpora, split_answers
from mien.studies.non_speech import judge_non_speech
from mien.studies.streams import check_stream, open_stream
from mien.studies.study_corpora import StudyCorpus, read_corpora
from mien.studies.study_table import Study, lay_out
from mien.studies.system_words import REPEATED, SystemWords, read_systems

LOGGER = logging.getLogger(__name__)
FITTING, MATRIX = "fitting", "matrix"


@dataclass(frozen=True)
class Plan:
    """Say what a study runs.

    Attributes:
        corpora: names, or tables of one's own.
        systems: words, see `mien.studies.system_words`.
        protocol: name of a protocol; `fitting`, see `fitting_protocol`; or `matrix`: from each corpus to each
            other, on the classes that all of them share.
        reference: the system that others are compared with; by default the first.
        metric: that is compared.
        seeds: repetitions.
        label: column to learn; by default the corpus' own classes.
        data: folder of the corpora.
        cache: folder for what is computed of segments; by default `cache` in the study's folder.
        draws: resamples per interval.
        workers: processes.
        on: `processes` or `ray`.
        address: of a Ray cluster.
        again: try cells that failed once more.
        ladder: also judge on degraded test clips, at the `middle` level of each condition or at `all`.
        search_minutes: limit of each `auto(…)` cell, over all folds; None: only the number of trials ends it.
        cost: also measure size, operations, latency, memory and energy, see `mien.studies.cost`.
        label_counts: also judge classical learners on so many labels, and on all; see
            `mien.studies.label_curve`.
        command: that makes the same study.
    """

    corpora: Sequence[str]
    systems: Sequence[str]
    protocol: str = FITTING
    reference: str | None = None
    metric: str = "uar"
    seeds: int = 1
    label: str | None = None
    data: Path | None = None
    cache: Path | None = None
    draws: int = 1000
    workers: int = 1
    on: str = "processes"
    address: str | None = None
    again: bool = False
    ladder: str | None = None
    search_minutes: float | None = None
    cost: bool = False
    label_counts: tuple[int, ...] = ()
    command: str = field(default="mien.studies.compare.compare", compare=False)


ACROSS = "trained on the first corpus, tested on the second; where both are one, speakers are held out"


def compare(plan: Plan, out: str | Path) -> StudyTables:
    """Judge every system on every corpus, and compare each with the reference.

    Everything that is learned or chosen is learned inside the training part of a fold. Columns and embeddings
    are computed once and kept by content; a study that was stopped goes on where it was. A system that cannot
    take a corpus, or that fails in one fold, leaves an empty cell that says why.

    Args:
        plan: what to run.
        out: folder of the study: `cache`, `cells`, and the tables that `write_study` writes.

    Raises:
        ConfigError: an unknown corpus, system, protocol, metric or reference.
        DataError: a corpus without labels.
    """
    systems = read_systems(plan.systems)
    reference = _reference(plan, systems)
    for name in dict.fromkeys(one for system in systems for one in _streams(system)):
        check_stream(name)
    find_score(plan.metric, pd.DataFrame())
    rungs_of(plan.ladder or WORDS[0])
    check_counts(plan.label_counts)
    if plan.seeds < 1:
        raise ConfigError(f"Got {plan.seeds} seeds, expected at least 1; pass --seeds 1.")
    _refuse_in_matrix(plan)
    folder = make_folder(out)
    corpora = read_corpora(plan.corpora, data=plan.data, label=plan.label, shared=plan.protocol == MATRIX)
    if plan.protocol == MATRIX:
        return _compare_across(joint_corpus(corpora), systems, reference, plan, folder)
    cells, words, failed = _plan_cells(corpora, systems, plan, folder)
    study = Study(plan.metric, reference, plan.seeds, plan.draws, plan.command, corpora, words, systems)
    answered = _run(cells, plan)
    tables = lay_out(study, [*answered, *failed], extras=_extras(cells, plan))
    return replace(tables, notes=[*tables.notes, energy_note()]) if plan.cost else tables


def _plan_cells(
    corpora: Sequence[StudyCorpus], systems: Sequence[SystemWords], plan: Plan, folder: Path
) -> tuple[list[Cell], dict[str, str], list[Answered]]:
    """Return the cells, each corpus' protocol in words, and what a corpus too small for it leaves empty."""
    cells, words, failed = [], {}, []
    for corpus in corpora:
        protocol = _protocol(plan.protocol, corpus)
        words[corpus.name] = f"{protocol.name}: {protocol.describes}"
        try:
            folds = tuple(protocol.folds(corpus.table))
        except DataError as error:
            reason = {"failure": f"{protocol.name}: {error}"}
            failed += [Answered(system.name, corpus.name, 0, None, reason) for system in systems]
            continue
        for system in systems:
            count = plan.seeds if system.kind in REPEATED else 1
            cells += [
                Cell(
                    system,
                    corpus,
                    folds,
                    seed,
                    folder / "cells",
                    plan.cache or folder / "cache",
                    plan.search_minutes,
                )
                for seed in range(count)
            ]
    return cells, words, failed


def _compare_across(
    joint: StudyCorpus, systems: list[SystemWords], reference: str, plan: Plan, folder: Path
) -> StudyTables:
    """Train on each corpus and test on all."""
    options: dict[str, Any] = {"folder": folder / "cells", "cache": plan.cache or folder / "cache"}
    cells = matrix_cells(joint, systems, seeds=plan.seeds, **options)
    answered = split_answers(cells, _run(cells, plan))
    pairs = pair_corpora(joint)
    words = dict.fromkeys((pair.name for pair in pairs), f"{MATRIX}: {ACROSS}")
    study = Study(plan.metric, reference, plan.seeds, plan.draws, plan.command, pairs, words, systems)
    tables = lay_out(study, answered)
    names = ", ".join(sorted(set(joint.table["corpus"])))
    title = f"{len(systems)} systems across corpora: {names}"
    # pairs that share a corpus are not independent, as ranks want them
    summary = {**tables.summary, "title": title, "ranks": {}}
    notes = [*joint.notes, *tables.notes]
    return replace(tables, summary=summary, matrix=matrix_of(tables.rows), notes=notes)


def _refuse_in_matrix(plan: Plan) -> None:
    """Refuse what would be measured on one corpus alone."""
    asked = {"--ladder": plan.ladder, "--cost": plan.cost, "--label-counts": plan.label_counts}
    given = [name for name, value in asked.items() if value]
    if given and plan.protocol == MATRIX:
        raise ConfigError(
            f"Got {' and '.join(given)} with --protocol {MATRIX}, expected a study of each corpus by itself; "
            "leave one out."
        )


def _extras(cells: Sequence[Cell], plan: Plan) -> dict[tuple[str, str], dict[str, Any]]:
    """Return further columns of (system, corpus), measured on the first seed or on all, where none failed."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rungs = rungs_of(plan.ladder) if plan.ladder else []
    for cell in cells:
        seeds = [one for one in cells if _names(one) == _names(cell)]
        if cell.seed or any(read_cell(one.home).answers is None for one in seeds):
            continue
        parts = [judge_degraded(cell, rungs, draws=plan.draws)] if rungs else []
        parts.append(judge_non_speech(cell, plan.data, draws=plan.draws))
        parts += [cost_columns(seeds)] if plan.cost else []
        parts += [label_columns(seeds, plan.label_counts, metric=plan.metric)] if plan.label_counts else []
        note = "; ".join(part["note"] for part in parts if part.get("note"))
        merged = {name: value for part in parts for name, value in part.items()}
        found[_names(cell)] = merged | {"note": note}
    return found


def _names(cell: Cell) -> tuple[str, str]:
    return cell.system.name, cell.corpus.name


def _run(cells: Sequence[Cell], plan: Plan) -> list[Answered]:
    """Compute the streams here, then the cells wherever they are to run, in the order given."""
    if plan.again:
        for cell in cells:
            forget_failure(cell.home)
    waiting = [cell for cell in cells if not (cell.home / "cell.json").exists()]
    _prepare(waiting, plan.workers)
    found: dict[int, Any] = {}
    for number, home in spread(run_cell, waiting, workers=plan.workers, on=plan.on, address=plan.address):
        found[number] = home
        cell = waiting[number]
        LOGGER.info("%d of %d: %s on %s", len(found), len(waiting), cell.system.name, cell.corpus.name)
    for number, home in found.items():
        if isinstance(home, BaseException):
            raise MienError(
                f"{waiting[number].system.name} on {waiting[number].corpus.name}: {home}"
            ) from home
    return [read_cell(cell.home) for cell in cells]


def _prepare(cells: Sequence[Cell], workers: int) -> None:
    """Compute every stream once, before workers would compute it each for itself."""
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        for name in _streams(cell.system):
            if (name, cell.corpus.name) in seen:
                continue
            seen.add((name, cell.corpus.name))
            try:
                open_stream(name, cell.corpus, cache=cell.cache, workers=workers)
            except MienError as error:
                LOGGER.debug("%s on %s: %s", name, cell.corpus.name, error)  # its cells will say so


def _streams(system: SystemWords) -> list[str]:
    """Return what a system's columns are made of; systems that come with their own ears have none."""
    own = list(system.streams) if system.kind in ("learned", "auto") else []
    return own + [name for part in system.parts for name in _streams(part)]


def _reference(plan: Plan, systems: Sequence[SystemWords]) -> str:
    names = [system.name for system in systems]
    if plan.reference is None:
        return names[0] if len(names) > 1 else ""
    if plan.reference not in names:
        raise ConfigError(
            f"Got reference `{plan.reference}`, expected one of the systems: {', '.join(names)}."
        )
    return plan.reference


def _protocol(name: str, corpus: StudyCorpus) -> EvaluationProtocol:
    """Return the protocol asked for, or the one that fits a corpus."""
    if name != FITTING:
        return find_protocol(name)
    return fitting_protocol(corpus.table)
