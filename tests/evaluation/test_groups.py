"""Planted bias is found, a fair model is acquitted, small groups are named and not scored."""

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.calibration import debiased_calibration_error
from mien.evaluation.groups import group_scores, worst_gap
from mien.evaluation.intervals import bootstrap
from mien.evaluation.metrics import accuracy, unweighted_average_recall

CLASSES = np.array(["anger", "neutral", "sadness"])


def answers(
    groups: dict[str, float], *, speakers: int = 12, items: int = 30, spread: float = 0.1, seed: int = 0
) -> pd.DataFrame:
    """Return answers whose speakers are right with their group's probability, give or take `spread`."""
    generator = np.random.default_rng(seed)
    parts = []
    for name, skill in groups.items():
        person = np.repeat(np.arange(speakers), items)
        own = np.clip(generator.normal(skill, spread, speakers), 0, 1)[person]
        truth = generator.integers(3, size=len(person))
        wrong = generator.random(len(person)) > own
        prediction = (truth + wrong * generator.integers(1, 3, len(person))) % 3
        p = np.full((len(person), 3), 0.2)
        p[np.arange(len(person)), prediction] = 0.6
        part = pd.DataFrame({f"p.{one}": p[:, k] for k, one in enumerate(CLASSES)})
        part["truth"], part["prediction"] = CLASSES[truth], CLASSES[prediction]
        part["speaker"] = [f"{name}{one}" for one in person]
        parts.append(part.assign(sex=name, corpus="made", age=30.0, language="German"))
    return pd.concat(parts, ignore_index=True)


def own_score(truth, prediction) -> float:
    return unweighted_average_recall(truth, prediction)


def simulated(skills: dict[str, float], *, simulations: int, speakers: int) -> pd.DataFrame:
    """Return many data sets of the same people, each as a corpus of its own."""
    names, items = list(skills), 20
    one = pd.MultiIndex.from_product([range(simulations), names, range(speakers), range(items)])
    corpus, group, speaker = (one.get_level_values(level) for level in range(3))
    generator = np.random.default_rng(0)
    own = generator.normal(0, 0.1, (simulations, len(names), speakers, 1)) + np.ones(items)
    skill = own.ravel() - 1 + group.map(skills).to_numpy(dtype=float)
    right = generator.random(len(one)) < skill
    return pd.DataFrame(
        {
            "corpus": corpus.astype(str),
            "sex": group,
            "speaker": group + speaker.astype(str),
            "truth": "yes",
            "prediction": np.where(right, "yes", "no"),
        }
    )


@pytest.mark.parametrize("groups", [2, 5])
def test_a_fair_model_has_an_interval_over_zero_in_about_95_percent_of_simulations(groups: int) -> None:
    table = simulated(dict.fromkeys("abcde"[:groups], 0.6), simulations=150, speakers=10)
    found = worst_gap(table, accuracy, ["sex"], draws=200)
    assert len(found) == 150
    assert 0.91 <= (found["low"] <= 0).mean() <= 0.99
    assert found["by_chance"].mean() == pytest.approx(found["gap"].median(), rel=0.15)


def test_the_interval_of_a_gap_holds_the_true_gap_where_there_is_one() -> None:
    found = worst_gap(
        simulated({"a": 0.7, "b": 0.4}, simulations=150, speakers=8), accuracy, ["sex"], draws=200
    )
    assert 0.90 <= ((found["low"] <= 0.3) & (found["high"] >= 0.3)).mean() <= 0.99


def test_a_planted_gap_is_found_with_its_groups() -> None:
    row = worst_gap(answers({"a": 0.8, "b": 0.75, "c": 0.4}), unweighted_average_recall, ["sex"]).iloc[0]
    assert (row["best"], row["worst"]) == ("a", "c")
    assert row["low"] > 0.1
    assert row["low"] < row["gap"] < row["high"]
    assert row["by_chance"] < row["gap"] / 2


def test_a_gap_of_every_size_is_found_in_its_order() -> None:
    planted = [0.0, 0.1, 0.2, 0.3, 0.4]
    gaps = [
        worst_gap(answers({"a": 0.9, "b": 0.9 - one}), accuracy, ["sex"]).iloc[0]["gap"] for one in planted
    ]
    assert gaps == sorted(gaps)
    assert gaps == pytest.approx(planted, abs=0.08)


def test_speakers_who_are_in_both_groups_are_drawn_for_both() -> None:
    table = answers({"a": 0.6}, speakers=20, items=60, spread=0.25)
    table["task"] = np.where(np.arange(len(table)) % 2, "reading", "talking")
    paired = worst_gap(table, accuracy, ["task"]).iloc[0]
    apart = worst_gap(table.assign(speaker=table["speaker"] + table["task"]), accuracy, ["task"]).iloc[0]
    assert paired["high"] - paired["low"] < 0.75 * (apart["high"] - apart["low"])


