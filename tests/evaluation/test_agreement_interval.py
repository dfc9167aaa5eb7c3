import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.ratings import rating_arrays
from mien.evaluation.agreement import krippendorff_alpha
from mien.evaluation.agreement_interval import (
    alpha_interval,
    one_against_rest_interval,
    same_answer_share,
)
from mien.evaluation.rater_correlation import one_against_rest


def crowd(*, segments=60, raters=5, noise=1.0, seed=0, missing=0.2):
    """Return whole ratings of 1 to 7 around each segment's own value, some of them not given."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(4, 1, segments)
    value = np.clip(np.rint(truth[:, None] + generator.normal(0, noise, (segments, raters))), 1, 7)
    segment, rater = np.nonzero(generator.random(value.shape) >= missing)
    names = {"segment": [f"s{one}" for one in segment], "rater": [f"r{one}" for one in rater]}
    return pd.DataFrame({**names, "target": "t", "value": value[segment, rater]})


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_value_is_krippendorffs_alpha_at_every_level(level, seed):
    ratings = crowd(segments=12, raters=3, seed=seed)
    found = alpha_interval(ratings, level=level, draws=10)
    assert found.value == pytest.approx(krippendorff_alpha(ratings, level=level), abs=1e-12)


def test_the_value_of_names_is_krippendorffs_alpha():
    ratings = crowd()
    ratings["value"] = "v" + ratings["value"].astype(int).astype(str)
    found = alpha_interval(ratings, level="nominal", draws=50)
    assert found.value == pytest.approx(krippendorff_alpha(ratings, level="nominal"), abs=1e-12)


def test_a_resample_is_the_alpha_of_segments_drawn_again():
    ratings = crowd(segments=2, missing=0)
    found = alpha_interval(ratings, level="interval", draws=200)
    twice = [ratings[ratings["segment"] == one] for one in ("s0", "s1")]
    possible = [
        krippendorff_alpha(pd.concat([a, b.assign(segment=b["segment"] + "x")]), level="interval")
        for a in twice
        for b in twice
    ]
    assert min(possible) == pytest.approx(found.low)
    assert max(possible) == pytest.approx(found.high)


def test_the_interval_holds_the_alpha_of_the_population_about_as_often_as_it_says():
    population = krippendorff_alpha(crowd(segments=4000, seed=1), level="interval")
    held = [
        found.low <= population <= found.high
        for found in (alpha_interval(crowd(seed=seed), level="interval", draws=200) for seed in range(60))
    ]
    assert 0.88 <= np.mean(held) <= 0.99


def test_moments_of_one_segment_stay_together():
    ratings = crowd(segments=300, missing=0).assign(time=0.0)
    place = ratings["segment"].str[1:].astype(int)
    traces = ratings.assign(segment="s" + (place % 3).astype(str), time=(place // 3).astype(float))
    assert traces["segment"].nunique() == 3
    alone = alpha_interval(ratings.drop(columns="time"), level="interval")
    together = alpha_interval(traces, level="interval")
    assert together.value == pytest.approx(alone.value)
    with pytest.raises(UndefinedScore, match="Got 1 clusters"):
        alpha_interval(traces[traces["segment"] == "s0"], level="interval")


@pytest.mark.parametrize("measure", ["pearson", "ccc"])
def test_one_against_the_rest_is_that_of_many_draws(measure):
    ratings = crowd()
    found = one_against_rest_interval(ratings, measure=measure, draws=200)
    assert found.value == pytest.approx(one_against_rest(ratings, measure=measure, draws=200), abs=0.01)
    assert found.low < found.value < found.high


def test_items_with_one_rating_say_nothing():
    ratings = crowd(missing=0)
    more = pd.concat([ratings, ratings.head(3).assign(segment=["x", "y", "z"], value=7.0)])
    same = one_against_rest_interval(ratings, draws=10).value
    assert one_against_rest_interval(more, draws=10).value == pytest.approx(same)
    alpha = alpha_interval(ratings, level="interval", draws=10).value
    assert alpha_interval(more, level="interval", draws=10).value == pytest.approx(alpha)
    share = same_answer_share(rating_arrays(ratings))
    assert same_answer_share(rating_arrays(more)) == pytest.approx(share)


def test_the_share_of_same_answers_is_that_of_all_pairs():
    ratings = crowd(segments=30)
    shares = []
    for _, own in ratings.groupby("segment"):
        values = own["value"].tolist()
        pairs = [(a, b) for n, a in enumerate(values) for b in values[n + 1 :]]
        if pairs:
            shares.append(np.mean([a == b for a, b in pairs]))
    assert same_answer_share(rating_arrays(ratings)) == pytest.approx(np.mean(shares))


def test_what_has_no_alpha_says_why():
    same = crowd().assign(value=3.0)
    with pytest.raises(UndefinedScore, match="All ratings are the same"):
        alpha_interval(same, level="interval")
    with pytest.raises(UndefinedScore, match="No item has two ratings"):
        alpha_interval(crowd().drop_duplicates("segment"), level="interval")
    with pytest.raises(DataError, match="expected numbers for interval alpha"):
        alpha_interval(
            crowd().assign(value=["a", "b"] * 120 + ["a"] * (len(crowd()) - 240)), level="interval"
        )
    with pytest.raises(ConfigError, match="Got level `ratio`"):
        alpha_interval(crowd(), level="ratio")
    with pytest.raises(UndefinedScore, match="constant"):
        one_against_rest_interval(same)
