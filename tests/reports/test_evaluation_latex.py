"""The LaTeX tables are complete, balanced, escaped, and compile where LaTeX is installed."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from mien.reports.evaluation_latex import escape_latex, evaluation_latex

CASE = runpy.run_path(str(Path(__file__).with_name("evaluation_case.py")))
made, small = CASE["made_tables"], CASE["small_tables"]
HOSTILE = "a_b & 50% #1 $x$ {y} \\cmd ~ ^ <z> | [u] “q” – − ≤"
KEYS = ("scores", "goals", "groups", "gaps", "calibrators", "conformal", "guarantee", "doubts")
ENGINE = shutil.which("tectonic") or shutil.which("pdflatex")


def hostile_tables():
    return made(1, groups=made(1).groups.assign(group=HOSTILE), scores=made(1).scores.assign(corpus=HOSTILE))


def bodies(text: str) -> list[tuple[str, list[str]]]:
    """Return each table's column letters and rows, headings on several lines made one."""
    flat = re.sub(
        r"\\begin\{tabular\}\[b\]\{[^&]*?\}\}(.*?)\\end\{tabular\}", lambda m: m[1].replace("\\\\", " "), text
    )
    found = re.findall(
        r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}\n(.*?)\\end\{tabular\}", flat, flags=re.DOTALL
    )
    return [
        (letters, [line for line in body.splitlines() if line.endswith("\\\\")]) for letters, body in found
    ]


@pytest.mark.parametrize("tables", [made(), small(), hostile_tables()], ids=["made", "small", "hostile"])
def test_environments_and_braces_are_balanced(tables) -> None:
    text = evaluation_latex(tables)
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert re.sub(r"\\\$", "", text).count("$") % 2 == 0


@pytest.mark.parametrize("tables", [made(), small(), hostile_tables()], ids=["made", "small", "hostile"])
def test_every_row_has_as_many_cells_as_columns(tables) -> None:
    found = bodies(evaluation_latex(tables))
    assert found
    for letters, rows in found:
        assert len(rows) >= 2
        for row in rows:
            merged = re.match(r"\s*\\multicolumn\{(\d+)\}", row)
            cells = int(merged[1]) if merged else len(re.findall(r"(?<!\\)&", row)) + 1
            assert cells == len(letters), row


def test_nothing_special_is_left_unescaped() -> None:
    text = evaluation_latex(hostile_tables()).partition("\n")[2]
    assert re.findall(r"(?<!\\)[%#_]", text) == []
    assert set(re.findall(r"[^\x00-\x7f]", text)) == set()
    assert r"\textbackslash{}cmd \textasciitilde{} \textasciicircum{} $<$z$>$ $|$" in text


def test_a_cell_that_begins_with_a_bracket_is_no_option_of_the_row_before() -> None:
    text = evaluation_latex(small(scores=small().scores.assign(corpus="[odd]")))
    assert re.search(r"^    \{\}\[odd\] &", text, flags=re.MULTILINE)


def test_every_table_has_a_caption_and_a_label() -> None:
    text = evaluation_latex(made())
    assert re.findall(r"\\label\{(.*?)\}", text) == [f"tab:made-up-{key}" for key in KEYS]
    for caption in re.findall(r"\\caption\{(.*)\}\n", text):
        assert "Protocol: leave one speaker out, version 1. 454 clips, 10 speakers." in caption
        assert "intervals" in caption or "Scaling" in caption
    assert text.count("\\toprule") == text.count("\\midrule") == text.count("\\bottomrule") == len(KEYS)


def test_values_stand_with_their_intervals_under_their_metric() -> None:
    text = evaluation_latex(small())
    assert r"\multicolumn{7}{@{}l}{\textit{UAR (\%)}} \\" in text
    assert r"made & 71.2 [67.2, 75.6] & [69.0, 73.5] & 454 & 10 & 16.7 & 65.0 \\" in text


def test_goals_stand_over_their_corpora_and_notes_below() -> None:
    text = evaluation_latex(made())
    assert r"\textit{U1 Calibration error, debiased ($\leq$ .05)}" in text
    assert r"corpus\_0 & -- & not judged\textsuperscript{1} \\" in text
    assert r"\textsuperscript{1} not run" in text


def test_letters_beyond_ascii_pass() -> None:
    assert escape_latex("Björn ≥ 5 %") == r"Björn $\geq$ 5 \%"


@pytest.mark.skipif(ENGINE is None, reason="neither tectonic nor pdflatex is installed")
def test_the_tables_compile(tmp_path: Path) -> None:
    body = evaluation_latex(made()) + evaluation_latex(hostile_tables())
    page = (
        f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )
    (tmp_path / "paper.tex").write_text(page, encoding="utf-8")
    options = [] if "tectonic" in str(ENGINE) else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run(
        [str(ENGINE), *options, "paper.tex"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
