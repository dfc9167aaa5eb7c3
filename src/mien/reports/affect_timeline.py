"""The timeline figure: categories, dimensions and doubt over time, as SVG."""

import json
import math

import numpy as np
import pandas as pd

from mien.reports.affect_summary import AffectSummary, sentences
from mien.reports.columns import Columns, find_columns, values_of
from mien.reports.html_page import escape
from mien.reports.plain_words import clock, count, length
from mien.reports.timeline_lanes import (
    WIDTH,
    Lane,
    category_paths,
    dimension_paths,
    doubt_paths,
    number,
    spans,
    strongest_paths,
)
from mien.reports.timeline_steps import timeline_steps

TICK_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_TICKS = 8


def place_lanes(columns: Columns, *, with_doubt: bool) -> list[Lane]:
    """Return the lanes from top to bottom: strongest, categories, dimensions, doubt."""
    wanted = [("strongest", "", 20, 14)] if columns.categories else []
    wanted += [(name, "", 30, 6) for name in columns.categories]
    wanted += [(name, "derived, −1 to 1", 52, 12) for name in columns.derived]
    wanted += [(name, "", 52, 12) for name in columns.dimensions]
    wanted += [("doubt", "", 36, 12)] if with_doubt else []
    lanes, top = [], 4
    for index, (label, hint, height, gap) in enumerate(wanted):
        top += 8 if index and height > wanted[index - 1][2] and height > 30 else 0
        lanes.append(Lane(label, hint, top, height))
        top += height + gap
    return lanes


def draw_lanes(rows: pd.DataFrame, lanes: list[Lane], duration_s: float, threshold: float | None) -> str:
    """Return the SVG content of all lanes."""
    columns = find_columns(rows.drop(columns=["doubt", "abstain"]))
    at, withheld = spans(rows, duration_s), rows["abstain"].to_numpy(bool)
    drawn, left = [], list(lanes)
    if columns.categories:
        p = values_of(rows, (f"p.{name}" for name in columns.categories))
        best = p.argmax(axis=1)
        drawn.append(strongest_paths(at, best, withheld, left.pop(0)))
        for k in range(p.shape[1]):
            drawn.append(category_paths(at, p[:, k], (best == k) & ~withheld, k, left.pop(0)))
    for name in [*(f"{name}.derived" for name in columns.derived), *columns.dimensions]:
        drawn.append(dimension_paths(rows, at, name, left.pop(0)))
    if left:
        drawn.append(doubt_paths(rows, at, math.log(len(columns.categories)), threshold, left.pop(0)))
    return "".join(drawn)


def hatched(rows: pd.DataFrame, duration_s: float) -> str:
    """Return one hatched box per run of abstained rows; they lie over the drawing."""
    boxes, start, end = [], math.nan, math.nan
    for left, right in values_of(rows, ("start", "end"))[rows["abstain"].to_numpy(bool)]:
        if left - end > duration_s / 500 or not math.isfinite(end):
            boxes.append((start, end))
            start = left
        end = right
    boxes.append((start, end))
    share = 100 / max(duration_s, 1e-9)
    return "".join(
        f'<i class="hatch" style="left:{number(max(a, 0) * share)}%;width:{number((b - a) * share)}%"></i>'
        for a, b in boxes
        if math.isfinite(a) and math.isfinite(b)
    )


def tick_marks(duration_s: float) -> str:
    """Return the time axis; every second label can be hidden on narrow pages."""
    step = next((s for s in TICK_STEPS_S if duration_s / s <= MOST_TICKS), TICK_STEPS_S[-1])
    marks = []
    for index in range(int(duration_s / step + 1e-6) + 1):
        share = index * step / max(duration_s, 1e-9) * 100
        label = clock(index * step, tenths=step < 1)
        marks.append(f'<span class="tick{" odd" * (index % 2)}" style="left:{number(share)}%">{label}</span>')
    return f'<div class="axis" aria-hidden="true">{"".join(marks)}</div>'


