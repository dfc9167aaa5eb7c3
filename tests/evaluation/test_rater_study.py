import json

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError
from mien.evaluation.agreement import fleiss_kappa, krippendorff_alpha
from mien.evaluation.rater_study import rater_study, thin_traces


def numbers(*, bad=None, segments=80, raters=6, noise=0.7, seed=0):
    """Return ratings from 1 to 9, of which one rater may answer the wrong way round."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(5, 1.5, segments)
    value = truth[:, None] + generator.normal(0, noise, (segments, raters))
    if bad is not None:
        value[:, bad] = 10 - value[:, bad]
    return table(np.clip(np.rint(value), 1, 9))


def categories(*, careless=None, segments=120, raters=5, seed=0):
    """Return labels of three categories, right in four of five cases; one rater may answer at random."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=segments)
    right = generator.random((segments, raters)) < 0.8
    if careless is not None:
        right[:, careless] = False
    guess = generator.integers(3, size=right.shape)
    return table(np.array(["anger", "joy", "neutral"])[np.where(right, truth[:, None], guess)])


def table(value):
    segment, rater = np.divmod(np.arange(value.size), value.shape[1])
    names = {"segment": [f"s{one:03d}" for one in segment], "rater": [f"r{one}" for one in rater]}
    return pd.DataFrame({**names, "target": "t", "value": value.ravel()})


def unnamed(ratings):
    return ratings.assign(rater="#" + ratings["rater"].str[1:])


def measure(study, name):
    return study.tables["agreement"].set_index("measure").loc[name]


def test_ratings_of_numbers_are_judged_as_distances_and_as_steps():
    ratings = numbers()
    study = rater_study(ratings, name="toy", draws=50)
    for level in ("interval", "ordinal"):
        row = measure(study, f"Krippendorff's alpha, {level}")
        assert row["value"] == pytest.approx(krippendorff_alpha(ratings, level=level))
        assert row["low"] < row["value"] < row["high"]
    assert measure(study, "two raters, mean pearson")["value"] > 0.5
    assert measure(study, "reliability of the mean, split halves")["value"] > 0.9


def test_a_planted_bad_rater_is_the_worst_and_changes_the_gold_standard():
    study = rater_study(numbers(bad=4), name="toy", draws=20, scale=(1, 9))
    worst = study.tables["raters"].iloc[0]
    assert (worst["rater"], worst["flag"]) == ("r4", "inverted")
    assert any("1 of 6 raters are flagged (inverted); `r4` agrees least" in one for one in study.sentences)
    gold = study.tables["gold"].set_index(["first", "second"])
    assert gold.loc[("mean", "EWE"), "differ"] > 60
    assert gold.loc[("EWE", "maximum likelihood"), "agreement"] > gold.loc[("mean", "EWE"), "agreement"]


def test_categories_have_kappa_dawid_skene_and_their_own_ceiling():
    ratings = categories(careless=2)
    study = rater_study(ratings, name="toy", draws=20)
    assert measure(study, "Fleiss' kappa")["value"] == pytest.approx(fleiss_kappa(ratings))
    assert study.tables["raters"].iloc[0]["rater"] == "r2"
    gold = study.tables["gold"].set_index(["first", "second"])
    assert gold.loc[("majority", "Dawid-Skene"), "agreement"] > 0.8
    ceiling = study.tables["ceiling"]
    assert set(ceiling["score"]) == {"accuracy", "uar", "doubt, pearson"}
    spread = study.tables["disagreement"].set_index("what")["value"]
    assert 0 <= spread["share of items with a tie"] < spread["share of items on which all agree"] < 1


def test_yes_and_no_are_categories_with_a_mean():
    ratings = numbers().assign(value=lambda one: (one["value"] > 5).astype(float))
    study = rater_study(ratings, name="toy", draws=20)
    names = study.tables["agreement"]["measure"].tolist()
    assert "Krippendorff's alpha, nominal" in names
    assert not [name for name in names if "interval" in name]
    assert "one rater against the mean of the others, pearson" in names


