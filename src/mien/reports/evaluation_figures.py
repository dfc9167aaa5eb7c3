"""Figures of an evaluation as HTML and SVG: dots with intervals, confusions, speakers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mien.reports.evaluation_numbers import NOTHING, between, is_share, known, shown, whole
from mien.reports.html_page import escape, shortened
from mien.reports.printed_tables import confusion_counts

MOST_SPEAKERS = 400
"""Speakers drawn one by one in a strip."""
SEX_SHAPES = {"female": "disc", "male": "box"}
"""Sex → shape of its marks; any other is a diamond."""


@dataclass(frozen=True)
class Scale:
    """Place values of a metric between the ends of a drawing.

    Attributes:
        low: value at the left or lower end.
        high: value at the right or upper end.
        metric: decides whether values are read in percent.
        unit: said at the last tick; percent by default where the metric is a share.
    """

    low: float
    high: float
    metric: str
    unit: str | None = None

    def at(self, value: float) -> str:
        """Return where a value lies, as a percentage of the drawing's width.

        Example:
            >>> Scale(0.0, 0.5, "uar").at(0.25)
            '50%'
        """
        share = (value - self.low) / (self.high - self.low)
        return f"{round(100 * min(max(share, 0.0), 1.0), 2):g}%"

    def up(self, value: float) -> str:
        """Return where a value lies from above, for a vertical scale."""
        return self.at(self.high + self.low - value)

    def ticks(self, most: int = 6) -> list[float]:
        """Return at most `most` round values, both ends included where they are round.

        Example:
            >>> Scale(0.2, 0.8, "uar").ticks()
            [0.2, 0.4, 0.6, 0.8]
        """
        for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first < most:
                return [round(number * step, 9) for number in range(first, last + 1)]
        return [self.low, self.high]

    def read(self, value: float) -> str:
        """Return a tick's label."""
        return (
            f"{100 * value:g}".replace("-", "−") if is_share(self.metric) else f"{value:g}".replace("-", "−")
        )


@dataclass(frozen=True)
class DotRow:
    """Hold one line of a dot plot.

    Attributes:
        label: who or what.
        hint: a second, smaller line.
        value: where the dot stands, None for none.
        low: lower end of the interval.
        high: upper end of the interval.
        chance: what guessing gives, drawn as a shaded zone with an edge.
        mark: another value to compare with, drawn as an upright line.
        note: shown in place of a dot.
    """

    label: str
    hint: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None = None
    mark: float | None = None
    note: str = ""


@dataclass(frozen=True)
class DotBlock:
    """Hold lines of a dot plot that belong together.

    Attributes:
        title: above them, empty for none.
        rows: the lines.
        caption: below them, empty for none.
    """

    title: str
    rows: Sequence[DotRow]
    caption: str = ""


def dot_plot(blocks: Sequence[DotBlock], scale: Scale) -> str:
    """Return dots with intervals, one line each, on a common scale with their numbers beside."""
    grid = "".join(_upright("grid", scale.at(one), "0", "100%") for one in scale.ticks())
    drawn = ""
    for block in blocks:
        drawn += f'<p class="block">{escape(block.title)}</p>' if block.title else ""
        drawn += "".join(_dot_row(row, scale, grid) for row in block.rows)
        if any(known(row.value) for row in block.rows):
            drawn += f'<div class="dot-row"><div class="axis">{_axis(scale)}</div></div>'
        drawn += f'<p class="block-note">{escape(block.caption)}</p>' if block.caption else ""
    return f'<div class="dots">{drawn}</div>'


def _axis(scale: Scale) -> str:
    ticks = scale.ticks()
    unit = ("%" if is_share(scale.metric) else "") if scale.unit is None else scale.unit
    drawn = [
        f'<span class="tick" style="left:{scale.at(one)}">{scale.read(one)}</span>' for one in ticks[:-1]
    ]
    wide = " worded" if len(unit) > 1 else ""
    last = f"{scale.read(ticks[-1])} {unit}".strip()
    drawn.append(f'<span class="tick{wide}" style="left:{scale.at(ticks[-1])}">{last}</span>')
    return "".join(drawn)


