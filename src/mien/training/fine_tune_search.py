"""Search settings inside each training fold, so that held-out speakers judge the search as a whole."""

import json
import logging
import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError
from mien.core.settings import override_settings
from mien.corpora.split import Fold
from mien.evaluation.run_evaluation import make_folder
from mien.training.fine_tune_fit import check_rows, fit_rows
from mien.training.fine_tune_parts import train_fold, train_refit
from mien.training.fine_tune_run import TuneRun
from mien.training.held_out import plan_folds
from mien.training.search import Outcome, Searched, search
from mien.training.search_results import DEFAULTS, FoldSearch, write_search
from mien.training.search_space import Choice, Number, Space, is_active

LOGGER = logging.getLogger(__name__)
WAY = "net.adapt"
RATES: dict[str, tuple[float, float]] = {"probe": (1e-4, 1e-2), "lora": (5e-5, 5e-3), "full": (1e-5, 5e-3)}
"""Way to adapt → learning rates that are tried."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class SearchedRun(TuneRun):
    """Hold a run whose settings, with its number of epochs, were chosen on speakers inside its clips."""

    def refit_epochs(self) -> int:
        """Return the number of epochs that was chosen."""
        return self.settings.training.epochs


def search_and_train(run: TuneRun) -> TuneRun:
    """Search settings for each fold and for what ships, train with them, and write what was found.

    A search sees nothing but the clips that its network may learn from: folds of their speakers judge each
    trial. The test clips of a fold are heard once, by the network with the settings that won there, and for
    comparison by one with the default settings.

    Args:
        run: says in `search` how to search.

    Returns:
        The run with the settings that ship; its folder also has `search.db`, `search.csv`, `search.json`,
        `search.html` and `search.md`.

    Raises:
        ConfigError: too few speakers to search, or with networks that are trained apart.
        DataError: all trials of a search failed.
    """
    if run.settings.net.ensemble is not None:
        raise ConfigError(
            "Got a search with networks that are trained apart, expected one of the two; search first, then "
            "pass what it found by --set."
        )
    space = search_space(run)
    # Before anything is trained: whether each search has speakers to judge by.
    inner = [inner_folds(run, fold) for fold in run.plan.folds]
    found = [
        _of_fold(run, space, fold, number=number, inner=inner[number])
        for number, fold in enumerate(run.plan.folds)
    ]
    if run.plan.protocol == "own split":
        shipped = found[0].found
    else:
        whole = Fold("refit", run.plan.refit, run.plan.refit[:0], run.plan.refit[:0])
        shipped = _search(run, space, inner_folds(run, whole), name="refit")
        found.append(FoldSearch("refit", shipped, shipped.outcome_of(_defaults(run, space))))
    chosen = chosen_run(run, shipped.settings, shipped.best)
    train_refit(chosen)
    write_search(run, found, list(space), shipped=shipped)
    return chosen


def search_space(run: TuneRun) -> Space:
    """Return what a run's search may choose from: what the user has not set.

    Args:
        run: its ways to adapt and what the user has set.

    Raises:
        ConfigError: the user has set everything.
    """
    ways = run.settings.search.ways or (run.settings.net.adapt,)
    low, high = min(RATES[way][0] for way in ways), max(RATES[way][1] for way in ways)
    space: dict[str, Number | Choice] = {WAY: Choice(tuple(ways))} if len(ways) > 1 else {}
    space |= {
        "training.learning_rate": Number(low, high, log=True),
        "training.weight_decay": Number(1e-3, 1.0, log=True),
        "training.balance": Number(0.0, 1.0),
        "net.dropout": Number(0.0, 0.6),
        "net.hidden": Choice((0, 64, 128, 256)),
    }
    if "lora" in ways:
        space["net.rank"] = Choice((4, 8, 16), only=(WAY, "lora") if len(ways) > 1 else None)
    if "full" in ways:
        space["net.layer_decay"] = Number(0.6, 1.0, only=(WAY, "full") if len(ways) > 1 else None)
    given: dict[str, Any] = {}
    override_settings(given, run.given)
    return {
        name: one
        for name, one in space.items()
        if name.partition(".")[2] not in given.get(name.partition(".")[0], {})
    }


def chosen_run(run: TuneRun, settings: Mapping[str, Any], found: Outcome) -> TuneRun:
    """Return a run with searched settings, trained for as many epochs as the inner folds took.

    Args:
        run: the run.
        settings: by name.
        found: its fact `epochs` is the number of epochs.
    """
    fixed = {"training.epochs": int(found.facts["epochs"]), "training.patience": 0}
    return varied(SearchedRun(**{one.name: getattr(run, one.name) for one in fields(run)}), settings, fixed)


def varied(run: TuneRun, *changes: Mapping[str, Any]) -> TuneRun:
    """Return a run with other settings; recordings and descriptions are shared.

    Args:
        run: the run.
        changes: name of a setting → its value; later ones win.
    """
    merged = {name: value for change in changes for name, value in change.items()}
    way = merged.pop(WAY, None)
    overrides = [f"{name}={json.dumps(value)}" for name, value in merged.items()]
    return replace(run, settings=run.vary(overrides, way))


def _of_fold(
    run: TuneRun, space: Space, fold: Fold, *, number: int, inner: list[tuple[Rows, Rows]]
) -> FoldSearch:
    """Search inside a fold's training part; let the winner and the defaults hear its test clips."""
    name = f"fold {number + 1}"
    found = _search(run, space, inner, name=name)
    whole = replace(fold, train=_training_rows(fold), dev=fold.dev[:0])
    winner = chosen_run(run, found.settings, found.best)
    train_fold(winner, whole, number)
    settings, default = _defaults(run, space), replace(run, folder=make_folder(run.folder / DEFAULTS))
    usual = found.outcome_of(settings)
    if usual is not None:
        train_fold(replace(default, settings=chosen_run(run, settings, usual).settings), whole, number)
    return FoldSearch(
        name, found, usual, outer=_outer_score(run, number), default=_outer_score(default, number)
    )


