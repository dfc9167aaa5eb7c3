"""Figures of a study: scores with intervals, every speaker, and one corpus heard by another's system."""

import pandas as pd

from mien.reports.evaluation_figures import DotBlock, DotRow, Scale, dot_plot
from mien.reports.evaluation_numbers import NOTHING, between, is_share, known, nice_range, shown, whole
from mien.reports.evaluation_parts import legend
from mien.reports.html_page import escape, shortened
from mien.reports.plain_words import NO_BREAK, count
from mien.reports.printed_cells import Row, records
from mien.reports.study_blocks import (
    FEW_SPEAKERS,
    Block,
    all_ends,
    blocks,
    by_metric,
    condition_signs,
    sign_of,
)
from mien.reports.study_tables import StudyTables

SPEAKER_METRIC = "uar"
"""What a strip shows: recall can be told of one speaker."""
MOST_DOTS = 100
"""Speakers drawn per line; of more, every so many from the lowest to the highest."""
LONGEST_CORPUS = 28
HEIGHTS = ("50%", "30%", "70%")


def score_figures(tables: StudyTables) -> str:
    """Return one drawing of scores per metric, corpus by corpus, best first, the reference marked."""
    reference = str(tables.summary["reference"])
    signs = condition_signs(tables)
    drawn = ""
    for metric, own in by_metric(tables).items():
        ends = all_ends([row for block in own for row in block.rows])
        scale = Scale(*((0.0, 1.0) if is_share(metric) else nice_range(ends)), metric)
        lines = [_dot_block(block, reference, signs) for block in own]
        title = f"{own[0].title[0].upper()}{own[0].title[1:]}"
        keys = [("spotted", title.lower()), ("reached", f"95{NO_BREAK}% interval, by speaker")]
        keys += [("marked", f"the reference, {reference}")] if reference else []
        head = f"<h3>{escape(title)}</h3>" if len(by_metric(tables)) > 1 else ""
        drawn += f"<figure>{head}{dot_plot(lines, scale)}{legend(keys)}</figure>"
    return drawn


def _dot_block(block: Block, reference: str, signs: dict[str, str]) -> DotBlock:
    base = next((row["value"] for row in block.rows if row["system"] == reference), None)
    rows = []
    for row in block.ordered:
        name = f"{shortened(str(row['system']), 38)}{sign_of(row, signs)}"
        ends = (row["value"], row["low"], row["high"])
        seeds = f" · {whole(row['seeds'])} seeds" if known(row["seeds"]) and row["seeds"] > 1 else ""
        people = f" · {count(int(row['speakers']), 'speaker')}" if known(row["speakers"]) else ""
        hint = f"n = {whole(row['n'])}{people}{seeds}" if known(row["value"]) else ""
        rows.append(
            DotRow(name, hint, *ends, mark=base, note=f"no score: {str(row['note']).replace('`', '')}")
        )
    return DotBlock(block.corpus, rows, block.few)


def strip_figures(tables: StudyTables) -> str:
    """Return every speaker of every corpus as a dot, one line per system."""
    strips = tables.strips
    metric = SPEAKER_METRIC
    scale = Scale(0.0, 1.0, metric)
    drawn = ""
    for block in blocks(tables):
        own = strips[strips["corpus"] == block.corpus]
        lines = "".join(
            _strip_row(str(row["system"]), own[own["system"] == row["system"]], scale)
            for row in block.ordered
        )
        if lines:
            ticks = "".join(
                f'<span class="tick" style="left:{scale.at(one)}">{scale.read(one)}</span>'
                for one in scale.ticks()
            )
            axis = f'<div class="dot-row"><div class="axis">{ticks}</div></div>'
            drawn += f'<p class="block">{escape(block.corpus)}</p>{lines}{axis}'
    keys = legend([("spotted", "one speaker"), ("marked", "the middle speaker")])
    return f'<figure><div class="dots persons">{drawn}</div>{keys}</figure>' if drawn else ""


