"""Goal U6: what is planted is found, and what cannot be judged says why."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.evaluation.answers import with_truth
from mien.evaluation.doubt_goals import GOAL_COLUMNS
from mien.evaluation.intervals import bootstrap
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.robustness import (
    CONDITION_COLUMNS,
    RUNG_COLUMNS,
    judge_robustness,
)
from mien.signals.degrade import LADDER, LEVELS

NAMES = ["anger", "fear", "joy"]
EVERY = [(condition, level) for condition in LADDER for level in LEVELS]


def planted(right: float, *, seed: int = 0, items: int = 240, speakers: int = 12) -> pd.DataFrame:
    """Return answers of which a share is right, more for some speakers; the clips are always the same."""
    truth = np.arange(items) % 3
    speaker = np.arange(items) // 3 % speakers
    chances = np.random.default_rng(seed).uniform(size=items)
    hit = chances < right + 0.1 * (speaker % 3 - 1)
    said = np.where(hit, truth, (truth + 1) % 3)
    table = pd.DataFrame({f"p.{name}": (said == k) * 0.8 + 0.2 / 3 for k, name in enumerate(NAMES)})
    return with_truth(
        table.assign(
            segment=[f"s{number}" for number in range(items)],
            truth=np.array(NAMES)[truth],
            speaker=[f"p{number}" for number in speaker],
            corpus=np.where(speaker < speakers // 2, "one", "other"),
        )
    )


def test_every_rung_condition_and_corpus_has_a_row():
    rungs = {(name, level): planted(0.7, seed=level) for name, level in EVERY}
    found = judge_robustness(planted(0.8), rungs, draws=100)
    assert tuple(found.rungs) == RUNG_COLUMNS
    assert tuple(found.conditions) == CONDITION_COLUMNS
    assert tuple(found.goals) == GOAL_COLUMNS
    assert len(found.rungs) == 2 * (1 + len(LADDER) * 5)
    assert len(found.conditions) == 2 * len(LADDER)
    assert found.goals["corpus"].tolist() == ["one", "one", "other", "other"]
    snr = found.rungs.query("corpus == 'one' and condition == 'babble'")
    assert snr["severity"].tolist() == list(LADDER["babble"].severities)


def test_scores_and_intervals_are_those_of_the_plain_bootstrap_over_speakers():
    clean, mild, strong = planted(0.8), planted(0.7, seed=1), planted(0.4, seed=2)
    shuffled = strong.sample(frac=1.0, random_state=0)
    found = judge_robustness(clean, {("room", 5): shuffled, ("room", 1): mild}, draws=200, seed=3)
    here = clean["corpus"] == "one"
    arrays = [one.loc[here, "prediction"].to_numpy(dtype=object) for one in (clean, mild, strong)]
    truth, speaker = clean.loc[here, "truth"].to_numpy(dtype=object), clean.loc[here, "speaker"].to_numpy()

    def share(truth, clean, *worse):
        recalls = [unweighted_average_recall(truth, one) for one in worse]
        return float(np.mean(recalls)) / unweighted_average_recall(truth, clean)

    options = {"cluster": speaker, "draws": 200, "seed": 3}
    room = found.conditions.iloc[0]
    expected = bootstrap(share, truth, *arrays, **options)
    assert (room["ratio"], room["low"], room["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    worst = found.rungs.query("corpus == 'one' and level == 5").iloc[0]
    expected = bootstrap(unweighted_average_recall, truth, arrays[2], **options)
    assert (worst["uar"], worst["low"], worst["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    expected = bootstrap(share, truth, arrays[0], arrays[2], **options)
    assert (worst["ratio"], worst["ratio_low"], worst["ratio_high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert (worst["n"], worst["speakers"]) == (here.sum(), 6)


@pytest.mark.parametrize(("right", "met"), [(0.78, True), (0.5, False)])
def test_the_goal_is_a_share_of_85_percent_over_the_whole_ladder(right, met):
    clean = planted(0.8)
    found = judge_robustness(clean, {rung: planted(right) for rung in EVERY}, draws=100)
    goal = found.goals[found.goals["goal"] == "≥ 0.85"]
    assert goal["met"].tolist() == [met, met]
    assert ((goal["value"] >= 0.85) == met).all()
    assert (goal["low"] <= goal["value"]).all()
    assert (goal["value"] <= goal["high"]).all()


def test_the_worst_condition_is_named_and_has_no_goal():
    rungs = {rung: planted(0.3 if rung[0] == "amr" else 0.75, seed=4) for rung in EVERY}
    worst = judge_robustness(planted(0.8), rungs, draws=100).goals.iloc[1]
    assert worst["note"].startswith("amr: Mobile telephone")
    assert worst["goal"] == "reported"
    assert pd.isna(worst["met"])


def test_the_same_answers_keep_all_of_the_score():
    clean = planted(0.8)
    goal = judge_robustness(clean, {rung: clean for rung in EVERY}, draws=100).goals.iloc[0]
    assert (goal["value"], goal["low"], goal["high"]) == pytest.approx((1.0, 1.0, 1.0))


def test_a_ladder_with_rungs_missing_is_not_judged():
    rungs = {rung: planted(0.8) for rung in EVERY if rung[0] != "recorded-noise"}
    goal = judge_robustness(planted(0.8), rungs, draws=100).goals.iloc[0]
    assert goal["note"] == "Not judged: 5 rungs of the ladder are missing"
    assert pd.isna(goal["met"])
    assert goal["value"] == pytest.approx(1.0)


def test_without_speakers_there_is_a_value_and_a_reason_for_no_interval():
    clean = planted(0.8).assign(speaker=pd.NA)
    found = judge_robustness(clean, {("gain", 1): clean}, draws=100)
    for table in found:
        assert table["low"].isna().all()
        assert table["note"].str.contains("no interval: who speaks is not known").any()
    assert found.rungs["speakers"].isna().all()
    assert found.goals["value"].tolist()[0] == 1.0


def test_one_speaker_gives_no_interval():
    clean = planted(0.8).assign(speaker="p")
    found = judge_robustness(clean, {("gain", 1): clean}, draws=100)
    assert found.rungs["note"].str.contains("no interval: Got 1 clusters").all()


def test_a_model_that_is_never_right_has_no_ratio():
    wrong = planted(-1.0)
    found = judge_robustness(wrong, {("gain", 1): planted(0.5)}, draws=100)
    assert found.rungs["uar"].tolist()[0] == 0.0
    assert found.conditions["ratio"].isna().all()
    assert (found.conditions["note"] == "no ratio: nothing is right on clean clips").all()
    assert found.goals["met"].isna().all()


def test_other_clips_labels_or_rungs_are_refused():
    clean = planted(0.8)
    relabelled = clean.assign(truth=clean["truth"].to_numpy()[::-1])
    for answers in (clean.head(100), pd.concat([clean, clean.head(1)]), relabelled):
        with pytest.raises(DataError, match=r"for `gain` at level 2, expected the 240 clean clips"):
            judge_robustness(clean, {("gain", 2): answers}, draws=100)
    for rungs in ({("fog", 1): clean}, {("gain", 0): clean}, {}):
        with pytest.raises(DataError, match="expected conditions of the ladder"):
            judge_robustness(clean, rungs, draws=100)
