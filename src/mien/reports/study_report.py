"""The report of a study: a page with one sortable table, Markdown, LaTeX, and the numbers themselves."""

import json
from pathlib import Path
from typing import Any

from mien.core.files import write_atomically, write_texts
from mien.reports.code_spans import html_sentence
from mien.reports.evaluation_numbers import known
from mien.reports.html_page import escape, html_page, page_part
from mien.reports.html_table import html_table
from mien.reports.study_columns import columns_with_values
from mien.reports.study_curves import cost_figures, risk_figures, system_style
from mien.reports.study_figures import matrix_figures, score_figures, strip_figures
from mien.reports.study_latex import study_latex
from mien.reports.study_markdown import study_markdown
from mien.reports.study_method import facts
from mien.reports.study_ranks import rank_table
from mien.reports.study_tables import StudyTables
from mien.reports.study_wide_table import wide_table
from mien.reports.study_words import LIMITS, interval_words, star_words, verdicts

READING = {
    "speakers": "Each dot is one speaker’s unweighted average recall. A good mean can hide people who are "
    "served badly: look at the left end. Who has too few segments for a recall is not drawn, but counted.",
    "risk": "Each curve leaves out the answers that a system doubts most. One that falls to the left knows "
    "when it is wrong; a flat one does not.",
    "cost": "Score against cost on a logarithmic axis, with 95 % intervals. What is ringed is beaten by "
    "nothing cheaper.",
    "matrix": "Learned from the corpus of the row, tested on that of the column, on labels that both share. "
    "The diagonal is held out by speaker. Pale is low.",
}


def write_study(folder: Path | str, tables: StudyTables) -> list[Path]:
    """Write a study as a page, Markdown, LaTeX and data, all from the same numbers.

    Args:
        folder: where to write; it must exist.
        tables: what to show.

    Returns:
        The files: `study.html`, `study.md`, `study.tex`, `study.json`, `methods.txt`, `study.parquet`,
        `strips.parquet`, `risk.parquet`, and `matrix.parquet` where there is one.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    methods = str(tables.summary.get("methods") or "")
    texts = {
        "study.html": study_html(tables),
        "study.md": study_markdown(tables),
        "study.tex": study_latex(tables),
        "study.json": study_json(tables),
        "methods.txt": f"{methods}\n",
    }
    paths = write_texts(folder, texts)
    frames = {"study": tables.rows, "strips": tables.strips, "risk": tables.risk, "matrix": tables.matrix}
    for name, frame in frames.items():
        path = Path(folder) / f"{name}.parquet"
        if name == "matrix" and not len(frame):
            path.unlink(missing_ok=True)  # one of an earlier study would be taken for this one's
            continue
        with write_atomically(path) as temporary:
            frame.to_parquet(temporary, index=False)
        paths.append(path)
    return paths


def study_json(tables: StudyTables) -> str:
    """Return summary, rows and notes as JSON, null for what has no value."""
    rows = [
        {str(name): value if known(value) else None for name, value in row.items()}
        for row in tables.rows.to_dict("records")
    ]
    content = {"summary": dict(tables.summary), "rows": rows, "notes": list(tables.notes)}
    return json.dumps(content, indent=1, ensure_ascii=False, default=_plain, allow_nan=False) + "\n"


def study_html(tables: StudyTables) -> str:
    """Return the page: verdicts, the table, figures, and how it was made.

    Args:
        tables: what to show.
    """
    sections = [
        ("table", "All systems", _table(tables)),
        ("scores", "Scores", score_figures(tables)),
        ("ranks", "Ranks over corpora", _ranks(tables)),
        ("speakers", "Speakers", _figure("speakers", strip_figures(tables))),
        ("risk", "When it abstains", _figure("risk", risk_figures(tables))),
        ("cost", "Cost against score", _figure("cost", cost_figures(tables))),
        ("matrix", "From corpus to corpus", _figure("matrix", matrix_figures(tables))),
        ("methods", "Methods", _methods(tables)),
        ("guide", "What each number means", _guide(tables)),
        ("limits", "What may not be concluded", f"<ul>{_items(LIMITS)}</ul>"),
    ]
    shown = [one for one in sections if one[2]]
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{title}</h2>{text}</section>\n'
        for key, title, text in shown
    )
    return html_page(
        title=str(tables.summary["title"]),
        kicker="Study: systems side by side",
        lead=_lead(tables),
        nav="".join(f'<li><a href="#{key}">{title}</a>' for key, title, _ in shown),
        body=body,
        footer="<p>Written by mien. This page is complete in itself: it opens offline and sends nothing "
        "anywhere.</p>",
        style=page_part("evaluation.css") + page_part("study.css") + system_style(tables),
    )


def _lead(tables: StudyTables) -> str:
    """Return a verdict per corpus."""
    told = ""
    for block, said in verdicts(tables):
        lines = "".join(
            f'<p class="beware">{escape(one)}</p>' if one == block.few else f"<p>{escape(one)}</p>"
            for one in said
        )
        told += (
            f"<div><dt>{escape(block.corpus)}<small>{escape(block.sizes)}</small></dt><dd>{lines}</dd></div>"
        )
    return (
        f'<dl class="verdicts">{told}</dl><p class="caution">Scores of affect <strong>expressed</strong>, as '
        'it was labelled; not of what anyone <em>felt</em>. <a href="#guide">What each number means</a></p>'
    )


def _table(tables: StudyTables) -> str:
    told = " ".join(one for one in (interval_words(tables.summary), star_words(tables.summary)) if one)
    hint = "A heading sorts each corpus by itself, best first; once more, worst first."
    return f'<p class="read note">{escape(told)} {hint}</p>{wide_table(tables)}'


def _ranks(tables: StudyTables) -> str:
    ranks = rank_table(tables.summary)
    return f'<p class="read note">{escape(ranks.reading)}</p>{html_table(ranks)}' if ranks else ""


def _figure(key: str, drawn: str) -> str:
    return f'<p class="read note">{READING[key]}</p>{drawn}' if drawn else ""


def _methods(tables: StudyTables) -> str:
    methods, text = str(tables.summary.get("methods") or ""), ""
    if methods:
        text = f'<p class="methods" id="methods-text">{html_sentence(methods)}</p>'
        text += '<p><button class="copy" type="button" data-copy="methods-text" hidden>Copy this text'
        text += "</button></p>"
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(told)}</dd></div>" for name, told in facts(tables)
    )
    command = escape(str(tables.summary["command"]).strip())
    notes = f"<h3>Notes</h3><ul>{_items(tables.notes)}</ul>" if tables.notes else ""
    return f'{text}<pre><code>{command}</code></pre><dl class="facts">{pairs}</dl>{notes}'


def _guide(tables: StudyTables) -> str:
    terms = "".join(
        f"<dt>{escape(one.title)}</dt><dd>{escape(one.meaning)}</dd>"
        for one in columns_with_values(tables.rows)
    )
    return f'<dl class="terms read">{terms}</dl>'


def _items(lines: Any) -> str:
    return "".join(f"<li>{escape(one)}</li>" for one in lines)


def _plain(value: Any) -> Any:
    """Return a number or other object of a library as JSON has it."""
    return value.item() if hasattr(value, "item") else str(value)
