"""The report of a comparison: one self-contained page, with Markdown and LaTeX of the same numbers."""

from pathlib import Path

import pandas as pd

from mien.core.files import write_texts
from mien.reports.comparison_latex import comparison_latex
from mien.reports.comparison_printed import comparison_table
from mien.reports.comparison_tables import ComparisonTables
from mien.reports.comparison_words import comparison_sentences, main_rows, method_words, row_sentence
from mien.reports.evaluation_figures import DotBlock, DotRow, Scale, dot_plot
from mien.reports.evaluation_numbers import is_share, known, nice_range, whole
from mien.reports.evaluation_text import escape_markdown, markdown_table
from mien.reports.html_page import escape, html_page, page_part
from mien.reports.html_table import html_table

TERMS = (
    (
        "Paired difference",
        "Both systems answered the same items, so easy and hard speakers trouble both alike. The difference "
        "of their scores is therefore known better than either score: look at its own interval, not at "
        "whether the intervals of the two scores overlap.",
    ),
    (
        "p",
        "If it did not matter which system is which, how often would chance give a difference at least as "
        "large? Whole speakers change sides, because clips of one person resemble each other. A large p "
        "does not show that systems are equal; look at what would have been detectable.",
    ),
    (
        "p corrected",
        "Who tests often finds something by chance. The correction makes up for the number of tests in this "
        "table. Stars go by it.",
    ),
    (
        "p by item (optimistic)",
        "The same test with every clip on its own, as many papers do it. It speaks of other clips of the "
        "same speakers only, and finds differences that other speakers would not show.",
    ),
    (
        "Detectable",
        "The true difference that one test of so many speakers at 5 % would find in about four of five "
        "studies, given how much speakers differ here. Smaller ones are missed more often; more speakers "
        "help, more clips of the same speakers hardly.",
    ),
)
LIMITS = (
    "That two systems are equal because no star stands there.",
    "That the better system is better elsewhere: other languages, ages, rooms and everyday speech were not "
    "tested unless a corpus here has them.",
    "That a training method is better, from one training run of each: another seed may turn the order.",
    "Which system is best, from the largest of many scores: it is large by chance, too.",
)


