import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mien.core.errors import ConfigError, DataError
from mien.evaluation.corrections import benjamini_hochberg, holm
from mien.evaluation.intervals import bootstrap, difference_of
from mien.evaluation.metrics import macro_f1, unweighted_average_recall
from mien.evaluation.paired_systems import compare_answers
from mien.evaluation.significance import bootstrap_test, permutation_test, permutation_test_counts
from mien.evaluation.summed_scores import find_score
from mien.reports.comparison_tables import POOLED

CASE = runpy.run_path(str(Path(__file__).with_name("comparison_case.py")))
answers, with_seeds = CASE["answers"], CASE["with_seeds"]


def compare(first: pd.DataFrame, second: pd.DataFrame, **options: object):
    return compare_answers(first, {"B": second}, name="A", **({"draws": 100} | options))


def row(first: pd.DataFrame, second: pd.DataFrame, **options: object) -> pd.Series:
    return compare(first, second, **options).rows.iloc[0]


def studies(number: int = 200, *, skill: float = 0.6, lean: float = 0.0) -> pd.DataFrame:
    """Return the comparisons of many studies, each a corpus of its own; the second system's skill is 0.6."""
    corpora = tuple(f"study {place:03d}" for place in range(number))
    one = answers(1, corpora=corpora, skill=skill, lean=lean)
    two = answers(2, corpora=corpora, lean=lean)
    rows = compare(one, two, draws=60, correction="none").rows
    return rows[rows["corpus"] != POOLED]


@pytest.mark.parametrize(("metric", "slow"), [("uar", unweighted_average_recall), ("macro_f1", macro_f1)])
def test_a_row_holds_what_the_slow_tests_and_intervals_of_the_same_seed_give(metric, slow):
    one, two = answers(0, speakers=12), answers(1, speakers=12, skill=0.5)
    found = row(one, two, metrics=(metric,), seed=3)
    truth, first, second = one["truth"], one["prediction"], two["prediction"]
    options = {"cluster": one["speaker"].to_numpy(object), "seed": 3}
    arrays = [column.to_numpy(object) for column in (truth, first, second)]
    test = permutation_test(slow, arrays[0], first=arrays[1], second=arrays[2], draws=1000, **options)
    assert not test.exact
    assert (found.difference, found.p) == pytest.approx((test.difference, test.p))
    interval = bootstrap(difference_of(slow), *arrays, draws=100, **options)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    own = bootstrap(slow, *arrays[:2], draws=100, **options)
    assert (found.value_first, found.low_first, found.high_first) == pytest.approx(
        (own.value, own.low, own.high)
    )
    drawn = bootstrap_test(slow, arrays[0], first=arrays[1], second=arrays[2], draws=1000, **options)
    assert row(one, two, metrics=(metric,), seed=3, test="bootstrap").p == pytest.approx(drawn.p)
    assert (found.n, found.speakers, found.smallest_p) == (288, 12, 1 / 1001)


def test_p_values_by_speaker_are_uniform_where_systems_are_equal_and_speakers_differ():
    generator = np.random.default_rng(1)
    recall = find_score("uar", answers(0)).score
    each = np.array([5, 6, 7])  # unequal, so that few differences are exactly 0
    p = []
    for number in range(2000):
        skill = np.clip(0.6 + 0.2 * generator.standard_normal((2, 24, 1)), 0.05, 0.95)
        right = generator.binomial(each, np.broadcast_to(skill, (2, 24, 3)))
        counts = right[..., None] * np.eye(3) + (each - right)[..., None] * np.roll(np.eye(3), 1, axis=1)
        p.append(permutation_test_counts(recall, *counts, draws=199, seed=number).p)
    # The values are multiples of 1/200, so they are spread over their steps before the comparison.
    spread = np.array(p) - np.random.default_rng(0).random(2000) / 200
    assert stats.kstest(spread, "uniform").pvalue > 0.01


def test_by_speaker_equal_systems_are_seldom_called_different_and_by_item_often():
    rows = studies(100, lean=0.2)
    assert (rows["p"] <= 0.05).mean() < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)
    assert (rows["p_item"] <= 0.05).mean() > 0.2


