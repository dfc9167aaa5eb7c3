import pytest

from mien.core.errors import ConfigError, DataError
from mien.corpora import emodb, icwsm2014, nemo
from mien.evaluation.corpus_raters import corpus_raters, table_raters


def test_each_target_of_a_corpus_is_studied(data_root):
    studies = list(corpus_raters(emodb, data_root / "emodb", draws=20))
    assert [one.name for one in studies] == ["emodb recognized", "emodb natural"]
    alpha = [one.tables["agreement"]["value"].iloc[0] for one in studies]
    assert alpha == pytest.approx([0.0166, 0.0427], abs=0.0005)


def test_the_tweets_of_icwsm_are_studied_apart_and_have_the_183_means(data_root):
    tweets = next(corpus_raters(icwsm2014, data_root / "icwsm2014", draws=20))
    assert tweets.name == "icwsm2014 tweets valence"
    agreement = tweets.tables["agreement"].set_index("measure")["value"]
    assert agreement["one rater against the mean of the others, pearson"] == pytest.approx(0.860, abs=0.001)
    assert agreement["reliability of the mean, split halves"] == pytest.approx(0.987, abs=0.001)
    gold = tweets.tables["gold"].set_index("second")
    assert gold.loc["the corpus' own valence", ["items", "differ"]].tolist() == [4200, 183]


def test_a_corpus_without_published_answers_is_refused(data_root):
    with pytest.raises(ConfigError, match="Got corpus `nemo`, of which no single raters' answers"):
        next(corpus_raters(nemo, data_root / "nemo"))


def test_a_table_without_rows_is_refused(data_root):
    nothing = emodb.ratings(data_root / "emodb").head(0)
    with pytest.raises(DataError, match="without rows"):
        next(table_raters(nothing, name="mine"))
