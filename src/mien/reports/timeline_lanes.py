"""SVG paths for one lane of the timeline each."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

WIDTH = 1000
"""Width of the drawing in its own units; the page stretches it."""
TOUCHING = 0.06
"""Gap in drawing units below which bars share an edge."""
SHADES = 4
"""Grey levels that show doubt behind dimensions."""


@dataclass(frozen=True)
class Lane:
    """Place one lane of the timeline.

    Attributes:
        label: its name, as read at its left.
        hint: a second, smaller line.
        top: distance of its upper edge from the top of the drawing, in pixels.
        height: its height in pixels.
    """

    label: str
    hint: str
    top: int
    height: int

    @property
    def bottom(self) -> int:
        """Return the distance of the lower edge from the top, in pixels."""
        return self.top + self.height


def number(value: float) -> str:
    """Return a coordinate in as few characters as a tenth of a unit needs.

    Example:
        >>> number(12.0), number(0.46), number(-0.04)
        ('12', '.5', '0')
    """
    text = f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"
    if text in {"-0", "", "0"}:
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def spans(rows: pd.DataFrame, duration_s: float) -> np.ndarray:
    """Return each row's left edge and width in drawing units; shape (rows, 2)."""
    scale = WIDTH / max(duration_s, 1e-9)
    left = np.clip(rows["start"].to_numpy(float) * scale, 0, WIDTH)
    right = np.clip(rows["end"].to_numpy(float) * scale, 0, WIDTH)
    return np.column_stack([left, np.maximum(right - left, 0.3)])


def bars(at: np.ndarray, heights: np.ndarray, lane: Lane) -> str:
    """Return path data of bars that stand on the lane's lower edge.

    Args:
        at: shape (bars, 2), left edge and width in drawing units.
        heights: shape (bars,), share of the lane's height in [0, 1].
        lane: where to draw.
    """
    pieces: list[str] = []
    reached = -math.inf
    for (left, width), share in zip(at, heights, strict=True):
        height = number(float(np.clip(share, 0, 1)) * lane.height) if math.isfinite(share) else "0"
        if height == "0":
            continue
        if left - reached > TOUCHING:
            pieces.append(f"{'V' + str(lane.bottom) + 'z' if pieces else ''}M{number(left)} {lane.bottom}")
        reached = left + width
        pieces.append(f"V{number(lane.bottom - float(height))}H{number(reached)}")
    return "".join(pieces) + f"V{lane.bottom}z" if pieces else ""


def steps(at: np.ndarray, levels: np.ndarray, lane: Lane) -> str:
    """Return path data of a line that is level within each row and breaks at pauses.

    Args:
        at: shape (rows, 2), left edge and width in drawing units.
        levels: shape (rows,), share of the lane's height in [0, 1]; NaN leaves a gap.
        lane: where to draw.
    """
    pieces, reached = [], -math.inf
    for (left, width), share in zip(at, levels, strict=True):
        if not math.isfinite(share):
            reached = -math.inf
            continue
        height = number(lane.bottom - float(np.clip(share, 0, 1)) * lane.height)
        pieces.append(
            f"V{height}h{number(width)}"
            if left - reached < 1.5
            else f"M{number(left)} {height}h{number(width)}"
        )
        reached = left + width
    return "".join(pieces)


def bands(at: np.ndarray, low: np.ndarray, high: np.ndarray, lane: Lane) -> str:
    """Return path data of one box per row between two levels.

    Args:
        at: shape (rows, 2), left edge and width in drawing units.
        low: shape (rows,), share of the lane's height in [0, 1]; NaN leaves a gap.
        high: shape (rows,), likewise.
        lane: where to draw.
    """
    pieces = []
    for (left, width), under, over in zip(at, np.clip(low, 0, 1), np.clip(high, 0, 1), strict=True):
        if math.isfinite(under) and math.isfinite(over):
            top = lane.bottom - over * lane.height
            tall = number((over - under) * lane.height)
            pieces.append(f"M{number(left)} {number(top)}h{number(width)}v{tall}h-{number(width)}z")
    return "".join(pieces)


def path(data: str, name: str) -> str:
    """Return an SVG path of a CSS class, or nothing where there is nothing to draw."""
    return f'<path class="{name}" d="{data}"/>' if data else ""


