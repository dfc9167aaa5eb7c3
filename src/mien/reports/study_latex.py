"""A study as LaTeX tables that a paper can take over."""

import re
import textwrap
from collections.abc import Sequence

from mien.reports.evaluation_latex import HEAD, escape_latex
from mien.reports.html_page import shortened
from mien.reports.plain_words import NO_BREAK
from mien.reports.printed_cells import Cell, PrintedTable
from mien.reports.study_blocks import blocks, condition_signs
from mien.reports.study_columns import COST, DIFFERENCE, DOUBT, GROUPS, ROBUSTNESS, SCORE
from mien.reports.study_printed import (
    PaperCell,
    PaperRow,
    PaperTable,
    condition_words,
    other_columns,
    other_table,
    paper_tables,
)
from mien.reports.study_tables import StudyTables
from mien.reports.study_words import protocol_sentences

MOST_CORPORA = 4
"""Corpora side by side; of more, the others follow in further tables."""
LONG_NAME = 18
"""Letters of a system's name that fit a line."""
FURTHER = {"\N{DAGGER}": r"\dag", "\N{DOUBLE DAGGER}": r"\ddag", "§": r"\S", "¶": r"\P", "±": r"$\pm$"}
TABLES = {
    "tests": (
        "Seeds and tests",
        (SCORE, DIFFERENCE),
        "Differences: the system less the reference on the same segments, with 95 % intervals over speakers.",
    ),
    "doubt": (
        "Doubt",
        (DOUBT,),
        "U1: distance between confidence and truth. U2, U3: area under the curve by which doubt finds own "
        "errors and sounds that are no speech. U4: recall gained by leaving out the most doubted fifth.",
    ),
    "groups": (
        "Groups of people, and degraded speech",
        (GROUPS, ROBUSTNESS),
        "Largest gap between two groups of people; recall of the tenth of speakers served worst; share of "
        "the clean score kept on degraded speech, and the score under the worst degradation.",
    ),
    "cost": ("Cost", (COST,), "Core seconds: learning and answering, without columns computed beforehand."),
}
"""Table → its title, the groups of its columns, so that each fits a page, and what they mean."""
ELSEWHERE = ("seeds", "folds", "chosen")
"""Columns that a caption tells, or that are too wide for a page."""
MOST_COLUMNS = 5
"""Columns side by side; of more, the others follow in a further table."""
WIDEST_HEADING = 12
"""Letters of a column's heading per line."""


