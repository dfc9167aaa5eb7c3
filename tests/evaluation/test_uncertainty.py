from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from mien.core.errors import DataError, UndefinedScore
from mien.evaluation.ranking_metrics import area_under_roc
from mien.evaluation.resampling import resample
from mien.evaluation.uncertainty import compare_doubts, doubts_of, error_detection, resampled_detection
from mien.prediction.doubt import split_doubt

CATEGORIES = ["anger", "fear", "joy"]
RESULTS = Path(__file__).parents[2] / "docs" / "results"


def members(seed: int, clips: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the prediction table of four members that disagree most where they are wrong, and truth."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=clips)
    skill = generator.uniform(0.0, 3.0, clips)
    logits = generator.standard_normal((clips, 4, 3)) + skill[:, None, None] * np.eye(3)[truth][:, None]
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    doubt = split_doubt(chances)
    table = pd.DataFrame(chances.mean(axis=1), columns=[f"p.{name}" for name in CATEGORIES])
    table["aleatoric.category"], table["epistemic.category"] = doubt.aleatoric, doubt.epistemic
    return table, np.array(CATEGORIES)[truth]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=20))
def test_error_detection_equals_a_naive_count_of_pairs_and_scikit_learn(pairs):
    doubt, correct = (np.array(each) for each in zip(*pairs, strict=True))
    wrong, right = doubt[~correct], doubt[correct]
    if not (len(wrong) and len(right)):
        with pytest.raises(UndefinedScore, match="that are all"):
            error_detection(doubt, correct)
        return
    naive = np.mean([(a > b) + 0.5 * (a == b) for a in wrong for b in right])
    assert error_detection(doubt, correct) == pytest.approx(naive)
    assert error_detection(doubt, correct) == pytest.approx(roc_auc_score(~correct, doubt))


def test_resamples_of_detection_are_those_of_scikit_learn_on_the_same_draws():
    generator = np.random.default_rng(7)
    doubt, speaker = generator.integers(12, size=150), generator.integers(8, size=150)
    wrong = generator.random(150) < doubt / 20
    found = resampled_detection(wrong, doubt, cluster=speaker, draws=60, seed=3)
    expected = resample(area_under_roc, wrong, doubt, cluster=speaker, draws=60, seed=3)
    assert found.value == pytest.approx(expected.value)
    assert found.values == pytest.approx(expected.values)


def test_with_many_clusters_clips_are_added_up_instead_and_the_resamples_stay_the_same(monkeypatch):
    generator = np.random.default_rng(8)
    doubt, speaker = generator.integers(12, size=150), generator.integers(8, size=150)
    wrong = generator.random(150) < doubt / 20
    by_pair = resampled_detection(wrong, doubt, cluster=speaker, draws=60, seed=3)
    monkeypatch.setattr("mien.evaluation.uncertainty.BLOCK_NUMBERS", 1)
    by_rank = resampled_detection(wrong, doubt, cluster=speaker, draws=60, seed=3)
    # counts and their halves are exact, so that not even the last digit differs
    assert by_rank.value == by_pair.value
    np.testing.assert_array_equal(by_rank.values, by_pair.values)


def test_speakers_who_are_never_wrong_may_leave_a_resample_without_value():
    wrong, speaker = np.array([True, False, False, False]), np.array(list("aabb"))
    found = resampled_detection(wrong, [0.9, 0.1, 0.2, 0.95], cluster=speaker, draws=100)
    assert found.value == pytest.approx(2 / 3)
    assert 0 < np.isnan(found.values).sum() < 100
    with pytest.raises(UndefinedScore, match="all alike"):
        resampled_detection([False] * 4, [0.1] * 4, cluster=speaker)


def test_doubts_of_known_speakers_have_intervals_and_of_unknown_ones_the_reason():
    table, truth = members(3)
    speaker = pd.Series(np.arange(300) % 10).astype("string")
    found = compare_doubts(table, truth, speaker=speaker, draws=100).set_index("doubt")
    assert (found["low"] < found["error_detection"]).all()
    assert (found["error_detection"] < found["high"]).all()
    assert (found["aurc_low"] < found["aurc"]).all()
    assert (found["aurc"] < found["aurc_high"]).all()
    plain = compare_doubts(table, truth)
    assert "low" not in plain
    pd.testing.assert_frame_equal(found.reset_index()[list(plain)], plain)
    unknown = compare_doubts(table, truth, speaker=speaker.where(speaker != "1"), draws=100)
    assert unknown["low"].isna().all()
    assert unknown["note"].str.contains("no interval: who speaks is not known").all()


