"""The section on doubt of an evaluation page: figures, then what doubt and probabilities are worth."""

from mien.reports.evaluation_curves import reliability_plot, reliability_words, risk_plot, risk_words
from mien.reports.evaluation_doubt_tables import doubt_tables
from mien.reports.evaluation_parts import details, first_rows, left_out, legend
from mien.reports.evaluation_tables import EvaluationTables
from mien.reports.html_page import escape
from mien.reports.plain_words import NO_BREAK
from mien.reports.printed_tables import by_corpus, reliability_table, risk_table

QUESTIONS = {
    "calibrators": "Would scaling help?",
    "conformal": "Can it name a set that holds the truth?",
    "guarantee": "What can be promised?",
    "doubts": "Which doubt knows best?",
}
"""Table → the question that it answers."""


def doubt_section(tables: EvaluationTables, most: int) -> str:
    """Return whether confidence can be believed and whether doubt finds errors."""
    figures = [
        (
            "Does it know how sure it may be?",
            by_corpus(tables.reliability),
            reliability_plot,
            reliability_words,
        ),
        ("Does it know where it errs?", by_corpus(tables.risk_coverage), risk_plot, risk_words),
    ]
    keys = [
        [
            ("spotted", "share that is right"),
            ("reached", f"95{NO_BREAK}% interval"),
            ("line-ideal", "as it should be"),
        ],
        [
            ("line-risk", "the model"),
            ("spotted", "a fifth left out"),
            ("line-ideal", "if doubt knew every error"),
            ("line-even", "if it knew nothing"),
        ],
    ]
    drawn = ""
    for (title, corpora, plot, words), marks in zip(figures, keys, strict=True):
        parts = list(corpora)
        panels = "".join(
            f"<figure><h4>{escape(name)}</h4>{plot(part)}<figcaption>{escape(words(part))}</figcaption></figure>"
            for name, part in parts[:most]
        )
        if panels:
            drawn += f'<h3>{title}</h3>{legend(marks)}<div class="panels">{panels}</div>'
            drawn += left_out(len(parts), most)
    for table in doubt_tables(tables):
        if table.rows:
            told = f'<p class="read note">{escape(table.reading)}</p>'
            drawn += f"<h3>{QUESTIONS[table.key]}</h3>{told}{first_rows(table)}"
    return drawn + details(reliability_table(tables)) + details(risk_table(tables))
