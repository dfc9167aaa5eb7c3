"""A study's page, Markdown and data show every number with its doubt, and say why one is missing."""

import json
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from mien.core.errors import InputError
from mien.reports.study_blocks import blocks
from mien.reports.study_columns import COLUMNS
from mien.reports.study_curves import CostScale, cost_figures, pareto_front, risk_figures
from mien.reports.study_figures import matrix_figures, strip_figures
from mien.reports.study_markdown import study_markdown
from mien.reports.study_report import study_html, write_study
from mien.reports.study_tables import NUMBERS, ROW_COLUMNS, StudyTables
from mien.reports.study_words import verdicts

CASE = runpy.run_path(str(Path(__file__).with_name("study_case.py")))
made, made_matrix, hostile = CASE["made_study"], CASE["made_matrix"], CASE["hostile_study"]
CONDITION, HOSTILE = CASE["CONDITION"], CASE["HOSTILE"]


def said(tables: StudyTables, place: int = 0) -> str:
    return " ".join(verdicts(tables)[place][1]).replace("\u00a0", " ")


def two_metrics() -> StudyTables:
    """Return a study whose second corpus is judged by an error, of which less is better."""
    study = made()
    rows = study.rows.copy()
    other = (rows["corpus"] == "urdu") & rows["value"].notna()
    rows.loc[other, ["metric", "title"]] = ["brier", "Brier score"]
    return made(rows=rows)


