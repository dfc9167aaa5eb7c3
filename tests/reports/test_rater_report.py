import pandas as pd
import pytest

from mien.reports.rater_report import WORST, printed_study, rater_markdown, summary_table


@pytest.fixture
def tables():
    """Return the tables of a study with every kind of gap."""
    raters = pd.DataFrame(
        {
            "rater": [f"r{one}" for one in range(12)],
            "items": 40,
            "agreement": [None, *(0.1 * one for one in range(1, 10)), 0.95, 1.0],
            "bias": -0.25,
            "spread": 1.5,
            "commonest": 0.5,
            "extreme": 0.1,
            "flag": ["random", *([None] * 11)],
            "note": ["fewer than 3 common items", *([None] * 11)],
        }
    )
    return {
        "counts": pd.DataFrame(
            [("segments", 40), ("raters", 12), ("ratings per item, median", 12.0)], columns=["what", "value"]
        ),
        "agreement": pd.DataFrame(
            [("alpha", 0.5, 0.4, 0.625, None), ("kappa", None, None, None, "no kappa | here")],
            columns=["measure", "value", "low", "high", "note"],
        ),
        "raters": raters,
        "gold": pd.DataFrame(columns=["first", "second", "items", "agreement", "differ", "largest", "note"]),
        "ceiling": pd.DataFrame(
            [("reliability", "m", 0.81, "n"), ("pearson", "m", 0.9, "n"), ("doubt, pearson", "s", None, "n")],
            columns=["score", "against", "value", "note"],
        ),
        "disagreement": pd.DataFrame([("share", 0.25)], columns=["what", "value"]),
        "disputed": pd.DataFrame({"segment": ["a"], "time": [None], "spread": [2.0], "raters": [12]}),
    }


def texts(tables, key):
    table = next(one for one in printed_study(tables) if one.key == key)
    return table, [[cell.text for cell in row] for row in table.rows]


def test_a_value_has_its_interval_and_a_gap_its_reason(tables):
    table, rows = texts(tables, "agreement")
    assert rows == [["alpha", ".500", "[.400, .625]"], ["kappa", "–", "–"]]
    assert table.notes == ("no kappa | here",)
    assert table.rows[1][1].note == 1


def test_the_worst_raters_come_first_and_the_others_are_left_out(tables):
    table, rows = texts(tables, "raters")
    assert [row[0] for row in rows] == [f"r{one}" for one in range(WORST)]
    assert rows[0][2:7] == ["–", "−.250", "1.500", ".500", "random"]
    assert table.notes == ("fewer than 3 common items",)


def test_tables_without_rows_and_times_of_no_moment_are_left_out(tables):
    assert "gold" not in [one.key for one in printed_study(tables)]
    assert texts(tables, "disputed")[0].columns == ("Segment", "Spread", "Ratings")
    tables["disputed"]["time"] = [12.0]
    assert texts(tables, "disputed")[1] == [["a", "12", "2", "12"]]


def test_the_summary_has_a_row_per_study(tables):
    (row,) = [[cell.text for cell in one] for one in summary_table([("mine", tables)]).rows]
    assert row == ["mine", "40", "12", "12", ".500 [.400, .625]", "pearson .900", "–"]


def test_markdown_keeps_code_and_escapes_the_rest(tables):
    study = ("mine <a>", tables, ["`r_1` is *odd*."])
    page = rater_markdown([study, study], title="Raters", command="mien corpora raters mine")
    assert "- `r_1` is \\*odd\\*." in page
    assert "## mine &lt;a>" in page
    assert "no kappa \\| here" in page
    assert "[^1-agreement-1]: " in page
    assert "[^2-agreement-1]: " in page