def _strip_row(system: str, every: pd.DataFrame, scale: Scale) -> str:
    part = every[every["value"].notna()].sort_values("value", kind="stable")
    if not len(part):
        return ""
    values, stride = part["value"].astype(float), max(1, -(-len(part) // MOST_DOTS))
    low, middle, high = (float(one) for one in (values.min(), values.median(), values.max()))
    marks = "".join(_upright("grid", scale.at(one), "0", "100%") for one in scale.ticks())
    marks += _upright("mark", scale.at(middle), "12%", "88%")
    for place, row in enumerate(records(part.iloc[::stride])):
        at = f'cx="{scale.at(row["value"])}" cy="{HEIGHTS[place % len(HEIGHTS)]}"'
        told = f"{row['speaker']}: {shown(row['value'], scale.metric)}, n = {whole(row['n'])}"
        marks += f'<circle class="person" {at} r="4.5"><title>{escape(told)}</title></circle>'
    who = f"{escape(shortened(system, 40))}<small>{_people(len(part), len(every), stride)}</small>"
    ends = " <small>to</small> ".join(shown(one, scale.metric) for one in (low, high))
    return (
        f'<div class="dot-row"><span class="who">{who}</span><svg class="track" aria-hidden="true">{marks}'
        f'</svg><span class="got">{ends}</span></div>'
    )


def _people(scored: int, every: int, stride: int) -> str:
    """Return how many speakers a line has, of how many, and whether they are too few."""
    told = count(scored, "speaker") if scored == every else f"{scored} of {count(every, 'speaker')}"
    drawn = f", one in {stride} drawn" if stride > 1 else ""
    return told + drawn + (", rough" if scored < FEW_SPEAKERS else "")


def _upright(kind: str, x: str, top: str, bottom: str) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def matrix_figures(tables: StudyTables) -> str:
    """Return, per system, scores on one corpus after learning from another, shaded by height."""
    if not len(tables.matrix):
        return ""
    metric = str(tables.summary["metric"])
    return "".join(
        f"<figure><h3>{escape(shortened(str(system), 60))}</h3>{_matrix(str(system), part, metric)}</figure>"
        for system, part in tables.matrix.groupby("system", sort=False)
    )


def _matrix(system: str, part: pd.DataFrame, metric: str) -> str:
    tests = list(dict.fromkeys(part["test"]))
    cells = {(row["train"], row["test"]): row for row in records(part)}
    scale = Scale(*nice_range(part["value"].astype(float)), metric)
    head = "".join(f'<th scope="col">{escape(shortened(str(one), LONGEST_CORPUS))}' for one in tests)
    rows = "".join(
        f'<tr><th scope="row">{escape(shortened(str(train), LONGEST_CORPUS))}'
        + "".join(_matrix_cell(cells.get((train, test)), scale, own=train == test) for test in tests)
        + "</tr>\n"
        for train in dict.fromkeys(part["train"])
    )
    told = f"{escape(system)}: learned from the row, tested on the column"
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{told}"><table class="heat cross">'
        f'<caption class="hidden">{told}</caption><thead><tr><th scope="col" class="corner">learned from'
        f"{head}</tr></thead><tbody>\n{rows}</tbody></table></div>"
    )


def _matrix_cell(row: Row | None, scale: Scale, *, own: bool) -> str:
    if row is None or not known(row["value"]):
        why = str((row or {}).get("note") or "not run: labels do not meet, or the system failed")
        return f'<td class="none" style="--v:0" title="{escape(why)}">{NOTHING}'
    value, low, high = (shown(row[name], scale.metric) for name in ("value", "low", "high"))
    share = (float(row["value"]) - scale.low) / (scale.high - scale.low)
    return (
        f'<td class="{"own" if own else ""}" style="--v:{share:.2f}">{value}'
        f"<small>{between(low, high)}<br>n = {whole(row['n'])}</small>"
    )
