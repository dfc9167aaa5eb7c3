"""The LaTeX tables of a study are balanced, escaped, and compile without a line wider than the page."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from mien.reports.study_latex import study_latex

CASE = runpy.run_path(str(Path(__file__).with_name("study_case.py")))
made, hostile = CASE["made_study"], CASE["hostile_study"]
ENGINE = shutil.which("pdflatex")
MANY = tuple(f"corpus_{place}" for place in range(7))


def bodies(text: str) -> list[tuple[str, list[str]]]:
    """Return each table's columns and rows, headings on several lines made one."""
    flat = re.sub(r"\\begin\{tabular\}\[[bt]\]\{@\{\}[rc]@\{\}\}(.*?)\\end\{tabular\}", "", text)
    found = re.findall(r"\\begin\{tabular\}\{@\{\}(.*?)@\{\}\}\n(.*?)\\end\{tabular\}", flat, re.DOTALL)
    letters = [re.sub(r"p\{.*?\}", "p", columns) for columns, _ in found]
    rows = [[line for line in body.splitlines() if "\\\\" in line] for _, body in found]
    return list(zip(letters, rows, strict=True))


@pytest.mark.parametrize("tables", [made(), made(MANY), hostile()], ids=["made", "many", "hostile"])
def test_braces_are_balanced_and_every_row_fills_its_columns(tables) -> None:
    text = study_latex(tables)
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert re.sub(r"\\\$", "", text).count("$") % 2 == 0
    assert bodies(text)
    for letters, rows in bodies(text):
        assert len(rows) >= 2
        for row in rows:
            merged = re.match(r"\s*\\multicolumn\{(\d+)\}", row)
            cells = int(merged[1]) if merged else len(re.findall(r"(?<!\\)&", row)) + 1
            assert cells == len(letters), row


def test_nothing_special_is_left_unescaped() -> None:
    text = study_latex(hostile()).partition("\n")[2]
    assert re.findall(r"(?<!\\)[%#]|(?<![\\$])_", text) == []
    assert set(re.findall(r"[^\x00-\x7f]", text)) == set()


def test_scores_stand_over_their_intervals_with_stars_and_the_best_in_bold() -> None:
    text = study_latex(made())
    score = r"\begin{tabular}[t]{@{}c@{}}\textbf{75.0}\rlap{$^{***}$} \\ {\footnotesize [67.0, 81.0]}"
    assert rf"egemaps+\allowbreak{{}}speaker+\allowbreak{{}}svm\dag{{}} & {score}\end" in text
    assert r"egemaps+\allowbreak{}svm {\footnotesize (reference)} &" in text
    assert r"svm & \begin{tabular}[t]{@{}c@{}}--\textsuperscript{1} \\" in text
    assert r"\textsuperscript{1} Got \texttt{tfidf+svm}, which takes words" in text


def test_the_caption_names_protocol_tests_and_conditions_and_the_head_has_n() -> None:
    caption = re.findall(r"\\caption\{(.*)\}\n", study_latex(made(speakers=4)))[0]
    for part in (
        "Protocol: emodb and urdu: loso, leave one speaker out",
        "corrected after Holm over 6 tests (* p $\\leq$ .05",
        "bootstrap intervals over speakers (1,000 draws); means over 3 seeds",
        "\\dag{} sees each test speaker's unlabelled clips.",
        "emodb has 4 speakers: an interval over fewer than 6 is rough",
    ):
        assert part in caption
    assert r"{@{}c@{}}n = 400 \\ 10 speakers\end{tabular}" in study_latex(made())


def test_more_corpora_than_fit_a_page_follow_in_further_tables() -> None:
    text = study_latex(made(MANY))
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert len(labels) == len(set(labels)) == 7
    assert text.count("(Continued.)") == 1
    assert [len(letters) for letters, _ in bodies(text)][:2] == [5, 4]


def test_rows_without_any_value_stand_in_the_table_of_scores_alone() -> None:
    scores, *others = study_latex(made()).split("\\begin{table}")[1:]
    assert "tfidf" in scores
    assert not any("tfidf" in one for one in others)


@pytest.mark.skipif(ENGINE is None, reason="pdflatex is not installed")
def test_the_tables_compile_and_fit_the_page(tmp_path: Path) -> None:
    head = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
    usual = head + study_latex(made()) + study_latex(made(MANY))
    page = f"{usual}{study_latex(hostile())}\\end{{document}}\n"
    (tmp_path / "paper.tex").write_text(page, encoding="utf-8")
    command = [str(ENGINE), "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    told = done.stdout.decode(errors="replace")
    assert done.returncode == 0, told[-2000:]
    wide = [int(line) for line in re.findall(r"Overfull \\hbox .* at lines (\d+)--", told)]
    assert [line for line in wide if "caption" not in page.splitlines()[line - 1]] == []
