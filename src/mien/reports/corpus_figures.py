"""Figures of a corpus report: who speaks in which class, how classes were recorded, what gives them away."""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pandas as pd

from mien.reports.evaluation_figures import Scale
from mien.reports.evaluation_numbers import MINUS, known, percent_points, whole
from mien.reports.evaluation_parts import legend
from mien.reports.html_page import escape, shortened

MOST_PEOPLE = 24
"""Speakers that are drawn, the largest first."""
MOST_CLASSES = 30
SEXES = ("female", "male", "unknown")
MEASURES = {
    "level_db": ("Level of the voice", "dB", 1.0),
    "duration_s": ("Duration", "s", 1.0),
    "noise_db": ("Background (quietest tenth)", "dB", 1.0),
    "bandwidth_hz": ("Sound up to", "kHz", 0.001),
}
"""Measure → its title, the unit it is drawn in, and that unit's factor."""


def balance_figure(classes: pd.DataFrame) -> str:
    """Return a bar per class, parted by the sex of the speakers where that is known.

    Args:
        classes: as `mien.corpora.corpus_check.class_table` gives it.
    """
    shown = classes[classes["segments"] > 0].head(MOST_CLASSES)
    if not len(shown):
        return ""
    most = int(shown["segments"].max())
    sexed = bool(shown["female"].notna().any())
    rows = "".join(_bar(row, most, sexed) for row in shown.to_dict("records"))
    keys = [("female", "women"), ("male", "men")] if sexed else []
    if sexed and (shown["segments"] > shown["female"] + shown["male"]).any():
        keys.append(("unknown", "not known"))
    rest = _rest(len(classes) - len(shown), "classes")
    return f'<figure><div class="dots">{rows}</div>{legend(keys) if keys else ""}{rest}</figure>'


def people_figure(people: pd.DataFrame) -> str:
    """Return segments per speaker and class, as a table whose shades are counts.

    Args:
        people: one row per speaker, one column per class.
    """
    if not len(people):
        return ""
    shown = people.iloc[:MOST_PEOPLE, :MOST_CLASSES]
    most = max(int(shown.to_numpy().max()), 1)
    head = "".join(f'<th scope="col"><span>{escape(one)}</span>' for one in shown.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(shortened(str(name), 28))}'
        + "".join(_cell(int(number), most) for number in own)
        + f'<td class="n">{whole(sum(own))}</tr>\n'
        for name, own in zip(shown.index, shown.to_numpy().tolist(), strict=True)
    )
    return (
        '<figure><div class="scroll" role="region" tabindex="0" aria-label="Segments per speaker and class">'
        '<table class="heat"><caption class="hidden">Segments per speaker and class</caption><thead><tr>'
        f'<th scope="col" class="corner">speaker{head}<th scope="col" class="n">all</tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>{_rest(len(people) - len(shown), 'speakers')}</figure>"
    )


def recording_figures(spread: pd.DataFrame) -> str:
    """Return medians and quartiles per class, one panel per measure.

    Args:
        spread: from `mien.corpora.recording_check.spread_by_class`.
    """
    if not len(spread):
        return ""
    panels = "".join(_panel(str(name), own) for name, own in spread.groupby("measure", sort=False))
    keys = legend([("spotted", "median"), ("reached", "half of the clips")])
    return f'<div class="panels">{panels}</div>{keys}'


def shortcut_figure(shortcuts: pd.DataFrame) -> str:
    """Return how well each measure alone tells the class, over what chance would do.

    Args:
        shortcuts: of a `mien.corpora.corpus_study.CorpusStudy`.
    """
    if not len(shortcuts):
        return ""
    scale = Scale(0.0, 1.0, "uar")
    rows = "".join(_shortcut_row(row, scale) for row in shortcuts.to_dict("records"))
    axis = _axis(scale, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], lambda one: f"{100 * one:.0f}")
    keys = [("spotted", "unweighted average recall, %"), ("guessed", "what 19 of 20 random deals stay below")]
    return f'<figure><div class="dots">{rows}{axis}</div>{legend(keys)}</figure>'