def test_a_planted_equal_system_is_not_found_and_a_planted_better_one_is():
    equal, better = studies(), studies(40, skill=0.8)
    assert (equal["p"] <= 0.05).mean() <= 0.05
    assert (better["p"] <= 0.05).mean() > 0.9
    assert better["difference"].mean() == pytest.approx(0.2, abs=0.01)


def test_a_difference_as_large_as_the_detectable_one_is_found_in_about_three_of_four_studies():
    rows = studies(150, lean=0.1, skill=0.79)
    assert rows["detectable"].median() == pytest.approx(0.19, abs=0.015)
    assert (rows["p"] <= 0.05).mean() == pytest.approx(0.75, abs=0.1)


@given(st.integers(0, 10**6))
@settings(max_examples=4, deadline=None)
def test_the_order_of_rows_changes_nothing(seed):
    one, two = with_seeds([1, 2], corpora=("x", "y"), each=4), answers(3, corpora=("x", "y"), each=4)
    options = {"metrics": ("uar", "macro_f1"), "draws": 40}
    mixed = [table.sample(frac=1, random_state=seed) for table in (one, two)]
    pd.testing.assert_frame_equal(compare(one, two, **options).rows, compare(*mixed, **options).rows)


def test_exchanging_the_systems_turns_the_difference_and_keeps_p():
    one, two = answers(1), answers(2, skill=0.7)
    there, back = row(one, two), row(two, one)
    assert there.difference == pytest.approx(-back.difference)
    assert there[["p", "p_item"]].tolist() == back[["p", "p_item"]].tolist()
    assert there.value_first == back.value_second


def test_every_corpus_and_all_together_are_compared_with_persons_kept_apart():
    found = compare(answers(1, corpora=("x", "y")), answers(2, corpora=("x", "y")))
    assert found.rows["corpus"].tolist() == ["x", "y", POOLED]
    assert found.rows["speakers"].tolist() == [10, 10, 20]
    assert found.rows["n"].tolist() == [240, 240, 480]
    middle = found.rows["difference"][:2].mean()
    assert found.rows["difference"][2] == pytest.approx(middle)


def test_p_values_are_corrected_over_the_whole_table():
    others = {"B": answers(2, skill=0.45), "C": answers(3), "D": answers(4, skill=0.8)}
    tables = {
        name: compare_answers(
            answers(1), others, metrics=("uar", "accuracy"), correction=name, draws=100
        ).rows
        for name in ("holm", "bh", "none")
    }
    p = tables["none"]["p"].to_numpy()
    assert tables["none"]["p_corrected"].tolist() == p.tolist()
    assert tables["holm"]["p_corrected"].tolist() == holm(p).tolist()
    assert tables["bh"]["p_corrected"].tolist() == benjamini_hochberg(p).tolist()
    assert tables["holm"].set_index(["second", "metric"])["stars"]["D", "uar"]
    assert not tables["holm"].set_index(["second", "metric"])["stars"]["C", "uar"]


@pytest.mark.parametrize(("speakers", "least"), [(2, "0.5"), (5, "0.0625")])
def test_few_speakers_cannot_reach_5_percent_and_that_is_said(speakers, least):
    found = row(answers(1, skill=0.95, speakers=speakers), answers(2, skill=0.3, speakers=speakers))
    assert found.p == found.smallest_p == 2 / 2**speakers
    assert found.stars == ""
    assert pd.isna(found.detectable)
    assert f"cannot give a p-value below {least} (2/2^{speakers})" in found.note
    assert "too short" in found.note


def test_six_speakers_can_reach_5_percent_but_not_after_correction():
    one, two = answers(1, skill=0.95, speakers=6), answers(2, skill=0.3, speakers=6)
    alone, both = row(one, two), compare(one, two, metrics=("uar", "accuracy")).rows
    assert (alone.p, alone.stars, alone.note) == (2 / 2**6, "*", "")
    assert both["stars"].tolist() == ["", ""]
    assert both["note"].str.contains("corrected over 2 tests").all()


