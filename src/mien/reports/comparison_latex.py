"""A comparison as a LaTeX table that a paper can take over."""

import re

from mien.reports.comparison_printed import OPTIMISTIC, SEEDS, comparison_table
from mien.reports.comparison_tables import ComparisonTables
from mien.reports.comparison_words import method_words, systems_words
from mien.reports.evaluation_latex import HEAD, escape_latex
from mien.reports.printed_cells import Cell

ABOVE = 4
"""Columns whose values stand above the rows that share them: corpus, measure, items, speakers."""
HEADINGS = {
    "Score [95 %]": "Score",
    "Difference [95 %]": "Difference",
    SEEDS: "By speaker and seed",
    "p": r"$p$",
    "p corrected": r"$p$ corr.",
}


def comparison_latex(tables: ComparisonTables) -> str:
    """Return one booktabs table: each corpus and score with the reference and the others below it.

    Its caption says how the systems were compared. P-values by item are left to the other formats.

    Args:
        tables: what to show.
    """
    table = comparison_table(tables)
    kept = [place for place, name in enumerate(table.columns) if place >= ABOVE and name != OPTIMISTIC]
    letters = "".join("r" if table.numeric[place] else "l" for place in kept)
    head = " & ".join(
        HEADINGS.get(table.columns[place], escape_latex(table.columns[place])) for place in kept
    )
    lines, heading = [], ""
    for row in table.rows:
        above = _heading(row, tables)
        if above != heading:
            lines += ["    \\addlinespace\n"] if heading else []
            lines.append(f"    \\multicolumn{{{len(kept)}}}{{@{{}}l}}{{\\textit{{{above}}}}} \\\\\n")
        heading = above
        lines.append(f"    {' & '.join(_cell(row[place]) for place in kept)} \\\\\n")
    notes = "".join(
        f"  \\par\\smallskip{{\\footnotesize\\textsuperscript{{{number}}} {escape_latex(note)}\\par}}\n"
        for number, note in enumerate(table.notes, start=1)
    )
    return (
        f"{HEAD}\n\\begin{{table}}[t]\n  \\centering\\small\n"
        f"  \\caption{{{_escaped(_caption(tables))}}}\n  \\label{{tab:comparison-{_slug(tables)}}}\n"
        f"  \\begin{{tabular}}{{@{{}}{letters}@{{}}}}\n    \\toprule\n    {head} \\\\\n    \\midrule\n"
        f"{''.join(lines)}    \\bottomrule\n  \\end{{tabular}}\n{notes}\\end{{table}}\n"
    )


def _heading(row: tuple[Cell, ...], tables: ComparisonTables) -> str:
    corpus, score, size, speakers = (escape_latex(cell.text) for cell in row[:ABOVE])
    people = f", {speakers} speakers" if speakers != "--" else ""
    return f"{corpus}: {score}, {size} {escape_latex(tables.items)}{people}"


def _cell(cell: Cell) -> str:
    # after the end of a row, LaTeX takes a bracket or an asterisk for an option
    guard = "{}" if cell.text.startswith(("[", "*")) else ""
    return guard + _escaped(cell.text) + (f"\\textsuperscript{{{cell.note}}}" if cell.note else "")


def _escaped(text: str) -> str:
    return escape_latex(text).replace("±", r"$\pm$")


def _caption(tables: ComparisonTables) -> str:
    protocol = f" Protocol: {tables.summary['protocol']}." if tables.summary.get("protocol") else ""
    return (
        f"Comparison of {systems_words(tables)}.{protocol} "
        f"{method_words(tables)} Detectable: the true difference that one test at 5 % would find in about "
        "four of five such studies."
    )


def _slug(tables: ComparisonTables) -> str:
    return re.sub(r"[^a-z0-9]+", "-", str(tables.summary["reference"]).lower()).strip("-") or "systems"