def category_paths(at: np.ndarray, p: np.ndarray, full: np.ndarray, position: int, lane: Lane) -> str:
    """Return a category's lane: full color where it is strongest and not abstained from, pale elsewhere.

    Args:
        at: shape (rows, 2), left edge and width in drawing units.
        p: shape (rows,), the category's probability.
        full: shape (rows,), bool; True draws in full color.
        position: the category's place among all; picks its color class.
        lane: where to draw.
    """
    return (
        f'<path class="rule" d="M0 {lane.bottom}h{WIDTH}"/>'
        + path(bars(at[~full], p[~full], lane), f"fill c{position} pale")
        + path(bars(at[full], p[full], lane), f"fill c{position}")
    )


def strongest_paths(at: np.ndarray, best: np.ndarray, withheld: np.ndarray, lane: Lane) -> str:
    """Return the strip of the strongest categories; abstained rows keep an outline only.

    Args:
        at: shape (rows, 2), left edge and width in drawing units.
        best: shape (rows,), position of each row's strongest category.
        withheld: shape (rows,), bool; True where the model abstains.
        lane: where to draw.
    """
    full = np.ones(len(at))
    shown = {int(k): (best == k) & ~withheld for k in np.unique(best)}
    drawn = [path(bars(at[rows], full[rows], lane), f"fill c{k}") for k, rows in shown.items()]
    return "".join(drawn) + path(bars(at[withheld], full[withheld], lane), "withheld")


def dimension_range(values: np.ndarray, *, derived: bool) -> tuple[float, float]:
    """Return the range to draw a dimension in.

    Derived dimensions lie in [-1, 1]; a model's own in [0, 1], [-1, 1] or the whole numbers around them.

    Example:
        >>> dimension_range(np.array([1.2, 6.4]), derived=False)
        (1.0, 7.0)
    """
    known = values[np.isfinite(values)]
    if derived or not len(known):
        return (-1.0, 1.0) if derived else (0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if 0 <= low and high <= 1:
        return 0.0, 1.0
    if -1 <= low and high <= 1:
        return -1.0, 1.0
    return float(math.floor(low)), float(math.ceil(high))


def dimension_paths(rows: pd.DataFrame, at: np.ndarray, column: str, lane: Lane) -> str:
    """Return a dimension's lane: its line (dotted if derived) over shades or a band of doubt."""
    derived = column.endswith(".derived")
    values = rows[column].to_numpy(float)
    low, high = dimension_range(values, derived=derived)
    levels = (values - low) / (high - low)
    middle = lane.top + lane.height / 2
    drawn = shade_paths(rows, at, lane) + f'<path class="rule faint" d="M0 {number(middle)}h{WIDTH}"/>'
    spread = [
        rows[name].to_numpy(float) ** 2
        for name in (f"aleatoric.{column}", f"epistemic.{column}")
        if name in rows
    ]
    if spread:
        half = np.sqrt(np.sum(spread, axis=0)) / (high - low)
        drawn += path(bands(at, levels - half, levels + half, lane), "spread")
    return drawn + path(steps(at, levels, lane), "line derived" if derived else "line")


def shade_paths(rows: pd.DataFrame, at: np.ndarray, lane: Lane) -> str:
    """Return boxes behind a dimension: the darker, the more the model doubts its categories."""
    doubt = rows["doubt"].to_numpy(float)
    level = np.where(np.isfinite(doubt), np.clip((doubt * SHADES).astype("float"), 0, SHADES - 1) // 1, -1)
    full = np.ones(len(rows))
    return "".join(
        path(bars(at[level == shade], full[level == shade], lane), f"shade s{shade}")
        for shade in range(SHADES)
    )


def doubt_paths(
    rows: pd.DataFrame, at: np.ndarray, most_nats: float, threshold: float | None, lane: Lane
) -> str:
    """Return the doubt lane: ambiguity of the voice below, unfamiliarity stacked on it, and the threshold."""
    zero = np.zeros(len(rows))
    ambiguous = rows.get("aleatoric.category", pd.Series(zero)).to_numpy(float) / most_nats
    unknown = rows.get("epistemic.category", pd.Series(zero)).to_numpy(float) / most_nats
    drawn = f'<path class="rule" d="M0 {lane.bottom}h{WIDTH}"/>'
    drawn += path(bars(at, ambiguous, lane), "aleatoric")
    drawn += path(bands(at, ambiguous, ambiguous + unknown, lane), "epistemic")
    if threshold is not None and math.isfinite(threshold) and 0 < threshold < most_nats:
        level = number(lane.bottom - threshold / most_nats * lane.height)
        drawn += f'<path class="threshold" d="M0 {level}h{WIDTH}"/>'
    return drawn