def test_seeds_are_averaged_and_their_spread_is_shown():
    runs, one = with_seeds([1, 2, 3]), answers(4, skill=0.5)
    found = row(runs, one, draws=400)
    scores = [
        unweighted_average_recall(part["truth"], part["prediction"]) for _, part in runs.groupby("seed")
    ]
    assert found.value_first == pytest.approx(np.mean(scores))
    assert found.sd_first == pytest.approx(np.std(scores, ddof=1))
    assert (found.seeds_first, found.seeds_second) == (3, 1)
    assert pd.isna(found.sd_second)
    assert found.difference == pytest.approx(found.value_first - found.value_second)
    assert found.high_seeds - found.low_seeds > found.high - found.low
    alone = row(answers(1), one)
    assert alone[["low_seeds", "high_seeds"]].isna().all()


@pytest.mark.parametrize("metric", ["uar", "macro_f1", "valence.ccc"])
def test_a_run_that_is_repeated_as_further_seeds_changes_no_number(metric):
    one, two = answers(1), answers(2, skill=0.5)
    again = pd.concat([one.assign(seed=number) for number in range(3)])
    twice = pd.concat([two.assign(seed=number) for number in range(2)])
    columns = ["difference", "p", "p_item", "low", "high", "detectable"]
    expected = row(one, two, metrics=(metric,))[columns].astype(float)
    found = row(again, twice, metrics=(metric,))[columns].astype(float)
    assert found.to_dict() == pytest.approx(expected.to_dict())


def test_falling_scores_keep_their_sign_and_say_which_way_is_better():
    one, two = answers(1, skill=0.8), answers(2, skill=0.4)
    found = compare(one, two, metrics=("uar", "brier", "valence.rmse")).rows
    assert found["higher_is_better"].tolist() == [True, False, False]
    assert (np.sign(found["difference"]) == [1, -1, -1]).all()


def test_without_speakers_there_is_a_difference_but_no_test_by_speaker():
    one, two = (answers(number).drop(columns="speaker") for number in (1, 2))
    found = row(one, two)
    assert "who speaks is not known" in found.note
    assert found[["p", "p_corrected", "low", "detectable"]].isna().all()
    assert found[["difference", "p_item", "low_item", "high_item"]].notna().all()


def test_equal_answers_have_p_1_and_no_detectable_difference():
    found = row(answers(1), answers(1))
    assert (found.difference, found.p, found.p_item) == (0, 1, 1)
    assert "no detectable difference: Got 10 differences without spread" in found.note


def test_a_corpus_of_one_category_has_a_note_and_alone_is_refused():
    def of(number: int) -> pd.DataFrame:
        table = answers(number, corpora=("x", "y"))
        return table.assign(truth=table["truth"].where(table["corpus"] != "y", "anger"))

    rows = compare(of(1), of(2)).rows.set_index("corpus")
    assert rows.loc["y", "note"] == "every item is anger; expected at least two categories"
    assert pd.isna(rows.loc["y", "difference"])
    assert rows.loc["x", "p"] <= 1
    with pytest.raises(DataError, match="nothing that can be compared: every item is anger"):
        compare(*(of(number).query("corpus == 'y'") for number in (1, 2)))


def test_categories_that_are_never_true_are_counted_aloud():
    odd = answers(2)
    odd.loc[:4, "prediction"] = "surprise"
    assert compare(answers(1), odd).notes == [
        "B also answers surprise, which is never true here: 5 of 240 answers, counted as wrong."
    ]


def test_items_without_a_true_dimension_are_left_out_and_counted():
    one = answers(1)
    one.loc[:9, "valence.truth"] = np.nan
    found = row(one, answers(2), metrics=("valence.ccc",))
    assert found.n == 230
    assert "10 items without a true valence are left out" in found.note
    with pytest.raises(DataError, match="no item has a true valence"):
        row(one.assign(**{"valence.truth": np.nan}), answers(2), metrics=("valence.ccc",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": "permutations"}, "Got test `permutations`, expected one of permutation, bootstrap. Did"),
        ({"correction": "bonferroni"}, "Got correction `bonferroni`"),
        ({"metrics": ("uarr",)}, "Got metric `uarr`"),
        ({"metrics": ()}, "nothing to compare with"),
        ({"draws": 0}, "0 draws"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=f"(?i){message}"):
        compare(answers(1), answers(2), **options)
    with pytest.raises(ConfigError, match="nothing to compare with"):
        compare_answers(answers(1), {})
