"""Cells hold the tables' numbers, missing ones a dash with a footnote."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

from mien.reports.evaluation_doubt_tables import (
    calibrator_table,
    conformal_table,
    doubt_tables,
    doubts_table,
    guarantee_table,
)
from mien.reports.printed_tables import (
    confusion_tables,
    gap_table,
    goal_table,
    group_table,
    overlap_table,
    printed_tables,
    risk_table,
    score_table,
    strip_table,
)

CASE = runpy.run_path(str(Path(__file__).with_name("evaluation_case.py")))
made, small = CASE["made_tables"], CASE["small_tables"]


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_scores_carry_both_intervals_guessing_and_floor() -> None:
    table = score_table(small())
    expected = ["made", "UAR (%)", "71.2 [67.2, 75.6]", "[69.0, 73.5]", "454", "10", "16.7", "65.0"]
    assert texts(table) == [expected]
    assert table.numeric == (False, False, *[True] * 6)


def test_scores_that_are_no_shares_are_no_percentages() -> None:
    table = score_table(small(scores=small().scores.assign(metric="ccc", title="CCC", low=-0.05)))
    assert texts(table)[0][1:3] == ["CCC", ".712 [−.050, .756]"]


def test_a_missing_score_is_a_dash_with_its_note() -> None:
    table = score_table(
        small(scores=small().scores.assign(value=None, low=None, high=None, note="one class"))
    )
    cell = table.rows[0][2]
    assert (cell.text, cell.note) == ("–", 1)
    assert table.notes == ("one class",)


def test_a_score_without_an_interval_says_so() -> None:
    table = score_table(small(scores=small().scores.assign(low=None, high=None)))
    assert texts(table)[0][2] == "71.2 [–]"


def test_goals_stand_together_in_their_own_units() -> None:
    table = goal_table(made())
    assert [row[0] for row in texts(table)] == ["U1", "U1", "U3", "U3", "U4", "U4"]
    shown = {row[0]: (row[3], row[5]) for row in texts(table)}
    assert shown == {
        "U1": (".041 [.020, .060]", "met"),
        "U3": ("–", "not judged"),
        "U4": ("2.9 [1.0, 5.0]", "missed"),
    }
    assert {row[5].mark for row in table.rows} == {"met", "", "missed"}
    assert table.notes == ("not run",)


@pytest.mark.parametrize(
    ("what", "goal", "value", "expected"),
    [
        ("gain on 20%", "≥ 0.04", 0.067, (".067 [.010, .090]", "≥ .04")),
        ("AURC", "≤ 0.001", 0.0004, (".0004 [.0100, .0900]", "≤ .001")),
        ("recall of the worst tenth", "reported", 0.704, ("70.4 [1.0, 9.0]", "reported")),
        ("gap", "≤ 5 points", 0.024, ("2.4 [1.0, 9.0]", "≤ 5 points")),
    ],
)
def test_value_and_goal_share_unit_and_decimals(what, goal, value, expected) -> None:
    row = {"id": "U", "what": what, "corpus": "a", "value": value, "low": 0.01, "high": 0.09, "goal": goal}
    table = goal_table(small(goals=pd.DataFrame([row | {"met": True, "note": ""}])))
    assert (table.rows[0][3].text, table.rows[0][4].text) == expected


def test_a_value_whose_interval_includes_its_goal_is_not_shown() -> None:
    goals = made(1).goals.assign(met=None, note="not shown: the interval includes the goal")
    assert [row[5] for row in texts(goal_table(made(1, goals=goals)))] == [
        "not shown",
        "not judged",
        "not shown",
    ]


def test_a_value_without_a_goal_is_reported() -> None:
    goals = made().goals.assign(met=None, goal="reported", note="no goal was set")
    assert [row[5] for row in texts(goal_table(made(goals=goals)))] == ["reported"] * 2 + [
        "not judged"
    ] * 2 + ["reported"] * 2


def test_rows_of_confusions_sum_to_a_hundred() -> None:
    for table in confusion_tables(made()):
        assert table.columns == ("True, as predicted:", "anger", "neutral", "sadness", "n")
        for row in texts(table):
            assert sum(float(cell) for cell in row[1:-1]) == pytest.approx(100, abs=0.2)


def test_categories_that_are_only_predicted_come_last_and_absent_ones_not() -> None:
    rows = [("a", "x", "y", 3), ("a", "x", "x", 1), ("a", "z", "z", 0)]
    confusion = pd.DataFrame(rows, columns=["corpus", "truth", "prediction", "count"])
    (table,) = confusion_tables(small(confusion=confusion))
    assert table.columns[1:] == ("x", "y", "n")
    assert texts(table) == [["x", "25.0", "75.0", "4"]]


def test_risk_is_read_off_at_round_coverages() -> None:
    rows = texts(risk_table(made(1)))
    assert rows[0] == ["corpus_0", "100", "30.0", "30.0"]
    assert ["corpus_0", "80", "24.0", "10.0"] in rows


def test_scaling_that_hurts_is_marked() -> None:
    table = calibrator_table(made(1))
    assert [(row[5].text, row[5].mark, row[5].note) for row in table.rows] == [
        ("–", "", 0),
        ("no clear change", "", 0),
        ("hurts", "warning", 1),
    ]
    assert table.notes == ("NLL worse than without",)
    assert texts(table)[2][:5] == ["corpus_0", "vector", "1.200", ".050", "59.0"]


def test_scaling_that_was_done_before_is_said_and_what_could_not_be_judged() -> None:
    summary = dict(made(1).summary) | {"probabilities": "already divided by a temperature of 1.41"}
    table = calibrator_table(made(1, summary=summary))
    assert table.reading.endswith("The stored probabilities are already divided by a temperature of 1.41.")
    assert "stored" not in calibrator_table(made(1)).reading
    one = made(1).calibrators.head(1).assign(ece=None, note="not judged: one speaker")
    table = calibrator_table(made(1, calibrators=one))
    assert texts(table) == [["corpus_0", "none", "1.100", "–", "61.0", "–"]]
    assert (table.rows[0][5].note, table.notes) == (1, ("not judged: one speaker",))


def test_sets_promises_and_doubts_are_printed_with_their_intervals() -> None:
    assert texts(conformal_table(made(1))) == [
        ["corpus_0", "90", "87.3 [85.1, 89.2]", "90.2", "1.42 of 3", "male: 82.2"]
    ]
    assert texts(guarantee_table(made(1))) == [
        ["corpus_0", "20", ".654", "48.7", "14.3 [11.2, 18.7]"],
        ["corpus_0", "10", "–", "0.0", "–"],
    ]
    assert guarantee_table(made(1)).notes == ("not attainable",)
    assert texts(doubts_table(made(1))) == [
        ["corpus_0", "least confidence", ".744 [.701, .788]", ".132", ".633 [.577, .691]"]
    ]


def test_every_table_of_doubt_says_how_to_read_it() -> None:
    for table in doubt_tables(made()):
        assert len(table.reading) > 80
        assert " not " in table.reading or "cannot" in table.reading


def test_metrics_of_groups_stand_side_by_side() -> None:
    groups = made(1).groups
    both = pd.concat([groups, groups.assign(metric="ece", value=0.05, low=0.01, high=0.09, note="")])
    table = group_table(made(1, groups=both))
    assert table.columns[5:] == ("UAR (%) [95 %]", "Calibration error [95 %]")
    assert texts(table)[0] == [
        "corpus_0",
        "sex",
        "female",
        "250",
        "5",
        "74.0 [68.0, 80.0]",
        ".050 [.010, .090]",
    ]
    assert texts(table)[2][5] == "–"
    assert table.notes == ("too few speakers: 2, fewer than 4",)
    assert group_table(made(1, groups=both), without=("ece",)).columns[5:] == ("UAR (%) [95 %]",)


def test_gaps_name_best_and_worst_and_what_chance_gives() -> None:
    assert texts(gap_table(made(1))) == [["corpus_0", "sex", "8.0 [−2.0, 18.0]", "3.0", "female", "male"]]
    gaps = made(1).gaps.assign(gap=None, low=None, high=None, best=None, worst=None, note="one group")
    table = gap_table(made(1, gaps=gaps.drop(columns="by_chance")))
    assert texts(table) == [["corpus_0", "sex", "–", "–", "–"]]
    assert table.notes == ("one group",)


def test_speakers_and_overlap_are_listed() -> None:
    assert texts(strip_table(made(1)))[0] == ["corpus_0", "s0", "female", "50.0", "45"]
    assert texts(overlap_table(made())) == [["speakers", "0", "ok"], ["sentences", "12", "warning"]]


def test_only_tables_with_rows_are_printed() -> None:
    assert [table.key for table in printed_tables(small())] == ["scores"]
    keys = [table.key for table in printed_tables(made())]
    assert len(keys) == len(set(keys)) == 14
    for table in printed_tables(made()):
        assert {len(row) for row in table.rows} == {len(table.columns)}
