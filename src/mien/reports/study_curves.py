"""Figures of a study with two axes: errors over the share answered, and score over cost."""

import math
from collections.abc import Sequence

import pandas as pd

from mien.reports.category_colors import CATEGORY_COLORS, SPARE_COLORS
from mien.reports.evaluation_curves import MOST_POINTS, SHARE, square_plot
from mien.reports.evaluation_figures import Scale
from mien.reports.evaluation_numbers import between, is_share, known, nice_range, shown
from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import listed
from mien.reports.printed_cells import Row
from mien.reports.study_blocks import Block, all_ends, blocks, system_numbers
from mien.reports.study_columns import falls, significant
from mien.reports.study_tables import StudyTables

MOST_CURVES = 10
"""Systems per panel, the best first."""
LEAST_COVERAGE = 0.05
"""Below it, a curve jumps with every single answer."""
PALETTE = tuple(pair for name, pair in CATEGORY_COLORS.items() if name != "neutral") + SPARE_COLORS
DASHES = ("", "7 4", "2 4")
"""A second sign beside color."""
COSTS = {
    "latency_ms": "latency, ms",
    "core_s": "core seconds, learning and answering",
}
"""Costs that a drawing may have, the first known one is taken."""


class CostScale(Scale):
    """Place costs by their logarithm; `low` and `high` are powers of ten."""

    def at(self, value: float) -> str:
        """Return where a cost lies, as a percentage of the drawing's width.

        Example:
            >>> CostScale(-1.0, 3.0, "cost").at(10.0)
            '50%'
        """
        return Scale(self.low, self.high, self.metric).at(math.log10(value))

    def ticks(self, most: int = 6) -> list[float]:
        """Return powers of ten, at most so many."""
        step = max(1, math.ceil((self.high - self.low + 1) / most))
        return [10.0**power for power in range(int(self.low), int(self.high) + 1, step)]

    def read(self, value: float) -> str:
        """Return a tick's label."""
        return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def system_style(tables: StudyTables) -> str:
    """Return rules that give each system its color and dashes, on light and dark pages."""
    numbers = system_numbers(tables).values()
    light, dark = (
        "".join(f".y{one}{{--c:{PALETTE[(one - 1) % len(PALETTE)][side]}}}" for one in numbers)
        for side in (0, 1)
    )
    return f"{light}@media (prefers-color-scheme:dark){{@media screen{{{dark}}}}}"


def system_key(tables: StudyTables) -> str:
    """Return the systems with their numbers and colors, as drawings use them."""
    items = "".join(
        f'<li class="y{number}"><i class="number">{number}</i>{escape(shortened(name, 60))}'
        for name, number in system_numbers(tables).items()
    )
    return f'<ul class="legend numbered">{items}</ul>'


def risk_figures(tables: StudyTables) -> str:
    """Return, per corpus, the share of wrong answers against the share answered, a curve per system."""
    panels = "".join(_risk_panel(block, tables) for block in blocks(tables))
    return f'<div class="panels">{panels}</div>{system_key(tables)}' if panels else ""


def _risk_panel(block: Block, tables: StudyTables) -> str:
    own = tables.risk[(tables.risk["corpus"] == block.corpus) & tables.risk["risk"].notna()]
    own = own[own["coverage"] >= LEAST_COVERAGE]
    names = [str(row["system"]) for row in block.scored if (own["system"] == row["system"]).any()]
    if not names:
        return ""
    top = max(0.1, nice_range(own["risk"])[1])
    drawn = '<svg class="stretched" viewBox="0 0 100 100" preserveAspectRatio="none">'
    for name in names[:MOST_CURVES]:
        curve = own[own["system"] == name].sort_values("coverage", kind="stable")
        drawn += _curve(curve, system_numbers(tables)[name], top)
    drawn += "</svg>"
    rest = len(names) - MOST_CURVES
    note = f'<p class="note">The {MOST_CURVES} best; {rest} more are not drawn.</p>' if rest > 0 else ""
    plot = square_plot(drawn, x=SHARE, y=Scale(0.0, top, "accuracy"), titles=("answered, %", "wrong, %"))
    return f"<figure><h3>{escape(block.corpus)}</h3>{plot}{note}</figure>"


