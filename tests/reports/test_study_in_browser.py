"""A real Chromium sorts a study's table by every heading, copies its methods, and fits a phone."""

import os
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.reports.study_columns import COLUMNS
from mien.reports.study_report import study_html

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("MIEN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
if not CHROMIUM:
    pytest.skip("no chromium on PATH; install it or set MIEN_CHROMIUM", allow_module_level=True)
CASE = runpy.run_path(str(Path(__file__).with_name("study_case.py")))
BEST_FIRST = ["egemaps+speaker+svm", "whisper+lora", "egemaps+svm", "majority", "tfidf+svm"]
ORDER = """[...document.querySelectorAll("table.sortable tbody")].map((body) =>
    [...body.rows].map((row) => row.cells[0].querySelector("span")?.textContent ?? "corpus"))"""


def study():
    """Return a study whose second corpus is judged by an error, of which less is better."""
    rows = CASE["made_study"]().rows
    other = (rows["corpus"] == "urdu") & rows["value"].notna()
    rows.loc[other, ["metric", "title"]] = ["brier", "Brier score"]
    rows.loc[rows["system"] == "majority", "error_auroc"] = None
    return CASE["made_study"](rows=rows, matrix=CASE["made_matrix"]())


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engines:
        options = ["--no-sandbox", "--disable-gpu"]
        opened = engines.chromium.launch(executable_path=CHROMIUM, args=options, timeout=180_000)
        yield opened
        opened.close()


class Opened:
    """A page with everything it complained of."""

    def __init__(self, browser, tables, path: Path, **options) -> None:
        path.write_text(study_html(tables), encoding="utf-8")
        self.complaints: list[str] = []
        self.page = browser.new_page(**({"viewport": {"width": 1280, "height": 900}} | options))
        self.page.set_default_timeout(120_000)
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    one = Opened(browser, study(), tmp_path_factory.mktemp("study") / "study.html")
    yield one
    one.page.close()


@pytest.fixture
def page(opened: Opened) -> Iterator:
    opened.page.reload()
    yield opened.page
    assert opened.complaints == []


def click(page, title: str) -> str:
    """Click a heading; return which way it says it sorts."""
    head = page.locator("table.sortable thead th[data-first]").filter(has_text=title).first
    head.get_by_role("button").click()
    return head.get_attribute("aria-sort")


def test_the_first_click_sorts_best_first_in_each_corpus_and_the_next_turns_it(page) -> None:
    emodb, urdu = page.evaluate(ORDER)
    assert emodb == ["corpus", *BEST_FIRST]
    assert urdu == ["corpus", *BEST_FIRST[3::-1], "tfidf+svm"]
    assert click(page, "Core seconds") == "ascending"
    cheapest = ["majority", "egemaps+speaker+svm", "egemaps+svm", "whisper+lora", "tfidf+svm"]
    assert page.evaluate(ORDER) == [["corpus", *cheapest]] * 2
    assert click(page, "Core seconds") == "descending"
    assert page.evaluate(ORDER) == [["corpus", *cheapest[3::-1], "tfidf+svm"]] * 2
    assert page.locator("[aria-sort]").count() == 1


def test_of_an_error_less_is_better(page) -> None:
    click(page, "System")
    assert click(page, "Score") == "descending"
    assert page.evaluate(ORDER) == [["corpus", *BEST_FIRST], ["corpus", *BEST_FIRST[3::-1], "tfidf+svm"]]


def test_what_has_no_value_stays_last_both_ways(page) -> None:
    for _ in range(2):
        click(page, "U2 own errors")
        assert all(order[-2:] == ["majority", "tfidf+svm"] for order in page.evaluate(ORDER))


def test_every_heading_that_sorts_can_be_used_by_keyboard(page) -> None:
    heads = page.locator("table.sortable th[data-first] button")
    assert heads.count() == len([one for one in COLUMNS if one.name not in ("chosen", "latency_ms")]) + 1
    heads.first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(ORDER)[0] == ["corpus", *sorted(BEST_FIRST)]


def test_the_methods_can_be_copied(page) -> None:
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = String(getSelection()); });"
        "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
    )
    page.get_by_role("button", name="Copy this text").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("window.copied").strip() == "Systems were judged on emotion < & >."


@pytest.mark.parametrize(
    ("tables", "width"),
    [(study(), 400), (CASE["hostile_study"](), 400), (CASE["hostile_study"](), 1280)],
    ids=["phone", "hostile-phone", "hostile"],
)
def test_no_page_scrolls_sideways_but_the_table_does(browser, tables, width: int, tmp_path: Path) -> None:
    one = Opened(browser, tables, tmp_path / "a.html", viewport={"width": width, "height": 800})
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    assert one.page.evaluate("(one => one.scrollWidth > one.clientWidth)(document.querySelector('.wide'))")
    assert one.page.locator("table.sortable img, table.sortable script").count() == 0
    assert one.complaints == []
    one.page.close()


def test_dark_pages_have_their_own_colors(page) -> None:
    fill = "getComputedStyle(document.querySelector('.priced circle')).fill"
    seen = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        seen.append(page.evaluate(fill))
    assert seen[0] != seen[1]
