"""An evaluation as Markdown: the same tables, for repositories and reviews."""

import re

from mien.reports.evaluation_guide import not_to_conclude
from mien.reports.evaluation_headline import headline
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.plain_words import NO_BREAK
from mien.reports.printed_cells import Cell, PrintedTable
from mien.reports.printed_tables import printed_tables

FOLDED = ("reliability", "risk", "strip")
"""Long tables, shown on demand."""
FACTS = (
    *("protocol", "held_out", "n", "speakers", "corpora", "cross_fitting", "files", "seeds"),
    *("licence", "sha256", "date"),
)
NAMED = {"cross_fitting": "fitted apart"}
MARKS = {"met": "✓ ", "ok": "✓ ", "missed": "✗ ", "fail": "✗ ", "warning": "⚠ "}


def evaluation_markdown(tables: EvaluationTables) -> str:
    """Return the report as GitHub-flavored Markdown; the same tables give the same bytes.

    Args:
        tables: what to show.
    """
    summary = tables.summary
    can, cannot = (escape_markdown(sentence) for sentence in headline(tables))
    named = {key: NAMED.get(key, key.replace("_", " ")) for key in FACTS if key in summary}
    facts = [f"- {name}: {_fact(summary[key])}" for key, name in named.items()]
    parts = [f"# {escape_markdown(str(summary['title']))}", can, cannot, "\n".join(facts)]
    parts += [f"Made by:\n\n```bash\n{str(summary['command']).strip()}\n```"]
    for table in printed_tables(tables):
        parts.append(_section(table))
    parts.append("## What may not be concluded")
    parts.append("\n".join(f"- {escape_markdown(one)}" for one in not_to_conclude(tables)))
    if tables.notes:
        parts += ["## Notes", "\n".join(f"- {escape_markdown(note)}" for note in tables.notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape_markdown(text: str) -> str:
    r"""Return text that Markdown shows as it is, on one line; intervals stay readable.

    Example:
        >>> escape_markdown("a|b <i> *c* [d](e) [67.2, 75.6] ravdess_speech")
        'a\\|b &lt;i> \\*c\\* \\[d]\\(e) [67.2, 75.6] ravdess_speech'
    """
    plain = " ".join(text.replace(NO_BREAK, " ").split()).replace("&", "&amp;").replace("<", "&lt;")
    plain = re.sub(r"([\\|*`~]|\[(?![\d.−–])|(?<=\])\()", r"\\\1", plain)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", plain)


def _section(table: PrintedTable) -> str:
    text = markdown_table(table)
    if table.key in FOLDED:
        text = f"<details><summary>{len(table.rows)} rows</summary>\n\n{text}\n\n</details>"
    reading = f"{escape_markdown(table.reading)}\n\n" if table.reading else ""
    return f"## {escape_markdown(table.title)}\n\n{reading}{text}"


def markdown_table(table: PrintedTable) -> str:
    """Return one table with its footnotes."""
    head = _line([escape_markdown(title) for title in table.columns])
    rule = "|" + "|".join("---:" if numeric else "---" for numeric in table.numeric) + "|"
    rows = [_line([_cell(cell, table.key) for cell in row]) for row in table.rows]
    text = "\n".join([head, rule, *rows])
    notes = "\n".join(
        f"[^{_slug(table.key)}-{number}]: {escape_markdown(note)}"
        for number, note in enumerate(table.notes, start=1)
    )
    return f"{text}\n\n{notes}" if notes else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, key: str) -> str:
    note = f"[^{_slug(key)}-{cell.note}]" if cell.note else ""
    return f"{MARKS.get(cell.mark, '')}{escape_markdown(cell.text)}{note}"


def _slug(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def _fact(value: object) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    return escape_markdown(", ".join(str(one) for one in items))
