"""Long prediction tables → at most so many steps to draw."""

import math

import numpy as np
import pandas as pd

from mien.reports.affect_summary import abstained, doubt_shares
from mien.reports.columns import find_columns, values_of


def drawn_columns(table: pd.DataFrame) -> list[str]:
    """Return the numeric columns that a timeline draws, in the table's order."""
    found = find_columns(table)
    wanted = {f"p.{name}" for name in found.categories} | {f"{name}.derived" for name in found.derived}
    wanted |= set(found.dimensions)
    return [
        str(name)
        for name in table.columns
        if name in wanted or str(name).startswith(("aleatoric.", "epistemic."))
    ]


def timeline_steps(table: pd.DataFrame, duration_s: float, *, most: int) -> tuple[pd.DataFrame, float]:
    """Return what to draw: the segments themselves, or their means over equal steps of time.

    A step's values are means over the speech in it, weighted by time; a step without speech is left out; it
    counts as abstained from where that holds for more than half of its speech.

    Args:
        table: rows of one file.
        duration_s: length of the recording.
        most: most rows to return.

    Returns:
        A frame (`start`, `end`, the drawn columns, `doubt` in [0, 1], `abstain` bool) sorted by start, and
        the step in seconds, 0.0 where rows are the segments themselves.
    """
    names = ["start", "end", *drawn_columns(table)]
    numbers = np.column_stack([values_of(table, names), doubt_shares(table), abstained(table)])
    numbers = numbers[np.isfinite(numbers[:, :2]).all(axis=1)]
    numbers = numbers[np.argsort(numbers[:, 0], kind="stable")]
    rows = pd.DataFrame(numbers, columns=pd.Index([*names, "doubt", "abstain"], dtype=object))
    step_s = 0.0
    if len(rows) > most:
        step_s = _round_up(max(duration_s, float(rows["end"].max())) / most)
        rows = _means_over_steps(rows, step_s)
    rows["abstain"] = rows["abstain"] > 0.5
    return rows.reset_index(drop=True), step_s


def _round_up(step_s: float) -> float:
    """Return a step that reads well: tenths below 2 s, whole seconds above."""
    return math.ceil(step_s * 10) / 10 if step_s < 2 else float(math.ceil(step_s))


def _means_over_steps(rows: pd.DataFrame, step_s: float) -> pd.DataFrame:
    starts, ends = rows["start"].to_numpy(), rows["end"].to_numpy()
    first = np.floor(starts / step_s).astype(int)
    last = np.maximum(first, np.ceil(ends / step_s).astype(int) - 1)
    source = np.repeat(np.arange(len(rows)), last - first + 1)
    offset = np.arange(len(source)) - np.repeat(
        np.cumsum(last - first + 1) - (last - first + 1), last - first + 1
    )
    step = first[source] + offset
    overlap = np.minimum(ends[source], (step + 1) * step_s) - np.maximum(starts[source], step * step_s)
    overlap = np.clip(overlap, 1e-9, None)
    size = int(step.max()) + 1
    total = np.bincount(step, overlap, size)
    heard = total > 0
    means = {"start": np.arange(size)[heard] * step_s, "end": (np.arange(size)[heard] + 1) * step_s}
    for name in rows.columns.drop(["start", "end"]):
        values = rows[name].to_numpy(float)[source]
        known = np.isfinite(values)
        weights = np.where(known, overlap, 0.0)
        summed = np.bincount(step, np.where(known, values, 0.0) * weights, size)[heard]
        weight = np.bincount(step, weights, size)[heard]
        means[name] = np.divide(summed, weight, out=np.full(len(weight), np.nan), where=weight > 0)
    return pd.DataFrame(means)
