import statistics

import numpy as np
import pytest

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.intervals import bootstrap
from mien.evaluation.seeds import seed_bootstrap, seed_difference_counts, summarize_seeds


def accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float((truth == prediction).sum()) / truth.size


def trained(number: int, *, seeds: int = 4, speakers: int = 10) -> np.ndarray:
    """Return predictions `(seeds, clips)` of a truth of ones; skill varies by seed and by speaker."""
    generator = np.random.default_rng([11, number])
    skill = 0.7 + 0.04 * generator.standard_normal((seeds, 1)) + 0.1 * generator.standard_normal(speakers)
    return (generator.random((seeds, speakers * 10)) < skill.repeat(10, axis=1)).astype(int)


SPEAKER = np.repeat(np.arange(10), 10)


def test_summary_equals_the_standard_library():
    scores = [0.61, 0.64, 0.6, 0.66]
    found = summarize_seeds(scores)
    assert found == pytest.approx((statistics.mean(scores), statistics.stdev(scores), 0.6, 0.66, 4))


def test_interval_over_seeds_and_speakers_holds_the_true_value():
    hits = []
    for number in range(100):
        found = seed_bootstrap(
            accuracy, np.ones(100, int), predictions=trained(number), cluster=SPEAKER, draws=120, seed=number
        )
        hits.append(found.low <= 0.7 <= found.high)
    assert np.mean(hits) >= 0.89


def test_equal_seeds_add_nothing_to_the_interval_and_unlike_ones_do():
    truth, runs = np.ones(100, int), trained(0)
    alone = bootstrap(accuracy, truth, runs[0], cluster=SPEAKER)
    same = seed_bootstrap(accuracy, truth, predictions=runs[[0, 0, 0, 0]], cluster=SPEAKER)
    assert same.high - same.low == pytest.approx(alone.high - alone.low, rel=0.15)
    lucky = np.stack([truth, truth, 1 - truth, 1 - truth])
    found = seed_bootstrap(accuracy, truth, predictions=lucky, cluster=SPEAKER)
    assert (found.low, found.value, found.high) == (0.0, 0.5, 1.0)


def test_interval_equals_a_naive_loop_over_the_same_draws():
    truth, runs = np.ones(100, int), trained(1, seeds=3)
    generator, values = np.random.default_rng(2), []
    for _ in range(40):
        seeds = generator.integers(3, size=3)
        rows = np.concatenate([np.flatnonzero(s == SPEAKER) for s in generator.integers(10, size=10)])
        values.append(np.mean([accuracy(truth[rows], runs[s][rows]) for s in seeds]))
    found = seed_bootstrap(accuracy, truth, predictions=runs, cluster=SPEAKER, draws=40, seed=2, level=0.5)
    # 10 speakers, level .5: t(.75, 9) * sqrt(10 / 9) = 0.7407, below which a normal has 22.95 %.
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(values, [22.95, 77.05])), abs=1e-3)


def test_a_resample_in_which_one_seed_has_no_score_is_counted():
    def no_constant(truth: np.ndarray, prediction: np.ndarray) -> float:
        if np.ptp(prediction) == 0:
            raise UndefinedScore("constant")
        return accuracy(truth, prediction)

    runs = np.array([[0, 1, 0, 1], [0, 0, 0, 1]])
    found = seed_bootstrap(no_constant, np.arange(4) % 2, predictions=runs, draws=500)
    # Constant: 1/8 where only the first seed is drawn, 82/256 only the second, 96/256 both.
    assert found.undefined / 500 == pytest.approx(1 / 4 / 8 + 1 / 4 * 82 / 256 + 1 / 2 * 96 / 256, abs=0.06)


def test_bad_seeds_are_refused():
    with pytest.raises(UndefinedScore, match="Got 1 seeds"):
        summarize_seeds([0.5])
    with pytest.raises(DataError, match="missing"):
        summarize_seeds([0.5, np.nan])
    with pytest.raises(DataError, match=r"expected \(seeds,\)"):
        summarize_seeds([[0.5, 0.6]])
    with pytest.raises(UndefinedScore, match="Got 1 seeds"):
        seed_bootstrap(accuracy, [1, 2], predictions=[[1, 2]])
    with pytest.raises(DataError, match="all equally long"):
        seed_bootstrap(accuracy, [1, 2, 3], predictions=[[1, 2], [1, 2]])
    with pytest.raises(UndefinedScore, match="no finite score"):
        seed_bootstrap(lambda t, p: np.nan, [1, 2], predictions=[[1, 2], [1, 2]])


def counted(runs: np.ndarray) -> np.ndarray:
    """Return right and all answers `(speakers, seeds, 2)` of runs `(seeds, clips)`."""
    right = runs.reshape(len(runs), 10, 10).sum(axis=2).T
    return np.stack([right, np.full_like(right, 10)], axis=-1)


def share(counts: np.ndarray) -> np.ndarray:
    return counts[..., 0] / counts[..., 1]


def test_the_interval_of_a_difference_holds_the_truth_for_new_speakers_and_seeds():
    held = {"both": 0, "speakers": 0}
    for number in range(150):
        generator = np.random.default_rng([12, number])
        runs = []
        for seeds in (5, 3):
            skill = 0.7 + 0.05 * generator.standard_normal(seeds) + 0.1 * generator.standard_normal((10, 1))
            runs.append(np.stack([skill, np.ones_like(skill)], axis=-1))
        found = seed_difference_counts(share, *runs, draws=200, seed=number)
        held["both"] += found.low <= 0 <= found.high
        gap = share(runs[0]).mean(axis=1) - share(runs[1]).mean(axis=1)
        alone = bootstrap(np.mean, gap, draws=200, seed=number)
        held["speakers"] += alone.low <= 0 <= alone.high
    assert held["both"] / 150 == pytest.approx(0.93, abs=0.06)
    assert held["speakers"] < held["both"]


def test_a_difference_of_single_runs_has_the_interval_over_speakers():
    one, two = counted(trained(0, seeds=1)), counted(trained(1, seeds=1))
    found = seed_difference_counts(share, one, two, draws=2000)
    gap = share(one)[:, 0] - share(two)[:, 0]
    assert found.value == pytest.approx(gap.mean())
    alone = bootstrap(np.mean, gap, draws=2000)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=0.01)


def test_differences_of_other_units_or_without_score_are_refused():
    with pytest.raises(DataError, match="10 and 9 units"):
        seed_difference_counts(share, np.ones((10, 2, 2)), np.ones((9, 2, 2)))
    with pytest.raises(UndefinedScore, match="Got 1 units"):
        seed_difference_counts(share, np.ones((1, 2, 2)), np.ones((1, 2, 2)))
