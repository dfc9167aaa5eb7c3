import pandas as pd

from mien.corpora.class_labels import class_members, joined_labels


def members(**columns):
    return {name: own.tolist() for name, own in class_members(pd.DataFrame(columns)).items()}


def test_one_label_per_row_gives_one_class_per_label():
    assert members(emotion=["joy", "fear", "joy", None]) == {
        "joy": [True, False, True, False],
        "fear": [False, True, False, False],
    }


def test_columns_of_labels_go_before_the_label_of_rows_with_only_one():
    found = members(emotion=["joy", None], **{"label.joy": [True, True], "label.fear": [False, True]})
    assert found == {"joy": [True, True], "fear": [False, True]}


def test_a_yes_or_no_beside_classes_leaves_the_classes_as_they_are():
    found = members(emotion=["joy", "fear"], **{"label.laughs": [True, None]})
    assert found == {"fear": [False, True], "joy": [True, False], "laughs": [True, False]}


def test_a_table_without_classes_has_none():
    assert members(segment=["a"]) == {}
    assert joined_labels(pd.DataFrame({"segment": ["a"]})).isna().all()


def test_labels_are_joined_in_the_same_order_for_every_row():
    table = pd.DataFrame({"label.joy": [True, False, True], "label.fear": [True, False, False]})
    assert joined_labels(table).fillna("-").tolist() == ["fear|joy", "-", "joy"]