def moments(rows: pd.DataFrame) -> str:
    """Return what the script reads out at a position, as JSON.

    Per row: start and end (s), two strongest categories with percent, doubt in percent (-1 unknown),
    1 if abstained.
    """
    names = [str(name) for name in rows.columns if str(name).startswith("p.")]
    p = values_of(rows, names)
    order = np.argsort(-p, axis=1, kind="stable")[:, :2]
    doubt = np.nan_to_num(rows["doubt"].to_numpy(float) * 100, nan=-1).round().astype(int).tolist()
    times = values_of(rows, ("start", "end")).round(2).tolist()
    withheld = rows["abstain"].astype(int).tolist()
    best = np.stack([order, np.take_along_axis(p * 100, order, axis=1).round().astype(int)], axis=2)
    listing = [
        [*times[index], pairs.ravel().tolist(), doubt[index], withheld[index]]
        for index, pairs in enumerate(best)
    ]
    data = {"names": [name[2:] for name in names], "rows": listing}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def lane_labels(lanes: list[Lane]) -> str:
    """Return the names at the left of the lanes."""
    return "".join(
        f'<div class="lane{" lead" * (lane.label in ("strongest", "doubt"))}" '
        f'style="top:{lane.top}px;height:{lane.height}px"><b>{escape(lane.label)}</b>'
        + (f"<small>{escape(lane.hint)}</small>" if lane.hint else "")
        + "</div>"
        for lane in lanes
    )


def draw_timeline(
    table: pd.DataFrame,
    summary: AffectSummary,
    *,
    name: str,
    identity: str,
    most: int,
    threshold: float | None,
) -> str:
    """Return the figure of one recording.

    Args:
        table: its prediction rows; at least one.
        summary: its overview.
        name: how the page calls the recording.
        identity: prefix of the element ids, unique on the page.
        most: most steps to draw; more segments are averaged.
        threshold: doubt above which the model abstains (nats), or None.
    """
    duration_s = max(
        float(table["end"].max()), summary.duration_s if math.isfinite(summary.duration_s) else 0
    )
    rows, step_s = timeline_steps(table, duration_s, most=most)
    columns = find_columns(table)
    with_doubt = len(columns.categories) > 1 and bool(rows["doubt"].notna().any())
    lanes = place_lanes(columns, with_doubt=with_doubt)
    height = lanes[-1].bottom + 4 if lanes else 40
    grain = (
        f"Each step averages the speech within {length(step_s)}, of {count(len(table), 'segment')} in all."
        if step_s
        else f"Each block is one of {count(len(table), 'segment')}."
    )
    told = " ".join(sentences(summary))
    return f"""<figure class="timeline" aria-labelledby="{identity}-cap">
<div class="plot"><div class="labels" aria-hidden="true">{lane_labels(lanes)}</div>
<div class="canvas" style="height:{height}px"><svg role="img" aria-labelledby="{identity}-t {identity}-d" \
viewBox="0 0 {WIDTH} {height}" height="{height}" preserveAspectRatio="none"><title
id="{identity}-t">Timeline of
expressed affect in {escape(name)}</title><desc id="{identity}-d">{escape(told)} The segment table holds
the same
values.</desc>{draw_lanes(rows, lanes, duration_s, threshold)}</svg>{hatched(rows, duration_s)}
<div class="seek" role="slider" tabindex="0" aria-label="Position in {escape(name)}" aria-valuemin="0" \
aria-valuemax="{duration_s:.1f}" aria-valuenow="0" aria-valuetext="0:00"><i class="cursor"></i><span
class="tip"
hidden></span></div></div>{tick_marks(duration_s)}</div>
<figcaption id="{identity}-cap">{legend(columns, rows, with_doubt, threshold)}<p>{grain} Blank: no speech
found.
Click the timeline to listen from there; with the keyboard, arrow keys move, Page Up and Page Down go to
the next and
previous speech, Space plays.</p></figcaption>
<script type="application/json" class="moments">{moments(rows)}</script></figure>"""


def legend(columns: Columns, rows: pd.DataFrame, with_doubt: bool, threshold: float | None) -> str:
    """Return the keys of the figure that it needs, as a list."""
    keys = []
    if columns.categories:
        keys.append(
            '<li><i class="key strong"></i><i class="key weak"></i>height: probability (full lane: 100 %), '
            "full color where strongest"
        )
    if bool(rows["abstain"].any()):
        keys.append('<li><i class="key hatch"></i>hatched: the model abstains')
    if columns.derived:
        keys.append('<li><i class="key dots"></i>dotted: derived from the categories')
    if columns.dimensions:
        keys.append('<li><i class="key solid"></i>line: given by the model')
    if with_doubt and (columns.derived or columns.dimensions):
        keys.append('<li><i class="key grey"></i>darker grey: more doubt')
    if with_doubt:
        keys.append('<li><i class="key alea"></i>voice ambiguous<li><i class="key epis"></i>voice unfamiliar')
        if threshold:
            keys.append('<li><i class="key limit"></i>above this doubt it abstains')
    return f'<ul class="legend">{"".join(keys)}</ul>'