def study_latex(tables: StudyTables) -> str:
    """Return the paper's table, systems by corpora, then what else was measured, as booktabs floats.

    Scores stand over their intervals; the caption names protocol, intervals and tests.

    Args:
        tables: what to show.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", str(tables.summary["title"]).lower()).strip("-")[:40] or "study"
    floats = [one for paper in paper_tables(tables) for one in _papers(paper, slug)]
    floats += [one for name in TABLES for one in _others(name, tables, slug)]
    return HEAD + "".join(f"\n{one}" for one in floats)


def _papers(paper: PaperTable, slug: str) -> list[str]:
    """Return one float, or several where there are many corpora."""
    wrapped = _wrapped([f"{system}{sign}" for system, sign, *_ in paper.rows])
    found = []
    for first in range(0, len(paper.corpora), MOST_CORPORA):
        part = slice(first, first + MOST_CORPORA)
        corpora = paper.corpora[part]
        names = " & ".join(_text(shortened(name, LONG_NAME)) for name, _ in corpora)
        sizes = " & ".join(_stacked(size.split(", "), "c") for _, size in corpora)
        caption = ("(Continued.) " if first else "") + paper.caption
        label = f"{slug}-{paper.key}{_part(first // MOST_CORPORA)}"
        letters = _letters(wrapped, "c" * len(corpora))
        head = f"System & {names} \\\\\n     & {sizes}"
        lines = "".join(_system(one, part, wrapped=wrapped) for one in paper.rows)
        found.append(_float(caption, label, letters, head=head, lines=lines, notes=paper.notes))
    return found


def _part(place: int) -> str:
    """Return what the label of a further table ends with."""
    return f"-{place + 1}" if place else ""


def _system(row: PaperRow, part: slice, *, wrapped: bool) -> str:
    """Return a row whose cells have the score above its interval."""
    name = f"{_guard(row.system)}{_name(f'{row.system}{row.sign}', wrapped=wrapped)}"
    name += " {\\footnotesize (reference)}" if row.is_reference else ""
    cells = " & ".join(
        f"\\begin{{tabular}}[t]{{@{{}}c@{{}}}}{_score(one)} \\\\ "
        f"{{\\footnotesize {_text(one.interval)}}}\\end{{tabular}}"
        for one in row.cells[part]
    )
    return f"    {name} & {cells} \\\\ \\addlinespace[3pt]\n"


def _score(cell: PaperCell) -> str:
    value = f"\\textbf{{{_text(cell.value)}}}" if cell.best else _text(cell.value)
    stars = f"\\rlap{{$^{{{cell.stars}}}$}}" if cell.stars else ""
    note = f"\\textsuperscript{{{cell.note}}}" if cell.note else ""
    return f"{value}{stars}{note}"


def _others(key: str, tables: StudyTables, slug: str) -> list[str]:
    """Return what was measured besides scores, in as many floats as its columns need."""
    groups = TABLES[key][1]
    columns = other_columns(tables, groups)
    kept = [place for place, one in enumerate(columns, start=2) if one.name not in ELSEWHERE]
    table = other_table(tables, groups, key=key, filled=True)
    if not table.rows:
        return []
    parts = [kept[first : first + MOST_COLUMNS] for first in range(0, len(kept), MOST_COLUMNS)]
    return [
        _other(table, part, tables, label=f"{slug}-{key}{_part(place)}") for place, part in enumerate(parts)
    ]


def _other(table: PrintedTable, kept: Sequence[int], tables: StudyTables, *, label: str) -> str:
    """Return some columns of a table as a float, corpus by corpus."""
    sizes = {block.corpus: block.sizes for block in blocks(tables)}
    wrapped = _wrapped([row[1].text for row in table.rows])
    head = " & ".join(["System", *(_heading(table.columns[place]) for place in kept)])
    lines, above = "", None
    for row in table.rows:
        if row[0].text != above:
            lines += "    \\addlinespace\n" if above is not None else ""
            told = _text(f"{shortened(row[0].text, 40)} ({sizes[row[0].text]})")
            lines += f"    \\multicolumn{{{len(kept) + 1}}}{{@{{}}l}}{{\\textit{{{told}}}}} \\\\\n"
        above = row[0].text
        cells = [_named(row[1], wrapped=wrapped), *(_text(row[place].text) for place in kept)]
        lines += f"    {' & '.join(cells)} \\\\\n"
    caption = _caption(table.key, tables)
    return _float(
        caption, label, _letters(wrapped, "r" * len(kept)), head=head, lines=lines, notes=table.notes
    )


def _caption(key: str, tables: StudyTables) -> str:
    title, _, meaning = TABLES[key]
    cpu = f"Processor: {tables.summary['cpu']}." if key == "cost" and tables.summary.get("cpu") else ""
    protocol = f"Protocol: {'; '.join(protocol_sentences(tables.summary))}."
    signs = condition_words(condition_signs(tables))
    return " ".join(one for one in (f"{title}.", meaning, cpu, protocol, signs) if one)


def _float(caption: str, label: str, letters: str, *, head: str, lines: str, notes: Sequence[str]) -> str:
    """Return a table with caption, label and footnotes."""
    told = "".join(
        f"  \\par\\smallskip{{\\footnotesize\\textsuperscript{{{number}}} {_sentence(note)}\\par}}\n"
        for number, note in enumerate(notes, start=1)
    )
    return (
        "\\begin{table}[t]\n  \\centering\\small\\setlength{\\tabcolsep}{3pt}\n"
        f"  \\caption{{{_text(caption)}}}\n  \\label{{tab:{label}}}\\par\\smallskip\n"
        f"  \\begin{{tabular}}{{@{{}}{letters}@{{}}}}\n    \\toprule\n    {head} \\\\\n    \\midrule\n"
        f"{lines}    \\bottomrule\n  \\end{{tabular}}\n{told}\\end{{table}}\n"
    )


def _wrapped(names: Sequence[str]) -> bool:
    """Return whether the first column is to be wrapped, because a name is long."""
    return max(map(len, names), default=0) > LONG_NAME


def _letters(wrapped: bool, others: str) -> str:
    return ("p{0.24\\linewidth}" if wrapped else "l") + others


def _named(cell: Cell, *, wrapped: bool) -> str:
    note = f"\\textsuperscript{{{cell.note}}}" if cell.note else ""
    return f"{_guard(cell.text)}{_name(cell.text, wrapped=wrapped)}{note}"


def _guard(text: str) -> str:
    """Return what keeps a bracket or asterisk from being an option of the row before."""
    return "{}" if text.startswith(("[", "*")) else ""


def _name(text: str, *, wrapped: bool) -> str:
    """Return a system's name; in a wrapped column it may break after signs, and in long words anywhere."""
    if not wrapped:
        return _text(text)
    parts = re.findall(r"[^+,(/_\s-]*[+,(/_\s-]?", text)
    pieces = [_text(piece) for part in parts for piece in textwrap.wrap(part, 14)]
    return "\\raggedright " + "\\allowbreak{}".join(pieces)


def _heading(title: str) -> str:
    """Return a column's heading, on several lines where it is long."""
    unbroken = title.replace(" %", f"{NO_BREAK}%")
    return _stacked(textwrap.wrap(unbroken, WIDEST_HEADING), "r")


def _stacked(lines: Sequence[str], side: str) -> str:
    """Return lines one above the other in one cell."""
    told = " \\\\ ".join(f"{_guard(line)}{_text(line)}" for line in lines)
    small = "\\footnotesize" if side == "c" else ""
    return f"{small}\\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{told}\\end{{tabular}}"


def _text(text: str) -> str:
    escaped = escape_latex(text)
    for letter, command in FURTHER.items():
        escaped = escaped.replace(letter, f"{command}{{}}" if command.startswith("\\") else command)
    return escaped


def _sentence(text: str) -> str:
    """Return a sentence, what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _text(text)
    return "".join(
        f"\\texttt{{{_text(one)}}}" if place % 2 else _text(one) for place, one in enumerate(parts)
    )
