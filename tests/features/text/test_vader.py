import numpy as np
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from mien.core.registry import find
from mien.evaluation.dimension_metrics import concordance_correlation, pearson
from mien.features.text.vader import Vader

TEXTS = ["VADER is smart, handsome, and funny!", "not good :(", "The table.", "", "LOVE it!!! 😂", "爱"]


def test_columns_are_those_of_its_authors():
    reference = SentimentIntensityAnalyzer()
    expected = [
        [scores["compound"], scores["pos"], scores["neu"], scores["neg"]]
        for scores in map(reference.polarity_scores, TEXTS)
    ]
    np.testing.assert_array_equal(Vader().transform(TEXTS), np.array(expected, np.float32))


def test_published_example_of_its_authors():
    """From the README of vaderSentiment 3.3.2."""
    np.testing.assert_allclose(Vader().transform(TEXTS[:1])[0], [0.8439, 0.752, 0.248, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    ("domain", "r", "ccc"),
    [
        ("tweets", 0.872, 0.783),
        ("movie", 0.427, 0.402),
        ("product", 0.590, 0.575),
        ("newspaper", 0.503, 0.415),
    ],
)
def test_correlations_with_people_are_those_of_the_catalogue(data_root, domain, r, ccc):
    table = find("corpora", "icwsm2014").load(data_root / "icwsm2014")
    rows = table[table["domain"] == domain]
    guess = 4.0 * Vader().transform(list(rows["text"]))[:, 0]
    assert pearson(rows["valence"], guess) == pytest.approx(r, abs=6e-4)
    assert concordance_correlation(rows["valence"], guess) == pytest.approx(ccc, abs=6e-4)
