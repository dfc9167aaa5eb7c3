import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.metrics import unweighted_average_recall
from mien.evaluation.significance import (
    bootstrap_test,
    bootstrap_test_counts,
    permutation_test,
    permutation_test_counts,
    stars,
)


def accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float(np.mean(truth == prediction))


def total(counts: np.ndarray) -> np.ndarray:
    return counts


def recall_of_confusion(counts: np.ndarray) -> np.ndarray:
    return (np.diagonal(counts, axis1=1, axis2=2) / counts.sum(axis=2)).mean(axis=1)


def answers(generator: np.random.Generator, truth: np.ndarray, skill: float) -> np.ndarray:
    return np.where(generator.random(truth.size) < skill, truth, (truth + 1) % 3)


def confusions(truth: np.ndarray, prediction: np.ndarray, speaker: np.ndarray) -> np.ndarray:
    counts = np.zeros((speaker.max() + 1, 3, 3))
    np.add.at(counts, (speaker, truth, prediction), 1)
    return counts


def naive_p(score, truth, first, second, groups) -> float:
    """Return the exact p-value by writing out every swap of every group."""
    observed, extreme, tried = abs(score(truth, first) - score(truth, second)), 0, 0
    for choice in itertools.product([False, True], repeat=len(groups)):
        one, two = list(first), list(second)
        for rows, swap in zip(groups, choice, strict=True):
            for row in rows if swap else []:
                one[row], two[row] = two[row], one[row]
        try:
            gap = abs(score(truth, np.array(one)) - score(truth, np.array(two)))
        except UndefinedScore:
            gap = np.inf
        extreme, tried = extreme + (gap >= observed - 1e-12), tried + 1
    return extreme / tried


@pytest.mark.parametrize("by_speaker", [False, True])
def test_few_units_give_the_p_value_of_every_swap_written_out(by_speaker):
    generator = np.random.default_rng(2)
    truth = np.tile(np.arange(3), 3 if not by_speaker else 7)
    speaker = np.arange(truth.size) % 4 + (np.arange(truth.size) > 15)
    first, second = answers(generator, truth, 0.8), answers(generator, truth, 0.5)
    groups = [np.flatnonzero(speaker == s) for s in range(5)] if by_speaker else [[i] for i in range(9)]
    found = permutation_test(
        unweighted_average_recall,
        truth,
        first=first,
        second=second,
        cluster=speaker if by_speaker else None,
    )
    assert found.exact
    assert found.p == pytest.approx(naive_p(unweighted_average_recall, truth, first, second, groups))
    assert 2 / 2 ** len(groups) <= found.p < 1


@pytest.mark.parametrize(("wins", "losses"), [(9, 2), (5, 5), (1, 0), (7, 3)])
def test_accuracy_gives_the_exact_test_of_mcnemar(wins, losses):
    first = np.r_[np.ones(wins), np.zeros(losses), np.ones(30)]
    second = np.r_[np.zeros(wins), np.ones(losses), np.ones(30)]
    reference = stats.binomtest(wins, wins + losses).pvalue
    for found in (
        permutation_test(accuracy, np.ones_like(first), first=first, second=second),
        permutation_test_counts(lambda right: right / 50, first, second),
    ):
        assert found.exact
        assert found.p == pytest.approx(reference)


@pytest.mark.parametrize("speakers", [6, 20])
def test_counts_give_the_same_test_as_items(speakers):
    generator = np.random.default_rng(4)
    truth, speaker = np.tile(np.arange(3), 4 * speakers), np.repeat(np.arange(speakers), 12)
    first, second = answers(generator, truth, 0.7), answers(generator, truth, 0.65)
    second[:12] = first[:12]
    options = {"draws": 150, "seed": 1}
    slow = permutation_test(
        unweighted_average_recall, truth, first=first, second=second, cluster=speaker, **options
    )
    counts = [confusions(truth, answer, speaker) for answer in (first, second)]
    assert permutation_test_counts(recall_of_confusion, *counts, **options) == pytest.approx(tuple(slow))
    assert slow.exact == (speakers == 6)


