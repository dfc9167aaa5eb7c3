"""A corpus on one page, as Markdown or as a page for a browser."""

from collections.abc import Iterator

import pandas as pd

from mien.corpora.data_card import DataCard
from mien.reports.code_spans import html_sentence, markdown_sentence
from mien.reports.evaluation_numbers import known
from mien.reports.evaluation_text import markdown_table
from mien.reports.html_page import escape, html_page
from mien.reports.html_table import html_table
from mien.reports.printed_cells import Cell, Notes, PrintedTable, printed

HEADINGS = {
    "class": "Class",
    "segments": "#Segments",
    "card": "#Whole corpus",
    "speakers": "#Speakers",
    "female": "#By women",
    "male": "#By men",
    "duration_s": "#Minutes",
    "sex": "Sex",
    "hours": "#Hours",
    "youngest": "#Youngest",
    "median_age": "#Median age",
    "oldest": "#Oldest",
}
"""Column of a data card's tables → its heading; `#` marks numbers."""


def data_card_markdown(card: DataCard) -> str:
    """Return a data card as GitHub-flavored Markdown; the same card gives the same bytes."""
    parts = [f"# {markdown_sentence(card.title)}"]
    parts += ["\n".join(f"- {name}: {markdown_sentence(text)}" for name, text in card.facts)]
    parts += [f"Made by:\n\n```bash\n{_command(card)}\n```"]
    for title, content in _sections(card):
        drawn = (
            markdown_table(content)
            if isinstance(content, PrintedTable)
            else "\n".join(f"- {markdown_sentence(one)}" for one in content)
        )
        parts.append(f"## {title}\n\n{drawn}")
    return "\n\n".join(parts) + "\n"


def data_card_html(card: DataCard) -> str:
    """Return a data card as one self-contained page."""
    sections = [
        (f"s{number}", title, content) for number, (title, content) in enumerate(_sections(card), start=1)
    ]
    body = "\n".join(
        f'<section id="{key}"><h2>{escape(title)}</h2>'
        f"{html_table(content) if isinstance(content, PrintedTable) else _html_list(content)}</section>"
        for key, title, content in sections
    )
    lead = _html_list(tuple(f"{name}: {text}" for name, text in card.facts))
    return html_page(
        title=card.title,
        kicker=f"Data card of <code>{escape(card.name)}</code>",
        lead=lead,
        nav="".join(f'<li><a href="#{key}">{escape(title)}</a></li>' for key, title, _ in sections),
        body=body,
        footer=f"Made by <code>{escape(_command(card))}</code>",
    )


def _sections(card: DataCard) -> Iterator[tuple[str, PrintedTable | tuple[str, ...]]]:
    """Yield headings with a table or a list, those that have something in them."""
    yield "What may not be concluded", card.limits
    yield "Intended use", card.use
    yield "Traps", card.traps
    minutes = card.classes.assign(duration_s=card.classes["duration_s"] / 60)
    for title, table in (("Classes", minutes), ("People", card.people)):
        if len(table):
            yield title, _table(title, table)
    yield "Measured in the folder", tuple(_sentence(one.area, one.verdict, one.text) for one in card.measured)


def _table(title: str, table: pd.DataFrame) -> PrintedTable:
    shown = table.dropna(axis="columns", how="all")
    rows = [tuple(_cell(value) for value in row) for row in shown.itertuples(index=False)]
    columns = " | ".join(HEADINGS[str(name)] for name in shown)
    return printed(title.lower(), title, columns, rows, Notes())


def _cell(value: object) -> Cell:
    if not known(value):
        return Cell("–")
    return Cell(f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value))


def _sentence(area: str, verdict: str, text: str) -> str:
    mark = f" ({verdict})" if verdict in ("warning", "problem") else ""
    return f"{area}{mark}: {text.rstrip('.')}."


def _command(card: DataCard) -> str:
    return f"mien corpora card {card.name} --root FOLDER"


def _html_list(items: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{html_sentence(one)}</li>' for one in items)}</ul>"
