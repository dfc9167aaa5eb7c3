"""What is fitted is judged on others: planted faults are found, what cannot be judged says why."""

import numpy as np
import pandas as pd
import pytest

from mien.evaluation.answers import with_truth
from mien.evaluation.calibration import member_probabilities
from mien.evaluation.cross_fitting import cross_folds
from mien.evaluation.doubt_tables import DELTA, RISKS, TARGETS, doubt_tables
from mien.evaluation.selective import fit_guarantee
from mien.reports.evaluation_tables import COLUMNS

NAMES = ["anger", "fear", "joy"]


def answers(
    *, sharp: float = 1.0, speakers: int = 10, clips: int = 60, seed: int = 0, **columns
) -> pd.DataFrame:
    """Return answers of a model that is right as often as it says, and too sure by the factor `sharp`."""
    generator, items = np.random.default_rng(seed), speakers * clips
    logits = 2.0 * generator.standard_normal((items, 3))
    truth = (member_probabilities(logits).cumsum(axis=1) < generator.random((items, 1))).sum(axis=1)
    chances = member_probabilities(sharp * logits)
    speaker = np.arange(items) % speakers
    entropy = -(chances * np.log(chances)).sum(axis=1)
    table = pd.DataFrame(chances, columns=[f"p.{name}" for name in NAMES]).assign(
        segment=[f"c{number}" for number in range(items)],
        truth=np.array(NAMES)[truth],
        speaker=[f"s{number}" for number in speaker],
        sex=np.where(speaker % 2, "male", "female"),
        **{"aleatoric.category": entropy - 0.01, "epistemic.category": 0.01},
    )
    return with_truth(table.assign(**columns))