def _curve(curve: pd.DataFrame, number: int, top: float) -> str:
    thinned = curve.iloc[:: max(1, len(curve) // MOST_POINTS)]
    points = zip(thinned["coverage"], thinned["risk"], strict=True)
    at = " ".join(f"{100 * x:.1f} {100 - 100 * y / top:.1f}" for x, y in points)
    dash = DASHES[(number - 1) % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path class="curve y{number}" d="M{at}"{dashed}/>'


def cost_figures(tables: StudyTables) -> str:
    """Return, per corpus, score over cost, with what nothing cheaper beats."""
    cost = next((name for name in COSTS if _drawable(blocks(tables), name)), None)
    if cost is None:
        return ""
    panels = "".join(_cost_panel(block, cost, tables) for block in blocks(tables))
    return f'<div class="panels">{panels}</div>{system_key(tables)}'


def _drawable(every: Sequence[Block], cost: str) -> bool:
    return any(len(_priced(block, cost)) > 1 for block in every)


def _priced(block: Block, cost: str) -> list[Row]:
    """Return the rows with score and cost, the cheapest first."""
    there = [row for row in block.scored if known(row[cost]) and row[cost] > 0]
    return sorted(there, key=lambda row: float(row[cost]))


def pareto_front(rows: Sequence[Row], metric: str) -> list[Row]:
    """Return the rows, given from the cheapest on, that are better than all cheaper ones."""
    front: list[Row] = []
    for row in rows:
        if not front or (
            row["value"] < front[-1]["value"] if falls(metric) else row["value"] > front[-1]["value"]
        ):
            front.append(row)
    return front


def _cost_panel(block: Block, cost: str, tables: StudyTables) -> str:
    rows = _priced(block, cost)
    if not rows:
        return ""
    powers = [math.log10(float(row[cost])) for row in rows]
    low = math.floor(min(powers))
    x = CostScale(low, max(math.ceil(max(powers)), low + 1), cost)
    y = Scale(*nice_range(all_ends(rows)), block.metric)
    front = pareto_front(rows, block.metric)
    drawn = _steps(front, cost, x, y)
    for row in rows:
        kind = "front" if row in front else ""
        drawn += _spot(row, system_numbers(tables)[str(row["system"])], kind, places=(x.at(row[cost]), y))
    title = f"{block.title}{', %' if is_share(block.metric) else ''}"
    plot = square_plot(drawn, x=x, y=y, titles=(f"{COSTS[cost]} (log)", escape(title)))
    names = listed([shortened(str(row["system"]), 40) for row in front])
    told = f"Nothing cheaper does better than {escape(names)} (ringed)."
    return f"<figure><h3>{escape(block.corpus)}</h3>{plot}<figcaption>{told}</figcaption></figure>"


def _steps(front: Sequence[Row], cost: str, x: Scale, y: Scale) -> str:
    """Return the border of what is reached at each cost."""
    drawn = ""
    for place, row in enumerate(front):
        end = x.at(front[place + 1][cost]) if place + 1 < len(front) else "100%"
        level = y.up(row["value"])
        drawn += f'<line class="border" x1="{x.at(row[cost])}" x2="{end}" y1="{level}" y2="{level}"/>'
        if place + 1 < len(front):
            raised = y.up(front[place + 1]["value"])
            drawn += f'<line class="border" x1="{end}" x2="{end}" y1="{level}" y2="{raised}"/>'
    return drawn


def _spot(row: Row, number: int, kind: str, *, places: tuple[str, Scale]) -> str:
    x, y = places
    metric = y.metric
    reach = ""
    ends = between(shown(row["low"], metric), shown(row["high"], metric))
    if known(row["low"]) and known(row["high"]):
        reach = f'<line class="span" x1="{x}" x2="{x}" y1="{y.up(row["low"])}" y2="{y.up(row["high"])}"/>'
    price = ", ".join(
        f"{significant(row[name])} {words}" for name, words in COSTS.items() if known(row[name])
    )
    told = f"{row['system']}: {shown(row['value'], metric)} {ends}; {price}"
    at = y.up(row["value"])
    return (
        f'<g class="priced {kind} y{number}">{reach}<circle cx="{x}" cy="{at}" r="9"><title>{escape(told)}'
        f'</title></circle><text x="{x}" y="{at}" dy="4">{number}</text></g>'
    )