def _dot_row(row: DotRow, scale: Scale, grid: str) -> str:
    hint = f"<small>{escape(row.hint)}</small>" if row.hint else ""
    who = f'<span class="who">{escape(shortened(row.label, 40))}{hint}</span>'
    if not known(row.value):
        why = f'<span class="track">{escape(row.note or "no value")}</span>'
        return f'<div class="dot-row none">{who}{why}<span class="got">{NOTHING}</span></div>'
    value, low, high = (shown(one, scale.metric) for one in (row.value, row.low, row.high))
    marks = grid
    if known(row.chance) and row.chance > scale.low:
        marks += f'<rect class="guess" width="{scale.at(row.chance)}" height="100%"/>'
        marks += _upright("edge", scale.at(row.chance), "0", "100%")
    if known(row.mark):
        marks += _upright("mark", scale.at(row.mark), "12%", "88%")
    if known(row.low) and known(row.high):
        ends = f'x1="{scale.at(row.low)}" x2="{scale.at(row.high)}"'
        marks += f'<line class="reach" {ends} y1="50%" y2="50%"/>'
    marks += f'<circle class="spot" cx="{scale.at(row.value)}" cy="50%" r="6"/>'
    return (
        f'<div class="dot-row">{who}<svg class="track" aria-hidden="true">{marks}</svg>'
        f'<span class="got"><b>{value}</b> <small>{between(low, high)}</small></span></div>'
    )


def _upright(kind: str, x: str, top: str, bottom: str) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def heatmap(part: pd.DataFrame, name: str) -> str:
    """Return one corpus' confusions as a table whose shades are the share of each true category."""
    counts = confusion_counts(part)
    head = "".join(f'<th scope="col"><span>{escape(one)}</span>' for one in counts.columns)
    rows = "".join(_heat_row(str(true), own, counts) for true, own in counts.iterrows())
    told = f"Confusions in {escape(name)}"
    return f"""<div class="scroll" role="region" tabindex="0" aria-label="{told}"><table class="heat">
<caption class="hidden">{told}: rows are true categories, columns what the model said, in percent of
the row</caption><thead><tr><th scope="col" class="corner">true{head}<th scope="col" class="n">n</tr></thead>
<tbody>
{rows}</tbody></table></div>"""


def _heat_row(true: str, own: "pd.Series[int]", counts: pd.DataFrame) -> str:
    total = int(own.sum())
    cells = ""
    for said, number in own.items():
        share = number / total
        told = (
            f"{true} taken for {said}: {number} of {total}"
            if said != true
            else f"{true} recognized: {number} of {total}"
        )
        kind = "own" if said == true else "none" if not number else ""
        cells += (
            f'<td class="{kind}" style="--v:{share:.2f}" title="{escape(told)}">{100 * share:.0f}'
            f'<span class="hidden"> percent, {number} of {total}</span>'
        )
    return f'<tr><th scope="row">{escape(true)}{cells}<td class="n">{whole(total)}</tr>\n'


def confusion_words(part: pd.DataFrame) -> str:
    """Return which category is recognized best, which worst, and the most frequent confusion."""
    counts = confusion_counts(part)
    shares = counts.div(counts.sum(axis=1), axis=0)
    own = pd.Series({name: shares.loc[name, name] for name in shares.index})
    best, worst = own.idxmax(), own.idxmin()
    said = f"Recognized best: {best} ({100 * own[best]:.0f} %); worst: {worst} ({100 * own[worst]:.0f} %)."
    others = shares.stack()
    others = others[[true != one for true, one in others.index]]
    if len(others) and others.max() > 0:
        true, taken = others.idxmax()
        said += f" Most often confused: {true}, taken for {taken} ({100 * others.max():.0f} %)."
    return said


def strip_plot(part: pd.DataFrame, scale: Scale, reference: float | None) -> str:
    """Return every speaker of one corpus as a dot, from the lowest to the highest score.

    Args:
        part: the corpus' rows of `strip`.
        scale: of the scores.
        reference: the corpus' score, drawn as a line.
    """
    rows = part[part["value"].notna()].sort_values("value", kind="stable").head(MOST_SPEAKERS)
    lines = "".join(
        f'<line class="grid" x2="100%" y1="{scale.up(one)}" y2="{scale.up(one)}"/>' for one in scale.ticks(5)
    )
    if known(reference):
        lines += f'<line class="mark" x2="100%" y1="{scale.up(reference)}" y2="{scale.up(reference)}"/>'
    dots = "".join(
        _speaker_dot(row, f"{100 * (place + 0.5) / len(rows):.2f}%", scale)
        for place, row in enumerate(rows.to_dict("records"))
    )
    labels = "".join(f'<span style="top:{scale.up(one)}">{scale.read(one)}</span>' for one in scale.ticks(5))
    return (
        f'<div class="strip" style="--dots:{len(rows)}"><div class="levels">{labels}</div>'
        f'<svg aria-hidden="true">{lines}{dots}</svg></div>'
    )


def _speaker_dot(row: dict[str, object], x: str, scale: Scale) -> str:
    shape, y = SEX_SHAPES.get(str(row["sex"]), "diamond"), scale.up(float(str(row["value"])))
    told = f"{row['speaker']}, {row['sex']}: {shown(row['value'], scale.metric)}, n = {whole(row['n'])}"
    return (
        f'<rect class="{shape}" x="{x}" y="{y}" width="10" height="10"><title>{escape(told)}</title></rect>'
    )
