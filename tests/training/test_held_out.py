import numpy as np
import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.training.held_out import plan_folds


def clips(speakers: int = 10, each: int = 6) -> pd.DataFrame:
    """Return a table of clips of three emotions, as many of each by every speaker."""
    rows = [
        {
            "segment": f"{s}-{n}",
            "file": f"{s}-{n}.wav",
            "speaker": f"s{s}",
            "emotion": "abc"[n % 3],
            "corpus": "c",
        }
        for s in range(speakers)
        for n in range(each)
    ]
    return pd.DataFrame(rows).astype("string")


def test_every_clip_is_tested_once_and_no_speaker_is_in_two_parts_of_a_fold():
    table = clips()
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=5)
    assert sorted(np.concatenate([fold.test for fold in plan.folds])) == list(range(len(table)))
    speaker = table["speaker"].to_numpy()
    for fold in plan.folds:
        parts = [set(speaker[rows]) for rows in (fold.train, fold.dev, fold.test)]
        assert all(parts)
        assert sum(map(len, parts)) == 10
        assert sorted([*fold.train, *fold.dev, *fold.test]) == list(range(len(table)))
    assert plan.by_speaker
    assert plan.protocol == "speaker-5-fold"
    assert len(plan.refit) == len(table)


def test_the_categories_are_spread_over_the_folds():
    table = clips(each=3)
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=5)
    assert all(set(table["emotion"].iloc[fold.test]) == {"a", "b", "c"} for fold in plan.folds)


def test_with_two_training_speakers_none_is_left_for_dev_and_the_fold_says_so():
    table = clips(speakers=3)
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=3)
    assert all(len(fold.dev) == 0 for fold in plan.folds)
    assert all("the number of epochs is fixed" in fold.notes[-1] for fold in plan.folds)


@pytest.mark.parametrize("known", [0, 30])
def test_without_speakers_files_stay_together_and_a_warning_is_loud(known):
    table = clips()
    table.loc[known:, "speaker"] = pd.NA
    table["file"] = [f"{row // 2}.wav" for row in range(len(table))]
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=4)
    assert not plan.by_speaker
    assert plan.notes[0].startswith("WARNING")
    assert "speaker" not in plan.held_out
    for fold in plan.folds:
        assert not set(table["file"].iloc[fold.test]) & set(table["file"].iloc[fold.train])


def test_a_split_is_taken_as_it_is_and_the_refit_leaves_its_test_part_out():
    table = clips()
    table["split"] = table["speaker"].map({"s0": "test", "s1": "dev"}).fillna("train")
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=5)
    (fold,) = plan.folds
    assert set(table["speaker"].iloc[fold.test]) == {"s0"}
    assert set(table["speaker"].iloc[fold.dev]) == {"s1"}
    assert set(table["speaker"].iloc[plan.refit]) == {f"s{number}" for number in range(1, 10)}
    assert plan.notes == ()


def test_a_split_that_shares_speakers_warns_and_one_without_dev_gets_one():
    table = clips()
    table["split"] = ["test" if row % 6 == 0 else "train" for row in range(len(table))]
    plan = plan_folds(table, table["emotion"].to_numpy(), folds=5)
    assert "10 speakers of the test part are in the training part too" in plan.notes[0]
    assert not plan.by_speaker
    assert len(plan.folds[0].dev)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (clips(speakers=3), "Got 3 speakers for 5 folds, expected at least 5; pass --folds 3"),
        (clips(speakers=1), "one alone cannot be held out"),
        (clips().assign(split="train"), "expected some of both"),
    ],
)
def test_what_cannot_be_parted_says_what_to_do(table, message):
    with pytest.raises(DataError, match=message):
        plan_folds(table, table["emotion"].to_numpy(), folds=5)
