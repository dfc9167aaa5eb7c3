"""The sections of an evaluation page: what the numbers say, a figure, and the numbers themselves."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from mien.reports.evaluation_figures import (
    SEX_SHAPES,
    DotBlock,
    DotRow,
    Scale,
    confusion_words,
    dot_plot,
    heatmap,
    strip_plot,
)
from mien.reports.evaluation_numbers import is_share, known, nice_range, shown, whole
from mien.reports.evaluation_parts import details, left_out, legend
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.html_page import escape
from mien.reports.html_table import footnotes, html_table, verdict_cell
from mien.reports.plain_words import NO_BREAK, count, listed
from mien.reports.printed_tables import (
    by_corpus,
    gap_table,
    goal_table,
    group_table,
    metric_title,
    overlap_table,
    score_table,
    strip_table,
)

SHOWN_FIRST = (
    "protocol",
    "held_out",
    "n",
    "speakers",
    "corpora",
    "files",
    "seeds",
    "model",
    "licence",
    "sha256",
    "date",
)
LABELS = {
    "cross_fitting": "Fitted apart",
    "held_out": "Held out",
    "n": "Judged",
    "sha256": "SHA-256",
    "seeds": "Seeds",
    "files": "Files",
}
NOT_LISTED = ("title", "command", "items")
OVER_ALL = "all"
"""Name of a corpus that stands for all of them together."""


def score_section(tables: EvaluationTables, most: int) -> str:
    """Return the headline's scores as dots, and all scores in numbers."""
    rows = tables.headline.head(most)
    metric = str(tables.headline["metric"].iloc[0])
    ends = pd.concat([rows[name] for name in ("value", "low", "high", "chance", "floor")])
    scale = Scale(0.0, 1.0, metric) if is_share(metric) else _scale(ends, metric)
    dots = [
        DotRow(
            str(row["corpus"]),
            f"{whole(row['n'])} {tables.items} · {whole(row['speakers'])} speakers",
            *(row[name] for name in ("value", "low", "high", "chance", "floor", "note")),
        )
        for row in rows.to_dict("records")
    ]
    floor = str(tables.summary.get("floor") or "a simple reference")
    keys = [("spotted", metric_title(tables, metric)), ("reached", f"95{NO_BREAK}% interval, by speaker")]
    keys += [("guessed", "what guessing gives")] if rows["chance"].notna().any() else []
    keys += [("marked", f"floor: {floor}")] if rows["floor"].notna().any() else []
    figure = f"<figure>{dot_plot([DotBlock('', dots)], scale)}{legend(keys)}</figure>"
    figure += left_out(len(tables.headline), len(rows))
    return f"{figure}{details(score_table(tables), opened=True)}"


def goal_section(tables: EvaluationTables, most: int) -> str:
    """Return each goal with its corpora below it, met or missed."""
    table = goal_table(tables)
    if not table.rows:
        return ""
    bodies: dict[tuple[str, str, str], str] = {}
    for identity, what, corpus, value, goal, result in table.rows:
        key = (identity.text, what.text, goal.text)
        row = f'<tr><th scope="row">{escape(corpus.text)}<td class="n">{escape(value.text)}'
        bodies[key] = bodies.get(key, "") + row + verdict_cell(result, "goals") + "</tr>"
    drawn = "".join(
        f'<tbody><tr><th scope="rowgroup" colspan="3"><b>{escape(identity)}</b>{escape(what)}'
        f"<small>{escape(_goal_words(goal))}</small></tr>{rows}</tbody>\n"
        for (identity, what, goal), rows in bodies.items()
    )
    return (
        '<div class="scroll" role="region" tabindex="0" aria-label="Goals"><table class="goals">'
        '<caption class="hidden">Goals, and whether they are met in each corpus</caption><thead><tr>'
        '<th scope="col">Goal and corpus<th scope="col" class="n">Value [95 %]'
        f'<th scope="col" class="verdict">Result</tr></thead>{drawn}</table></div>'
        + footnotes(table.notes, "goals")
    )


def _goal_words(goal: str) -> str:
    return f"goal {goal}" if goal and goal[0] in "<>≤≥=" else goal