class Cells(HTMLParser):
    """Collect the rows of the sortable table as lists of texts, and all tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.widths: list[int] = []
        self.tags: list[str] = []
        self.feed(page.partition('<table class="sortable">')[2].partition("</table>")[0])

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
            self.widths.append(0)
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.widths[-1] += int(dict(attrs).get("colspan", 1))

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_every_file_is_written_and_the_data_come_back_as_they_were(tmp_path: Path) -> None:
    study = made(matrix=made_matrix())
    paths = write_study(tmp_path, study)
    texts = {"study.html", "study.md", "study.tex", "study.json", "methods.txt"}
    frames = {"study": study.rows, "strips": study.strips, "risk": study.risk, "matrix": study.matrix}
    assert {path.name for path in paths} == texts | {f"{name}.parquet" for name in frames}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}
    for name, frame in frames.items():
        found = pd.read_parquet(tmp_path / f"{name}.parquet")
        pd.testing.assert_frame_equal(found, frame.reset_index(drop=True), check_dtype=False)
    assert (tmp_path / "methods.txt").read_text() == f"{study.summary['methods']}\n"
    content = json.loads((tmp_path / "study.json").read_text())
    assert content["summary"]["tests"] == 6
    assert content["rows"][1]["value"] == 0.75
    assert content["rows"][0]["latency_ms"] is None


def test_a_matrix_of_an_earlier_study_does_not_stay(tmp_path: Path) -> None:
    write_study(tmp_path, made(matrix=made_matrix()))
    write_study(tmp_path, made())
    assert not (tmp_path / "matrix.parquet").exists()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its folder does not exist"):
        write_study(tmp_path / "none", made())


def test_the_best_system_is_named_with_interval_n_condition_test_and_cost() -> None:
    told = said(made())
    assert told.startswith(
        "egemaps+speaker+svm scores best: unweighted average recall 75.0 % (95 % interval 67.0 to 81.0; "
        "n = 400, 10 speakers)."
    )
    assert f"it {CONDITION}. Of those that do without, whisper+lora is best: 71.0 % [63.0, 77.0]." in told
    assert "better than egemaps+svm by 15.0 points [5.0, 25.0], and surely so" in told
    assert "(p = .004, corrected over 6 tests)" in told
    assert (
        "812 k parameters, 3.4 MB and 6.5 core seconds, 0.929 times the core seconds of egemaps+svm" in told
    )
    assert told.endswith("1 system of 5 has no score here.")


def test_a_difference_that_only_the_correction_calls_unclear_is_not_called_sure() -> None:
    rows = made().rows.assign(p=0.03, p_corrected=0.18)
    told = said(made(rows=rows))
    assert "but not surely: one test alone would count it as found (p = .030)" in told
    assert "surely so" not in told


def test_a_reference_that_is_best_says_whom_it_surely_beats() -> None:
    rows = made().rows
    rows["value"] = rows["value"].where(rows["system"] != "egemaps+svm", 0.9)
    told = said(made(rows=rows))
    assert "surely better than egemaps+speaker+svm and majority; of whisper+lora that cannot be said" in told


def test_without_a_reference_nothing_is_said_of_tests() -> None:
    study = made(reference="")
    page, text = study_html(study), study_markdown(study)
    for one in (said(study), text, page.partition("</style>")[2].partition("<script>")[0]):
        assert "Stars:" not in one
        assert "(reference)" not in one
        assert "surely" not in one
    assert "Difference" not in "".join(Cells(page).rows[1])


def test_few_speakers_are_called_rough_everywhere() -> None:
    study = made(speakers=4)
    warning = "emodb has 4 speakers: an interval over fewer than 6 is rough, and often too short."
    assert warning in said(study)
    assert warning in study_markdown(study)
    assert f'<p class="beware">{warning}</p>' in study_html(study)
    assert "rough" not in said(made(speakers=6))


def test_a_study_in_which_everything_failed_still_tells_why() -> None:
    rows = made().rows.assign(**dict.fromkeys(NUMBERS), metric=None, title=None, note="it broke", stars="")
    study = made(
        rows=rows.astype(dict.fromkeys(NUMBERS, float)), strips=made().strips[:0], risk=made().risk[:0]
    )
    assert said(study) == "No system has a score here; the table says why."
    page = study_html(study)
    assert page.count("no score: it broke") == 2 * len(rows)
    assert 'id="risk"' not in page
    assert "| egemaps+svm (reference) | –[^scores-1-1] | –[^scores-1-1] |" in study_markdown(study)


def test_two_metrics_share_no_column_no_scale_and_no_order() -> None:
    study = two_metrics()
    text = study_markdown(study)
    assert "## Scores: unweighted average recall (%)" in text
    assert "## Scores: Brier score" in text
    assert "| majority | **.250**\\*\\*\\* [.170, .310] |" in text
    assert said(study, 1).startswith("majority scores best: Brier score .250")
    assert blocks(study)[1].ordered[0]["system"] == "majority"
    assert study_html(study).count("<tbody data-falls") == 1


def test_scores_stand_with_interval_stars_and_n_and_what_is_missing_has_a_footnote() -> None:
    text = study_markdown(made())
    assert "| System | emodb<br>n = 400, 10 speakers | urdu<br>n = 400, 10 speakers |" in text
    row = "| egemaps+speaker+svm† | **75.0**\\*\\*\\* [67.0, 81.0] | **75.0**\\*\\*\\* [67.0, 81.0] |"
    assert row in text
    assert "| tfidf+svm | –[^scores-1-1] | –[^scores-1-2] |" in text
    assert "[^scores-1-1]: Got `tfidf+svm`, which takes words, but `emodb` has voice; leave one out." in text
    assert f"† {CONDITION}." in text
    assert "emodb and urdu: loso, leave one speaker out" in text
    assert "corrected after Holm over 6 tests" in text


def test_the_page_has_every_column_that_has_a_value_and_no_other() -> None:
    cells = Cells(study_html(made()))
    heads = cells.rows[1]
    assert len(heads) == 1 + len(COLUMNS) - 1
    assert not any("Latency" in one for one in heads)
    every = {one.name for one in COLUMNS}
    beside = {"corpus", "system", "condition", "metric", "title", "low", "high", "difference_low", "note"}
    beside |= {"difference_high", "stars", "worst_gap_of", "worst_condition"}
    assert every | beside == set(ROW_COLUMNS)
    assert cells.rows[3][:2] == ["egemaps+speaker+svm†", "75.0 best [67.0, 81.0]"]
    assert any("+15.0*** [5.0, 25.0]" in one for one in cells.rows[3])
    assert "6.1 (sex)" in cells.rows[3]


def test_all_rows_of_the_wide_table_fill_its_columns() -> None:
    for study in (made(), hostile(), two_metrics()):
        cells = Cells(study_html(study))
        assert len(cells.widths) == 2 + len(study.corpora) + len(study.rows)
        assert set(cells.widths) == {cells.widths[1]}


def test_hostile_names_leave_neither_tags_nor_table_cells(tmp_path: Path) -> None:
    write_study(tmp_path, hostile())
    page, text = ((tmp_path / f"study.{kind}").read_text() for kind in ("html", "md"))
    assert "<b>a&b" not in page
    assert set(Cells(page).tags) <= set(
        "table caption thead tbody tr th td span small sup a b div code".split()
    )
    lines = [line for line in text.splitlines() if line.startswith("|")]
    tables = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    assert set(tables[:7]) == {3}
    assert len(set(tables[7:])) == 1
    assert "<b>" not in text.replace("```bash\nmien compare --corpus " + HOSTILE, "")


def test_speakers_without_a_score_are_counted_but_not_drawn() -> None:
    strips = made().strips
    strips.loc[strips["speaker"].isin(["s0", "s1"]), "value"] = None
    drawn = strip_figures(made(strips=strips))
    assert drawn.count("8 of 10 speakers") == 8
    assert drawn.count('class="person"') == 8 * 8


def test_many_speakers_are_thinned_and_it_says_so() -> None:
    study = made(("emodb",))
    rows = study.rows[study.rows["value"].notna()]
    drawn = strip_figures(made(("emodb",), strips=CASE["made_strips"](rows, speakers=250)))
    assert "250 speakers, one in 3 drawn" in drawn
    assert drawn.count('class="person"') == 4 * 84


def test_the_front_holds_what_nothing_cheaper_beats() -> None:
    rows = [{"value": value} for value in (0.2, 0.5, 0.4, 0.5, 0.7)]
    assert [one["value"] for one in pareto_front(rows, "uar")] == [0.2, 0.5, 0.7]
    assert [one["value"] for one in pareto_front(rows, "brier")] == [0.2]
    drawn = cost_figures(made(("emodb",)))
    assert drawn.count('class="priced front') == 2
    assert "Nothing cheaper does better than majority and egemaps+speaker+svm (ringed)." in drawn


def test_costs_are_placed_by_their_logarithm() -> None:
    scale = CostScale(-1.0, 3.0, "core_s")
    assert [scale.at(one) for one in (0.1, 1.0, 1000.0)] == ["0%", "25%", "100%"]
    assert [scale.read(one) for one in scale.ticks()] == ["0.1", "1", "10", "100", "1,000"]
    assert len(CostScale(-3.0, 9.0, "core_s").ticks()) <= 6


def test_a_study_without_costs_draws_none() -> None:
    assert cost_figures(made(rows=made().rows.assign(core_s=None))) == ""
    assert 'id="cost"' not in study_html(made(rows=made().rows.assign(core_s=0.0)))


def test_curves_are_drawn_for_systems_with_a_score() -> None:
    drawn = risk_figures(made())
    assert drawn.count('class="curve') == 8
    assert "tfidf+svm" in drawn


def test_the_matrix_marks_its_diagonal_and_says_what_is_missing() -> None:
    drawn = matrix_figures(made(matrix=made_matrix()))
    assert drawn.count("[30.0, 75.0]<br>n = 400") == 3
    assert drawn.count('class="own"') == 1
    assert 'title="not run: labels do not meet, or the system failed">–' in drawn
    assert matrix_figures(made()) == ""


def test_the_page_has_methods_versions_command_licences_and_notes() -> None:
    page = study_html(made())
    assert "Systems were judged on <code>emotion</code> &lt; &amp; &gt;." in page
    assert 'data-copy="methods-text"' in page
    for part in (
        "numpy 2.4.6",
        "mien compare --corpus emodb urdu",
        "licence of whisper+lora",
        "Licence: CC0.",
    ):
        assert part in page
    assert "A note on &lt;emodb&gt;." in page
