"""Nobody is judged by what was fitted on them; where that cannot be, the reason is said."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import UndefinedScore
from mien.evaluation.cross_fitting import cross_folds


def answers(speakers: int = 7, clips: int = 6, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "speaker": np.repeat([f"s{number}" for number in range(speakers)], clips),
            "truth": np.tile(["anger", "joy", "joy"], speakers * clips // 3),
            "fold": pd.NA,
        }
    )
    return table.assign(**columns)


def folds_of_speakers(table: pd.DataFrame, names: np.ndarray) -> pd.Series:
    return pd.Series(names).groupby(table["speaker"].to_numpy()).nunique()


def test_the_folds_of_the_predictions_are_taken_where_they_keep_speakers_apart():
    table = answers()
    table["fold"] = table["speaker"].str[1:].astype(int) % 3
    found = cross_folds(table)
    assert found.names.tolist() == table["fold"].astype(str).tolist()
    assert found.how == "the predictions' 3 folds"


@pytest.mark.parametrize("fold", ["none", "one", "mixed", "gaps"])
def test_whole_speakers_are_dealt_where_there_are_no_such_folds(fold):
    table = answers()
    rows = np.arange(len(table))
    table["fold"] = {
        "none": pd.NA,
        "one": 0,
        "mixed": rows % 3,
        "gaps": pd.Series(table["speaker"]).where(rows > 5),
    }[fold]
    found = cross_folds(table)
    assert found.how == "5 groups of speakers"
    assert len(set(found.names)) == 5
    assert (folds_of_speakers(table, found.names) == 1).all()


def test_few_speakers_stand_alone():
    found = cross_folds(answers(speakers=3))
    assert found.how == "3 groups of speakers"
    assert len(set(found.names)) == 3


def test_folds_are_trusted_where_nobody_is_known():
    table = answers(fold=np.arange(42) % 2, speaker=pd.NA)
    assert cross_folds(table).how == "the predictions' 2 folds"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (answers(speaker=pd.NA), "who speaks is not known$"),
        (answers(speaker=["s1"] * 40 + [None] * 2), "not known for 2 of 42 items"),
        (answers(speakers=1), "one speaker: nobody is left"),
    ],
)
def test_where_nothing_can_be_held_out_the_reason_is_said(table, reason):
    with pytest.raises(UndefinedScore, match=reason):
        cross_folds(table)
