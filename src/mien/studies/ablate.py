"""Ask of each link of a chain whether it earns its place on given data."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from mien.core.errors import ConfigError, DataError, MienError
from mien.core.workers import spread
from mien.corpora.protocols import EvaluationProtocol, find_protocol
from mien.evaluation.answers import with_truth
from mien.evaluation.run_evaluation import make_folder
from mien.evaluation.summed_scores import find_score
from mien.reports.ablation_tables import AblationTables
from mien.reports.ablation_words import UNFIT
from mien.studies.cells import Answered, forget_failure, read_cell
from mien.studies.changed_cell import ChangedCell, prepare_changed, run_changed, sound_seconds
from mien.studies.compare import FITTING
from mien.studies.fitting_protocol import fitting_protocol
from mien.studies.link_scores import compare_sides, judge_links
from mien.studies.links import Link, Side, find_links
from mien.studies.streams import check_stream
from mien.studies.study_corpora import StudyCorpus, read_corpora
from mien.studies.study_table import cpu_name, package_versions
from mien.studies.system_words import LEARNERS, SystemWords, read_system

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class AblationPlan:
    """Say what an ablation runs.

    Attributes:
        corpora: names, or tables of one's own.
        system: streams and a classical learner, such as `egemaps+svm`.
        links: names, see `mien.studies.links.LINKS`; None for all.
        protocol: name of a protocol, or `fitting`, as for `mien compare`.
        metric: by which links are judged that have none of their own.
        seeds: repetitions.
        label: column to learn; by default the corpus' own classes.
        data: folder of the corpora.
        cache: folder for what is computed of segments; by default `cache` in the folder of the run.
        draws: resamples per interval.
        workers: processes.
        again: try what failed once more.
        command: that makes the same study.
    """

    corpora: Sequence[str]
    system: str
    links: Sequence[str] | None = None
    protocol: str = FITTING
    metric: str = "uar"
    seeds: int = 1
    label: str | None = None
    data: Path | None = None
    cache: Path | None = None
    draws: int = 1000
    workers: int = 1
    again: bool = False
    command: str = field(default="mien.studies.ablate.ablate", compare=False)


class _Asked(NamedTuple):
    """One link on one corpus: its two sides, one cell per seed each; or why it does not apply."""

    corpus: StudyCorpus
    name: str
    link: Link
    cells: tuple[list[ChangedCell], list[ChangedCell]] | None
    reason: str = ""


def ablate(plan: AblationPlan, out: str | Path) -> AblationTables:
    """Judge a system with and without each link of its chain, cheapest link first.

    One link is changed at a time, all else equal: same folds, same seeds. What does not apply to the system
    or to the corpus says why. Everything is computed once and kept by content; a run that was stopped goes on
    where it was.

    Args:
        plan: what to run.
        out: folder of the study: `cache`, `cells`, and what `write_ablation` writes.

    Raises:
        ConfigError: an unknown corpus, system, link, protocol or metric, or a system that is not streams and
            a classical learner.
        DataError: a corpus without labels, or too small for the protocol.
    """
    system, links = _learned(plan.system), find_links(plan.links)
    find_score(plan.metric, pd.DataFrame())
    if plan.seeds < 1:
        raise ConfigError(f"Got {plan.seeds} seeds, expected at least 1; pass --seeds 1.")
    folder = make_folder(out)
    corpora = read_corpora(plan.corpora, data=plan.data, label=plan.label)
    asked: list[_Asked] = []
    protocols: dict[str, str] = {}
    for corpus in corpora:
        named = find_protocol(plan.protocol) if plan.protocol != FITTING else fitting_protocol(corpus.table)
        protocols[corpus.name] = f"{named.name}: {named.describes}"
        asked += _ask(links, system, corpus, cells=_cells(corpus, named, plan, folder=folder))
    answered = _run([cell for one in asked for side in one.cells or () for cell in side], plan)
    rows, tests = judge_links([_row(one, answered, plan) for one in asked])
    notes = [note for corpus in corpora for note in corpus.notes]
    return AblationTables(_summary(plan, corpora, protocols, tests), rows, notes)


def _cells(
    corpus: StudyCorpus, protocol: EvaluationProtocol, plan: AblationPlan, *, folder: Path
) -> Callable[[Side], list[ChangedCell]]:
    """Return what makes the cells of a side, one per seed, on the same folds."""
    folds = tuple(protocol.folds(corpus.table))
    kept = (folder / "cells", plan.cache or folder / "cache")
    return lambda side: [
        ChangedCell(side.system, corpus, folds, seed, *kept, change=side.change) for seed in range(plan.seeds)
    ]


def _learned(word: str) -> SystemWords:
    system = read_system(word)
    if system.kind != "learned":
        raise ConfigError(
            f"Got `{word}`, expected <stream>[,<stream>…][+speaker]+<learner>, such as egemaps+svm, with a "
            f"learner among {', '.join(LEARNERS)}: only the links of such chains can be changed one by one."
        )
    for name in system.streams:
        check_stream(name)
    return system


def _ask(
    links: Mapping[str, Link],
    system: SystemWords,
    corpus: StudyCorpus,
    *,
    cells: Callable[[Side], list[ChangedCell]],
) -> list[_Asked]:
    """Return each link's two sides on a corpus; one that does not apply says why."""
    asked = []
    for name, link in links.items():
        try:
            with_it, without = link.sides(system, corpus)
        except DataError as reason:
            asked.append(_Asked(corpus, name, link, None, f"{UNFIT}: {reason}"))
        else:
            asked.append(_Asked(corpus, name, link, (cells(with_it), cells(without))))
    return asked


