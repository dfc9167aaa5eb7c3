"""A page about how a model was trained: sections as HTML, the same tables as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.html_page import escape, html_page, page_part
from mien.reports.html_table import html_table
from mien.reports.printed_cells import PrintedTable

HIDDEN = ("title", "command", "notes")


@dataclass(frozen=True)
class Part:
    """Hold one section of the page.

    Attributes:
        title: heading.
        figure: HTML of a drawing; empty for none.
        words: what it shows, plain text; empty for none.
        table: its numbers; None for none.
    """

    title: str
    figure: str = ""
    words: str = ""
    table: PrintedTable | None = None


def training_html(
    sentences: Sequence[str], parts: Sequence[Part], summary: Mapping[str, Any], *, kicker: str
) -> str:
    """Return the page.

    Args:
        sentences: what comes first, plain text.
        parts: sections.
        summary: `title`, `command`, `notes` and further facts, which are listed as they are.
        kicker: a line above the heading.
    """
    bodies = [
        (
            escape(part.title),
            part.figure
            + (f'<p class="read">{escape(part.words)}</p>' if part.words else "")
            + (html_table(part.table) if part.table else ""),
        )
        for part in parts
    ]
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(summary))
    made = f"<pre><code>{escape(summary['command'])}</code></pre>"
    bodies.append(("How it was made", f'<dl class="terms">{facts}</dl>{made}'))
    if summary.get("notes"):
        told = "".join(f"<li>{escape(note)}</li>" for note in summary["notes"])
        bodies.append(("What else to know", f"<ul>{told}</ul>"))
    return html_page(
        title=str(summary["title"]),
        kicker=kicker,
        lead="".join(f'<p class="can">{escape(one)}</p>' for one in sentences),
        nav="".join(f'<li><a href="#s{place}">{title}</a>' for place, (title, _) in enumerate(bodies)),
        body="".join(
            f'<section id="s{place}" aria-labelledby="s{place}-h"><h2 id="s{place}-h">{title}</h2>{text}'
            "</section>\n"
            for place, (title, text) in enumerate(bodies)
        ),
        footer="<p>Written by mien. This page is complete in itself: it opens offline and sends nothing "
        "anywhere.</p>",
        style=page_part("evaluation.css"),
    )


def training_markdown(sentences: Sequence[str], parts: Sequence[Part], summary: Mapping[str, Any]) -> str:
    """Return the same without drawings, as GitHub-flavored Markdown; arguments as for `training_html`."""
    found = [f"# {escape_markdown(str(summary['title']))}", *map(escape_markdown, sentences)]
    for part in parts:
        inside = [escape_markdown(part.words)] if part.words else []
        inside += [markdown_table(part.table)] if part.table else []
        found += [f"## {escape_markdown(part.title)}", *inside] if inside else []
    facts = [f"- {escape_markdown(name)}: {escape_markdown(value)}" for name, value in _facts(summary)]
    found += ["## How it was made", "\n".join(facts), f"```bash\n{summary['command']}\n```"]
    if summary.get("notes"):
        notes = [f"- {escape_markdown(note)}" for note in summary["notes"]]
        found += ["## What else to know", "\n".join(notes)]
    return "\n\n".join(found) + "\n"


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), str(value)) for name, value in summary.items() if name not in HIDDEN]
