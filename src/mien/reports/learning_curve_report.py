"""How a score grows with the number of labelled clips: a page with its figure, Markdown and JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from mien.core.files import write_texts
from mien.reports.evaluation_curves import square_plot
from mien.reports.evaluation_figures import Scale
from mien.reports.evaluation_numbers import between, is_share, known, nice_range, shown, whole
from mien.reports.evaluation_parts import legend
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed, records
from mien.reports.training_page import Part, training_html, training_markdown

TITLES = {"uar": "unweighted average recall"}
READING = (
    "Labels are counted in each fold; every doubling has the same width. Intervals are over speakers, and "
    "over draws of the labels where there are several. All points are scored on the same held-out clips, so "
    "their intervals go up and down together: two that overlap may still differ."
)


@dataclass(frozen=True)
class CountScale:
    """Place numbers of labels on a logarithmic scale.

    Attributes:
        counts: rising; all are marked.
    """

    counts: tuple[float, ...]

    def at(self, value: float) -> str:
        """Return where a number lies, as a percentage of the width.

        Example:
            >>> CountScale((25.0, 50.0, 100.0)).at(50)
            '50%'
        """
        if len(self.counts) < 2:
            return "50%"
        low, high = math.log2(self.counts[0]), math.log2(self.counts[-1])
        return f"{round(100 * (math.log2(value) - low) / (high - low), 2):g}%"

    def ticks(self) -> list[float]:
        """Return the numbers to mark."""
        return list(self.counts)

    def read(self, value: float) -> str:
        """Return a mark's label."""
        return f"{value:g}"


def write_learning_curve(
    folder: Path | str,
    points: pd.DataFrame,
    areas: Sequence[Mapping[str, Any]],
    *,
    summary: Mapping[str, Any],
) -> list[Path]:
    """Write `learning-curve.html`, `.md` and `.json`.

    Args:
        folder: it must exist.
        points: as `mien.evaluation.learning_curve.judge_learning_curve` gives them, with `metric`, `all`
            (every clip that may train) and `chance`.
        areas: `metric`, `value`, `low` and `high` of the area under each curve.
        summary: `title`, `command`, `notes`, and further facts.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    of_metric = {str(one["metric"]): one for one in areas}
    curves = [
        (str(metric), part, of_metric.get(str(metric)))
        for metric, part in points.groupby("metric", sort=False)
    ]
    sentences = [_sentence(metric, part, area) for metric, part, area in curves]
    parts = [
        Part(_title(metric), _figure(metric, part), READING, _table(metric, part))
        for metric, part, _ in curves
    ]
    plain = {"summary": dict(summary), "areas": list(areas)}
    plain["points"] = json.loads(points.to_json(orient="records"))
    return write_texts(
        folder,
        {
            "learning-curve.html": training_html(sentences, parts, summary, kicker="Learning curve"),
            "learning-curve.md": training_markdown(sentences, parts, summary),
            "learning-curve.json": json.dumps(plain, indent=1, ensure_ascii=False) + "\n",
        },
    )


def _title(metric: str) -> str:
    named = TITLES.get(metric, f"concordance of {metric.removesuffix('.ccc')}")
    return named[0].upper() + named[1:]


def _sentence(metric: str, part: pd.DataFrame, area: Mapping[str, Any] | None) -> str:
    """Return what the ends of a curve and its area say."""
    rows = [row for row in records(part) if known(row["value"])]
    if not rows:
        return f"{_title(metric)} has no value at any number of labels; the table says why."
    unit = " %" if is_share(metric) else ""

    def told(row: Mapping[str, Any]) -> str:
        ends = between(shown(row["low"], metric), shown(row["high"], metric))
        return f"{shown(row['value'], metric)}{unit} {ends}"

    found = f"{_title(metric)}: {told(rows[0])} with {whole(rows[0]['labels'])} labelled clips"
    if len(rows) > 1:
        found += f", {told(rows[-1])} with {whole(rows[-1]['labels'])}"
    if area is not None:
        found += (
            f"; mean height over the logarithm of the number of labels (area under the curve) {told(area)}"
        )
    return found + "."


def _figure(metric: str, part: pd.DataFrame) -> str:
    """Return the curve with its intervals."""
    rows = [row for row in records(part) if known(row["value"])]
    if not rows:
        return ""
    ends = pd.concat([part[name].astype(float) for name in ("value", "low", "high", "chance")])
    y, x = Scale(*nice_range(ends), metric), CountScale(tuple(float(row["labels"]) for row in rows))
    drawn = ""
    if known(rows[0]["chance"]):
        level = y.up(float(rows[0]["chance"]))
        drawn += f'<line class="even" x2="100%" y1="{level}" y2="{level}"/>'
    for one, other in pairwise(rows):
        place = f'x1="{x.at(one["labels"])}" x2="{x.at(other["labels"])}"'
        drawn += f'<line class="risk" {place} y1="{y.up(one["value"])}" y2="{y.up(other["value"])}"/>'
    for row in rows:
        at, told = x.at(row["labels"]), f"{whole(row['labels'])} labels: {shown(row['value'], metric)}"
        if known(row["low"]) and known(row["high"]):
            reach = f'y1="{y.up(row["low"])}" y2="{y.up(row["high"])}"'
            drawn += f'<line class="reach" x1="{at}" x2="{at}" {reach}/>'
        drawn += (
            f'<circle class="spot" cx="{at}" cy="{y.up(row["value"])}" r="5"><title>{told}</title></circle>'
        )
    unit = ", %" if is_share(metric) else ""
    plot = square_plot(drawn, x=x, y=y, titles=("labelled clips per fold", f"{_title(metric)}{unit}"))
    keys = [("spotted", "mean over draws of the labels"), ("reached", "95 % interval, by speaker")]
    keys += [("line-even", "guessing")] if known(rows[0]["chance"]) else []
    return f"<figure>{plot}{legend(keys)}</figure>"


def _table(metric: str, part: pd.DataFrame) -> PrintedTable:
    notes, rows = Notes(), []
    for row in records(part):
        labels = whole(row["labels"]) + (" (all)" if row["all"] else "")
        ends = between(shown(row["low"], metric), shown(row["high"], metric))
        value = Cell(f"{shown(row['value'], metric)} {ends}", notes.number(row["note"]))
        spread = shown(row["sd"], metric)
        rows.append((labels, value, spread, *(whole(row[name]) for name in ("draws", "n", "speakers"))))
    unit = " %" if is_share(metric) else ""
    columns = f"#Labels | #Score{unit} [95 %] | #SD over draws | #Draws | #Clips judged | #Speakers"
    return printed(f"curve-{metric}", _title(metric), columns, rows, notes)
