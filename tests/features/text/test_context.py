import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse

from mien.core.errors import ConfigError, DataError
from mien.core.registry import find
from mien.features.text.context import InContext, with_text_before
from mien.features.text.tfidf import Tfidf
from mien.features.text.vader import Vader

TURNS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), min_size=1, max_size=20, unique=True)


def spoken(turns):
    return pd.DataFrame({"dialogue": [d for d, _ in turns], "turn": [t for _, t in turns]}).assign(
        text=lambda table: table["dialogue"] + table["turn"].astype(str)
    )


@given(TURNS)
def test_the_text_before_is_that_of_the_nearest_earlier_turn_of_the_dialogue(turns):
    for (dialogue, turn), (own, before) in zip(turns, with_text_before(spoken(turns)), strict=True):
        earlier = [other for name, other in turns if name == dialogue and other < turn]
        assert own == f"{dialogue}{turn}"
        assert before == (f"{dialogue}{max(earlier)}" if earlier else "")


@settings(max_examples=30)
@given(TURNS, st.integers(0, 19))
def test_later_turns_and_other_dialogues_change_nothing(turns, chosen):
    dialogue, turn = turns[chosen % len(turns)]
    table = spoken(turns)
    others = (table["dialogue"] != dialogue) | (table["turn"] > turn)
    changed = table.assign(text=table["text"].where(~others, "changed"))
    place = chosen % len(turns)
    assert with_text_before(changed)[place].tolist() == with_text_before(table)[place].tolist()


def test_real_dialogues_begin_without_a_turn_before(data_root):
    table = find("corpora", "meld").load(data_root / "meld")
    pairs = with_text_before(table)
    first = table.groupby("dialogue")["turn"].transform("min") == table["turn"]
    assert (pairs[first.to_numpy(), 1] == "").all()
    place = int(np.flatnonzero(table["segment"] == "meld/train_dia0_utt1")[0])
    assert pairs[place, 1] == table["text"].iloc[place - 1]


def test_null_texts_are_empty_ones():
    table = pd.DataFrame({"dialogue": ["a", "a"], "turn": [0, 1], "text": pd.array([None, "yes"], "string")})
    assert with_text_before(table).tolist() == [["", ""], ["yes", ""]]


def test_tables_without_an_order_are_refused():
    table = spoken([("a", 1), ("a", 2)])
    with pytest.raises(DataError, match="without `dialogue`"):
        with_text_before(table.drop(columns="dialogue"))
    with pytest.raises(DataError, match="turn 1 of dialogue `a` twice"):
        with_text_before(table.assign(turn=1))
    with pytest.raises(DataError, match="no turn in row 1"):
        with_text_before(table.assign(turn=[1, None]))


PAIRS = np.array([["yes", ""], ["no", "yes"], ["no", "no"]], dtype=object)


def test_each_side_has_its_own_columns():
    reader = InContext(Tfidf(n_grams=1)).fit(PAIRS)
    assert reader.names() == ["now.word.no", "now.word.yes", "before.word.no", "before.word.yes"]
    found = reader.transform(PAIRS)
    assert issparse(found)
    assert found.toarray().tolist() == [[0, 1, 0, 0], [1, 0, 0, 1], [1, 0, 1, 0]]


def test_sides_may_be_read_differently_and_dense():
    both = InContext(Vader()).fit(PAIRS)
    assert both.transform(PAIRS).shape == (3, 8)
    mixed = InContext(Tfidf(n_grams=1), Vader()).fit(PAIRS)
    assert mixed.transform(PAIRS).shape == (3, 6)
    assert mixed.names()[-1] == "before.negative"


def test_texts_that_are_not_pairs_and_use_before_fit_are_refused():
    with pytest.raises(DataError, match=r"shape \(2,\)"):
        InContext().fit(["a", "b"])
    with pytest.raises(ConfigError, match="call `fit`"):
        InContext().transform(PAIRS)
