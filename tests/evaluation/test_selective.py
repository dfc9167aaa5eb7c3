from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.resampling import resample
from mien.evaluation.selective import (
    CANDIDATES,
    area_under_risk_coverage,
    areas_under_risk_coverage,
    excess_area_under_risk_coverage,
    fit_guarantee,
    gain_of_abstaining,
    judge_guarantee,
    resampled_area,
    risk_coverage,
)


def naive_area(doubt, correct) -> float:
    """Mean risk over coverages, averaged over all orders that doubt allows."""
    areas = []
    for order in permutations(range(len(doubt))):
        if all(doubt[a] <= doubt[b] for a, b in pairwise(order)):
            risks = [sum(not correct[i] for i in order[:k]) / k for k in range(1, len(order) + 1)]
            areas.append(sum(risks) / len(risks))
    return sum(areas) / len(areas)


def clips(seed: int, count: int, *, harder: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return doubt from 0 to 1 and hits; the risk of clips with doubt d is 0.6 · d, and `harder`."""
    generator = np.random.default_rng(seed)
    doubt = generator.random(count)
    return doubt, generator.random(count) >= 0.6 * doubt + harder


small = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=40)
@given(small)
def test_the_area_equals_a_naive_mean_over_all_orders_of_equal_doubt(pairs):
    doubt, correct = zip(*pairs, strict=True)
    assert area_under_risk_coverage(doubt, correct) == pytest.approx(naive_area(doubt, correct))


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 50))
def test_the_area_knows_neither_units_nor_the_order_of_rows(seed, count):
    doubt, correct = clips(seed, count)
    doubt = doubt.round(1)
    order = np.random.default_rng(seed).permutation(count)
    area = area_under_risk_coverage(doubt, correct)
    assert area_under_risk_coverage(doubt[order], correct[order]) == pytest.approx(area)
    assert area_under_risk_coverage(np.exp(3 * doubt), correct) == pytest.approx(area)


def test_doubt_that_knows_every_error_has_no_excess_area():
    correct = np.array([True, False, True, True, False])
    assert excess_area_under_risk_coverage(~correct, correct) == pytest.approx(0.0)
    assert excess_area_under_risk_coverage(correct, correct) > 0.3


def test_doubt_without_information_has_the_error_rate_as_area():
    _, correct = clips(0, 500)
    assert area_under_risk_coverage(np.zeros(500), correct) == pytest.approx(1 - correct.mean())


def test_the_curve_answers_equal_doubt_together_and_ends_at_the_error_rate():
    table = risk_coverage([0.3, 0.1, 0.3, 0.2], [True, True, False, False])
    assert table["threshold"].tolist() == [0.1, 0.2, 0.3]
    assert table["answered"].tolist() == [1, 2, 4]
    assert table["coverage"].tolist() == [0.25, 0.5, 1.0]
    assert table["risk"].tolist() == [0.0, 0.5, 0.5]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 2)), min_size=1, max_size=8))
def test_areas_of_weighted_clips_are_those_of_clips_written_out(rows):
    doubt, correct, weight = (np.array(each) for each in zip(*rows, strict=True))
    if not weight.sum():
        return
    found = areas_under_risk_coverage(doubt, correct, weights=np.stack([weight, 1 + weight]).astype(float))
    for value, times in zip(found, (weight, 1 + weight), strict=True):
        written = area_under_risk_coverage(np.repeat(doubt, times), np.repeat(correct, times))
        assert value == pytest.approx(written)


def test_resamples_of_an_area_and_of_a_difference_are_those_of_the_same_draws():
    generator = np.random.default_rng(8)
    doubt, other, correct = generator.integers(9, size=90), generator.random(90), generator.random(90) < 0.6
    options = {"cluster": generator.integers(6, size=90), "draws": 40, "seed": 2}

    def difference(one, two, hit):
        return area_under_risk_coverage(one, hit) - area_under_risk_coverage(two, hit)

    single, less = (
        resampled_area(doubt, correct, **options),
        resampled_area(doubt, correct, less=other, **options),
    )
    assert single.values == pytest.approx(
        resample(area_under_risk_coverage, doubt, correct, **options).values
    )
    assert less.values == pytest.approx(resample(difference, doubt, other, correct, **options).values)
    assert less.value == pytest.approx(difference(doubt, other, correct))


def test_gain_without_ties_is_the_recall_of_those_answered_less_that_of_all():
    generator = np.random.default_rng(1)
    truth, prediction = generator.integers(3, size=(2, 100))
    doubt = generator.random(100) + (truth != prediction)
    kept = doubt <= np.sort(doubt)[79]
    expected = unweighted_average_recall(truth[kept], prediction[kept])
    expected -= unweighted_average_recall(truth, prediction)
    assert gain_of_abstaining(truth, prediction, doubt=doubt) == pytest.approx(expected)
    assert expected > 0.05


def test_gain_with_equal_doubt_is_nothing_and_knows_no_order():
    generator = np.random.default_rng(2)
    truth, prediction = generator.integers(3, size=(2, 90))
    assert gain_of_abstaining(truth, prediction, doubt=np.ones(90)) == pytest.approx(0.0)
    doubt = generator.integers(3, size=90)
    order = generator.permutation(90)
    shuffled = gain_of_abstaining(truth[order], prediction[order], doubt=doubt[order])
    assert shuffled == pytest.approx(gain_of_abstaining(truth, prediction, doubt=doubt))


def test_a_category_that_is_never_answered_has_no_gain():
    with pytest.raises(UndefinedScore, match="no answered clip of `b`"):
        gain_of_abstaining(list("aaaab"), list("aaaab"), doubt=[0, 0, 0, 0, 1])


def test_a_share_that_leaves_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"share of 1"):
        gain_of_abstaining(["a"], ["a"], doubt=[0.1], share=1)


def test_the_guarantee_equals_a_naive_search_over_thresholds():
    doubt, correct = clips(3, 410)
    found = fit_guarantee(doubt, correct, risk=0.2, delta=0.1)
    best = 0
    for step in range(1, CANDIDATES + 1):
        count = int(np.ceil(410 * step / CANDIDATES))
        wrong = int((~correct[np.argsort(doubt)[:count]]).sum())
        test = binomtest(wrong, count, alternative="less")
        if test.proportion_ci(1 - 0.1 / CANDIDATES).high <= 0.2:
            best = count
    assert found.answers(doubt).sum() == best > 0
    assert found.coverage == best / 410
    assert found.risk <= found.bound <= 0.2


@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_the_guarantee_holds_in_1_minus_delta_of_resamples(delta):
    found = [fit_guarantee(*clips(seed, 600), risk=0.15, delta=delta) for seed in range(300)]
    # the true risk of what lies below a threshold t is 0.3 · t
    broken = sum(0.3 * min(one.threshold, 1.0) > 0.15 for one in found if one.coverage)
    assert broken <= binom.ppf(0.99, 300, delta)
    assert np.mean([one.coverage for one in found]) > 0.15


def test_the_guarantee_is_broken_as_often_as_not_without_its_bound():
    thresholds = []
    for seed in range(100):
        table = risk_coverage(*clips(seed, 300))
        thresholds.append(table.loc[table["risk"] <= 0.15, "threshold"].max())
    assert np.mean(0.3 * np.array(thresholds) > 0.15) > 0.3


def test_what_cannot_be_promised_is_not_attainable_and_says_why():
    found = fit_guarantee(*clips(4, 300, harder=0.3), risk=0.1)
    assert found.reason.startswith("not attainable: the lowest risk that 300 clips can promise")
    assert (found.coverage, found.risk, found.bound > 0.1) == (0.0, None, True)
    assert not found.answers([-1e9, 0.0]).any()


def test_a_model_without_errors_answers_everything():
    found = fit_guarantee(np.linspace(0, 1, 200), np.ones(200, dtype=bool), risk=0.1)
    assert (found.coverage, found.risk, found.threshold) == (1.0, 0.0, np.inf)


def test_equal_doubt_is_answered_together_or_not_at_all():
    doubt, correct = np.repeat([0.0, 1.0], 100), np.repeat([True, False], 100)
    found = fit_guarantee(doubt, correct, risk=0.1)
    assert found.answers(doubt).tolist() == (doubt == 0).tolist()


def test_a_fold_of_harder_voices_breaks_the_promise_and_is_named():
    doubt, correct = (np.concatenate(parts) for parts in zip(*(clips(s, 400) for s in range(4)), strict=True))
    hard, hard_correct = clips(9, 400, harder=0.2)
    folds = np.repeat(list("abcde"), 400)
    table = judge_guarantee(
        np.append(doubt, hard), np.append(correct, hard_correct), folds=folds, risk=0.2
    ).set_index("fold")
    assert table.index[table["note"].str.contains("beyond chance")].tolist() == ["e"]
    assert not table.loc["e", "kept"]
    assert (table["answered"] / 400 == table["coverage"]).all()


def test_a_fold_that_answers_nothing_keeps_its_promise_and_gives_the_reason():
    doubt, correct = clips(5, 200, harder=0.4)
    table = judge_guarantee(doubt, correct, folds=np.arange(200) % 2, risk=0.05)
    assert table["kept"].all()
    assert table["risk"].isna().all()
    assert table["note"].str.startswith("not attainable").all()


@pytest.mark.parametrize(
    ("doubt", "correct", "message"),
    [
        ([], [], "not empty"),
        ([0.1], [True, False], "equally long"),
        ([0.1, np.nan], [True, False], "missing or infinite"),
        ([0.1, 0.2], [1.0, 0.5], "true and false"),
    ],
)
def test_bad_input_is_refused(doubt, correct, message):
    for function in (area_under_risk_coverage, risk_coverage, fit_guarantee):
        with pytest.raises(DataError, match=message):
            function(doubt, correct)


def test_impossible_promises_and_one_fold_are_refused():
    doubt, correct = clips(6, 20)
    with pytest.raises(ConfigError, match="Got risk 1"):
        fit_guarantee(doubt, correct, risk=1)
    with pytest.raises(ConfigError, match="Got delta 0"):
        fit_guarantee(doubt, correct, delta=0)
    with pytest.raises(UndefinedScore, match="Got 1 fold"):
        judge_guarantee(doubt, correct, folds=np.zeros(20))
