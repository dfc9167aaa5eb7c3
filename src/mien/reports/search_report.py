"""What a search of settings tried: a page with its figure, and Markdown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.files import write_texts
from mien.reports.evaluation_curves import square_plot
from mien.reports.evaluation_figures import Scale
from mien.reports.evaluation_numbers import known, nice_range, plain_number, whole
from mien.reports.evaluation_parts import legend
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records
from mien.reports.training_page import Part, training_html, training_markdown

KNOWN = ("search", "trials", "failed", "inner_default", "inner", "default", "outer", "epochs")
FOLDS_WORDS = (
    "Inside: mean score on speakers of the training part, each judged by a network that did not train on "
    "them; the settings were chosen by it, so it flatters them. Outside: score on the fold's test speakers, "
    "whom no trial has heard. The network that is judged outside was trained on the whole training part."
)
TRIALS_WORDS = (
    "Each dot is one trial; the line is the best so far. The first trial has the default settings. Failed "
    "trials are not drawn; search.csv has their reasons."
)


def write_search_report(
    folder: Path | str,
    trials: pd.DataFrame,
    folds: pd.DataFrame,
    found: Mapping[str, Any],
    *,
    summary: Mapping[str, Any],
) -> list[Path]:
    """Write `search.html` and `search.md`.

    Args:
        folder: it must exist.
        trials: `search`, `trial`, `state`, `score` of every trial.
        folds: one row per search with `search`, `trials`, `failed`, `inner_default`, `inner`, `default`,
            `outer`, `epochs`, and the settings that won.
        found: `sentences` on what the search is worth, `settings` and `epochs` that ship.
        summary: `title`, `command`, `notes`, and further facts.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    ships = ", ".join(f"{name} = {_value(value)}" for name, value in found["settings"].items())
    parts = [
        Part("Inside and outside", words=FOLDS_WORDS, table=_scores(folds)),
        Part("Settings that won", words=f"What ships has {ships}, and {found['epochs']:g} epochs.",
             table=_settings(folds)),
        Part("Trials", _figures(trials), TRIALS_WORDS),
    ]  # fmt: skip
    return write_texts(
        folder,
        {
            "search.html": training_html(found["sentences"], parts, summary, kicker="Search of settings"),
            "search.md": training_markdown(found["sentences"], parts, summary),
        },
    )


def _scores(folds: pd.DataFrame) -> PrintedTable:
    notes, rows = Notes(), []
    for row in records(folds):
        why = "" if known(row["outer"]) else "trained on everything: there is nothing outside to judge it by"
        numbers = [plain_number(row[name]) for name in ("inner_default", "inner", "default")]
        outer = Cell(plain_number(row["outer"]), notes.number(why))
        rows.append((str(row["search"]), whole(row["trials"]), whole(row["failed"]), *numbers, outer))
    columns = (
        "Search | #Trials | #Failed | #Defaults inside | #Best inside | #Defaults outside | #Best outside"
    )
    return printed("search-scores", "Inside and outside", columns, rows, notes)


def _settings(folds: pd.DataFrame) -> PrintedTable:
    names = [name for name in folds if name not in KNOWN]
    rows = [
        (str(row["search"]), whole(row["epochs"]), *(_value(row[name]) for name in names))
        for row in records(folds)
    ]
    heads = " | ".join(f"#{name.rpartition('.')[2].replace('_', ' ')}" for name in names)
    return printed("search-settings", "Settings that won", f"Search | #epochs | {heads}", rows, Notes())


def _value(value: Any) -> str:
    if not known(value):
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _figures(trials: pd.DataFrame) -> str:
    done = trials[trials["state"] == "done"]
    scale = Scale(*nice_range(done["score"].astype(float)), "score")
    drawn = "".join(
        f"<figure><h3>{name}</h3>{_figure(part, scale)}</figure>"
        for name, part in done.groupby("search", sort=False)
    )
    return (
        f'<div class="panels">{drawn}</div>{legend([("spotted", "one trial"), ("line-risk", "best so far")])}'
    )


def _figure(part: pd.DataFrame, y: Scale) -> str:
    """Return the trials of one search in their order."""
    numbers, scores = part["trial"].to_numpy(dtype=float), part["score"].to_numpy(dtype=float)
    x = Scale(0.0, max(1.0, float(numbers.max())), "count")
    drawn, best = "", pd.Series(scores).cummax().to_numpy()
    for place in range(1, len(numbers)):
        before, here = x.at(numbers[place - 1]), x.at(numbers[place])
        level, raised = y.up(best[place - 1]), y.up(best[place])
        drawn += f'<line class="risk" x1="{before}" x2="{here}" y1="{level}" y2="{level}"/>'
        drawn += f'<line class="risk" x1="{here}" x2="{here}" y1="{level}" y2="{raised}"/>'
    for number, score in zip(numbers, scores, strict=True):
        told = f"trial {int(number)}: {plain_number(score)}"
        at = f'cx="{x.at(number)}" cy="{y.up(score)}" r="3.5"'
        drawn += f'<circle class="spot" {at}><title>{told}</title></circle>'
    return square_plot(drawn, x=x, y=y, titles=("trial", "mean score inside"))
