"""Search settings by trials that are kept: stopped searches go on, and processes may share one."""

import logging
import math
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, DataError, InputError, MienError
from mien.core.nearest import did_you_mean
from mien.core.optional import require
from mien.training.search_space import Choice, Space, check_space, is_active, lies_within

LOGGER = logging.getLogger(__name__)
SAMPLERS = ("tpe", "random", "smac")
LEAST_STARTUP, MOST_STARTUP, STARTUP_SHARE = 4, 10, 4
"""One trial in four is drawn at random before a sampler learns from them, within these numbers."""

BEGINS_WITHIN_S = 60.0
TRIES_TO_OPEN, PAUSE_S = 20, 0.1
STOPPED = "stopped: the process that tried it has ended; tried again"
EXPECTED = (MienError, RuntimeError, MemoryError, ArithmeticError)
"""What a trial may fail of: memory, divergence, settings that do not fit. Other errors stop the search."""


@dataclass(frozen=True)
class Outcome:
    """Hold what a trial found.

    Attributes:
        score: higher is better.
        facts: what else to keep with it, such as the number of epochs.
    """

    score: float
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Searched:
    """Hold a finished search.

    Attributes:
        trials: one row per trial: `trial`, `state` (done, failed, stopped, running), `score`, `seconds`,
            `note` (why it failed), then the facts and the settings, null where one does not count.
        settings: of the best trial.
        best: what it found.
        outcomes: settings and what they found, of all trials with a score.
    """

    trials: pd.DataFrame
    settings: dict[str, Any]
    best: Outcome
    outcomes: Sequence[tuple[dict[str, Any], Outcome]]

    def outcome_of(self, settings: Mapping[str, Any]) -> Outcome | None:
        """Return what settings found; None where they were not tried or failed.

        Args:
            settings: by name.
        """
        return next((found for tried, found in self.outcomes if tried == dict(settings)), None)


Objective = Callable[[dict[str, Any]], float | Outcome]


def search(
    objective: Objective,
    space: Space,
    *,
    trials: int,
    study: str,
    storage: Path,
    sampler: str = "tpe",
    seed: int = 0,
    time_budget_s: float | None = None,
    first: Sequence[Mapping[str, Any]] = (),
) -> Searched:
    """Try settings, learn from the trials which to try next, and return the best.

    Every trial is kept in SQLite when it ends. A search that was stopped goes on, with `tpe` and `random`
    exactly as if it had not been; what was under way is tried again. Several processes may run the same
    search at once; together they then make up to one trial more per process than was asked for. A trial that
    diverges or runs out of memory is kept with its reason, and the search goes on.

    Args:
        objective: takes settings by name, returns a score or an `Outcome`; higher is better.
        space: what may be chosen.
        trials: how many, failed ones included.
        study: name of the search within its storage.
        storage: SQLite file; it is created, its folder must exist.
        sampler: `tpe`, `random`, or `smac` (needs `mien[smac]`).
        seed: seeds the sampler.
        time_budget_s: no trial is begun once those before took so many seconds together, over all processes
            and restarts; None: no limit. One trial is always made.
        first: settings that are tried before any other, such as the defaults.

    Raises:
        ConfigError: an unknown sampler, no trials, a budget below 0, or a space or first settings that do not
            fit.
        DataError: all trials failed; the message says why the first one did.
        InputError: the storage cannot be read or written.
        MissingExtra: Optuna or SMAC is not installed.

    Example:
        >>> import tempfile
        >>> from mien.training.search_space import Number
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = search(
        ...         lambda settings: -((settings["x"] - 0.3) ** 2), {"x": Number(0, 1)}, trials=20,
        ...         study="square", storage=Path(folder) / "search.db",
        ...     )
        >>> abs(found.settings["x"] - 0.3) < 0.1, len(found.trials)
        (True, 20)

    Source:
        J. Bergstra et al., Algorithms for Hyper-Parameter Optimization, NeurIPS 2011 (tpe); T. Akiba et al.,
        Optuna, KDD 2019.
    """
    optuna = require("optuna", "train")
    _check(space, trials=trials, sampler=sampler, time_budget_s=time_budget_s, first=first)
    with _quiet(optuna):
        kept = _open(optuna, study, storage)
        _bury(optuna, kept)
        for settings in first:
            kept.enqueue_trial(dict(settings), skip_if_exists=True)
        while _goes_on(kept, trials, time_budget_s):
            number = len(_counted(kept))
            kept.sampler = _sampler(optuna, sampler, space, trials=trials, seed=seed + 7919 * number)
            _try(optuna, kept, objective, space)
        return _searched(kept, space)