def test_total_doubt_of_members_is_the_entropy_of_their_mean():
    table, _ = members(0)
    doubts = doubts_of(table)
    assert doubts["total"].to_numpy() == pytest.approx(doubts["entropy"].to_numpy())
    assert doubts["total"].to_numpy() == pytest.approx((doubts["epistemic"] + doubts["aleatoric"]).to_numpy())
    assert doubts["epistemic"].to_numpy() == pytest.approx(table["epistemic.category"].to_numpy())
    assert (doubts["least_confidence"] == 1 - table.filter(like="p.").max(axis=1)).all()


def test_columns_of_doubt_may_come_in_any_order():
    table, _ = members(1)
    pd.testing.assert_frame_equal(doubts_of(table), doubts_of(table[sorted(table, reverse=True)]))


def test_a_single_model_has_entropy_but_no_doubt_of_members():
    table, _ = members(2)
    nulls = table.assign(**{"aleatoric.category": np.nan, "epistemic.category": np.nan})
    for single in (table.filter(like="p."), nulls):
        assert list(doubts_of(single)) == ["entropy", "least_confidence"]


def test_doubt_of_a_model_that_errs_where_it_doubts_is_compared():
    table, truth = members(3, 2000)
    found = compare_doubts(table, truth).set_index("doubt")
    assert list(found.index) == ["total", "epistemic", "aleatoric", "entropy", "least_confidence"]
    assert found.loc["total", "error_detection"] > 0.7
    assert found.loc["total", "gain"] > 0.04
    assert found.loc["total", "note"] == "the same as entropy, since the members' mean is judged"
    assert found.loc["total", "aurc"] == pytest.approx(found.loc["entropy", "aurc"])
    assert (found["excess_aurc"] < found["aurc"]).all()
    assert (found["errors"] == found["errors"].iloc[0]).all()


def test_doubt_that_does_not_belong_to_the_probabilities_is_not_called_entropy():
    table, truth = members(4)
    table["epistemic.category"] += 0.1 * np.arange(300) / 300
    assert compare_doubts(table, truth)["note"].tolist()[0] == ""


def test_scores_without_value_are_null_with_their_reason():
    table, _ = members(5)
    chosen = np.array(CATEGORIES)[table.filter(like="p.").to_numpy().argmax(axis=1)]
    found = compare_doubts(table, chosen)
    assert found["error_detection"].isna().all()
    assert found["note"].str.contains("no error_detection: Got 300 answers that are all right").all()
    assert (found["aurc"] == 0).all()


def test_doubt_of_the_shipped_predictions_fits_their_probabilities_and_finds_errors():
    table = pd.read_parquet(RESULTS / "voice-small" / "predictions.parquet")
    found = compare_doubts(table, table["category"]).set_index("doubt")
    assert found.loc["total", "note"].startswith("the same as entropy")
    assert found.loc["total", "error_detection"] > 0.6


def test_tables_that_do_not_fit_are_refused():
    table, truth = members(6)
    with pytest.raises(DataError, match="without probabilities"):
        doubts_of(table[["aleatoric.category"]])
    with pytest.raises(DataError, match="alone, expected both"):
        doubts_of(table.drop(columns="epistemic.category"))
    with pytest.raises(DataError, match="with NaN"):
        doubts_of(table.assign(**{"p.fear": np.nan}))
    with pytest.raises(DataError, match="expected one each of anger, fear, joy"):
        compare_doubts(table, np.where(truth == "joy", "happiness", truth))
    with pytest.raises(DataError, match="Got 299 labels for 300 rows"):
        compare_doubts(table, truth[1:])
    with pytest.raises(DataError, match="true and false"):
        error_detection([0.1, 0.2], ["yes", "no"])
