"""The report of an evaluation: one self-contained page, with Markdown and LaTeX of the same numbers."""

from collections.abc import Callable
from pathlib import Path

from mien.core.files import write_texts
from mien.reports.evaluation_doubt import doubt_section
from mien.reports.evaluation_guide import guide_terms, not_to_conclude
from mien.reports.evaluation_headline import headline
from mien.reports.evaluation_latex import evaluation_latex
from mien.reports.evaluation_sections import (
    confusion_section,
    goal_section,
    group_section,
    overlap_section,
    protocol_section,
    score_section,
    speaker_section,
)
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.evaluation_text import evaluation_markdown
from mien.reports.html_page import escape, html_page, page_part

MOST_BYTES = 400_000
"""Largest page."""

SECTIONS: tuple[tuple[str, str, Callable[[EvaluationTables, int], str]], ...] = (
    ("scores", "Scores", score_section),
    ("goals", "Goals", goal_section),
    ("confusions", "Confusions", confusion_section),
    ("doubt", "Doubt", doubt_section),
    ("groups", "Groups", group_section),
    ("speakers", "Speakers", speaker_section),
    ("overlap", "Overlap", overlap_section),
    ("protocol", "Protocol", protocol_section),
)


def write_evaluation(folder: Path | str, tables: EvaluationTables, *, name: str = "evaluation") -> list[Path]:
    """Write the report as a page, as Markdown and as LaTeX tables, all from the same numbers.

    Args:
        folder: where to write; it must exist.
        tables: what to show.
        name: of the files, without suffix.

    Returns:
        The paths of the `.html`, `.md` and `.tex` file.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    texts = {
        f"{name}.html": evaluation_html(tables),
        f"{name}.md": evaluation_markdown(tables),
        f"{name}.tex": evaluation_latex(tables),
    }
    return write_texts(folder, texts)


def evaluation_html(tables: EvaluationTables) -> str:
    """Return the page: headline, figures with their numbers, protocol, reading guide, limits.

    It opens offline and has at most 400 kB; with very many corpora, figures beyond the first ones are left
    out and a line says so.

    Args:
        tables: what to show.
    """
    most = len(set(tables.corpora) | set(tables.groups["corpus"]))
    page = _page(tables, most)
    while (size := len(page.encode())) > MOST_BYTES and most > 0:
        most = min(most - 1, most * MOST_BYTES // size)
        page = _page(tables, most)
    return page


def _page(tables: EvaluationTables, most: int) -> str:
    """Return the page with figures and rows of at most so many corpora in each section."""
    bodies = [(key, title, section(tables, most)) for key, title, section in SECTIONS]
    shown = [(key, title, body) for key, title, body in bodies if body]
    links = [*((key, title) for key, title, _ in shown), ("guide", "Reading guide"), ("limits", "Limits")]
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{title}</h2>{text}</section>\n'
        for key, title, text in shown
    )
    date = str(tables.summary.get("date") or "")
    licence = tables.summary.get("licence")
    about = f" (licence {escape(licence)})" if licence else ""
    return html_page(
        title=str(tables.summary["title"]),
        kicker="Evaluation of a model" + (f" · {escape(date)}" if date else ""),
        lead=_lead(tables),
        nav="".join(f'<li><a href="#{key}">{title}</a>' for key, title in links),
        body=body + _guide(tables) + _limits(tables),
        footer=f"<p>Written by mien about the model {escape(tables.summary['model'])}{about}. "
        "This page is complete in itself: it opens offline and sends nothing anywhere.</p>",
        style=page_part("evaluation.css"),
    )


def _lead(tables: EvaluationTables) -> str:
    """Return the two sentences and four numbers that come first."""
    can, cannot = (escape(sentence) for sentence in headline(tables))
    judged = tables.goals["met"].dropna()
    met = f"{int(judged.astype(bool).sum())} <small>of {len(judged)}</small>" if len(judged) else "–"
    n, speakers = int(tables.summary["n"]), int(tables.summary["speakers"])
    glance = [
        (f"{escape(tables.items.capitalize())} judged", f"{n:,}"),
        ("Speakers", f"{speakers:,}"),
        ("Corpora", f"{len(tables.corpora):,}"),
        ("Goals met", met),
    ]
    numbers = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in glance)
    return (
        f'<p class="can">{can}</p><p class="cannot">{cannot}</p>'
        f'<dl class="glance">{numbers}</dl>'
        '<p class="caution">Scores of affect <strong>expressed</strong>, as it was labelled; not of what '
        'anyone <em>felt</em>. <a href="#guide">What each number means</a></p>'
    )


def _guide(tables: EvaluationTables) -> str:
    terms = "".join(f"<dt>{term}</dt><dd>{meaning}</dd>" for term, meaning in guide_terms(tables))
    return (
        '<section id="guide" class="prose" aria-labelledby="guide-h">'
        f'<h2 id="guide-h">What each number means</h2><dl class="terms">{terms}</dl></section>\n'
    )


def _limits(tables: EvaluationTables) -> str:
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in not_to_conclude(tables))
    notes = "".join(f"<li>{escape(note)}</li>" for note in tables.notes)
    own = f"<h3>Notes on this evaluation</h3><ul>{notes}</ul>" if notes else ""
    return (
        '<section id="limits" class="prose law" aria-labelledby="limits-h"><h2 id="limits-h">What may not be '
        f"concluded</h2><ul>{limits}</ul>{own}</section>\n"
    )