def test_scores_equal_those_of_a_loop_over_groups() -> None:
    table = answers({"a": 0.7, "b": 0.5})
    found = group_scores(table, unweighted_average_recall, ["sex"], draws=100)
    assert len(found) == 6
    for name, part in table.groupby("sex"):
        right = (part["truth"] == part["prediction"]).to_numpy()
        recalls = [right[(part["truth"] == one).to_numpy()].mean() for one in CLASSES]
        confidence = np.full(len(part), 0.6)
        expected = {
            "unweighted_average_recall": np.mean(recalls),
            "error_rate": 1 - right.mean(),
            "ece": debiased_calibration_error(confidence, right, speaker=part["speaker"].to_numpy()),
        }
        own = found[found["group"] == name].set_index("metric")
        assert own["value"].to_dict() == pytest.approx(expected)
        assert set(own["n"]) == {360}
        assert set(own["speakers"]) == {12}
        assert ((own["low"] <= own["value"]) & (own["value"] <= own["high"])).all()


def test_the_interval_of_a_group_is_that_of_the_bootstrap_of_its_speakers() -> None:
    table = answers({"a": 0.7, "b": 0.5})
    row = group_scores(table, unweighted_average_recall, ["sex"], draws=4000).iloc[0]
    part = table[table["sex"] == "a"]
    truth, prediction = part["truth"].to_numpy(), part["prediction"].to_numpy()
    known = bootstrap(
        unweighted_average_recall, truth, prediction, cluster=part["speaker"].to_numpy(), draws=4000, seed=9
    )
    assert (row["low"], row["high"]) == pytest.approx((known.low, known.high), abs=0.01)


def test_counting_confusions_gives_what_drawing_items_gives() -> None:
    table = answers({"a": 0.7, "b": 0.5}, speakers=5)
    kept = ["value", "low", "high", "n"]
    by_counts = group_scores(table, unweighted_average_recall, ["sex", "speaker"], draws=100, min_items=5)
    by_items = group_scores(table, own_score, ["sex", "speaker"], draws=100, min_items=5)
    pd.testing.assert_frame_equal(by_counts[kept], by_items[kept])


def test_a_group_that_is_too_small_is_listed_without_a_number() -> None:
    table = pd.concat([answers({"a": 0.6, "b": 0.6}), answers({"c": 0.6}, speakers=3)])
    found = group_scores(table, accuracy, ["sex"], draws=100)
    small = found[found["group"] == "c"]
    assert len(small) == 3
    assert small[["value", "low", "high"]].isna().all(axis=None)
    assert set(small["note"]) == {"too few speakers: 3, fewer than 4"}
    assert set(small["n"]) == {90}
    gap = worst_gap(table, accuracy, ["sex"], draws=100).iloc[0]
    assert gap["note"] == "left out: “c”"
    assert {gap["best"], gap["worst"]} == {"a", "b"}


def test_items_of_unknown_people_are_listed_and_not_judged() -> None:
    table = answers({"a": 0.6, "b": 0.6})
    table.loc[table["speaker"] == "a0", "sex"] = None
    found = group_scores(table, accuracy, ["sex"], draws=100)
    assert list(found["group"].unique()) == ["a", "b", "not stated"]
    assert found[found["group"] == "not stated"]["note"].iloc[0] == "not stated for these items"
    assert found.groupby("group")["n"].first().sum() == len(table)


def test_one_group_has_no_gap_and_says_why() -> None:
    row = worst_gap(answers({"a": 0.6}), accuracy, ["sex"], draws=100).iloc[0]
    assert np.isnan(row["gap"])
    assert row["note"] == "fewer than two groups that can be judged"


def test_a_gap_without_spread_has_no_interval_and_says_why() -> None:
    table = answers({"a": 1.0, "b": 1.0}, spread=0)
    row = worst_gap(table, accuracy, ["sex"], draws=100).iloc[0]
    assert row["gap"] == 0
    assert {row["best"], row["worst"]} == {"a", "b"}
    assert row[["low", "high", "by_chance"]].isna().all()
    assert row["note"].startswith("no interval")


def test_ages_come_in_bands_and_tuples_are_intersections() -> None:
    table = answers({"a": 0.6, "b": 0.6})
    table["age"] = np.where(table["speaker"].str[1:].astype(int) < 6, 29.5, 60)
    found = group_scores(table, accuracy, ["age", ("sex", "age")], draws=100)
    assert list(found[found["attribute"] == "age"]["group"].unique()) == ["18–29", "60 and over"]
    crossed = found[found["attribute"] == "sex × age"]
    assert list(crossed["group"].unique()) == ["a, 18–29", "a, 60 and over", "b, 18–29", "b, 60 and over"]
    assert set(crossed["speakers"]) == {6}


