import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.core.registry import find
from mien.features.text.texts import split_words
from mien.features.text.tfidf import Tfidf

TRAIN = ["so good, so good!", "so bad", "good dog", "a bad, bad dog?"]


def naive(train, text):
    """Return term → weight of a text, by the formula of the docstring."""

    def terms(one):
        words = split_words(one)
        return words + [f"{a} {b}" for a, b in pairwise(words)]

    within = Counter(term for one in train for term in set(terms(one)))
    counts = {term: count for term, count in Counter(terms(text)).items() if term in within}
    raw = {
        term: (1 + math.log(count)) * (1 + math.log((1 + len(train)) / (1 + within[term])))
        for term, count in counts.items()
    }
    length = math.sqrt(sum(value**2 for value in raw.values()))
    return {term: value / length for term, value in raw.items()}


@pytest.mark.parametrize("text", [*TRAIN, "a good good good dog, unheard"])
def test_weights_are_those_of_the_formula(text):
    reader = Tfidf().fit(TRAIN)
    found = dict(zip(reader.names(), reader.transform([text]).toarray()[0], strict=True))
    expected = {f"word.{term}": value for term, value in naive(TRAIN, text).items()}
    assert {name: value for name, value in found.items() if value} == pytest.approx(expected, rel=1e-5)


def test_signs_and_pairs_of_words_are_terms():
    names = Tfidf().fit(["Not good!"]).names()
    assert names == ["word.!", "word.good", "word.good !", "word.not", "word.not good"]


def test_characters_stand_beside_words_and_see_misspelled_ones():
    reader = Tfidf(n_grams=1, characters=3).fit(["wonderful", "dreadful"])
    assert {name.split(".")[0] for name in reader.names()} == {"word", "characters"}
    typed = reader.transform(["wonderfull"]).toarray()[0]
    kinds = np.array([name.startswith("word.") for name in reader.names()])
    assert not typed[kinds].any()
    assert typed[~kinds].any()


def test_rare_terms_and_all_but_the_most_frequent_can_be_left_out():
    assert Tfidf(n_grams=1, least=3).fit(["a b", "a b", "a c"]).names() == ["word.a"]
    assert Tfidf(n_grams=1, most_terms=2).fit(["a b", "a b", "a c"]).names() == ["word.a", "word.b"]


@settings(max_examples=30)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_rows_have_length_one_or_nothing_and_do_not_hang_on_other_rows(texts):
    reader = Tfidf().fit(TRAIN)
    values = reader.transform(texts).toarray()
    lengths = np.linalg.norm(values, axis=1)
    assert all(length == 0 or length == pytest.approx(1, abs=1e-5) for length in lengths)
    for text, row in zip(texts, values, strict=True):
        np.testing.assert_array_equal(reader.transform([text]).toarray()[0], row)


def test_options_that_leave_nothing_are_refused():
    with pytest.raises(ConfigError, match="n_grams=0 and characters=0"):
        Tfidf(n_grams=0).fit(TRAIN)
    with pytest.raises(ConfigError, match="characters=1"):
        Tfidf(characters=1).fit(TRAIN)
    with pytest.raises(ConfigError, match="least=0"):
        Tfidf(least=0).fit(TRAIN)
    with pytest.raises(DataError, match="no term that occurs in 1 of 2 texts"):
        Tfidf().fit(["", "  "])
    with pytest.raises(DataError, match="no term that occurs in 2 of 1 texts"):
        Tfidf(least=2).fit(["once"])
    with pytest.raises(ConfigError, match="call `fit`"):
        Tfidf().transform(["a"])


def test_signs_help_on_real_dialogue(data_root):
    """The claim of `split_words`: on MELD's dev part, words without signs are far worse."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    from mien.evaluation.metrics import weighted_f1

    table = find("corpora", "meld").load(data_root / "meld").dropna(subset="text")
    train, dev = (table[table["split"] == part] for part in ("train", "dev"))
    scores = []
    for reader in (Tfidf(), TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+")):
        model = LinearSVC(C=0.1, class_weight="balanced")
        model.fit(reader.fit_transform(list(train["text"])), train["emotion"].astype(str))
        scores.append(
            weighted_f1(dev["emotion"].astype(str), model.predict(reader.transform(list(dev["text"]))))
        )
    assert scores[0] > 0.54
    assert scores[0] - scores[1] > 0.08