def test_unnamed_raters_have_no_table_and_the_reason_stands_beside_what_needs_them():
    study = rater_study(unnamed(numbers()), name="toy", draws=20)
    assert study.tables["counts"].set_index("what").loc["raters", "value"] == "unnamed"
    assert not len(study.tables["raters"])
    gold = study.tables["gold"].set_index("first")["note"]
    assert set(gold.index) == {"standardized mean", "EWE", "maximum likelihood"}
    assert gold.str.contains("raters are unnamed").all()
    assert any("who rates badly cannot be known" in one for one in study.sentences)


def test_a_measure_without_value_says_why():
    ratings = categories().iloc[1:]
    row = measure(rater_study(ratings, name="toy", draws=20), "Fleiss' kappa")
    assert pd.isna(row["value"])
    assert row["note"].startswith("Got 4 to 5 ratings an item")


def test_the_corpus_own_gold_standard_is_compared():
    ratings = numbers()
    own = ratings.groupby("segment")["value"].mean().rename("valence")
    own.iloc[:7] += 0.5
    gold = rater_study(ratings, name="toy", own=own, draws=20).tables["gold"]
    row = gold[(gold["first"] == "mean") & (gold["second"] == "the corpus' own valence")].iloc[0]
    assert (row["items"], row["differ"]) == (80, 7)
    assert row["largest"] == pytest.approx(0.5)


def test_a_low_alpha_of_alike_answers_is_explained():
    value = np.ones((100, 6))
    value[::10, 0] = 0
    study = rater_study(table(value), name="toy", draws=20)
    assert any("nearly all answers are alike" in one for one in study.sentences)


def test_a_moment_a_span_is_kept_of_every_trace():
    time = np.arange(0, 3, 0.04)
    traces = pd.concat(
        pd.DataFrame({"segment": s, "target": "t", "rater": r, "value": time, "time": time})
        for s in "ab"
        for r in "xy"
    )
    kept = thin_traces(traces, every_s=1.0)
    assert kept.groupby(["segment", "rater"])["time"].apply(list).tolist() == [[0.0, 1.0, 2.0]] * 4
    with pytest.raises(ConfigError, match="Got a moment every 0 s"):
        thin_traces(traces, every_s=0)


def test_the_intervals_of_traces_are_over_recordings_and_say_so():
    ratings = numbers(segments=90)
    place = ratings["segment"].str[1:].astype(int)
    traces = ratings.assign(segment="s" + (place % 9).astype(str), time=(place // 9).astype(float))
    study = rater_study(traces, name="toy", draws=20)
    counts = study.tables["counts"].set_index("what")["value"]
    assert (counts["segments"], counts["moments"]) == (9, 90)
    assert any("draw the 9 recordings anew" in one for one in study.sentences)
    assert study.tables["disputed"]["segment"].is_unique


def test_one_rating_an_item_leaves_reasons_and_no_numbers():
    study = rater_study(numbers(raters=1), name="toy", draws=20)
    agreement = study.tables["agreement"].set_index("measure")
    assert agreement.loc["Krippendorff's alpha, interval", "note"].startswith("No item has two ratings")
    assert study.tables["ceiling"]["value"].isna().all()
    assert study.tables["ceiling"]["note"].notna().all()


def test_the_record_is_plain_json():
    record = json.loads(json.dumps(rater_study(numbers(), name="toy", draws=20).record(), allow_nan=False))
    assert record["name"] == "toy"
    assert {"counts", "agreement", "raters", "gold", "ceiling", "disagreement", "disputed"} <= set(record)
    assert record["agreement"][0]["value"] > 0


def test_bad_input_is_refused():
    with pytest.raises(ConfigError, match="Got 0 draws"):
        rater_study(numbers(), name="toy", draws=0)
    with pytest.raises(DataError, match="expected one target"):
        rater_study(pd.concat([numbers(), numbers().assign(target="u")]), name="toy")