def confusion_section(tables: EvaluationTables, most: int) -> str:
    """Return one heat map per corpus."""
    parts = list(by_corpus(tables.confusion))
    if not parts:
        return ""
    panels = "".join(
        f"<figure><h3>{escape(name)}</h3>{heatmap(part, name)}"
        f"<figcaption>{escape(confusion_words(part))}</figcaption></figure>"
        for name, part in parts[:most]
    )
    told = (
        '<p class="read note">Rows: the true category. Columns: what the model said, in percent of the row. '
        "The diagonal is recognized. Point at a cell for its counts.</p>"
    )
    return f'{told}<div class="panels">{panels}</div>{left_out(len(parts), most)}'


def group_section(tables: EvaluationTables, most: int) -> str:
    """Return each attribute's groups as dots with the gap in words; single speakers are left to theirs."""
    rows = tables.groups[~tables.groups["attribute"].astype(str).str.contains("speaker")]
    if not len(rows):
        return ""
    metric = str(rows["metric"].iloc[0])
    rows = rows[rows["metric"] == metric]
    scale = _scale(pd.concat([rows["low"], rows["high"], rows["value"]]), metric)
    drawn = "".join(
        _attribute_figure(tables, str(attribute), part, scale=scale, most=most)
        for attribute, part in rows.groupby("attribute", sort=False)
    )
    keys = [("spotted", metric_title(tables, metric)), ("reached", f"95{NO_BREAK}% interval, by speaker")]
    keys += [("marked", "the whole corpus")]
    return (
        f"<p>{escape(_smallest(rows, tables.items))}</p>{legend(keys)}{drawn}"
        f"{details(gap_table(tables))}{details(group_table(tables))}"
    )


def _attribute_figure(
    tables: EvaluationTables, attribute: str, rows: pd.DataFrame, *, scale: Scale, most: int
) -> str:
    heading = f"<h3>{escape(attribute[:1].upper() + attribute[1:])}</h3>"
    if not rows["value"].notna().any():
        reasons = listed(sorted({str(note) for note in rows["note"]}))
        return f'{heading}<p class="note">Not judged in any corpus: {escape(reasons)}.</p>'
    whole_corpus = dict(zip(tables.headline["corpus"], tables.headline["value"], strict=True))
    if str(tables.headline["metric"].iloc[0]) != scale.metric:
        whole_corpus = {}
    parts = list(by_corpus(rows))
    blocks = [
        DotBlock(
            "All corpora together" if corpus == OVER_ALL else corpus,
            [_group_row(row, tables.items, whole_corpus.get(corpus)) for row in part.to_dict("records")],
            _gap_words(tables.gaps, corpus, attribute),
        )
        for corpus, part in parts[:most]
    ]
    return f"{heading}<figure>{dot_plot(blocks, scale)}</figure>{left_out(len(parts), most)}"


def _group_row(row: Mapping[Hashable, Any], items: str, whole_corpus: float | None) -> DotRow:
    return DotRow(
        str(row["group"]),
        f"{count(int(row['speakers']), 'speaker')} · {whole(row['n'])} {items}",
        *(row[name] for name in ("value", "low", "high")),
        mark=whole_corpus,
        note=str(row["note"] or ""),
    )


def _gap_words(gaps: pd.DataFrame, corpus: str, attribute: str) -> str:
    """Return what the gap of one attribute means, or an empty string."""
    found = gaps[(gaps["corpus"] == corpus) & (gaps["attribute"] == attribute)].to_dict("records")
    if not found:
        return ""
    row = found[0]
    if not known(row["gap"]):
        return f"No gap: {row['note']}."
    metric = str(row["metric"])
    gap, low, high = (shown(row[name], metric) for name in ("gap", "low", "high"))
    unit = " points" if is_share(metric) else ""
    chance = ""
    if known(row.get("by_chance")):
        chance = f"; without any gap, {shown(row['by_chance'], metric)}{unit} would be usual"
    verdict = (
        f"The interval excludes 0: here it does worse for “{row['worst']}”."
        if known(row["low"]) and row["low"] > 0
        else "The interval includes 0: these data show neither a gap nor that there is none."
    )
    note = f" {str(row['note'])[0].upper()}{str(row['note'])[1:]}." if row["note"] else ""
    return (
        f"Largest gap: {gap}{unit} between “{row['best']}” and “{row['worst']}” (95{NO_BREAK}% interval "
        f"{low} to {high}){chance}. {verdict}{note}"
    )