def _shortcut_row(row: dict[Hashable, Any], scale: Scale) -> str:
    if not known(row["uar"]):
        why = f'<span class="track">{escape(row["note"])}</span><span class="got">–</span>'
        return f'<div class="dot-row none"><span class="who">{escape(row["measure"])}</span>{why}</div>'
    edge = scale.at(row["high_by_chance"])
    drawn = (
        f'<rect class="guess" width="{edge}" height="100%"/>'
        f'<line class="edge" x1="{edge}" x2="{edge}" y1="0" y2="100%"/>'
        f'<circle class="spot" cx="{scale.at(row["uar"])}" cy="50%" r="6"/>'
    )
    hint = "of the room" if row["room"] else "of voice or room"
    return _line(str(row["measure"]), drawn, percent_points(row["uar"]), hint=hint)


def _line(label: str, drawn: str, value: str, *, hint: str = "") -> str:
    """Return one line of a figure: who, a drawing, a number."""
    small = f"<small>{escape(hint)}</small>" if hint else ""
    return (
        f'<div class="dot-row"><span class="who">{escape(shortened(label, 32))}{small}</span>'
        f'<svg class="track" aria-hidden="true">{drawn}</svg><span class="got"><b>{value}</b></span></div>'
    )


def _axis(scale: Scale, ticks: Sequence[float], read: Callable[[float], str]) -> str:
    marks = "".join(f'<span class="tick" style="left:{scale.at(one)}">{read(one)}</span>' for one in ticks)
    return f'<div class="dot-row"><div class="axis">{marks}</div></div>'


def _bar(row: dict[str, object], most: int, sexed: bool) -> str:
    total = int(str(row["segments"]))
    known_ones = [int(str(row[sex])) if sexed and known(row[sex]) else 0 for sex in SEXES[:2]]
    parts = [*known_ones, total - sum(known_ones)] if sexed else [total, 0, 0]
    drawn, at = "", 0.0
    for sex, number in zip(SEXES, parts, strict=True):
        width = 100 * number / most
        if number:
            place = f'x="{at:.2f}%" width="{width:.2f}%" y="24%" height="52%"'
            title = f"<title>{number} {sex}</title>" if sexed else ""
            drawn += f'<rect class="stack {sex}" {place}>{title}</rect>'
        at += width
    speakers = f"{whole(row['speakers'])} speakers" if known(row["speakers"]) else ""
    return _line(str(row["class"]), drawn, whole(total), hint=speakers)


def _cell(number: int, most: int) -> str:
    if not number:
        return '<td class="none" style="--v:0">0'
    return f'<td style="--v:{number / most:.2f}">{number}'


def _panel(measure: str, own: pd.DataFrame) -> str:
    title, unit, factor = MEASURES[measure]
    values = own[["first", "median", "third"]] * factor
    ticks = _ticks(float(values.to_numpy().min()), float(values.to_numpy().max()))
    scale = Scale(ticks[0], ticks[-1], "recording")
    grid = "".join(
        f'<line class="grid" x1="{scale.at(one)}" x2="{scale.at(one)}" y1="0" y2="100%"/>' for one in ticks
    )
    rows = ""
    for label, (first, middle, third) in zip(own["class"], values.to_numpy().tolist(), strict=True):
        reach = f'<line class="reach" x1="{scale.at(first)}" x2="{scale.at(third)}" y1="50%" y2="50%"/>'
        spot = f'<circle class="spot" cx="{scale.at(middle)}" cy="50%" r="5"/>'
        rows += _line(str(label), grid + reach + spot, _number(middle))
    axis = _axis(scale, ticks, lambda one: _number(one, 0))
    return f'<figure><h3>{title}, {unit}</h3><div class="dots">{rows}{axis}</div></figure>'


def _ticks(low: float, high: float) -> list[float]:
    """Return three to five whole numbers, evenly spaced, that hold all values between them."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= 4:
            break
    if first == last:
        first, last = first - 1, last + 1
    return [float(step * number) for number in range(first, max(last, first + 2) + 1)]


def _number(value: float, decimals: int = 1) -> str:
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 else text.replace("-", MINUS)


def _rest(count: int, what: str) -> str:
    return f'<p class="note">{count:,} more {what} are not drawn.</p>' if count > 0 else ""
