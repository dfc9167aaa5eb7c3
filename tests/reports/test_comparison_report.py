"""A comparison as sentences, Markdown, LaTeX and a page, from made-up answers whose skill is known."""

import os
import re
import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.evaluation.paired_systems import compare_answers
from mien.reports.comparison_latex import comparison_latex
from mien.reports.comparison_printed import comparison_table
from mien.reports.comparison_report import comparison_html, comparison_markdown, write_comparison
from mien.reports.comparison_tables import ComparisonTables
from mien.reports.comparison_words import main_rows, method_words, plain_sentences

MADE = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "comparison_case.py"))
answers, with_seeds = MADE["answers"], MADE["with_seeds"]
CHROMIUM = os.environ.get("MIEN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "a_b & 50% <i>$x$</i> [u] #1"


def compared(first: pd.DataFrame, second: pd.DataFrame, name: str = "B", **options: object):
    return compare_answers(first, {name: second}, name="A", draws=60, **options)


def said(tables: ComparisonTables, place: int = 0) -> str:
    return plain_sentences(tables)[place]


@pytest.fixture(scope="module")
def several() -> ComparisonTables:
    """Two others, two corpora, two scores, several seeds, one corpus without a score."""
    first = with_seeds([1, 2], corpora=("x", "y"))
    first.loc[first["corpus"] == "y", "valence.truth"] = None
    others = {"B": answers(3, corpora=("x", "y"), skill=0.4), HOSTILE: answers(4, corpora=("x", "y"))}
    metrics = ("uar", "valence.ccc")
    return compare_answers(first, others, name="A", metrics=metrics, draws=60, summary={"items": "clips"})


def numbers(row: pd.Series) -> str:
    low, high = (f"{100 * row[name]:.1f}".replace("-", "−") for name in ("low", "high"))
    return f"[{low}, {high}]"


def test_a_clear_difference_is_called_so_with_its_interval_and_p():
    tables = compared(answers(1, skill=0.9), answers(2, skill=0.4))
    row = tables.rows.iloc[0]
    size = f"{100 * row['difference']:.1f}"
    assert said(tables) == (
        f"A recalls {size} points more than B on made {numbers(row)}; chance alone would seldom give so much "
        "(p = .002)."
    )
    assert said(compared(answers(2, skill=0.4), answers(1, skill=0.9))).startswith(
        f"A recalls {size} points less than B on made"
    )


def test_an_unclear_difference_says_what_would_have_been_missed():
    tables = compared(answers(1), answers(2, skill=0.55), metrics=("uar", "brier"))
    row = tables.rows.iloc[0]
    assert said(tables).endswith(
        f"corrected over 2 tests); with 10 speakers, a true difference below {100 * row['detectable']:.1f} "
        "points would be missed in more than one of five studies like this."
    )
    way = "lower (better)" if tables.rows.iloc[1]["difference"] < 0 else "higher (worse)"
    assert said(tables, 1).startswith("The Brier score of A is .")
    assert f" {way} than that of B on made [" in said(tables, 1)


def test_a_difference_that_only_the_correction_calls_unclear_is_said_to_be_one():
    tables = compared(answers(1), answers(2, skill=0.55))
    changed = tables.rows.assign(p=0.037, p_corrected=0.111)
    tables = ComparisonTables({**tables.summary, "tests": 3}, changed)
    assert (
        "; one test alone would count it as found (p = .037), but among so many chance alone could give so "
        "much (p = .111, corrected over 3 tests); with 10 speakers, "
    ) in said(tables)


def test_of_many_differences_those_over_all_corpora_come_first(several):
    first = main_rows(several)
    assert (set(first["corpus"]), set(first["metric"])) == ({"all corpora"}, {"uar"})
    page = comparison_html(several)
    assert page.count('<p class="can">') == len(first) == 2
    assert page.count("<li>A recalls") + page.count("cannot be compared on y") >= 6
    assert len(main_rows(compared(answers(1), answers(2)))) == 1


def test_few_speakers_unknown_speakers_and_equal_systems_have_sentences_of_their_own():
    few = compared(answers(1, speakers=4), answers(2, speakers=4, skill=0.3))
    assert said(few).endswith(
        "with 4 speakers no difference, however large, can be told from chance at the 5 % level (smallest "
        "possible p: .125)."
    )
    bare = [answers(number).drop(columns="speaker") for number in (1, 2)]
    assert "by item only; no test by speaker: who speaks is not known" in said(compared(*bare))
    assert said(compared(answers(1), answers(1))).startswith(
        "A and B have the same unweighted average recall on made [0.0, 0.0]"
    )


def test_seeds_and_missing_scores_are_said(several):
    assert "for other speakers and other training runs the interval is [" in said(several)
    lost = several.rows.index[several.rows["difference"].isna()][0]
    assert said(several, lost) == "A and B cannot be compared on y: no item has a true valence."
    assert "± is the standard deviation between them" in method_words(several)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "paired permutation tests that swap the answers of whole speakers"),
        ({"metrics": ("uar", "nll")}, "corrected after Holm over 2 tests"),
        ({"metrics": ("uar", "nll"), "correction": "bh"}, "after Benjamini and Hochberg over 2 tests"),
        ({"metrics": ("uar", "nll"), "correction": "none"}, "not corrected (2 tests)"),
        ({"test": "bootstrap"}, "This test finds too much"),
    ],
)
def test_the_method_is_told_as_it_was(options, words):
    assert words in method_words(compared(answers(1), answers(2), **options))


