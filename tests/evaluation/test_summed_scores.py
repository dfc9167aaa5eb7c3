import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as reference

from mien.core.errors import ConfigError, DataError
from mien.evaluation.dimension_metrics import concordance_correlation
from mien.evaluation.summed_scores import find_score

CASE = runpy.run_path(str(Path(__file__).with_name("comparison_case.py")))
TABLE = CASE["answers"](0)
LABELS = sorted(CASE["CATEGORIES"])
CHANCES = TABLE[[f"p.{name}" for name in LABELS]]
PAIR = TABLE["truth"], TABLE["prediction"]
VALUES = TABLE["valence.truth"], TABLE["valence"]
EXPECTED = {
    "uar": reference.balanced_accuracy_score(*PAIR),
    "accuracy": reference.accuracy_score(*PAIR),
    "macro_f1": reference.f1_score(*PAIR, average="macro"),
    "weighted_f1": reference.f1_score(*PAIR, average="weighted"),
    "brier": ((CHANCES.to_numpy() - np.eye(4)[TABLE["truth"].map(LABELS.index)]) ** 2).sum(axis=1).mean(),
    "nll": reference.log_loss(TABLE["truth"], CHANCES, labels=LABELS),
    "valence.ccc": concordance_correlation(*VALUES),
    "valence.rmse": reference.root_mean_squared_error(*VALUES),
    "valence.mae": reference.mean_absolute_error(*VALUES),
}


@pytest.mark.parametrize("metric", EXPECTED)
def test_sums_give_the_score_of_the_reference_library(metric):
    score = find_score(metric, TABLE)
    counts = score.counts(TABLE, LABELS)
    assert len(counts) == len(TABLE)
    assert float(score.score(counts.sum(axis=0))) == pytest.approx(EXPECTED[metric])
    assert score.rises == (metric not in ("brier", "nll", "valence.rmse", "valence.mae"))


@pytest.mark.parametrize("metric", EXPECTED)
def test_only_where_it_is_said_do_added_seeds_score_their_mean(metric):
    score = find_score(metric, TABLE)
    runs = [CASE["answers"](number, skill=0.3 + 0.2 * number) for number in (1, 2, 3)]
    sums = np.stack([score.counts(run, LABELS).sum(axis=0) for run in runs])
    apart = abs(float(score.score(sums.sum(axis=0))) - score.score(sums).mean())
    assert (apart < 1e-12) == score.linear


@pytest.mark.parametrize("metric", EXPECTED)
def test_sums_without_items_have_no_score_and_leave_the_others_theirs(metric):
    score = find_score(metric, TABLE)
    sums = score.counts(TABLE, LABELS).sum(axis=0)
    found = score.score(np.stack([sums, 0 * sums]))
    assert found[0] == pytest.approx(EXPECTED[metric])
    assert np.isnan(found[1])


def test_unknown_scores_and_answers_without_what_they_need_are_refused():
    with pytest.raises(
        ConfigError, match=r"Got metric `uarr`, expected one of uar.*valence.mae.*Did you mean"
    ):
        find_score("uarr", TABLE)
    with pytest.raises(ConfigError, match=r"Got metric `arousal\.ccc`"):
        find_score("arousal.ccc", TABLE)
    with pytest.raises(DataError, match="without `valence` for some items"):
        find_score("valence.ccc", TABLE).counts(TABLE.assign(valence=np.nan), LABELS)
    with pytest.raises(DataError, match=r"without `p\.anger`"):
        find_score("nll", TABLE).counts(TABLE.drop(columns="p.anger"), LABELS)
