"""Run encoders over tasks, cell by cell, and put the cells into one table."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from mien import __version__
from mien.core.errors import ConfigError
from mien.core.files import write_texts
from mien.reports.hear_report import COLUMNS, hear_html, hear_markdown
from mien.studies.hear_cache import EmbeddingCache
from mien.studies.hear_encoders import HearEncoder, check_name, label_of, open_encoder
from mien.studies.hear_scores import METRICS
from mien.studies.hear_task import HearTask
from mien.studies.hear_tasks import Loaded, load_tasks

PROBE_VERSION = 1
"""Raise it when the probe changes: cells of an earlier one are then not mixed with new ones."""

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Leaderboard:
    """Hold a finished table.

    Attributes:
        cells: a row per encoder and task: `encoder`, `task`, `metric`, `score`, `low`, `high`, `chance`,
            `above_chance` ((score - chance) / (1 - chance)), `n`, `units`, `status`, `note`.
        summary: a row per encoder, best first: `mean_above_chance`, `mean_rank`, `tasks`.
        tasks: a row per task: what was asked, of how many clips and groups, how it was scored, licence.
        skipped: task → why it was not run.
        settings: grid, seed, version.
    """

    cells: pd.DataFrame
    summary: pd.DataFrame
    tasks: pd.DataFrame
    skipped: dict[str, str]
    settings: dict[str, Any]


def run_hear(
    encoders: Sequence[str],
    tasks: Sequence[str],
    data: str | Path,
    *,
    work: str | Path,
    grid: int = 8,
    seed: int = 0,
    watch: Watch | None = None,
) -> Leaderboard:
    """Score frozen encoders on tasks; what an earlier run finished is read, not repeated.

    Use it to choose an encoder for tasks of sound and voice. The scores say how much a small head can read
    from the vectors, not how well the encoder does when it is trained further.

    Args:
        encoders: names as for `open_encoder`.
        tasks: names as for `load_tasks`.
        data: folder of corpora.
        work: folder that keeps embeddings and finished cells; made if needed.
        grid: settings of the head to try.
        seed: of the head.
        watch: is told a line per cell.

    Raises:
        ConfigError: an unknown encoder or task, one given twice, or a grid of fewer than one.
        DataError: no task can be run, or a task folder is not in the official form.
    """
    labels = [label_of(name) for name in encoders]
    if len(set(labels)) != len(labels) or not labels:
        raise ConfigError(f"Got encoders {', '.join(labels) or 'none'}, expected some, each name once.")
    if grid < 1:
        raise ConfigError(f"Got a grid of {grid} points, expected 1 or more; change --grid.")
    for name in encoders:
        check_name(name)
    loaded = load_tasks(tasks, data)
    settings = {"mien": __version__, "probe": PROBE_VERSION, "grid": grid, "seed": seed}
    rows = []
    for name in encoders:
        rows += _run_encoder(name, loaded.tasks, Path(work), settings, watch or (lambda line: None))
    return _leaderboard(pd.DataFrame(rows, columns=list(COLUMNS)), loaded, settings)


def write_hear(board: Leaderboard, out: str | Path, *, command: str = "") -> list[Path]:
    """Write a table as CSV, JSON, Markdown and a page.

    Args:
        board: the table.
        out: folder; made if needed.
        command: that made it.

    Returns:
        The files.
    """
    Path(out).mkdir(parents=True, exist_ok=True)
    everything = {
        "settings": board.settings,
        "command": command,
        "summary": _records(board.summary),
        "cells": _records(board.cells),
        "tasks": _records(board.tasks),
        "skipped": board.skipped,
    }
    parts = (board.cells, board.summary, board.tasks, board.skipped, {**board.settings, "command": command})
    texts = {
        "leaderboard.csv": board.cells.to_csv(index=False),
        "leaderboard.json": json.dumps(everything, indent=1, ensure_ascii=False) + "\n",
        "leaderboard.md": hear_markdown(*parts),
        "leaderboard.html": hear_html(*parts),
    }
    return write_texts(out, texts)


def _run_encoder(
    name: str, tasks: Sequence[HearTask], work: Path, settings: dict[str, Any], watch: Watch
) -> list[dict[str, Any]]:
    """Return the cells of one encoder; what crashes says why."""
    try:
        encoder = open_encoder(name)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - a module from outside may raise anything; the others go on
        reason = _reason(error)
        watch(f"{name}: failed ({reason})")
        return [_row(label_of(name), task, {"status": "failed", "note": reason}) for task in tasks]
    rows = []
    for task in tasks:
        path = work / "cells" / f"{_cell_name(encoder, task, settings)}.json"
        found = _finished(path)
        if found is None:
            found = _run_cell(encoder, task, work, settings)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_texts(path.parent, {path.name: json.dumps(found, indent=1) + "\n"})
        row = _row(encoder.name, task, found)
        score = "failed" if row["score"] is None else f"{row['score']:.3f}"
        watch(f"{encoder.name} · {task.name}: {score}")
        rows.append(row)
    return rows


def _run_cell(encoder: HearEncoder, task: HearTask, work: Path, settings: dict[str, Any]) -> dict[str, Any]:
    from mien.studies.hear_probe import probe

    began = perf_counter()
    try:
        embedded = EmbeddingCache(work / "embeddings", encoder, task.kind).embed(task)
        heard = perf_counter()
        found = probe(task, embedded, grid=settings["grid"], seed=settings["seed"])
    except Exception as error:  # noqa: BLE001 - a module from outside may raise anything; the others go on
        return {"status": "failed", "note": _reason(error)}
    return {
        **{"status": "done", "score": found.value, "low": found.low, "high": found.high},
        **{"units": found.units, "note": found.note, "width": int(embedded[0].values.shape[1])},
        **{"embed_s": round(heard - began, 2), "probe_s": round(perf_counter() - heard, 2)},
    }


def _row(encoder: str, task: HearTask, found: dict[str, Any]) -> dict[str, Any]:
    score = found.get("score")
    above = None if score is None else (score - task.chance) / (1 - task.chance)
    return {
        **{"encoder": encoder, "task": task.name, "metric": task.metric, "score": score},
        **{"low": found.get("low"), "high": found.get("high"), "chance": task.chance, "above_chance": above},
        **{
            "n": len(task.clips),
            "units": found.get("units"),
            "status": found["status"],
            "note": found["note"],
        },
    }


def _cell_name(encoder: HearEncoder, task: HearTask, settings: dict[str, Any]) -> str:
    asked = json.dumps([encoder.name, encoder.mark, task.checksum, settings], sort_keys=True)
    plain = re.sub(r"[^\w.-]+", "_", f"{encoder.name}-{task.name}")
    return f"{plain}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"


def _finished(path: Path) -> dict[str, Any] | None:
    """Return a stored cell; one that failed, or cannot be read, is run again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("status") == "done" else None


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _leaderboard(cells: pd.DataFrame, loaded: Loaded, settings: dict[str, Any]) -> Leaderboard:
    above = cells.pivot(index="encoder", columns="task", values="above_chance").astype("float64").fillna(0.0)
    scores = cells.pivot(index="encoder", columns="task", values="score").astype("float64").fillna(-1.0)
    done = cells[cells["status"] == "done"].groupby("encoder").size()
    summary = pd.DataFrame(
        {
            "mean_above_chance": above.mean(axis=1),
            "mean_rank": scores.rank(ascending=False, method="average").mean(axis=1),
            "tasks": done.reindex(above.index).fillna(0).astype(int),
        }
    )
    summary = summary.sort_values(["mean_above_chance", "mean_rank"], ascending=[False, True]).reset_index()
    return Leaderboard(cells, summary, pd.DataFrame(map(_facts, loaded.tasks)), loaded.skipped, settings)


def _facts(task: HearTask) -> dict[str, Any]:
    clips = task.clips
    return {
        **{"task": task.name, "asks": task.title, "kind": task.kind, "labels": len(task.labels)},
        **{"metric": METRICS[task.metric], "chance": task.chance, "clips": len(clips)},
        **{"groups": int(clips["group"].nunique()), "folds": len(task.splits())},
        **{"seconds": task.seconds, "licence": task.licence, "checksum": task.checksum, "note": task.note},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them, null for what is missing."""
    return json.loads(table.to_json(orient="records", double_precision=12))
