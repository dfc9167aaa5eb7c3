"""Lay the cells of a study side by side: one row per corpus and system."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import pandas as pd

from mien import __version__
from mien.evaluation.ranks import rank_systems
from mien.reports.study_tables import NUMBERS, RISK_COLUMNS, ROW_COLUMNS, STRIP_COLUMNS, StudyTables
from mien.studies.cells import Answered
from mien.studies.methods_text import methods_text
from mien.studies.study_corpora import StudyCorpus
from mien.studies.study_scores import correct_all, judge_system, score_system, star_against
from mien.studies.system_words import SystemWords

PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "torch", "transformers", "onnxruntime")
FEWEST_CORPORA, FEWEST_SYSTEMS = 3, 3
"""Below these, ranks are not shown."""
MATRIX_COLUMNS = ("system", "train", "test", "value", "low", "high", "n")


class Study(NamedTuple):
    """Say what was run."""

    metric: str
    reference: str
    seeds: int
    draws: int
    command: str
    corpora: Sequence[StudyCorpus]
    protocols: Mapping[str, str]
    systems: Sequence[SystemWords]


Extras = Mapping[tuple[str, str], Mapping[str, Any]]


def lay_out(study: Study, answered: Sequence[Answered], extras: Extras | None = None) -> StudyTables:
    """Score every cell and compare it with the reference.

    Args:
        study: what was run.
        answered: its cells.
        extras: (system, corpus) → further columns of its row, and perhaps a note.
    """
    rows, strips, risks = [], [], []
    for corpus in study.corpora:
        cells = {
            system.name: [one for one in answered if (one.system, one.corpus) == (system.name, corpus.name)]
            for system in study.systems
        }
        stars = star_against(cells, study.reference, metric=study.metric, draws=study.draws)
        for system in study.systems:
            row, strip, risk = _row(cells[system.name], study)
            row |= {"corpus": corpus.name, "system": system.name, "condition": _condition(system)}
            more = [stars.get(system.name, {}), (extras or {}).get((system.name, corpus.name), {})]
            note = "; ".join(one["note"] for one in (row, *more) if one.get("note"))
            rows.append(row | more[0] | more[1] | {"note": note})
            about = {"corpus": corpus.name, "system": system.name}
            strips.append(strip.assign(**about))
            risks.append(risk.assign(**about))
    table = pd.DataFrame(rows, columns=list(ROW_COLUMNS)).astype(dict.fromkeys(NUMBERS, float))
    table["note"] = table["note"].fillna("")
    table, tests = correct_all(table)
    summary = _summary(study, tests) | {"ranks": _ranks(table)}
    return StudyTables(
        summary=summary | {"methods": methods_text(summary, study.systems)},
        rows=table,
        strips=_joined(strips, STRIP_COLUMNS),
        risk=_joined(risks, RISK_COLUMNS),
        matrix=pd.DataFrame(columns=list(MATRIX_COLUMNS)),
        notes=[note for corpus in study.corpora for note in corpus.notes],
    )


def _ranks(rows: pd.DataFrame) -> dict[str, Any]:
    """Return mean ranks over corpora on which every ranked system has a score; empty where they say nothing.

    Conditions of their own, such as normalization by speaker, are ranked with the others.
    """
    scores = rows.pivot(index="corpus", columns="system", values="value")
    scores = scores.dropna(axis="columns", how="all").dropna(axis="index")
    if scores.shape[0] < FEWEST_CORPORA or scores.shape[1] < FEWEST_SYSTEMS:
        return {}
    found = rank_systems(scores)
    mean = pd.Series(found.mean, scores.columns).sort_values(kind="stable")
    return {
        "corpora": list(scores.index),
        "mean_rank": mean.to_dict(),
        "p": found.p,
        "agreement": found.agreement,
        "critical_difference": found.critical,
    }


def _row(cells: Sequence[Answered], study: Study) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return the row of one system on one corpus; one that failed says why."""
    nothing = pd.DataFrame(columns=["speaker", "value", "n"]), pd.DataFrame(columns=["coverage", "risk"])
    failed = [cell.facts["failure"] for cell in cells if cell.answers is None]
    if failed:
        return {"note": failed[0]}, *nothing
    row = score_system(cells, metric=study.metric, draws=study.draws)
    judged, strip, risk = judge_system(cells, draws=study.draws)
    facts = [cell.facts for cell in cells]
    row |= judged | {"core_s": sum(one["core_s"] for one in facts)}
    row["chosen"] = ", ".join(dict.fromkeys(facts[0]["chosen"]))
    notes = [row.get("note", ""), *facts[0]["notes"]]
    return row | {"note": "; ".join(one for one in notes if one)}, strip, risk


def _condition(system: SystemWords) -> str:
    """Return what sets a system apart from one that knows nothing of the test speakers."""
    if system.per_speaker or any(part.per_speaker for part in system.parts):
        return "sees each test speaker's unlabelled clips"
    return ""


def _summary(study: Study, tests: int) -> dict[str, Any]:
    corpora = {
        one.name: {
            "label": one.label,
            "classes": len(one.classes),
            "segments": len(one.table),
            "speakers": int(one.table["speaker"].nunique()),
            "licence": one.licence,
        }
        for one in study.corpora
    }
    return {
        "title": f"{len(study.systems)} system{'s' * (len(study.systems) > 1)} on {', '.join(corpora)}",
        "protocols": dict(study.protocols),
        "reference": study.reference,
        "metric": study.metric,
        "seeds": study.seeds,
        "draws": study.draws,
        "tests": tests,
        "command": study.command,
        "versions": package_versions(),
        "corpora": corpora,
        "cpu": cpu_name(),
    }


def package_versions() -> dict[str, str]:
    """Return mien's, Python's and the numeric packages' versions, of those that are installed."""
    found = {"mien": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """Return the processor's name, where the system gives one."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    return named[0] if named else platform.processor() or platform.machine()


def _joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    kept = [part for part in parts if len(part)]
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(columns))
    return table[list(columns)]