def test_probabilities_are_swapped_row_by_row():
    generator = np.random.default_rng(0)
    truth, first, second = generator.integers(3, size=40), *generator.dirichlet(np.ones(3), (2, 40))

    def likelihood(truth: np.ndarray, p: np.ndarray) -> float:
        return float(np.log(p[np.arange(truth.size), truth]).mean())

    terms = [np.log(p[np.arange(40), truth]) / 40 for p in (first, second)]
    slow = permutation_test(likelihood, truth, first=first, second=second, draws=99)
    assert permutation_test_counts(total, *terms, draws=99) == pytest.approx(tuple(slow))


def test_p_values_of_equal_systems_are_uniform():
    p = []
    for seed in range(2000):
        one, two = np.random.default_rng([1, seed]).gamma(1.0, size=(2, 40))
        p.append(permutation_test_counts(total, one, two, draws=199, seed=seed).p)
    # The values are multiples of 1/200, so they are spread over their steps before the comparison.
    spread = np.array(p) - np.random.default_rng(0).random(2000) / 200
    assert stats.kstest(spread, "uniform").pvalue > 0.01
    for level in (0.01, 0.02, 0.05):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=3 * np.sqrt(level / 2000))


def test_exact_p_values_of_a_score_that_is_no_mean_never_reject_too_often():
    generator = np.random.default_rng(5)
    hits = []
    for _ in range(600):
        skill = 0.3 + 0.5 * generator.random((10, 1))
        counts = np.zeros((2, 10, 3, 3))
        right = generator.binomial(8, np.broadcast_to(skill, (2, 10, 3)))
        for label in range(3):
            counts[..., label, label] = right[..., label]
            counts[..., label, (label + 1) % 3] = 8 - right[..., label]
        hits.append(permutation_test_counts(recall_of_confusion, *counts).p <= 0.05)
    assert 0.02 < np.mean(hits) < 0.05 + 3 * np.sqrt(0.05 / 600)


def test_swapping_items_finds_differences_that_are_none_where_speakers_differ():
    rates = {}
    for name in ("item", "speaker"):
        hits = []
        for seed in range(500):
            generator = np.random.default_rng([2, seed])
            gap = 0.6 * generator.standard_normal((24, 1)) + generator.standard_normal((24, 15))
            gap = gap.ravel() if name == "item" else gap.sum(axis=1)
            hits.append(permutation_test_counts(total, gap, np.zeros_like(gap), draws=199, seed=seed).p)
        rates[name] = np.mean(np.array(hits) <= 0.05)
    assert rates["item"] > 0.2
    assert rates["speaker"] == pytest.approx(0.05, abs=3 * np.sqrt(0.05 / 500))


def test_bootstrap_test_equals_a_naive_shift_and_agrees_with_the_permutation_test():
    generator = np.random.default_rng(0)
    truth = np.tile(np.arange(3), 40)
    first, second = answers(generator, truth, 0.75), answers(generator, truth, 0.65)
    found = bootstrap_test(accuracy, truth, first=first, second=second, draws=400, seed=9)
    gap = (first == truth).astype(int) - (second == truth)
    draws = np.random.default_rng(9)
    sums = [gap[draws.integers(120, size=120)].sum() for _ in range(400)]
    extreme = sum(abs(value - gap.sum()) >= abs(gap.sum()) for value in sums)
    assert found.p == pytest.approx((1 + extreme) / 401)
    assert not found.exact
    hits = [(answer == truth) / 120 for answer in (first, second)]
    assert bootstrap_test_counts(total, *hits, draws=400, seed=9) == pytest.approx(tuple(found))
    swapped = permutation_test(accuracy, truth, first=first, second=second, draws=400)
    assert found.p == pytest.approx(swapped.p, abs=0.06)