def _run(cells: Sequence[ChangedCell], plan: AblationPlan) -> dict[Path, Answered]:
    """Compute the streams here, then the cells, each once; return what every folder holds."""
    by_home = {cell.home: cell for cell in cells}
    if plan.again:
        for home in by_home:
            forget_failure(home)
    waiting = [cell for home, cell in by_home.items() if not (home / "cell.json").exists()]
    for cell in waiting:
        try:
            prepare_changed(cell, workers=plan.workers)
        except MienError as error:
            LOGGER.debug("%s on %s: %s", cell.system.name, cell.corpus.name, error)  # its cell will say so
    for done, (number, home) in enumerate(spread(run_changed, waiting, workers=plan.workers), 1):
        cell = waiting[number]
        if isinstance(home, BaseException):
            raise MienError(f"{cell.system.name} on {cell.corpus.name}: {home}") from home
        told = (cell.system.name, cell.corpus.name, cell.change.words)
        LOGGER.info("%d of %d: %s on %s, %s", done, len(waiting), *told)
    return {home: read_cell(home) for home in by_home}


def _row(one: _Asked, answered: Mapping[Path, Answered], plan: AblationPlan) -> dict[str, Any]:
    """Return what is known of one link on one corpus."""
    link = one.link
    row: dict[str, Any] = {"corpus": one.corpus.name, "link": one.name, "metric": link.metric or plan.metric}
    row |= {"title": link.title, "on": link.on, "off": link.off, "condition": link.condition}
    if one.cells is None:
        return row | {"note": one.reason}
    sides = [[answered[cell.home] for cell in side] for side in one.cells]
    failed = [cell.facts["failure"] for side in sides for cell in side if cell.answers is None]
    if failed:
        return row | {"note": failed[0]}
    frames = [_seeds(side) for side in sides]
    row |= compare_sides(*frames, metric=row["metric"], draws=plan.draws)
    seconds = [sum(cell.facts["core_s"] for cell in side) / len(side) for side in sides]
    seconds = [spent + sound_seconds(side[0]) for spent, side in zip(seconds, one.cells, strict=True)]
    return row | {"cost_ms": 1000 * (seconds[0] - seconds[1]) / len(one.corpus.table)}


def _seeds(side: Sequence[Answered]) -> pd.DataFrame:
    frames = [with_truth(one.answers).assign(seed=one.seed) for one in side if one.answers is not None]
    return pd.concat(frames, ignore_index=True)


def _summary(
    plan: AblationPlan, corpora: Sequence[StudyCorpus], protocols: Mapping[str, str], tests: int
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": f"Links of {plan.system} on {', '.join(one.name for one in corpora)}",
        "protocols": dict(protocols),
        "tests": tests,
        "versions": package_versions(),
        "cpu": cpu_name(),
    }
    told |= {name: getattr(plan, name) for name in ("system", "metric", "seeds", "draws", "command")}
    told["corpora"] = {
        one.name: {
            "label": one.label,
            "classes": len(one.classes),
            "segments": len(one.table),
            "speakers": int(one.table["speaker"].nunique()),
        }
        for one in corpora
    }
    return told
