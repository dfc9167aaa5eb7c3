import pytest

from mien.core.errors import DataError
from mien.core.labels import SHARED_EMOTIONS, LabelSpace


def test_a_label_outside_the_space_is_an_error_that_names_the_nearest():
    with pytest.raises(DataError, match=r"Got label `angr`, expected one of .*Did you mean `anger`"):
        SHARED_EMOTIONS.check(["neutral", "angr"])


def test_a_repeated_label_is_returned_as_often_as_it_came():
    assert SHARED_EMOTIONS.check(["fear", "fear"]) == ["fear", "fear"]


def test_mapping_completes_names_that_both_spaces_share():
    own = LabelSpace(("angry", "neutral", "boredom"))
    mapping = own.map_to(SHARED_EMOTIONS, {"angry": "anger", "boredom": None})
    assert mapping == {"angry": "anger", "neutral": "neutral", "boredom": None}


def test_a_category_without_a_place_is_an_error():
    with pytest.raises(DataError, match="`boredom` with no place"):
        LabelSpace(("boredom",)).map_to(SHARED_EMOTIONS, {})


def test_mapping_to_an_unknown_category_is_an_error():
    with pytest.raises(DataError, match="happyness"):
        LabelSpace(("happy",)).map_to(SHARED_EMOTIONS, {"happy": "happyness"})


def test_mapping_from_an_unknown_category_is_an_error():
    with pytest.raises(DataError, match="joy"):
        LabelSpace(("happy",)).map_to(SHARED_EMOTIONS, {"joy": "happiness"})


def test_the_shared_space_is_the_seven_categories_in_alphabetical_order():
    assert list(SHARED_EMOTIONS.categories) == sorted(SHARED_EMOTIONS.categories)
    assert len(SHARED_EMOTIONS.categories) == 7
