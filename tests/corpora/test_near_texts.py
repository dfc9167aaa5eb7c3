import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.corpora import tweeteval
from mien.corpora.near_texts import SHINGLE, near_texts, shared_runs
from mien.corpora.overlap import normalized_words


def resemblance(one, other):
    """Return the share of runs of characters in common, letter by letter."""
    runs = [
        {text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)}
        for text in (normalized_words(one), normalized_words(other))
    ]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def test_planted_changes_of_real_tweets_are_found(data_root):
    texts = tweeteval.load(data_root / "tweeteval")["text"].astype(str).unique()[:1500]
    long = [text for text in texts if len(text) > 80][:200]
    changed = [f"{text} yes" for text in long]
    found = near_texts([*texts, *changed])
    pairs = set(zip(found["first"], found["second"], strict=True))
    place = {text: number for number, text in enumerate(texts)}
    hits = sum((place[text], len(texts) + number) in pairs for number, text in enumerate(long))
    alike = [resemblance(text, f"{text} yes") >= 0.8 for text in long]
    assert sum(alike) > 150
    assert hits / sum(alike) >= 0.95


@settings(max_examples=30)
@given(
    st.lists(st.text("abc de", min_size=25, max_size=40), min_size=2, max_size=6, unique_by=normalized_words)
)
def test_similarity_is_the_share_of_common_runs(texts):
    for row in near_texts(texts, least_similar=0.0).itertuples():
        assert abs(row.similarity - resemblance(texts[row.first], texts[row.second])) < 1e-12


def test_the_same_words_in_another_case_are_left_to_the_other_check():
    assert near_texts(["So this is what it has come to.", "SO THIS IS what it has come to", None, "so"]).empty


def test_short_texts_are_alike_by_chance_and_left_out():
    assert near_texts(["oh my god yes", "oh my god yes!!1"]).empty


def test_runs_of_thirteen_words_are_found_wherever_they_stand():
    words = [f"w{number}" for number in np.arange(40)]
    train = [" ".join(words[:20]), "something else"]
    test = [" ".join(["x", *words[5:18], "y"]), " ".join(words[5:17]), " ".join(words[7:25]).upper()]
    assert shared_runs(train, test) == [0, 2]
    assert shared_runs([], test) == []
