import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.evaluation.label_errors import doubtful_labels, planted_trial

CLASSES = ["anger", "fear", "joy"]


def softened(codes, sharpness):
    """Return probabilities that lean to the true class of each item."""
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(len(codes), len(CLASSES)))
    scores[np.arange(len(codes)), codes] += sharpness
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@pytest.fixture
def swapped():
    """Return labels of which 30 of 600 are wrong, those rows, and probabilities of a fair model."""
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 3, 600)
    rows = generator.choice(600, 30, replace=False)
    given = np.array(CLASSES, dtype=object)[codes]
    given[rows] = np.array(CLASSES, dtype=object)[(codes[rows] + 1) % 3]
    return given, rows, codes, softened(codes, 4.0)


def test_planted_errors_come_first_with_the_right_suggestion(swapped):
    given, rows, codes, probabilities = swapped
    table = doubtful_labels(given, probabilities, categories=CLASSES)
    first = table.head(30)
    hits = np.isin(first["row"], rows)
    assert hits.mean() >= 0.8
    right = np.array(CLASSES, dtype=object)[codes[first["row"].to_numpy()]]
    assert (first["suggested"] == right)[hits].mean() >= 0.9
    assert sorted(table["row"]) == list(range(600))


def test_confident_learning_counts_about_as_many_as_were_planted(swapped):
    given, rows, _, probabilities = swapped
    table = doubtful_labels(given, probabilities, categories=CLASSES)
    counted = table.loc[table["counted"], "row"]
    assert 20 <= len(counted) <= 45
    assert np.isin(counted, rows).mean() >= 0.6


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_order_is_that_of_the_probability_of_the_label(seed):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([1, 1, 1], size=40)
    given = np.array(CLASSES, dtype=object)[np.arange(40) % 3]
    table = doubtful_labels(given, probabilities, categories=CLASSES)
    expected = probabilities[np.arange(40), np.arange(40) % 3]
    assert table["p_given"].to_numpy() == pytest.approx(np.sort(expected))
    assert (table["given"] != table["suggested"]).all()


def test_a_category_that_nobody_gave_is_not_suggested():
    given = np.array(["anger", "joy"] * 10, dtype=object)
    probabilities = np.tile([0.2, 0.6, 0.2], (20, 1))
    table = doubtful_labels(given, probabilities, categories=CLASSES)
    assert set(table["suggested"]) == {"anger", "joy"}


def test_a_trial_tells_a_fair_model_from_one_that_guesses(swapped):
    _, _, codes, _ = swapped
    given = np.array(CLASSES, dtype=object)[codes]
    fair = planted_trial(given, lambda labels: softened(codes, 4.0))
    blind = planted_trial(given, lambda labels: softened(codes, 0.0), trials=10)
    assert fair.planted == 30
    assert fair.lift > 10
    assert blind.lift < 3
    assert fair.by_chance == pytest.approx(0.05)


def test_what_does_not_fit_together_is_refused(swapped):
    given, _, _, probabilities = swapped
    with pytest.raises(DataError, match="one row per label"):
        doubtful_labels(given[:-1], probabilities, categories=CLASSES)
    with pytest.raises(DataError, match="do not sum to 1"):
        doubtful_labels(given, 2 * probabilities, categories=CLASSES)
    with pytest.raises(DataError, match="label `anger`"):
        doubtful_labels(given, probabilities, categories=["rage", "fear", "joy"])
    with pytest.raises(UndefinedScore, match="fewer than two classes"):
        doubtful_labels(np.array(["joy"] * 600, dtype=object), probabilities, categories=CLASSES)
    with pytest.raises(ConfigError, match=r"share=0\.7"):
        planted_trial(given, lambda labels: probabilities, share=0.7)


def test_the_table_is_plain():
    table = doubtful_labels(
        np.array(["joy", "fear"] * 5, dtype=object), np.full((10, 2), 0.5), categories=["fear", "joy"]
    )
    assert list(table) == ["row", "given", "suggested", "p_given", "p_suggested", "counted"]
    assert isinstance(table, pd.DataFrame)