def write_comparison(folder: Path | str, tables: ComparisonTables, *, name: str = "comparison") -> list[Path]:
    """Write the report as a page, as Markdown and as a LaTeX table, all from the same numbers.

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
        f"{name}.html": comparison_html(tables),
        f"{name}.md": comparison_markdown(tables),
        f"{name}.tex": comparison_latex(tables),
    }
    return write_texts(folder, texts)


def comparison_markdown(tables: ComparisonTables) -> str:
    """Return the report as GitHub-flavored Markdown; the same tables give the same bytes.

    Args:
        tables: what to show.
    """
    said = [escape_markdown(one) for one in comparison_sentences(tables)]
    parts = [f"# {escape_markdown(str(tables.summary['title']))}", "\n".join(f"- {one}" for one in said)]
    parts += [f"Made by:\n\n```bash\n{str(tables.summary['command']).strip()}\n```"]
    parts += [markdown_table(comparison_table(tables)), escape_markdown(method_words(tables))]
    parts += ["## What may not be concluded", "\n".join(f"- {one}" for one in LIMITS)]
    if tables.notes:
        parts += ["## Notes", "\n".join(f"- {escape_markdown(note)}" for note in tables.notes)]
    return "\n\n".join(parts) + "\n"


def comparison_html(tables: ComparisonTables) -> str:
    """Return the page: what the numbers say, the differences drawn, the table, and how to read it.

    Args:
        tables: what to show.
    """
    notes = "".join(f"<li>{escape(note)}</li>" for note in tables.notes)
    left_out = f"<h3>What else to know</h3><ul>{notes}</ul>" if notes else ""
    limits = "".join(f"<li>{escape(one)}</li>" for one in LIMITS)
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in TERMS)
    sections = (
        ("differences", "Differences", _figures(tables) + _in_words(tables) + left_out),
        ("table", "All numbers", html_table(comparison_table(tables))),
        ("method", "Method", _method(tables)),
        ("guide", "What each number means", f'<dl class="terms">{terms}</dl>'),
        ("limits", "What may not be concluded", f"<ul>{limits}</ul>"),
    )
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-h"><h2 id="{key}-h">{title}</h2>{text}</section>\n'
        for key, title, text in sections
    )
    return html_page(
        title=str(tables.summary["title"]),
        kicker="Comparison of systems",
        lead=_lead(tables),
        nav="".join(f'<li><a href="#{key}">{title}</a>' for key, title, _ in sections),
        body=body,
        footer="<p>Written by mien. This page is complete in itself: it opens offline and sends nothing "
        "anywhere.</p>",
        style=page_part("evaluation.css"),
    )


def _lead(tables: ComparisonTables) -> str:
    first = main_rows(tables).to_dict("records")
    told = "".join(f'<p class="can">{escape(row_sentence(row, tables))}</p>' for row in first)
    return (
        f'{told}<p class="caution">Scores of affect <strong>expressed</strong>, as it was labelled; not of '
        'what anyone <em>felt</em>. <a href="#guide">What each number means</a></p>'
    )


def _method(tables: ComparisonTables) -> str:
    protocol = tables.summary.get("protocol")
    held_out = f"<p>Protocol: {escape(protocol)}.</p>" if protocol else ""
    command = escape(str(tables.summary["command"]).strip())
    return f'<p class="read">{escape(method_words(tables))}</p>{held_out}<pre><code>{command}</code></pre>'


def _in_words(tables: ComparisonTables) -> str:
    """Return every difference in a sentence, where the page does not begin with all of them."""
    if len(main_rows(tables)) == len(tables.rows):
        return ""
    told = "".join(f"<li>{escape(one)}</li>" for one in comparison_sentences(tables))
    return f"<details><summary>All differences in words</summary><ul>{told}</ul></details>"


def _figures(tables: ComparisonTables) -> str:
    """Return one drawing of differences per score, 0 marked."""
    return "".join(_figure(part, tables) for _, part in tables.rows.groupby("metric", sort=False))


def _figure(part: pd.DataFrame, tables: ComparisonTables) -> str:
    metric, reference = str(part["metric"].iloc[0]), str(tables.summary["reference"])
    ends = pd.concat([part[name] for name in ("difference", "low", "high")])
    unit = "points" if is_share(metric) else ""
    scale = Scale(*nice_range(pd.concat([ends, pd.Series([0.0])]), step=0.05), metric, unit)
    blocks = [
        DotBlock(f"{reference} minus {other}", [_dot(row, tables) for row in rows.to_dict("records")])
        for other, rows in part.groupby("second", sort=False)
    ]
    title = escape(f"Difference in {part['title'].iloc[0]}" + (f", {unit}" if unit else ""))
    better = "right" if part["higher_is_better"].iloc[0] else "left"
    return (
        f"<figure><h3>{title}</h3>{dot_plot(blocks, scale)}"
        '<ul class="legend"><li><span class="key spotted"></span>difference'
        '<li><span class="key reached"></span>95 % interval, by speaker'
        f'<li><span class="key marked"></span>no difference; {escape(reference)} is better on the {better}'
        "</ul></figure>"
    )


def _dot(row: dict[str, object], tables: ComparisonTables) -> DotRow:
    people = f" · {whole(row['speakers'])} speakers" if known(row["speakers"]) else ""
    hint = f"{whole(row['n'])} {tables.items}{people}"
    ends = [float(str(row[name])) if known(row[name]) else None for name in ("difference", "low", "high")]
    return DotRow(str(row["corpus"]), hint, *ends, mark=0.0, note=str(row["note"]))
