"""An evaluation as LaTeX tables that a paper can take over."""

import re
import textwrap

from mien.reports.evaluation_doubt_tables import doubt_tables
from mien.reports.evaluation_numbers import MINUS
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.plain_words import NO_BREAK
from mien.reports.printed_cells import Cell, PrintedTable
from mien.reports.printed_tables import gap_table, goal_table, group_table, score_table

SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    MINUS: r"$-$",
    "–": "--",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "“": "``",
    "”": "''",
    "’": "'",
    "…": r"\ldots{}",
    NO_BREAK: "~",
}
"""What must not stand in LaTeX as it is; other letters pass, as LaTeX reads UTF-8."""
HEAD = "% Tables of an evaluation, written by mien; the preamble needs \\usepackage{booktabs}.\n"
HEADED_BY = {"scores": (1,), "goals": (0, 1, 4), "groups": (1,), "gaps": (1,)}
"""Table → columns whose values stand above their rows, so that tables fit a page; of others, the first."""
TITLES = {"scores": "Scores", "goals": "Goals", "groups": "Scores by group", "gaps": "Largest gaps by group"}
BRACKETS = "Square brackets: 95 % intervals"
INTERVALS = {
    "scores": f"{BRACKETS} from resampling whole speakers, or single items where said.",
    "goals": f"{BRACKETS}.",
    "gaps": f"{BRACKETS}, simultaneous over all pairs of groups, from resampling whole speakers.",
    "calibrators": "",
}
"""Table → what its brackets hold; of others, intervals from resampling whole speakers."""
WIDEST_HEADING = 20
"""Letters of a column's heading per line."""


def evaluation_latex(tables: EvaluationTables) -> str:
    """Return scores, goals, groups, gaps and what doubt is worth as booktabs tables with captions.

    Values carry their interval, as in 71.2 [67.2, 75.6]; captions name protocol, size and kind of interval.
    Of groups, error rates are left to the other formats.

    Args:
        tables: what to show.
    """
    groups = group_table(tables, without=("error_rate",))
    whole = [score_table(tables), goal_table(tables), groups, gap_table(tables), *doubt_tables(tables)]
    return HEAD + "".join(f"\n{latex_table(table, tables)}" for table in whole if table.rows)


def escape_latex(text: str) -> str:
    r"""Return text that LaTeX sets as it is.

    Example:
        >>> escape_latex("50 % of ravdess_speech")
        '50 \\% of ravdess\\_speech'
    """
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def latex_table(table: PrintedTable, tables: EvaluationTables) -> str:
    """Return one table as a float."""
    above = HEADED_BY.get(table.key, (0,))
    kept = [place for place in range(len(table.columns)) if place not in above]
    columns = "".join("r" if table.numeric[place] else "l" for place in kept)
    head = " & ".join(_heading(table.columns[place], numeric=table.numeric[place]) for place in kept)
    notes = "".join(
        f"  \\par\\smallskip{{\\footnotesize\\textsuperscript{{{number}}} {escape_latex(note)}\\par}}\n"
        for number, note in enumerate(table.notes, start=1)
    )
    return (
        "\\begin{table}[t]\n  \\centering\\small\n"
        f"  \\caption{{{_caption(table, tables)}}}\n  \\label{{tab:{_slug(tables)}-{table.key}}}\n"
        f"  \\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n    \\toprule\n    {head} \\\\\n    \\midrule\n"
        f"{_rows(table, above, kept)}    \\bottomrule\n  \\end{{tabular}}\n{notes}\\end{{table}}\n"
    )


def _heading(title: str, *, numeric: bool) -> str:
    """Return a column's heading, on several lines where it is long."""
    lines = [escape_latex(line) for line in textwrap.wrap(title, WIDEST_HEADING)]
    if len(lines) < 2:
        return "".join(lines)
    stacked = " \\\\ ".join(lines)
    side = "r" if numeric else "l"
    return f"\\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{stacked}\\end{{tabular}}"


def _shared(cells: list[str]) -> str:
    """Return what rows share as one heading: two names, and a goal in brackets."""
    goal = f" ({cells[2]})" if len(cells) > 2 and cells[2] else ""
    return " ".join(cells[:2]) + goal


def _rows(table: PrintedTable, above: tuple[int, ...], kept: list[int]) -> str:
    """Return the body: a heading over the rows that share it, a repeated first column set once."""
    lines, heading, first = [], "", ""
    ordered = [_shared([_cell(row[place]) for place in above]) for row in table.rows]
    for name in dict.fromkeys(ordered):
        lines.append("    \\addlinespace\n" if heading else "")
        lines.append(f"    \\multicolumn{{{len(kept)}}}{{@{{}}l}}{{\\textit{{{name}}}}} \\\\\n")
        heading, first = name, ""
        for row in (row for row, own in zip(table.rows, ordered, strict=True) if own == name):
            cells = [_cell(row[place]) for place in kept]
            again, first = cells[0] == first, cells[0]
            # after the end of a row, LaTeX takes a bracket or an asterisk for an option
            guard = "{}" if first.startswith(("[", "*")) else ""
            lines.append(f"    {' & '.join(['' if again else guard + first, *cells[1:]])} \\\\\n")
    return "".join(lines)


def _cell(cell: Cell) -> str:
    return escape_latex(cell.text) + (f"\\textsuperscript{{{cell.note}}}" if cell.note else "")


def _caption(table: PrintedTable, tables: EvaluationTables) -> str:
    summary = tables.summary
    held_out = f"; held out: {summary['held_out']}" if summary.get("held_out") else ""
    told = (
        f"{TITLES.get(table.key, table.title)} of {summary['model']}. Protocol: {summary['protocol']}"
        f"{held_out}. {int(summary['n']):,} {tables.items}, {int(summary['speakers']):,} speakers."
    )
    brackets = INTERVALS.get(table.key, f"{BRACKETS} from resampling whole speakers.")
    return escape_latex(" ".join(part for part in (told, brackets, table.reading) if part))


def _slug(tables: EvaluationTables) -> str:
    return re.sub(r"[^a-z0-9]+", "-", str(tables.summary["model"]).lower()).strip("-") or "model"
