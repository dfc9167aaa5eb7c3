"""A study as Markdown: verdicts, the paper's table, everything else, and how it was made."""

from mien.reports.code_spans import markdown_sentence
from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.study_method import facts
from mien.reports.study_printed import PaperCell, PaperTable, other_columns, other_table, paper_tables
from mien.reports.study_ranks import rank_table
from mien.reports.study_tables import StudyTables
from mien.reports.study_words import LIMITS, verdicts


def study_markdown(tables: StudyTables) -> str:
    """Return the study as GitHub-flavored Markdown; the same tables give the same bytes.

    Args:
        tables: what to show.
    """
    summary = tables.summary
    parts = [f"# {escape_markdown(str(summary['title']))}"]
    for block, said in verdicts(tables):
        parts.append(f"**{escape_markdown(block.corpus)}.** {' '.join(escape_markdown(one) for one in said)}")
    papers = paper_tables(tables)
    for place, paper in enumerate(papers):
        title = "Scores" if len(papers) == 1 else f"Scores: {escape_markdown(paper.title)}"
        parts += [f"## {title}", _paper(paper, f"scores-{place + 1}")]
    if ranks := rank_table(summary):
        parts += [f"## {ranks.title}", markdown_table(ranks), escape_markdown(ranks.reading)]
    if other_columns(tables):
        parts += ["## Everything else", markdown_table(other_table(tables))]
    if summary.get("methods"):
        parts += ["## Methods", markdown_sentence(str(summary["methods"]))]
    parts += ["## How it was made", f"```bash\n{str(summary['command']).strip()}\n```"]
    parts.append(
        "\n".join(f"- {escape_markdown(name)}: {escape_markdown(told)}" for name, told in facts(tables))
    )
    if tables.notes:
        parts += ["## Notes", "\n".join(f"- {escape_markdown(note)}" for note in tables.notes)]
    parts += ["## What may not be concluded", "\n".join(f"- {escape_markdown(one)}" for one in LIMITS)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _paper(paper: PaperTable, key: str) -> str:
    heads = [f"{escape_markdown(name)}<br>{escape_markdown(size)}" for name, size in paper.corpora]
    lines = [_line(["System", *heads]), f"|---|{'---:|' * len(heads)}"]
    for system, sign, is_reference, cells in paper.rows:
        name = f"{escape_markdown(system)}{sign}{' (reference)' if is_reference else ''}"
        lines.append(_line([name, *(_cell(one, key) for one in cells)]))
    notes = "\n".join(
        f"[^{key}-{number}]: {markdown_sentence(note)}" for number, note in enumerate(paper.notes, start=1)
    )
    table = "\n".join(lines)
    return "\n\n".join(one for one in (escape_markdown(paper.caption), table, notes) if one)


def _cell(cell: PaperCell, key: str) -> str:
    value = f"**{cell.value}**" if cell.best else cell.value
    note = f"[^{key}-{cell.note}]" if cell.note else ""
    return f"{value}{escape_markdown(cell.stars)} {escape_markdown(cell.interval)}".strip() + note


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
