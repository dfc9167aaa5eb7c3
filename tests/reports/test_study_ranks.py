"""Ranks over corpora in the report of a study."""

from dataclasses import replace

from tests.reports.study_case import made_study

from mien.reports.study_markdown import study_markdown
from mien.reports.study_ranks import rank_table
from mien.reports.study_report import study_html

RANKS = {
    "corpora": ["emodb", "nemo", "urdu"],
    "mean_rank": {"whisper+lora": 1.3333, "egemaps+svm": 1.6667, "majority": 3.0},
    "p": 0.0312,
    "agreement": 0.78,
    "critical_difference": 1.913,
}


def with_ranks(**changes):
    study = made_study()
    return replace(study, summary={**study.summary, "ranks": RANKS | changes})


def test_the_best_rank_comes_first_with_two_digits():
    table = rank_table(with_ranks().summary)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["whisper+lora", "1.33"],
        ["egemaps+svm", "1.67"],
        ["majority", "3.00"],
    ]


def test_the_reading_tells_test_agreement_and_critical_difference():
    said = rank_table(with_ranks().summary).reading
    assert "The ranks differ (Friedman test after Iman and Davenport, p = .031; Kendall’s W = 0.78)" in said
    assert "less than 1.91 apart" in said
    assert "emodb, nemo and urdu" in said


def test_ranks_that_may_be_chance_are_not_said_to_differ():
    said = rank_table(with_ranks(p=0.2).summary).reading
    assert "do not surely differ" in said


def test_page_and_markdown_show_them_and_a_study_without_ranks_has_no_such_part():
    for write in (study_html, study_markdown):
        assert "Ranks over corpora" in write(with_ranks())
        assert "Ranks over corpora" not in write(made_study())