def _search(run: TuneRun, space: Space, inner: list[tuple[Rows, Rows]], *, name: str) -> Searched:
    """Return the best settings by folds of the speakers that may be learned from."""
    asked = run.settings.search
    searches = len(run.plan.folds) + (run.plan.protocol != "own split")
    LOGGER.info("searching for %s: up to %d trials of %d inner folds", name, asked.trials, len(inner))
    with _without_epochs():
        return search(
            partial(_score, run, inner, name),
            space,
            trials=asked.trials,
            study=name,
            storage=run.folder / "search.db",
            sampler=asked.sampler,
            seed=run.settings.seed,
            time_budget_s=60 * asked.minutes / searches if asked.minutes else None,
            first=[_defaults(run, space)],
        )


def _score(run: TuneRun, inner: list[tuple[Rows, Rows]], name: str, settings: dict[str, Any]) -> Outcome:
    """Return the mean score of settings over inner folds, each on speakers that did not train there."""
    part = varied(run, settings)
    scores, epochs = [], []
    for place, (train, dev) in enumerate(inner):
        check_rows(part, train)
        _, fitted = fit_rows(part, train, dev, seed=run.settings.seed + place)
        scores.append(fitted.score)
        epochs.append(fitted.epoch)
    score = statistics.fmean(scores)
    told = ", ".join(f"{one.rpartition('.')[2]} {_short(value)}" for one, value in settings.items())
    LOGGER.info("%s: %.3f with %s", name, score, told)
    return Outcome(score, {"epochs": round(statistics.median(epochs))})


def inner_folds(run: TuneRun, fold: Fold) -> list[tuple[Rows, Rows]]:
    """Return the folds of a fold's training part that judge trials, each as (train, dev).

    Where the table has a dev part of its own, that alone judges; else whole speakers are held out in turn.

    Args:
        run: table and number of inner folds.
        fold: its test rows are in none of them.

    Raises:
        ConfigError: one speaker alone, or one file where no speakers are known.
    """
    table = run.target.table
    if run.plan.protocol == "own split" and (table["split"] == "dev").any():
        return [(fold.train, fold.dev)]
    rows = _training_rows(fold)
    part = table.iloc[rows].drop(columns="split", errors="ignore").reset_index(drop=True)
    group = "speaker" if run.plan.by_speaker else "file"
    count = min(run.settings.search.inner_folds, part[group].nunique())
    if count < 2:
        raise ConfigError(
            f"Got one {group} in the training part of {fold.name}, expected two or more to search settings "
            f"by; add clips of other {group}s, or train without --search."
        )
    made = plan_folds(part, run.target.stratum[rows], folds=count, seed=run.settings.seed)
    return [(rows[_training_rows(one)], rows[one.test]) for one in made.folds]


def _training_rows(fold: Fold) -> Rows:
    return np.sort(np.concatenate([fold.train, fold.dev]))


def _defaults(run: TuneRun, space: Space) -> dict[str, Any]:
    """Return the settings of the run without a search."""
    plain, found = run.settings.model_dump(), {}
    for name, one in space.items():
        if is_active(one, found):
            room, _, leaf = name.partition(".")
            found[name] = plain[room][leaf]
    return found


def _outer_score(run: TuneRun, number: int) -> float | None:
    """Return the score of a fold's test clips, in the unit of the trials'; None where none was trained."""
    if not run.fold_file(number).exists():
        return None
    part = np.load(run.fold_file(number))
    outputs = {name: part[name] for name in ("category", "dimensions") if part[name].shape[2]}
    return run.score_of(outputs, part["rows"])


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@contextmanager
def _without_epochs() -> Iterator[None]:
    """Keep the loop from a line for each of many short trainings."""
    logger = logging.getLogger("mien.training.loop")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
