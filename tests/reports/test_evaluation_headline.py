"""The first two sentences follow from the numbers, also where these are bad."""

import runpy
from pathlib import Path

import pytest

from mien.reports.evaluation_guide import guide_terms, not_to_conclude
from mien.reports.evaluation_headline import headline

CASE = runpy.run_path(str(Path(__file__).with_name("evaluation_case.py")))
made, small = CASE["made_tables"], CASE["small_tables"]


def sentences(tables) -> tuple[str, str]:
    can, cannot = headline(tables)
    return can.replace("\u00a0", " "), cannot.replace("\u00a0", " ")


def with_scores(**values) -> object:
    return small(scores=small().scores.assign(**values))


def test_one_corpus_is_told_with_interval_guessing_and_floor() -> None:
    assert sentences(small())[0] == (
        "For the people judged here, made_up does better than guessing: its UAR is 71.2 % in made "
        "(95 % interval 67.2 to 75.6); guessing gives 16.7 %, and it is above the floor in made."
    )


def test_held_out_speakers_are_said() -> None:
    summary = dict(small().summary) | {"held_out": "speakers", "floor": "an SVM"}
    can, _ = sentences(small(summary=summary))
    assert can.startswith("For speakers it has never heard, ")
    assert "the floor (an SVM)" in can


def test_several_corpora_are_told_from_the_lowest_to_the_highest() -> None:
    scores = made().scores.assign(value=[0.6, 0.4], low=[0.5, 0.3], high=[0.7, 0.5], chance=[0.25, 0.2])
    can, cannot = sentences(made(scores=scores, goals=made().goals.iloc[:0]))
    assert "in all 2 corpora: its UAR goes from 40.0 % in corpus_1" in can
    assert "to 60.0 % in corpus_0" in can
    assert "guessing gives 20.0 to 25.0 %" in can
    assert cannot == "It is below the floor in corpus_1; it cannot be told from the floor in corpus_0."


def test_a_model_that_only_guesses_is_called_so() -> None:
    can, cannot = sentences(with_scores(value=0.2, low=0.1, high=0.3))
    assert can.startswith("made_up cannot be told from guessing here: its UAR is 20.0 % in made")
    assert cannot == "It is below the floor in made."


def test_corpora_in_which_it_only_guesses_are_counted_out() -> None:
    scores = made().scores.assign(value=[0.6, 0.2], low=[0.5, 0.1], high=[0.7, 0.3])
    assert "in 1 of 2 corpora: its UAR is 60.0 % in corpus_0" in sentences(made(scores=scores))[0]


def test_missed_goals_are_named_with_their_corpora() -> None:
    assert sentences(made())[1] == (
        "It misses 2 of 4 goals: U4 (Recall gained by abstaining) in corpus_0 and corpus_1."
    )


def test_goals_whose_interval_includes_them_are_neither_met_nor_missed() -> None:
    goals = made().goals
    goals = goals.assign(met=goals["met"].where(goals["id"] != "U4"), note="not shown")
    assert sentences(made(goals=goals))[1] == (
        "These data cannot tell whether it meets U4 (Recall gained by abstaining) in corpus_0 and corpus_1."
    )


def test_a_model_without_fault_is_not_praised_beyond_its_data() -> None:
    goals = made().goals[made().goals["id"] == "U1"]
    assert sentences(made(goals=goals))[1].startswith(
        "It meets all 2 goals that were judged; that says nothing"
    )


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ({"value": None, "low": None, "high": None, "note": "one class"}, "No score of made_up has a value"),
        ({"chance": None}, "For the people judged here, the UAR of made_up is 71.2 % in made"),
    ],
)
def test_scores_without_value_or_chance_are_told_as_such(values, start) -> None:
    assert sentences(with_scores(**values))[0].startswith(start)


def test_the_guide_explains_what_is_shown_and_no_more() -> None:
    assert [term for term, _ in guide_terms(small())] == ["95 % interval, by speaker", "Guessing and floor"]
    assert len(guide_terms(made())) == 9


def test_what_may_not_be_concluded_names_corpora_and_few_speakers() -> None:
    said = " ".join(not_to_conclude(made()))
    assert "hold for corpus_0 and corpus_1" in said
    assert "intervals are rough: corpus_0 (10 speakers)" in said
    many = " ".join(not_to_conclude(made(scores=made().scores.assign(speakers=50))))
    assert "rough" not in many