def test_what_differs_only_between_corpora_is_compared_over_all_and_says_so() -> None:
    german, polish = answers({"a": 0.7, "b": 0.7}), answers({"a": 0.4, "b": 0.4}, seed=1)
    table = pd.concat([german, polish.assign(corpus="other", language="Polish")])
    row = worst_gap(table, accuracy, ["language"], draws=100).iloc[0]
    assert (row["corpus"], row["best"], row["worst"]) == ("all", "German", "Polish")
    assert "whole corpora" in row["note"]
    found = group_scores(table, accuracy, ["language"], draws=100)
    assert set(found["speakers"]) == {24}, "speakers of the same name in two corpora are two"


def test_single_speakers_are_groups_of_items() -> None:
    found = group_scores(answers({"a": 0.6}), accuracy, ["speaker"], draws=200)
    share = found[found["metric"] == "accuracy"]
    assert share[["low", "high"]].notna().all(axis=None)
    calibration = found[found["metric"] == "ece"]
    assert calibration["value"].notna().all()
    assert set(calibration["note"]) == {"no interval: one speaker"}


def test_a_single_item_has_a_value_and_the_reasons_why_no_more() -> None:
    table = answers({"a": 0.6}, speakers=2, items=1)
    found = group_scores(table, accuracy, ["speaker"], draws=100, min_items=1)
    assert found[["low", "high"]].isna().all(axis=None)
    assert set(found[found["metric"] == "accuracy"]["note"]) == {"no interval: one item"}
    assert (found["note"] != "").all()


def test_a_score_without_a_value_gives_its_reason() -> None:
    def undefined_for_b(truth, prediction):
        if "anger" not in truth:
            raise UndefinedScore("no anger here")
        return float(np.mean(truth == prediction))

    table = answers({"a": 0.6, "b": 0.6})
    table = table[(table["sex"] == "a") | (table["truth"] != "anger")]
    found = group_scores(table, undefined_for_b, ["sex"], draws=100)
    row = found[(found["group"] == "b") & (found["metric"] == "undefined_for_b")].iloc[0]
    assert np.isnan(row["value"])
    assert row["note"] == "no anger here"
    assert found[(found["group"] == "b") & (found["metric"] == "error_rate")]["value"].notna().all()


def test_resamples_without_a_value_are_counted() -> None:
    def needs_first_speaker(truth, prediction):
        if "rare" not in truth:
            raise UndefinedScore("no rare item")
        return float(np.mean(truth == prediction))

    table = answers({"a": 0.6})
    table.loc[table.index[0], "truth"] = "rare"
    row = group_scores(table, needs_first_speaker, ["sex"], draws=200).iloc[0]
    lost = int(row["note"].split(" of 200 resamples")[0])
    assert lost == pytest.approx(200 * (11 / 12) ** 12, abs=25)


def test_a_table_without_probabilities_has_no_calibration_error() -> None:
    table = answers({"a": 0.6})[["corpus", "speaker", "truth", "prediction", "sex"]]
    found = group_scores(table, accuracy, ["sex"], draws=100)
    assert found[found["metric"] == "ece"]["note"].iloc[0] == "no probabilities"


def test_results_do_not_depend_on_what_else_is_judged() -> None:
    one = answers({"a": 0.7, "b": 0.4})
    both = pd.concat([answers({"a": 0.5, "b": 0.5}, seed=3).assign(corpus="first"), one])
    alone = group_scores(one, accuracy, ["sex"], draws=100)
    among = group_scores(both, accuracy, ["speaker", "sex"], draws=100)
    among = among[(among["corpus"] == "made") & (among["attribute"] == "sex")].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t, {"min_speakers": 1}, "min_speakers 1, expected at least 2"),
        (lambda t: t, {"draws": 50}, "draws 50, expected at least 100"),
        (lambda t: t.rename(columns={"sex": "gender"}), {}, "attribute `sex`, expected one of"),
    ],
)
def test_options_out_of_range_are_refused(change, options, message) -> None:
    with pytest.raises(ConfigError, match=message):
        group_scores(change(answers({"a": 0.6})), accuracy, ["sex"], **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[:0], "Got no items"),
        (lambda t: t.drop(columns="speaker"), "360 of 360 items without speaker"),
        (lambda t: t.assign(truth=t["truth"].where(t.index > 1)), "2 of 360 items without truth"),
    ],
)
def test_tables_from_which_people_cannot_be_judged_are_refused(change, message) -> None:
    with pytest.raises(DataError, match=message):
        worst_gap(change(answers({"a": 0.6})), accuracy, ["sex"])