def judged(table: pd.DataFrame, non_speech: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    return doubt_tables(table, non_speech=non_speech, draws=100)


@pytest.fixture(scope="module")
def plain() -> dict[str, pd.DataFrame]:
    return judged(answers())


def test_every_table_has_its_columns_and_a_row_for_each_corpus_and_kind(plain):
    for name, columns in COLUMNS.items():
        assert name not in plain or set(columns) <= set(plain[name])
    sizes = {name: len(table) for name, table in plain.items()}
    wanted = {"calibrators": 4, "conformal": len(TARGETS), "guarantee": len(RISKS), "doubts": 4}
    assert sizes == wanted | {"cross_fitting": 1}
    assert plain["cross_fitting"]["how"].tolist() == ["5 groups of speakers"]


def test_scaling_helps_a_model_that_is_too_sure_and_not_one_that_is_right(plain):
    sure = judged(answers(sharp=3.0))["calibrators"].set_index("method")
    assert sure.loc["temperature", "note"].startswith("helps")
    assert sure.loc["temperature", "ece"] < 0.05 < sure.loc["none", "ece"]
    right = plain["calibrators"].set_index("method")
    assert not right["note"].str.contains("helps").any()
    assert right.loc["isotonic", "nll"] > right.loc["none", "nll"]


def test_sets_reach_what_is_asked_also_for_a_model_that_is_too_sure():
    table = judged(answers(sharp=3.0, clips=150))["conformal"]
    assert table["coverage"].to_numpy() == pytest.approx(np.array(TARGETS), abs=0.03)
    assert table["same_speakers"].to_numpy() == pytest.approx(np.array(TARGETS), abs=0.03)
    assert table["size"].is_monotonic_increasing
    assert (table["low"] < table["coverage"]).all()


def test_a_group_that_sets_fail_is_named():
    table = answers(clips=150)
    men = table["sex"] == "male"
    table.loc[men, "truth"] = np.random.default_rng(1).permutation(table.loc[men, "truth"])
    found = judged(table)["conformal"].set_index("target")
    assert (found["group"] == "male").all()
    assert found.loc[0.9, "group_coverage"] < 0.87 < found.loc[0.9, "coverage"]


def test_groups_of_one_speaker_or_one_sex_are_not_told():
    assert judged(answers(sex="female"))["conformal"]["group_coverage"].isna().all()
    lonely = answers()
    lonely["sex"] = np.where(lonely["speaker"] == "s0", "male", "female")
    assert judged(lonely)["conformal"]["group_coverage"].isna().all()


def test_the_threshold_is_that_of_all_and_errors_are_those_of_others(plain):
    table = answers()
    doubt, correct = table["doubt"].to_numpy(), (table["truth"] == table["prediction"]).to_numpy()
    folds = cross_folds(table).names
    for row in plain["guarantee"].to_dict("records"):
        whole = fit_guarantee(doubt, correct, risk=row["target"], delta=DELTA)
        assert row["threshold"] == pytest.approx(whole.threshold)
        answered = np.zeros(600, dtype=bool)
        for fold in set(folds):
            here = folds == fold
            others = fit_guarantee(doubt[~here], correct[~here], risk=row["target"], delta=DELTA)
            answered[here] = others.answers(doubt[here])
        assert row["answered"] == pytest.approx(answered.mean())
        assert row["risk"] == pytest.approx((~correct)[answered].mean())


def test_speakers_whose_doubt_lies_break_the_promise_and_are_counted():
    table = answers(clips=120, fold=np.repeat(np.arange(5), 240))
    table["speaker"] = [f"s{number}" for number in np.arange(1200) // 120]
    bad = (table["fold"] == 4) & (np.arange(1200) % 2 == 0)
    table.loc[bad, "truth"] = table.loc[bad, "prediction"].map(
        dict(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))
    )
    row = judged(table)["guarantee"].set_index("target").loc[0.3]
    assert row["broken"] == 1
    assert "more errors than asked for in 1 of 5 folds" in row["note"]


def test_a_promise_that_cannot_be_given_answers_nothing_and_says_why():
    table = answers()
    table["truth"] = np.random.default_rng(2).permutation(table["truth"])
    found = judged(table)["guarantee"]
    assert (found["answered"] == 0).all()
    assert found["risk"].isna().all()
    assert found["note"].str.startswith("not attainable").all()


def test_sounds_are_told_by_the_doubt_that_rises_on_them(plain):
    generator = np.random.default_rng(3)
    inside = answers(**{"epistemic.category": generator.uniform(0, 0.02, 600)})
    sounds = inside.head(50).assign(**{"epistemic.category": generator.uniform(0.02, 0.1, 50)})
    found = judged(inside, sounds)["doubts"].set_index("doubt")
    assert found.loc["epistemic", "outside"] > 0.99
    assert found.loc["least_confidence", "outside"] == pytest.approx(0.5, abs=0.15)
    assert (found["outside_n"] == 50).all()
    assert plain["doubts"]["outside"].isna().all()
    assert plain["doubts"]["note"].str.contains("non-speech was not given").all()


def test_a_model_without_members_has_two_doubts_and_no_second_entropy(plain):
    bare = answers().drop(columns=["aleatoric.category", "epistemic.category"])
    assert judged(bare)["doubts"]["doubt"].tolist() == ["entropy", "least_confidence"]
    assert plain["doubts"]["doubt"].tolist() == ["total", "epistemic", "aleatoric", "least_confidence"]
    half = answers().drop(columns="aleatoric.category")
    found = judged(half, non_speech=answers().head(40))["doubts"]
    assert found["doubt"].tolist() == ["entropy", "least_confidence"]
    assert found["outside"].notna().all()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (answers(speaker=None), "who speaks is not known"),
        (answers(speakers=1), "one speaker: nobody is left to fit on"),
        (answers(speakers=1, clips=1), "one speaker: nobody is left to fit on"),
    ],
    ids=["unknown", "one-speaker", "one-item"],
)
def test_what_cannot_be_judged_has_a_reason_in_every_row(table, reason):
    found = judged(table)
    for name, column in (("calibrators", "ece"), ("conformal", "coverage"), ("guarantee", "risk")):
        assert found[name][column].isna().all()
        assert found[name]["note"].str.contains(reason).all()
    assert found["calibrators"]["nll"].notna().all()
    assert found["doubts"]["note"].str.len().gt(0).all()


def test_folds_of_unknown_speakers_are_used_and_the_missing_intervals_said():
    found = judged(answers(speaker=None, fold=np.arange(600) % 3))
    assert found["cross_fitting"]["how"].tolist() == ["the predictions' 3 folds"]
    assert found["conformal"]["coverage"].notna().all()
    assert found["conformal"]["low"].isna().all()
    assert found["conformal"]["note"].str.contains("no interval: who speaks is not known").all()
    assert found["calibrators"]["note"].iloc[0].startswith("judged by item, which promises too much")


def test_scaling_is_not_judged_by_one_true_category():
    table = answers()
    found = judged(table[table["truth"] == "joy"].reset_index(drop=True))["calibrators"]
    assert found["note"].tolist() == [
        "not judged: with one true category, scaling would learn to say nothing else"
    ]
