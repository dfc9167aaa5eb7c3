"""What is put together for a report keeps its meaning."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from mien.evaluation.answers import with_truth
from mien.evaluation.judge import judge

SUMMARY = {"title": "t", "model": "m", "protocol": "p", "n": 1, "speakers": 1, "command": "c"}


def answers(*, speakers: int = 8, corpus: str = "made") -> pd.DataFrame:
    generator, items = np.random.default_rng(0), 40 * speakers
    chances = generator.dirichlet([1.0, 1.0], items)
    truth = (generator.random(items) > chances[:, 0]).astype(int)
    table = pd.DataFrame(chances, columns=["p.calm", "p.tense"]).assign(
        segment=[f"{corpus}{number}" for number in range(items)],
        corpus=corpus,
        truth=np.array(["calm", "tense"])[truth],
        speaker=[f"{corpus}{number % speakers}" for number in range(items)],
    )
    return with_truth(table)


@pytest.fixture(scope="module")
def tables():
    both = pd.concat([answers(), answers(speakers=3, corpus="few")], ignore_index=True)
    return judge(both, summary=SUMMARY, draws=100)


def test_the_interval_of_a_bin_is_that_of_its_right_answers(tables):
    assert set(tables.reliability["corpus"]) == {"made", "few"}
    for row in tables.reliability.to_dict("records"):
        right = round(row["accuracy"] * row["count"])
        expected = binomtest(right, row["count"]).proportion_ci()
        assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


def test_corpora_of_few_speakers_are_named(tables):
    assert [note for note in tables.notes if "few has 3 speakers" in note]
    assert not [note for note in tables.notes if "made has" in note]


def test_every_table_of_doubt_covers_every_corpus(tables):
    for name in ("calibrators", "conformal", "guarantee", "doubts"):
        assert list(getattr(tables, name)["corpus"].unique()) == ["made", "few"]


def test_on_whom_things_were_fitted_is_said_once_where_it_is_the_same(tables):
    assert tables.summary["cross_fitting"] == "5 groups of speakers (made); 3 groups of speakers (few)"
    one = judge(answers(), summary=SUMMARY, draws=100)
    assert one.summary["cross_fitting"] == "5 groups of speakers"
