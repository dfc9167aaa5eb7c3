"""What a search inside training folds found: its trials, and its scores inside beside those outside."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import UndefinedScore
from mien.core.files import write_texts
from mien.evaluation.intervals import paired_difference
from mien.reports.search_report import write_search_report
from mien.training.fine_tune_run import TuneRun
from mien.training.fine_tune_shipping import command
from mien.training.held_out_answers import answers_of, speakers_of
from mien.training.search import Outcome, Searched

DEFAULTS = "defaults"
"""Folder, inside a run's, of what the default settings answer."""

DRAWS = 1000


@dataclass(frozen=True)
class FoldSearch:
    """Hold the search of one fold.

    Attributes:
        name: of the fold, or `refit`.
        found: trials and the best of them.
        usual: what the default settings found inside; None where they failed.
        outer: score of the best settings on speakers that the search has not heard; None for the refit.
        default: the same of the default settings; None too where they could not be trained.
    """

    name: str
    found: Searched
    usual: Outcome | None
    outer: float | None = None
    default: float | None = None


def write_search(
    run: TuneRun, searches: Sequence[FoldSearch], names: Sequence[str], *, shipped: Searched
) -> None:
    """Write `search.csv`, `search.json`, `search.html` and `search.md` into a run's folder.

    Args:
        run: what was searched for.
        searches: of each fold, then of what ships.
        names: of the settings that could be chosen.
        shipped: the search whose settings ship.
    """
    trials = pd.concat([one.found.trials.assign(search=one.name) for one in searches], ignore_index=True)
    trials = trials[["search", *(name for name in trials if name != "search")]]
    folds = pd.DataFrame([_row(one, names) for one in searches])
    asked = run.settings.search
    summary: dict[str, Any] = {
        "title": f"Search of settings for {run.settings.name}",
        "model": run.settings.name,
        "protocol": f"{run.plan.protocol}, the search inside each training part",
        "held_out": run.plan.held_out,
        "sampler": asked.sampler,
        "trials": len(trials),
        "failed": int((trials["state"] == "failed").sum()),
        "time_of_all_trials": f"{trials['seconds'].sum() / 60:.1f} minutes",
        "score": _what(run),
        "command": command(),
        "notes": [*run.target.notes, *run.plan.notes],
    }
    gains = _gains(run) if folds["default"].notna().sum() == len(run.plan.folds) else []
    found = {
        "sentences": sentences(folds, gains),
        "settings": shipped.settings,
        "epochs": shipped.best.facts["epochs"],
        "gains": gains,
    }
    write_search_report(run.folder, trials, folds, found, summary=summary)
    write_texts(
        run.folder,
        {
            "search.csv": trials.to_csv(index=False, lineterminator="\n"),
            "search.json": json.dumps({"summary": summary, **found}, indent=1, ensure_ascii=False) + "\n",
        },
    )


def sentences(folds: pd.DataFrame, gains: Sequence[dict[str, Any]]) -> list[str]:
    """Say what the search is worth, on speakers that it has not heard.

    Args:
        folds: one row per search: `search`, `inner`, `inner_default`, `outer`, `default`.
        gains: by metric, of the searched settings over the defaults on held-out clips.
    """
    outer = folds[folds["outer"].notna()]
    inner, score = statistics.fmean(outer["inner"]), statistics.fmean(outer["outer"])
    told = [
        f"The settings that won scored {inner:.3f} on the speakers they were chosen by and {score:.3f} on "
        f"speakers that no trial has heard (means over {len(outer)} fold{'s' * (len(outer) > 1)}). Only the "
        "second number says how good the model is: the first is what it was chosen for."
    ]
    for gain in gains:
        ends = "" if gain["low"] is None else f" (95 % interval {gain['low']:+.3f} to {gain['high']:+.3f})"
        clear = gain["low"] is not None and not gain["low"] <= 0 <= gain["high"]
        told.append(
            f"Against the default settings, searching changed {gain['metric']} by {gain['value']:+.3f}{ends} "
            f"on held-out clips: {'a clear difference' if clear else 'no difference that these data show'}."
        )
    return told


def _row(one: FoldSearch, names: Sequence[str]) -> dict[str, Any]:
    trials, chosen = one.found.trials, one.found.settings
    return {
        "search": one.name,
        "trials": len(trials),
        "failed": int((trials["state"] == "failed").sum()),
        "inner_default": one.usual.score if one.usual else None,
        "inner": one.found.best.score,
        "default": one.default,
        "outer": one.outer,
        "epochs": int(one.found.best.facts["epochs"]),
        **{name: chosen.get(name) for name in names},
    }


def _gains(run: TuneRun) -> list[dict[str, Any]]:
    """Return how much better the searched settings are than the defaults, on the same held-out clips."""
    searched, usual = run.out_of_fold(), replace(run, folder=run.folder / DEFAULTS).out_of_fold()
    speaker, found = speakers_of(searched), []
    for ours, theirs in zip(answers_of(run, searched), answers_of(run, usual), strict=True):
        known = ~np.isnan(ours.truth)
        options: dict[str, Any] = {"cluster": None if speaker is None else speaker[known], "draws": DRAWS}
        try:
            gain = paired_difference(
                ours.score, ours.truth[known], first=ours.said[known], second=theirs.said[known], **options
            )
        except UndefinedScore:
            continue
        low, high = (None, None) if speaker is None else (gain.low, gain.high)
        found.append({"metric": ours.metric, "value": gain.value, "low": low, "high": high})
    return found


def _what(run: TuneRun) -> str:
    data = run.settings.data
    parts = ["unweighted average recall"] if data.categories else []
    parts += [f"concordance of {name}" for name in data.dimensions]
    return parts[0] if len(parts) == 1 else f"mean of {', '.join(parts)}"