def test_the_table_has_the_reference_once_above_the_systems_that_share_its_items(several):
    table = comparison_table(several)
    system = table.columns.index("System")
    assert [row[system].text for row in table.rows[:3]] == ["A (reference)", "B", HOSTILE]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert "± " in table.rows[0][system + 1].text
    assert table.rows[1][system + 2].text.count("*") == len(several.rows["stars"].iloc[0]) == 2
    assert sum(row[system].text == "A (reference)" for row in table.rows) == 6


def test_markdown_has_every_row_and_is_repeatable(several):
    text = comparison_markdown(several)
    assert text == comparison_markdown(several)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(comparison_table(several).rows)
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert "<i>" not in text


def test_latex_is_balanced_escaped_and_has_as_many_cells_as_columns(several):
    text = comparison_latex(several).partition("\n")[2]
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert re.findall(r"(?<!\\)[%#_]", text) == []
    assert set(re.findall(r"[^\x00-\x7f]", text)) == set()
    letters = re.search(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}", text)[1]
    body = text.partition("\\midrule")[2].partition("\\bottomrule")[0]
    rows = [line for line in body.splitlines() if line.endswith("\\\\") and "multicolumn" not in line]
    assert len(rows) == len(comparison_table(several).rows)
    assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(letters)}
    assert "optimistic" not in text
    assert r"\textit{x: unweighted average recall (\%), 240 clips, 10 speakers}" in text


def test_the_page_is_escaped_and_draws_every_difference(several):
    page = comparison_html(several)
    assert "<i>$x$" not in page
    assert page.count('<circle class="spot"') == several.rows["difference"].notna().sum()
    assert len(page) < 200_000


def test_an_axis_of_shares_says_points_and_one_of_a_correlation_says_nothing(several):
    drawn = comparison_html(several).split("<figure>")[1:3]
    last = [re.findall(r'<span class="tick[^>]*>([^<]*)</span></div>', figure) for figure in drawn]
    assert all(re.fullmatch(r"−?[\d.]+ points", label) for label in last[0])
    assert all(re.fullmatch(r"−?[\d.]+", label) for label in last[1])
    assert last[0]
    assert last[1]


@pytest.mark.skipif(not CHROMIUM, reason="no chromium on PATH; install it or set MIEN_CHROMIUM")
def test_a_browser_opens_the_page_without_network_complaint_or_sideways_scrolling(several, tmp_path):
    engines = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    paths = write_comparison(tmp_path, several)
    asked, complaints = [], []
    with engines.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options, timeout=180_000)
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda told: complaints.append(told.text))
        page.goto(paths[0].as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert asked == [paths[0].as_uri()]
    assert complaints == []
    assert wide <= 390


def test_tables_that_lack_something_are_refused(several):
    with pytest.raises(DataError, match="Got a comparison without test"):
        ComparisonTables({k: v for k, v in several.summary.items() if k != "test"}, several.rows)
    with pytest.raises(DataError, match="without rows"):
        ComparisonTables(several.summary, several.rows[:0])
    with pytest.raises(DataError, match="no difference of A and B on y and no note"):
        ComparisonTables(several.summary, several.rows.assign(note=""))