def _check(
    space: Space,
    *,
    trials: int,
    sampler: str,
    time_budget_s: float | None,
    first: Sequence[Mapping[str, Any]],
) -> None:
    if sampler not in SAMPLERS:
        known = ", ".join(SAMPLERS)
        raise ConfigError(f"Got sampler `{sampler}`, expected {known}.{did_you_mean(sampler, SAMPLERS)}")
    if trials < 1:
        raise ConfigError(f"Got {trials} trials, expected at least 1; ask for more.")
    if time_budget_s is not None and not time_budget_s > 0:
        raise ConfigError(f"Got {time_budget_s:g} s for all trials, expected more than 0; give more time.")
    check_space(space)
    for settings in first:
        if not lies_within(space, settings):
            raise ConfigError(
                f"Got {dict(settings)} to try first, expected a point of the space; correct it."
            )


def _open(optuna: ModuleType, study: str, storage: Path) -> Any:
    """Return the study, created or as it was left; processes wait for each other's writes.

    Two processes that begin a file together may both try to make its tables: the one that comes second
    finds them made and opens them.
    """
    of_database = require("sqlalchemy.exc", "train").SQLAlchemyError
    for tries_left in reversed(range(TRIES_TO_OPEN)):
        try:
            return _create_or_load(optuna, study, storage)
        except (of_database, optuna.exceptions.OptunaError) as error:
            if tries_left and _was_made_meanwhile(error):
                time.sleep(PAUSE_S)
                continue
            raise InputError(
                f"Got `{storage}`, expected an SQLite file of earlier trials or a place for one; remove it "
                f"or choose another. ({type(error).__name__})"
            ) from error
    return None


def _create_or_load(optuna: ModuleType, study: str, storage: Path) -> Any:
    """Return the study of the file, with the tables made where they are missing."""
    options = {"connect_args": {"timeout": 120}}
    database = optuna.storages.RDBStorage(f"sqlite:///{storage}", engine_kwargs=options)
    return optuna.create_study(study_name=study, storage=database, direction="maximize", load_if_exists=True)


def _was_made_meanwhile(error: Exception) -> bool:
    """Tell whether another process made the table or its first row between the look and the making."""
    return "already exists" in str(error) or "UNIQUE constraint failed" in str(error)


def _bury(optuna: ModuleType, kept: Any) -> None:
    """Close trials whose process has ended, and queue their settings again."""
    for trial in kept.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        if not _has_just_begun(trial) and not _is_alive(trial.user_attrs):
            optuna.trial.Trial(kept, trial._trial_id).set_user_attr("note", STOPPED)
            kept.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            if trial.params:
                kept.enqueue_trial(trial.params)


def _has_just_begun(trial: Any) -> bool:
    """Tell whether another process may be about to say that a trial is its own."""
    if "process" in trial.user_attrs or trial.datetime_start is None:
        return False
    return (datetime.now() - trial.datetime_start).total_seconds() < BEGINS_WITHIN_S


