"""Scores as readers of papers expect them."""

import math
import re
from typing import Any

import pandas as pd

NOTHING = "–"
"""Stands for a value that does not exist; a footnote says why."""
MINUS = "−"
SHARES = ("recall", "accuracy", "precision", "f1", "uar", "error_rate", "error rate", "eer")
"""Parts of the names of metrics that are shown in percent."""


def is_share(metric: str) -> bool:
    """Return whether a metric is shown in percent.

    Example:
        >>> is_share("unweighted_average_recall"), is_share("ece"), is_share("ccc")
        (True, False, False)
    """
    return any(part in metric.lower() for part in SHARES)


def known(value: Any) -> bool:
    """Return whether there is a value."""
    return value is not None and not pd.isna(value)


def percent_points(value: Any) -> str:
    """Return a share in percent, or a difference of shares in points, with one decimal.

    Example:
        >>> percent_points(0.7124), percent_points(-0.041), percent_points(None)
        ('71.2', '−4.1', '–')
    """
    if not known(value):
        return NOTHING
    text = f"{100 * float(value):.1f}"
    return "0.0" if text == "-0.0" else text.replace("-", MINUS)


def plain_number(value: Any, decimals: int = 3) -> str:
    """Return a number as psychologists write it: no zero before the point.

    Example:
        >>> plain_number(0.0987), plain_number(-0.5), plain_number(1.2345), plain_number(0, 2)
        ('.099', '−.500', '1.234', '.00')
    """
    if not known(value):
        return NOTHING
    text = f"{abs(float(value)):.{decimals}f}"
    sign = MINUS if float(value) < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def shown(value: Any, metric: str) -> str:
    """Return a value of a metric: shares in percent, others plain.

    Example:
        >>> shown(0.7124, "uar"), shown(0.7124, "ccc")
        ('71.2', '.712')
    """
    return percent_points(value) if is_share(metric) else plain_number(value)


def has_limit(goal: str) -> bool:
    """Return whether a goal names a number, so that it can be met or missed.

    Example:
        >>> has_limit("≤ .05"), has_limit("reported")
        (True, False)
    """
    return re.search(r"\d", goal) is not None


def shown_goal(value: Any, goal: str, what: str) -> str:
    """Return a value in the unit and to the decimals of its goal, or of what it is where none is set.

    Example:
        >>> shown_goal(0.029, "≥ 4 points", "gain"), shown_goal(0.029, "≤ .05", "gain on 20 %")
        ('2.9', '.029')
        >>> shown_goal(0.0004, "≤ .001", "AURC"), shown_goal(0.7, "", "recall of the worst tenth")
        ('.0004', '70.0')
    """
    if not has_limit(goal):
        return shown(value, what)
    if "%" in goal or "point" in goal:
        return percent_points(value)
    decimals = re.search(r"\.(\d+)", goal)
    return plain_number(value, max(3, len(decimals[1]) + 1 if decimals else 0))


def between(low: str, high: str) -> str:
    """Return an interval as papers print it; both ends are text already.

    Example:
        >>> between("67.2", "75.6"), between("–", "–")
        ('[67.2, 75.6]', '[–]')
    """
    return f"[{low}, {high}]" if NOTHING not in (low, high) else f"[{NOTHING}]"


def whole(value: Any) -> str:
    """Return a count.

    Example:
        >>> whole(1440.0), whole(None)
        ('1,440', '–')
    """
    return f"{int(value):,}" if known(value) else NOTHING


def nice_range(values: "pd.Series[float]", *, step: float = 0.1) -> tuple[float, float]:
    """Return the multiples of `step` around all values, within a share's range if they are within it.

    Example:
        >>> nice_range(pd.Series([0.23, 0.71, None]))
        (0.2, 0.8)
    """
    there = values.dropna()
    if not len(there):
        return 0.0, 1.0
    low = math.floor(float(there.min()) / step + 1e-9) * step
    high = math.ceil(float(there.max()) / step - 1e-9) * step
    return round(low, 9), round(max(high, low + step), 9)