def _smallest(rows: pd.DataFrame, items: str) -> str:
    judged, others = rows[rows["value"].notna()], rows[rows["value"].isna()]
    if not len(judged):
        return "No group is large enough to be judged."
    least = judged.sort_values(["speakers", "n"], kind="stable").iloc[0]
    said = (
        f"The smallest group that is judged is {least['group']} in {least['corpus']}: "
        f"{count(int(least['speakers']), 'speaker')}, {whole(least['n'])} {items}."
    )
    if len(others):
        said += (
            f" {count(len(others), 'group')} {'is' if len(others) == 1 else 'are'} listed without a number."
        )
    return said


def speaker_section(tables: EvaluationTables, most: int) -> str:
    """Return every speaker as a mark, corpus by corpus."""
    parts = [(name, part) for name, part in by_corpus(tables.strip) if part["value"].notna().any()]
    if not parts:
        return ""
    metric = str(tables.headline["metric"].iloc[0])
    scale = _scale(tables.strip["value"], metric)
    means = dict(zip(tables.headline["corpus"], tables.headline["value"], strict=True))
    panels = "".join(
        f"<figure><h3>{escape(name)}</h3>{strip_plot(part, scale, means.get(name))}"
        f"<figcaption>{escape(_strip_words(part, metric))}</figcaption></figure>"
        for name, part in parts[:most]
    )
    sexes = [str(name) for name in tables.strip["sex"].dropna().unique()]
    keys = [(shape, sex) for sex, shape in SEX_SHAPES.items() if sex in sexes]
    keys += [("diamond", "other or not stated")] if set(sexes) - set(SEX_SHAPES) else []
    title = metric_title(tables, metric)
    title = escape(title[0].upper() + title[1:])
    told = f'<p class="read note">{title} of each speaker, lowest first. Dashed: the corpus.</p>'
    drawn = f'{told}{legend(keys)}<div class="panels">{panels}</div>{left_out(len(parts), most)}'
    return drawn + details(strip_table(tables))


def _strip_words(part: pd.DataFrame, metric: str) -> str:
    rows = part[part["value"].notna()].sort_values("value", kind="stable")
    low, high = rows.iloc[0], rows.iloc[-1]
    lost = len(part) - len(rows)
    without = f" {count(lost, 'speaker')} without a number." if lost else ""
    return (
        f"{count(len(rows), 'speaker')}, from {low['speaker']} ({shown(low['value'], metric)}) to "
        f"{high['speaker']} ({shown(high['value'], metric)}).{without}"
    )


def overlap_section(tables: EvaluationTables, most: int) -> str:
    """Return what training and test have in common."""
    table = overlap_table(tables)
    return html_table(table) if table.rows else ""


def protocol_section(tables: EvaluationTables, most: int) -> str:
    """Return how the numbers were made, and the command that makes them again."""
    summary = tables.summary
    keys = [key for key in SHOWN_FIRST if key in summary]
    keys += [key for key in summary if key not in (*keys, *NOT_LISTED)]
    labels = {key: LABELS.get(key, key.replace("_", " ").capitalize()) for key in keys}
    facts = "".join(
        f"<div><dt>{escape(labels[key])}</dt><dd>{escape(_fact(tables, key))}</dd></div>" for key in keys
    )
    return (
        f'<dl class="facts">{facts}</dl><h3>Do it again</h3><pre tabindex="0" aria-label="Command">'
        f"{escape(summary['command'])}</pre>"
    )


def _fact(tables: EvaluationTables, key: str) -> str:
    value: Any = tables.summary[key]
    if key == "n":
        return f"{int(value):,} {tables.items}"
    if isinstance(value, list | tuple):
        return listed([str(one) for one in value])
    return str(value)


def _scale(values: "pd.Series[Any]", metric: str) -> Scale:
    return Scale(*nice_range(values.astype(float), step=0.2 if is_share(metric) else 0.1), metric)