def test_equal_predictions_give_p_1():
    truth = np.array(list("abcabc"))
    found = permutation_test(accuracy, truth, first=truth, second=truth.copy())
    assert found[:4] == (0.0, 1.0, 1, True)
    assert permutation_test(accuracy, truth, first=truth, second=truth, cluster=[1, 1, 2, 2, 3, 3]).p == 1
    assert permutation_test_counts(total, [1, 2, 3], [1, 2, 3])[:4] == (0.0, 1.0, 1, True)
    assert bootstrap_test(accuracy, truth, first=truth, second=truth, draws=50).p == 1


def test_sums_in_another_order_count_as_equal():
    # 0.1 + 0.2 and 0.3 differ in the last bit, which would lose half of the ties.
    gap = np.array([0.1, 0.2, -0.3, 0.1, 0.2, -0.3, 0.3])
    exact = permutation_test_counts(total, np.rint(10 * gap), np.zeros(7))
    assert permutation_test_counts(total, gap, np.zeros(7)).p == exact.p


def test_undefined_swaps_count_against_a_difference():
    def no_constant(truth: np.ndarray, prediction: np.ndarray) -> float:
        if np.ptp(prediction) == 0:
            raise UndefinedScore("constant")
        return float(np.corrcoef(truth, prediction)[0, 1])

    truth, first, second = np.arange(4.0), np.array([0, 1, 1, 1.0]), np.array([1, 0, 1, 0.0])
    found = permutation_test(no_constant, truth, first=first, second=second)
    # Of the 4 swaps of items 0, 1 and 3 up to their mirror images, one makes a system constant.
    assert (found.draws, found.undefined) == (4, 1)
    assert found.p == naive_p(no_constant, truth, first, second, [[0], [1], [2], [3]]) < 1


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_exchanging_the_systems_turns_the_sign_and_keeps_p(seed):
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=12)
    first, second = answers(generator, truth, 0.7), answers(generator, truth, 0.5)
    one = permutation_test(accuracy, truth, first=first, second=second, draws=100, seed=1)
    two = permutation_test(accuracy, truth, first=second, second=first, draws=100, seed=1)
    assert (one.difference, one.p) == pytest.approx((-two.difference, two.p))


@pytest.mark.parametrize(
    ("first", "cluster", "error", "message"),
    [
        ([1, 2], None, DataError, "all equally long"),
        ([1, 2, np.nan], None, DataError, "1 missing or infinite"),
        ([1, 2, 3], [1, 1, 1], UndefinedScore, "Got 1 clusters"),
        ([1, 2, 3], [1, 1], DataError, "one per item"),
    ],
)
def test_bad_predictions_are_refused(first, cluster, error, message):
    for test in (permutation_test, bootstrap_test):
        with pytest.raises(error, match=message):
            test(accuracy, [1, 2, 3], first=first, second=[1, 1, 1], cluster=cluster)


def test_bad_counts_and_options_are_refused():
    with pytest.raises(DataError, match=r"shapes \(2,\) and \(3,\)"):
        permutation_test_counts(total, [1, 2], [1, 2, 3])
    with pytest.raises(UndefinedScore, match="Got 1 units"):
        permutation_test_counts(total, [1], [2])
    with pytest.raises(UndefinedScore, match="no finite score"):
        permutation_test_counts(lambda c: c * np.nan, [1, 2], [2, 2])
    with pytest.raises(ConfigError, match="0 draws"):
        permutation_test(accuracy, [1, 2], first=[1, 2], second=[1, 1], draws=0)


@pytest.mark.parametrize(("p", "marks"), [(0, "***"), (0.01, "***"), (0.02, "**"), (0.05, "*"), (0.051, "")])
def test_stars_stand_for_5_2_and_1_percent(p, marks):
    assert stars(p) == marks


@pytest.mark.parametrize("p", [np.nan, -0.1, 1.1])
def test_stars_of_no_probability_are_refused(p):
    with pytest.raises(DataError, match="expected 0 to 1"):
        stars(p)
