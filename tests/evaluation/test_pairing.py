import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError
from mien.evaluation.pairing import pair_answers

CASE = runpy.run_path(str(Path(__file__).with_name("comparison_case.py")))
answers, with_seeds = CASE["answers"], CASE["with_seeds"]
NAMES = ("A", "B")


def paired(first: pd.DataFrame, second: pd.DataFrame, missing: str = "refuse"):
    return pair_answers(first, second, names=NAMES, missing=missing)


def test_items_are_found_by_segment_and_never_by_order():
    first, second = answers(0), answers(1)
    found = paired(first.sample(frac=1, random_state=1), second.sample(frac=1, random_state=2))
    for side, given in ((found.first[0], first), (found.second[0], second)):
        expected = given.set_index("segment").loc[side.index, "prediction"]
        assert side["prediction"].tolist() == expected.tolist()
    assert found.first[0].index.equals(found.second[0].index)
    assert found.notes == []


def test_items_of_one_system_alone_are_counted_and_the_first_is_named():
    first, second = answers(0), answers(1)
    with pytest.raises(DataError, match=r"3 items only in A \(`0/9/021`, `0/9/022`, `0/9/023`\)") as caught:
        paired(first, second[:-3])
    assert "--missing drop" in str(caught.value)
    with pytest.raises(DataError, match=r"2 items only in A .* and 1 items only in B \(`0/0/000`\)"):
        paired(first[1:], second[:-2])
    found = paired(first[1:], second[:-2], missing="drop")
    assert len(found.items) == 237
    assert found.notes == [
        "2 items only in A (`0/9/022`, `0/9/023`); they are left out.",
        "1 items only in B (`0/0/000`); they are left out.",
    ]


def test_a_corpus_of_one_system_alone_is_left_out_and_counted():
    both, one = answers(0, corpora=("made", "other")), answers(1)
    assert paired(both, one).notes == ["other is not compared: B has no answers for its 240 items in A."]
    assert paired(one, both).notes == ["other is not compared: A has no answers for its 240 items in B."]
    assert set(paired(both, one).items["corpus"]) == {"made"}


def test_the_second_system_may_lack_corpus_and_speaker():
    bare = answers(1).drop(columns=["corpus", "speaker"])
    found = paired(answers(0), bare)
    assert set(found.items["corpus"]) == {"made"}
    assert found.items["speaker"].nunique() == 10
    turned = paired(bare, answers(0))
    assert set(turned.items["corpus"]) == {"all"}
    assert turned.items["speaker"].nunique() == 10


def test_seeds_are_told_apart_and_must_have_the_same_items():
    runs = with_seeds([3, 1, 2])
    found = paired(runs.sample(frac=1, random_state=0), answers(0))
    assert (len(found.first), len(found.second)) == (3, 1)
    expected = answers(1).set_index("segment").loc[found.items.index, "prediction"]
    assert found.first[0]["prediction"].tolist() == expected.tolist()
    with pytest.raises(DataError, match=r"Got 1 items that seed 3 of `A` lacks or has alone \(`0/0/000`\)"):
        paired(runs[1:], answers(0))


def changed(column: str, value: object) -> pd.DataFrame:
    table = answers(1)
    table[column] = table[column].astype(object)
    table.loc[5, column] = value
    return table


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (pd.concat([answers(1), answers(1).head(1)]), "Got `0/0/000` twice in `B`, expected once"),
        (pd.concat([with_seeds([1]), with_seeds([1]).head(1)]), "twice in `B` with seed 1"),
        (changed("prediction", np.nan), r"Got 1 rows of `B` without prediction \(`0/0/005`\)"),
        (changed("truth", None), r"Got 1 rows of `B` without truth \(`0/0/005`\)"),
        (changed("segment", None), "Got 1 rows of `B` without segment"),
        (answers(1).assign(seed=np.nan), "Got 240 rows of `B` without seed"),
        (
            changed("truth", "wrath"),
            "Got 1 of 240 items whose label .* `0/0/005` is fear for A and wrath for B",
        ),
        (answers(1).assign(segment=lambda t: "x" + t["segment"]), "Got no item of `A`"),
        (answers(1).drop(columns="truth"), "Got answers of `B` without truth"),
        (answers(1)[:0], "Got answers of `B` without rows"),
    ],
)
def test_answers_that_do_not_fit_are_refused(second: pd.DataFrame, message: str):
    with pytest.raises(DataError, match=message):
        paired(answers(0), second)


def test_an_unknown_word_for_missing_items_is_refused():
    with pytest.raises(ConfigError, match="expected refuse or drop"):
        paired(answers(0), answers(1), missing="ignore")
