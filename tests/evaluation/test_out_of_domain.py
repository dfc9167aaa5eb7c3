import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.intervals import bootstrap
from mien.evaluation.out_of_domain import (
    compare_domain_doubts,
    domain_detection,
    domain_interval,
    energy,
    fit_mahalanobis,
)
from mien.evaluation.ranking_metrics import area_under_roc


def predictions(seed: int, clips: int, *, flat: float) -> pd.DataFrame:
    """Return a prediction table; `flat` from 0 to 1 makes the mean flatter and the members disagree."""
    generator = np.random.default_rng(seed)
    chances = (1 - flat) * generator.dirichlet([0.3] * 3, clips) + flat / 3
    table = pd.DataFrame(chances, columns=["p.anger", "p.fear", "p.joy"])
    epistemic = flat * generator.random(clips)
    return table.assign(**{"epistemic.category": epistemic, "aleatoric.category": generator.random(clips)})


def test_detection_equals_a_naive_count_of_pairs_and_scikit_learn():
    generator = np.random.default_rng(0)
    inside, outside = generator.integers(5, size=30), generator.integers(2, 8, size=20)
    naive = np.mean([(there > here) + 0.5 * (there == here) for there in outside for here in inside])
    assert domain_detection(inside, outside) == pytest.approx(naive)
    reference = roc_auc_score([0] * 30 + [1] * 20, np.append(inside, outside))
    assert domain_detection(inside, outside) == pytest.approx(reference)


def test_swapping_inside_and_outside_mirrors_detection():
    inside, outside = np.random.default_rng(1).normal(size=(2, 40))
    assert domain_detection(inside, outside) == pytest.approx(1 - domain_detection(outside, inside))


def test_every_kind_is_judged_together_and_alone():
    inside = predictions(2, 200, flat=0.1)
    outside = pd.concat([predictions(3, 50, flat=0.9), predictions(4, 50, flat=0.1)])
    found = compare_domain_doubts(inside, outside, kind=["noise"] * 50 + ["babble"] * 50)
    table = found.set_index(["outside", "doubt"])["domain_detection"]
    assert table["noise", "epistemic"] > 0.9
    assert table["babble", "epistemic"] == pytest.approx(0.5, abs=0.1)
    both = (table["noise", "epistemic"] + table["babble", "epistemic"]) / 2
    assert table["all", "epistemic"] == pytest.approx(both)
    sizes = found.groupby("outside")[["inside_n", "outside_n"]].first()
    assert sizes.loc["all"].tolist() == [200, 100]
    assert sizes.loc["noise"].tolist() == [200, 50]


def test_only_doubts_that_both_tables_have_are_compared():
    inside, outside = predictions(5, 30, flat=0.1), predictions(6, 30, flat=0.9).filter(like="p.")
    assert compare_domain_doubts(inside, outside)["doubt"].tolist() == ["entropy", "least_confidence"]


def test_domain_doubts_of_known_speakers_have_the_interval_of_a_plain_bootstrap():
    inside, outside = predictions(8, 80, flat=0.1), predictions(9, 30, flat=0.5)
    speaker = pd.Series(np.arange(80) % 8).astype("string")
    found = compare_domain_doubts(inside, outside, speaker=speaker, draws=100).set_index("doubt")
    names = np.array([*speaker, *(f"sound {number}" for number in range(30))], dtype=object)
    doubt = np.append(inside["epistemic.category"], outside["epistemic.category"])
    expected = bootstrap(area_under_roc, np.repeat([0, 1], [80, 30]), doubt, cluster=names, draws=100)
    own = found.loc["epistemic"]
    assert own["domain_detection"] == pytest.approx(expected.value)
    assert (own["low"], own["high"]) == pytest.approx((expected.low, expected.high))


def test_clips_of_unknown_people_count_as_one_person():
    inside, outside = np.arange(20.0), np.arange(10.0, 25.0)
    nobody = domain_interval(inside, outside, speaker=pd.Series([pd.NA] * 20), draws=100)
    somebody = domain_interval(inside, outside, speaker=pd.Series(["?"] * 20), draws=100)
    assert nobody == somebody
    assert nobody.value == pytest.approx(domain_detection(inside, outside))


def test_distance_equals_scipy_with_the_covariance_within_categories():
    generator = np.random.default_rng(7)
    truth = np.repeat([0, 1, 2], 100)
    mixing = generator.normal(size=(4, 4))
    embeddings = generator.normal(size=(300, 4)) @ mixing + 5 * truth[:, None]
    means = np.stack([embeddings[truth == k].mean(axis=0) for k in range(3)])
    rest = [row - means[k] for row, k in zip(embeddings, truth, strict=True)]
    within = sum(np.outer(row, row) for row in rest)
    later = generator.normal(size=(20, 4)) + 3
    reference = cdist(later, means, "mahalanobis", VI=np.linalg.inv(within / 300)).min(axis=1) ** 2
    assert fit_mahalanobis(embeddings, truth).distance(later) == pytest.approx(reference)


def test_distance_finds_input_in_a_direction_where_categories_do_not_differ():
    generator = np.random.default_rng(8)
    truth = np.repeat([0, 1], 200)
    speech = generator.normal(size=(400, 3)) * [1, 1, 0.1] + np.outer(truth, [6, 0, 0])
    found = fit_mahalanobis(speech[::2], truth[::2])
    strange = speech[:100] + np.array([0, 0, 1.0])
    assert domain_detection(found.distance(speech[1::2]), found.distance(strange)) > 0.95


def test_dimensions_without_spread_do_not_break_the_distance():
    embeddings = np.column_stack([np.random.default_rng(9).normal(size=50), np.zeros(50)])
    assert np.isfinite(fit_mahalanobis(embeddings, np.arange(50) % 2).distance(embeddings)).all()


def test_energy_is_the_negative_logarithm_of_summed_powers():
    logits = np.random.default_rng(10).normal(size=(6, 4))
    naive = [-2 * np.log(sum(np.exp(value / 2) for value in row)) for row in logits]
    assert energy(logits, temperature=2.0) == pytest.approx(naive)
    assert np.isfinite(energy([[1000.0, 0.0]])).all()


def test_bad_input_is_refused():
    with pytest.raises(UndefinedScore, match="Got 2 clips inside and 0 outside"):
        domain_detection([0.1, 0.2], [])
    with pytest.raises(DataError, match="missing or infinite"):
        domain_detection([0.1, np.nan], [0.2])
    with pytest.raises(DataError, match="two 1-D arrays"):
        domain_detection([[0.1, 0.2]], [0.2])
    with pytest.raises(DataError, match="Got 1 kinds of 3 rows"):
        compare_domain_doubts(predictions(0, 3, flat=0.1), predictions(1, 3, flat=0.1), kind=["noise"])
    with pytest.raises(ConfigError, match="temperature 0"):
        energy([[1.0, 2.0]], temperature=0)
    with pytest.raises(DataError, match=r"expected \(clips, K\)"):
        energy([1.0, 2.0])
    with pytest.raises(UndefinedScore, match="do not differ"):
        fit_mahalanobis([[1.0, 2.0], [1.0, 2.0]], [0, 0])
    with pytest.raises(DataError, match=r"expected \(clips, 2\)"):
        fit_mahalanobis([[1.0, 2.0], [2.0, 1.0]], [0, 0]).distance([[1.0]])
    with pytest.raises(DataError, match=r"expected \(clips, D\)"):
        fit_mahalanobis([[1.0, 2.0]], [0, 1])
