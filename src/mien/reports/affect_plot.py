"""A matplotlib figure of expressed affect over time."""

import math
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mien.core.errors import InputError
from mien.reports.affect_summary import abstained, doubt_shares
from mien.reports.category_colors import color_of
from mien.reports.columns import find_columns, limit_categories
from mien.reports.plain_words import clock
from mien.reports.timeline_lanes import dimension_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FILES = 6
"""Recordings drawn in one figure."""
DIMENSION_COLORS = ("#1d5c63", "#a0336f", "#b8860f", "#1e2327")


def plot_affect(table: pd.DataFrame, *, axes: "Axes | Sequence[Axes] | None" = None) -> "Figure":
    """Plot categories as stacked bands and dimensions with doubt over time.

    Use it in a notebook or a paper; the HTML report shows the same with sound. Derived dimensions are
    dotted, abstained segments hatched, doubt is a grey shade behind the dimensions.

    Args:
        table: prediction table of one recording, or of up to six (drawn side by side).
        axes: two axes for one recording, the upper for categories and the lower for dimensions, or a single
            one for categories only; None makes a new figure.

    Returns:
        The figure that holds the axes.

    Raises:
        InputError: the table is empty, holds too many recordings, or more than one where axes are given.
    """
    from matplotlib import pyplot

    files = list(table["file"].unique())
    most = MOST_FILES if axes is None else 1
    if not 1 <= len(files) <= most:
        raise InputError(
            f"Got predictions of {len(files)} files, expected 1 to {most}; pass one recording's rows, "
            "such as `table[table.file == name]`."
        )
    shown = limit_categories(table)
    if axes is not None:
        own = list(np.ravel(np.array(axes, dtype=object)))
        _draw_recording(shown, own)
        figure: Figure = own[0].figure
        return figure
    new, grid = pyplot.subplots(
        2,
        len(files),
        figsize=(4 + 5 * len(files), 5),
        sharex="col",
        squeeze=False,
        height_ratios=(3, 2),
        layout="constrained",
    )
    for column, file in enumerate(files):
        _draw_recording(shown[shown["file"] == file], list(grid[:, column]))
        if len(files) > 1:
            grid[0, column].set_title(str(file).rsplit("/", 1)[-1][:40])
    return new


def _draw_recording(table: pd.DataFrame, axes: list[Any]) -> None:
    rows = table.sort_values("start", kind="stable")
    _draw_categories(rows, axes[0])
    if len(axes) > 1:
        _draw_dimensions(rows, axes[1])
    axes[-1].set_xlabel("time (min:s)")
    axes[-1].xaxis.set_major_formatter(lambda value, _: clock(value))
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.set_xlim(0, float(rows["end"].max()))


def _draw_categories(rows: pd.DataFrame, axes: Any) -> None:
    left, width = rows["start"].to_numpy(float), (rows["end"] - rows["start"]).to_numpy(float)
    floor = np.zeros(len(rows))
    for position, name in enumerate(find_columns(rows).categories):
        share = rows[f"p.{name}"].to_numpy(float)
        color = color_of(name, position)[0]
        axes.bar(left, share, width, floor, align="edge", color=color, label=name, linewidth=0)
        floor = floor + share
    withheld = abstained(rows)
    if withheld.any():
        axes.bar(
            left[withheld], floor[withheld], width[withheld], align="edge", label="abstains",
            facecolor=(1, 1, 1, 0.55), edgecolor="0.35", hatch="////", linewidth=0,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_ylabel("probability")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize="small")


def _draw_dimensions(rows: pd.DataFrame, axes: Any) -> None:
    starts, ends = rows["start"].to_numpy(float), rows["end"].to_numpy(float)
    for start, end, doubt in zip(starts, ends, doubt_shares(rows), strict=True):
        if math.isfinite(doubt):
            axes.axvspan(start, end, color="0.5", alpha=0.35 * doubt, linewidth=0)
    columns = find_columns(rows)
    low, high = math.inf, -math.inf
    drawn = [*(f"{name}.derived" for name in columns.derived), *columns.dimensions]
    for name, color in zip(drawn, cycle(DIMENSION_COLORS), strict=False):
        derived = name.endswith(".derived")
        values = rows[name].to_numpy(float)
        times, levels = _level_within_segments(starts, ends, values)
        label = name.replace(".derived", " (derived)")
        axes.plot(times, levels, linestyle=":" if derived else "-", linewidth=2, color=color, label=label)
        low, high = _wider((low, high), dimension_range(values, derived=derived))
    if math.isfinite(low):
        axes.set_ylim(low - 0.02 * (high - low), high + 0.02 * (high - low))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize="small")
    axes.axhline(0, color="0.7", linewidth=0.6)
    axes.set_ylabel("dimension")


def _level_within_segments(
    starts: np.ndarray, ends: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a line that is level within each segment and breaks between them."""
    gaps = np.full(len(values), np.nan)
    times = np.column_stack([starts, ends, ends]).ravel()
    return times, np.column_stack([values, values, gaps]).ravel()


def _wider(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])
