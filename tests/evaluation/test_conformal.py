import math

import numpy as np
import pytest
from scipy.stats import binom, sem

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.calibration import member_probabilities
from mien.evaluation.conformal import compare_coverage, cross_fit_sets, fit_interval, fit_sets, judge_sets

ALPHA = 0.1


def model(generator: np.random.Generator, clips: int, *, sharp: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return overconfident probabilities of four categories, of which the first is frequent, and truth."""
    right = 1.5 * generator.standard_normal((clips, 4)) + np.array([1.5, 0.0, 0.0, -1.0])
    truth = (member_probabilities(right).cumsum(axis=1) < generator.random((clips, 1))).sum(axis=1)
    return member_probabilities(sharp * right), truth


def naive_scores(chances, method, seed):
    parts = np.random.default_rng(seed).random((len(chances), 1))
    for row, part in zip(chances, parts[:, 0], strict=True):
        if method == "lac":
            yield [1 - p for p in row]
        else:
            yield [sum(q for q in row if q > p) + part * p for p in row]


def naive_limit(scores, alpha):
    """The smallest score that, counting a new clip as the highest, enough others do not exceed."""
    for limit in sorted(scores):
        if sum(score <= limit for score in scores) >= (1 - alpha) * (len(scores) + 1) - 1e-9:
            return limit
    return math.inf


@pytest.mark.parametrize("method", ["lac", "aps"])
@pytest.mark.parametrize("by_category", [False, True])
def test_sets_equal_a_naive_construction(method, by_category):
    generator = np.random.default_rng(0)
    chances, truth = model(generator, 200)
    later, _ = model(generator, 50)
    true = [row[label] for row, label in zip(naive_scores(chances, method, 5), truth, strict=True)]
    limits = [
        naive_limit([s for s, label in zip(true, truth, strict=True) if not by_category or label == k], ALPHA)
        for k in range(4)
    ]
    expected = [
        [score <= limit for score, limit in zip(row, limits, strict=True)]
        for row in naive_scores(later, method, 6)
    ]
    sets = fit_sets(chances, truth, method=method, by_category=by_category, seed=5)
    assert sets.limits == pytest.approx(limits)
    assert sets.predict(later, seed=6).tolist() == expected


@pytest.mark.parametrize("method", ["lac", "aps"])
@pytest.mark.parametrize("by_category", [False, True])
def test_coverage_over_200_resamples_lies_within_binomial_bounds(method, by_category):
    generator, first, shares = np.random.default_rng(1), 0, []
    for run in range(200):
        chances, truth = model(generator, 320)
        sets = fit_sets(chances[:120], truth[:120], method=method, by_category=by_category, seed=2 * run)
        hit = sets.predict(chances[120:], seed=2 * run + 1)[np.arange(200), truth[120:]]
        first += int(hit[0])
        shares.append(hit.mean())
    assert binom.ppf(0.001, 200, 0.9) <= first
    assert np.mean(shares) >= 0.9 - 4 * sem(shares)
    if not by_category:  # exact up to 1 / (n + 1); a category of 9 clips may need all of them
        assert np.mean(shares) <= 0.9 + 1 / 121 + 4 * sem(shares)
        assert first <= binom.ppf(0.999, 200, 0.9 + 1 / 121)


def test_raw_probabilities_of_this_model_would_not_cover():
    chances, truth = model(np.random.default_rng(2), 4000)
    order = np.argsort(-chances, axis=1)
    before = np.take_along_axis(chances, order, axis=1).cumsum(axis=1) - np.take_along_axis(chances, order, 1)
    sets = np.zeros(chances.shape, dtype=bool)
    np.put_along_axis(sets, order, before < 0.9, axis=1)
    assert judge_sets(sets, truth).coverage < 0.87


def test_only_limits_by_category_cover_a_rare_category():
    generator = np.random.default_rng(3)
    chances, truth = model(generator, 6000)
    later, later_truth = model(generator, 8000)
    plain, own = (
        judge_sets(fit_sets(chances, truth, by_category=each).predict(later), later_truth)
        for each in (False, True)
    )
    assert plain.worst_category < 0.8 < 0.87 < own.worst_category
    assert own.mean_size > plain.mean_size


def test_adaptive_sets_cover_easy_and_hard_clips_more_evenly_with_larger_sets():
    generator = np.random.default_rng(4)
    chances, truth = model(generator, 6000, sharp=1.0)
    later, later_truth = model(generator, 12000, sharp=1.0)
    sure = later.max(axis=1)
    part = np.digitize(sure, np.quantile(sure, [0.2, 0.4, 0.6, 0.8]))
    spread, size = {}, {}
    for method in ("lac", "aps"):
        sets = fit_sets(chances, truth, method=method).predict(later, seed=1)
        covered = [judge_sets(sets[part == k], later_truth[part == k]).coverage for k in range(5)]
        spread[method], size[method] = max(covered) - min(covered), judge_sets(sets, later_truth).mean_size
    assert spread["aps"] < 0.6 * spread["lac"]
    assert size["aps"] > size["lac"]


@pytest.mark.parametrize(("clips", "enough"), [(8, False), (9, True)])
def test_too_few_clips_give_every_category_and_the_reason(clips, enough):
    chances, truth = model(np.random.default_rng(5), clips)
    sets = fit_sets(chances, truth)
    assert all(map(math.isfinite, sets.limits)) == enough
    assert sets.reason == ("" if enough else "too few clips to promise 0.9: got 8, expected at least 9")
    if not enough:
        assert sets.predict(chances).all()


def test_a_category_with_too_few_clips_is_in_every_set_and_named():
    chances, truth = model(np.random.default_rng(6), 300)
    kept = (truth != 3) | (np.cumsum(truth == 3) <= 4)
    sets = fit_sets(chances[kept], truth[kept], by_category=True)
    assert sets.reason == "too few clips to promise 0.9: got 4 of category 3, expected at least 9"
    assert sets.predict(chances)[:, 3].all()
    assert not sets.predict(chances)[:, 0].all()


def test_sets_are_judged_by_what_they_hold():
    sets = [[True, False], [True, True], [False, False], [False, True]]
    assert judge_sets(sets, [0, 0, 0, 1]) == (0.75, 1.0, 0.25, pytest.approx(2 / 3))


@pytest.mark.parametrize("with_doubt", [False, True])
def test_intervals_cover_over_200_resamples(with_doubt):
    generator, shares = np.random.default_rng(7), []
    for _ in range(200):
        doubt = generator.uniform(0.1, 1.0, 300)
        truth = doubt * generator.standard_t(4, 300)
        prediction = np.zeros(300)
        known = doubt if with_doubt else None
        found = fit_interval(truth[:100], prediction[:100], doubt=None if known is None else known[:100])
        low, high = found.predict(prediction[100:], doubt=None if known is None else known[100:])
        shares.append(np.mean((low <= truth[100:]) & (truth[100:] <= high)))
    assert 0.9 - 4 * sem(shares) <= np.mean(shares) <= 0.9 + 1 / 101 + 4 * sem(shares)


def test_intervals_by_doubt_cover_doubtful_clips_that_plain_ones_miss():
    generator = np.random.default_rng(8)
    doubt = generator.uniform(0.1, 1.0, 6000)
    truth, prediction = doubt * generator.standard_normal(6000), np.zeros(6000)
    fit, judge = slice(0, 3000), slice(3000, None)
    sure = doubt[judge] > 0.8
    plain = fit_interval(truth[fit], prediction[fit]).predict(prediction[judge])
    scaled = fit_interval(truth[fit], prediction[fit], doubt=doubt[fit])
    scaled = scaled.predict(prediction[judge], doubt=doubt[judge])
    covered = [((low <= truth[judge]) & (truth[judge] <= high))[sure].mean() for low, high in (plain, scaled)]
    assert covered[0] < 0.8 < 0.87 < covered[1]


def test_too_few_clips_give_an_endless_interval_and_the_reason():
    found = fit_interval([0.1, 0.2], [0.0, 0.0])
    assert found.predict([0.5]) == (-math.inf, math.inf)
    assert found.reason == "too few clips to promise 0.9: got 2, expected at least 9"


def test_coverage_is_reported_for_mixed_and_for_unknown_speakers():
    generator = np.random.default_rng(9)
    parts = [model(generator, 300, sharp=sharp) for sharp in (1.0, 1.0, 1.0, 1.0, -1.0)]
    chances, truth = (np.concatenate(each) for each in zip(*parts, strict=True))
    table = compare_coverage(chances, truth, folds=np.repeat(range(5), 300)).set_index("speakers")
    assert table.loc["mixed", "coverage"] == pytest.approx(0.9, abs=0.02)
    assert table.loc["mixed", "lowest"] > 0.84
    assert table.loc["apart", "lowest"] < 0.7
    assert "not guaranteed" in table.loc["apart", "note"]
    assert (table["n"] == 1500).all()


def test_no_set_is_fitted_on_its_own_fold():
    chances, truth = model(np.random.default_rng(13), 400)
    folds = np.arange(400) % 4
    found = cross_fit_sets(chances, truth, folds=folds, alpha=0.2)
    for fold in range(4):
        here = folds == fold
        expected = fit_sets(chances[~here], truth[~here], alpha=0.2).predict(chances[here])
        assert (found.sets[here] == expected).all()
    assert found.hit.tolist() == found.sets[np.arange(400), truth].tolist()
    assert found.reason == ""


def test_coverage_of_few_clips_carries_the_reason_in_its_note():
    chances, truth = model(np.random.default_rng(10), 12)
    table = compare_coverage(chances, truth, folds=np.arange(12) % 2)
    assert (table["coverage"] == 1.0).all()
    assert table["note"].str.contains("got 6, expected at least 9").all()


def test_bad_options_are_refused():
    chances, truth = model(np.random.default_rng(11), 30)
    with pytest.raises(ConfigError, match="Got alpha 1"):
        fit_sets(chances, truth, alpha=1)
    with pytest.raises(ConfigError, match="expected one of lac, aps"):
        fit_sets(chances, truth, method="raps")
    with pytest.raises(UndefinedScore, match="Got 1 fold"):
        compare_coverage(chances, truth, folds=np.zeros(30))


def test_input_that_does_not_fit_is_refused():
    chances, truth = model(np.random.default_rng(12), 30)
    with pytest.raises(DataError, match=r"expected \(clips, 4\)"):
        fit_sets(chances, truth).predict(chances[:, :3])
    with pytest.raises(DataError, match="outside 0 to 3"):
        judge_sets(chances > 0.5, truth + 1)
    with pytest.raises(DataError, match="above 0"):
        fit_interval([0.1, 0.2], [0.0, 0.1], doubt=[0.1, 0.0])
    with pytest.raises(DataError, match="Got no doubt"):
        fit_interval([0.1, 0.2], [0.0, 0.1], doubt=[0.1, 0.2]).predict([0.1])
