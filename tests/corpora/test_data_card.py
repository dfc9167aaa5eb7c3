import pandas as pd
import pytest

from mien.corpora import deeply_nonverbal, emodb, goemotions, urdu
from mien.corpora.data_card import data_card, people_table


@pytest.fixture(scope="module")
def german(data_root):
    return data_card(emodb.load(data_root / "emodb"), emodb.CARD, name="emodb")


def test_what_owners_say_and_what_is_there_stand_together(german):
    facts = dict(german.facts)
    assert facts["Segments here"] == "535, the whole corpus"
    assert facts["Language"] == "German (`de`)"
    assert facts["Shelf"] == "`open`: may train weights for any use"
    assert float(facts["Hours here"]) == pytest.approx(0.41, abs=0.01)
    assert german.classes.set_index("class").loc["anger", "segments"] == 127
    assert german.limits == tuple(emodb.CARD["limits"])


def test_people_are_counted_per_sex(german):
    people = german.people.set_index("sex")
    assert people["speakers"].to_dict() == {"female": 5, "male": 5}
    assert people["segments"].sum() == 535
    assert (people["youngest"].min(), people["oldest"].max()) == (21, 35)


def test_a_part_says_of_what(data_root):
    card = data_card(deeply_nonverbal.load(data_root / "deeply_nonverbal"), deeply_nonverbal.CARD, name="d")
    assert dict(card.facts)["Segments here"] == "444 of 727 in the whole corpus"


def test_the_traps_are_told_once_and_the_problem_is_measured(data_root):
    card = data_card(urdu.load(data_root / "urdu"), urdu.CARD, name="urdu")
    assert any("26 of 29 speakers occur in one class only" in one.text for one in card.measured)
    assert not {"rights", "trap"} & {one.area for one in card.measured}
    assert any("-0.043" in trap for trap in card.traps)


def test_words_without_authors_have_no_people_and_no_hours(data_root):
    card = data_card(goemotions.load(data_root / "goemotions"), goemotions.CARD, name="goemotions")
    assert not len(card.people)
    assert dict(card.facts)["Hours here"] == "no recordings"
    assert card.classes.set_index("class").loc["grief", "segments"] == 96


def test_unknown_sexes_are_a_row_of_their_own():
    table = pd.DataFrame({"segment": list("abc"), "speaker": ["x", "y", None], "sex": ["female", None, None]})
    people = people_table(table).set_index("sex")
    assert people["speakers"].to_dict() == {"female": 1, "unknown": 1}
    assert people["segments"].to_dict() == {"female": 1, "unknown": 2}
    assert people[["hours", "youngest"]].isna().all(axis=None)
