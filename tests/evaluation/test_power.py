import numpy as np
import pytest
from scipy import stats

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.power import leave_one_out_differences, minimum_detectable_difference, smallest_p
from mien.evaluation.significance import permutation_test_counts


def total(counts: np.ndarray) -> np.ndarray:
    return counts


def share(counts: np.ndarray) -> np.ndarray:
    return counts[..., 0] / counts[..., 1]


def test_the_minimum_detectable_difference_is_found_as_often_as_promised():
    noise = stats.zscore(np.random.default_rng(0).standard_normal(24), ddof=1)
    shift = minimum_detectable_difference(noise, power=0.8)
    rates = []
    for planted in (0.0, shift, 1.6 * shift):
        hits = []
        for seed in range(500):
            gap = planted + np.random.default_rng([3, seed]).standard_normal(24)
            hits.append(permutation_test_counts(total, gap, np.zeros(24), draws=199, seed=seed).p <= 0.05)
        rates.append(np.mean(hits))
    assert rates[0] < 0.08
    assert rates[1] == pytest.approx(0.8, abs=0.06)
    assert rates[2] > 0.95


@pytest.mark.parametrize(("units", "power"), [(2, 0.8), (5, 0.9), (400, 0.5)])
def test_the_minimum_detectable_difference_gives_a_t_test_its_power(units, power):
    generator = np.random.default_rng(units)
    noise = generator.standard_normal((4000, units))
    sample = stats.zscore(noise[0], ddof=1)
    shift = minimum_detectable_difference(3 * sample, power=power)
    found = stats.ttest_1samp(noise + shift / 3, 0, axis=1).pvalue <= 0.05
    assert found.mean() == pytest.approx(power, abs=0.025)


def test_differences_too_even_for_a_spread_and_bad_options_are_refused():
    with pytest.raises(ConfigError, match="0 < alpha < power < 1"):
        minimum_detectable_difference([1, 2, 3], power=1)
    for even in ([0.1, 0.1], [0.1, 0.1 + 1e-16]):
        with pytest.raises(UndefinedScore, match="without spread"):
            minimum_detectable_difference(even)
    with pytest.raises(DataError, match="missing"):
        minimum_detectable_difference([0.1, np.nan])


def test_shares_in_a_mean_are_the_units_own_values():
    first, second = np.random.default_rng(0).random((2, 9, 2))
    first[:, 1] = second[:, 1] = 4
    found = leave_one_out_differences(share, first, second)
    assert found == pytest.approx((first - second)[:, 0] / 4)


def test_shares_in_a_ratio_are_those_of_a_written_out_jackknife():
    first, second = np.random.default_rng(1).integers(1, 9, (2, 5, 2)).astype(float)
    whole = share(first.sum(axis=0)) - share(second.sum(axis=0))
    for unit, found in enumerate(leave_one_out_differences(share, first, second)):
        rest = [np.delete(counts, unit, axis=0).sum(axis=0) for counts in (first, second)]
        assert found == pytest.approx(5 * whole - 4 * (share(rest[0]) - share(rest[1])))


def test_a_unit_without_which_there_is_no_score_is_refused():
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(UndefinedScore, match="without which there is no score"),
    ):
        leave_one_out_differences(share, [[1, 1], [0, 0]], [[0, 1], [0, 0]])


@pytest.mark.parametrize("speakers", [2, 5, 6, 9])
def test_the_smallest_p_is_reached_by_a_system_that_is_better_for_everybody(speakers):
    found = permutation_test_counts(total, np.arange(1.0, speakers + 1), np.zeros(speakers))
    assert smallest_p(speakers) == found.p == 2 / 2**speakers


def test_the_smallest_p_of_many_units_and_of_too_few():
    many = permutation_test_counts(total, np.ones(60), np.zeros(60), draws=999)
    assert smallest_p(60, draws=999) == many.p == 0.001
    with pytest.raises(UndefinedScore, match="Got 1 units"):
        smallest_p(1)
    with pytest.raises(ConfigError, match="0 draws"):
        smallest_p(5, draws=0)
