import numpy as np
import pandas as pd
import pytest

from mien.evaluation.answers import with_truth
from mien.evaluation.metrics import unweighted_average_recall
from mien.studies.cells import Answered
from mien.studies.study_scores import correct_all, judge_system, score_system, star_against

CLASSES = ("a", "b", "c")


def answers(truth, right, speaker, seed=0):
    """Return answers of which those marked right are."""
    generator = np.random.default_rng(seed)
    said = np.where(right, truth, (truth + generator.integers(1, 3, len(truth))) % 3)
    chances = np.full((len(truth), 3), 0.1)
    chances[np.arange(len(truth)), said] = 0.8
    table = pd.DataFrame({"segment": np.arange(len(truth)).astype(str), "truth": np.array(CLASSES)[truth]})
    table["speaker"], table["corpus"], table["fold"] = speaker.astype(str), "made", speaker.astype(str)
    return table.assign(**{f"p.{name}": chances[:, place] for place, name in enumerate(CLASSES)})


def study(seed, shares, *, speakers=12, per=18, spread=0.6):
    """Return one cell per system; a system's share of right answers varies by speaker, alike for all."""
    generator = np.random.default_rng(seed)
    speaker = np.repeat(np.arange(speakers), per)
    truth = np.tile(np.arange(per) % 3, speakers)
    ease = generator.normal(scale=spread, size=speakers)[speaker]
    cells = {}
    for place, (name, share) in enumerate(shares.items()):
        chance = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + ease)))
        right = generator.random(len(truth)) < chance
        cells[name] = [Answered(name, "made", 0, answers(truth, right, speaker, seed + place), {})]
    return cells


def starred(cells, reference="base"):
    found = star_against(cells, reference, metric="uar", draws=20)
    rows = pd.DataFrame(
        [{"system": name, "p": one["p"], "p_corrected": np.nan} for name, one in found.items()]
    )
    rows, _ = correct_all(rows)
    return dict(zip(rows["system"], rows["stars"], strict=True))


def test_systems_that_are_equal_get_a_star_in_at_most_one_of_twenty_studies():
    studies = [starred(study(seed, {"base": 0.6, "equal": 0.6}, speakers=10, per=9)) for seed in range(200)]
    assert sum(any(one.values()) for one in studies) <= 10


def test_a_planted_better_system_gets_its_star():
    studies = [starred(study(seed, {"base": 0.5, "better": 0.8, "equal": 0.5})) for seed in range(10)]
    assert sum(bool(one["better"]) for one in studies) == 10


def test_differences_are_the_system_less_the_reference():
    cells = study(3, {"base": 0.5, "better": 0.8})
    found = star_against(cells, "base", metric="uar", draws=100)["better"]
    values = {name: score_system(own, metric="uar", draws=100)["value"] for name, own in cells.items()}
    assert found["difference"] == pytest.approx(values["better"] - values["base"])
    assert found["difference_low"] < found["difference"] < found["difference_high"]


def test_scores_are_means_over_seeds_with_their_spread():
    one, two = (study(seed, {"base": 0.6})["base"][0].answers for seed in (1, 2))
    cells = [Answered("base", "made", seed, table, {}) for seed, table in enumerate((one, two))]
    row = score_system(cells, metric="uar", draws=100)
    each = [
        unweighted_average_recall(table["truth"], table["prediction"])
        for table in map(with_truth, (one, two))
    ]
    assert row["value"] == pytest.approx(np.mean(each))
    assert row["sd_seeds"] == pytest.approx(np.std(each, ddof=1))
    assert (row["seeds"], row["n"], row["speakers"], row["folds"]) == (2, 216, 12, 12)
    assert row["low"] < row["value"] < row["high"]


def test_unknown_speakers_give_an_interval_by_segment_and_say_so():
    table = study(1, {"base": 0.6})["base"][0].answers.assign(speaker=None)
    row = score_system([Answered("base", "made", 0, table, {})], metric="uar", draws=100)
    assert row["note"] == "interval by segment: who speaks is not known"
    assert row["low"] < row["value"] < row["high"]


def without_speakers(cells, rows=slice(None)):
    for [cell] in cells.values():
        cell.answers.loc[cell.answers.index[rows], "speaker"] = None
    return cells


def test_where_nobody_is_known_systems_are_tested_by_segment_and_say_so():
    cells = without_speakers(study(3, {"base": 0.5, "better": 0.8}))
    found = star_against(cells, "base", metric="uar", draws=100)["better"]
    assert found["p"] < 0.01
    assert found["difference_low"] < found["difference"] < found["difference_high"]
    assert found["note"].startswith("tested by segment")


def test_where_some_are_known_there_is_no_test():
    cells = without_speakers(study(3, {"base": 0.5, "better": 0.8}), slice(5))
    found = star_against(cells, "base", metric="uar", draws=100)["better"]
    assert np.isnan(found["p"])
    assert "no test by speaker" in found["note"]


def test_a_reference_that_failed_leaves_nothing_to_compare_with():
    cells = study(1, {"base": 0.6, "other": 0.6})
    cells["base"] = [Answered("base", "made", 0, None, {"failure": "planted"})]
    assert star_against(cells, "base", metric="uar", draws=100) == {}


def test_doubt_groups_and_speakers_of_a_system():
    table = study(5, {"base": 0.6})["base"][0].answers
    table["sex"] = np.where(table["speaker"].astype(int) < 6, "female", "male")
    row, strip, risk = judge_system([Answered("base", "made", 0, table, {})], draws=100)
    right = with_truth(table)
    female = right[right["sex"] == "female"]
    male = right[right["sex"] == "male"]
    gap = abs(
        unweighted_average_recall(female["truth"], female["prediction"])
        - unweighted_average_recall(male["truth"], male["prediction"])
    )
    assert (row["worst_gap"], row["worst_gap_of"]) == (pytest.approx(gap), "sex")
    assert row["worst_decile"] < 0.6
    assert len(strip) == 12
    assert risk["coverage"].iloc[-1] == 1
    wrong = (right["truth"] != right["prediction"]).mean()
    assert risk["risk"].iloc[-1] == pytest.approx(wrong)


def test_stars_are_corrected_over_all_rows_together():
    rows, tests = correct_all(pd.DataFrame({"p": [0.02, 0.03, np.nan], "p_corrected": np.nan}))
    assert tests == 2
    assert rows["p_corrected"].tolist()[:2] == [0.04, 0.04]
    assert rows["stars"].tolist() == ["*", "*", ""]