def _is_alive(about: Mapping[str, Any]) -> bool:
    """Tell whether the process that runs a trial is there; of another machine's, nothing is known."""
    if about.get("host") != socket.gethostname():
        return "host" in about
    if os.name == "nt":
        return True  # there, asking whether a process lives would end it
    if about["process"] == os.getpid():
        return False  # this process has just begun: the number was another's before
    try:
        os.kill(about["process"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _goes_on(kept: Any, trials: int, time_budget_s: float | None) -> bool:
    done = _counted(kept)
    spent = sum(trial.user_attrs.get("seconds", 0.0) for trial in done)
    return len(done) < trials and not (done and time_budget_s is not None and spent >= time_budget_s)


def _counted(kept: Any) -> list[Any]:
    """Return the trials that count: all but those that wait and those that were stopped."""
    return [
        trial
        for trial in kept.get_trials(deepcopy=False)
        if trial.state.name != "WAITING" and trial.user_attrs.get("note") != STOPPED
    ]


def _sampler(optuna: ModuleType, name: str, space: Space, *, trials: int, seed: int) -> Any:
    """Return a sampler for one trial: it depends on its seed and the trials so far, and on nothing else."""
    startup = min(MOST_STARTUP, max(LEAST_STARTUP, trials // STARTUP_SHARE))
    if name == "smac":
        from mien.training.smac_sampler import SmacSampler

        return SmacSampler(space, seed=seed, startup=startup)
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup)


def _try(optuna: ModuleType, kept: Any, objective: Objective, space: Space) -> None:
    """Make one trial and keep what it found, or why it found nothing."""
    trial, began = kept.ask(), time.monotonic()
    trial.set_user_attr("host", socket.gethostname())
    trial.set_user_attr("process", os.getpid())
    settings = _suggested(trial, space)
    try:
        found = objective(dict(settings))
        outcome = found if isinstance(found, Outcome) else Outcome(float(found))
        note = "" if math.isfinite(outcome.score) else f"the score is {outcome.score}, no number"
    except EXPECTED as error:
        outcome, note = Outcome(math.nan), f"{type(error).__name__}: {error}"
    trial.set_user_attr("seconds", round(time.monotonic() - began, 3))
    trial.set_user_attr("facts", dict(outcome.facts))
    trial.set_user_attr("note", note)
    if note:
        LOGGER.warning("Trial %d failed and is left out: %s", trial.number, note)
        # Optuna's samplers learn to keep away from pruned trials; they forget failed ones.
        kept.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        kept.tell(trial, outcome.score)


def _suggested(trial: Any, space: Space) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in space.items():
        if not is_active(one, found):
            continue
        if isinstance(one, Choice):
            found[name] = trial.suggest_categorical(name, list(one.options))
        elif one.whole:
            found[name] = trial.suggest_int(name, int(one.low), int(one.high), log=one.log)
        else:
            found[name] = trial.suggest_float(name, one.low, one.high, log=one.log)
    return found


def _searched(kept: Any, space: Space) -> Searched:
    """Return the table of trials and the best of them; of equal ones, the earliest."""
    done = [trial for trial in kept.get_trials(deepcopy=False) if trial.state.name != "WAITING"]
    table = trial_table(done, space)
    scored = [trial for trial in done if trial.state.name == "COMPLETE"]
    if not scored:
        reason = next((note for note in table["note"] if note), "no trial was made")
        raise DataError(f"Got no trial with a score out of {len(done)}, expected one; the first: {reason}")
    outcomes = [(dict(one.params), Outcome(one.value, one.user_attrs["facts"])) for one in scored]
    settings, best = max(outcomes, key=lambda one: one[1].score)
    return Searched(table, settings, best, outcomes)


def trial_table(done: Iterable[Any], space: Space) -> pd.DataFrame:
    """Return Optuna's trials as a table, see `Searched`.

    Args:
        done: trials that were begun.
        space: what could be chosen.
    """
    rows = []
    for trial in done:
        about = trial.user_attrs
        state = {"COMPLETE": "done", "RUNNING": "running"}.get(trial.state.name, "failed")
        row = {
            "trial": trial.number,
            "state": "stopped" if about.get("note") == STOPPED else state,
            "score": trial.value,
            "seconds": about.get("seconds"),
            "note": about.get("note", ""),
        }
        rows.append({**row, **about.get("facts", {}), **{name: trial.params.get(name) for name in space}})
    return pd.DataFrame(rows, columns=None if rows else ["trial", "state", "score", "seconds", "note"])


@contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    """Keep Optuna from logging every trial."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
