import numpy as np
import pandas as pd
import pytest

from mien.corpora import xed
from mien.corpora.fingerprint import fingerprint
from mien.corpora.language_check import check_languages
from mien.corpora.leakage import check_against, check_near_copies, check_near_texts

LONG = "the quick brown fox jumps over the lazy dog while all the others sleep in the warm sun"


@pytest.fixture
def sounds():
    generator = np.random.default_rng(0)
    return [generator.normal(scale=0.1, size=32000).astype(np.float32) for _ in range(3)]


def prints_of(named):
    return {name: fingerprint(samples, 16000) for name, samples in named.items()}


def test_a_recoded_clip_with_another_label_is_a_problem(sounds):
    prints = prints_of({"a": sounds[0], "b": 0.1 * sounds[0], "c": sounds[1]})
    table = pd.DataFrame({"segment": list("abc"), "emotion": ["joy", "anger", "joy"], "speaker": ["x"] * 3})
    (found,) = check_near_copies(table, prints)
    assert (found.verdict, found.data["differ_in"]) == ("problem", ["label"])
    (alike,) = check_near_copies(table.assign(emotion="joy"), prints)
    assert alike.verdict == "warning"


def test_exact_copies_are_left_to_the_check_of_samples(sounds):
    table = pd.DataFrame({"segment": list("ab"), "content": ["same", "same"]})
    (found,) = check_near_copies(table, prints_of({"a": sounds[0], "b": sounds[0]}))
    assert (found.verdict, found.data["pairs"]) == ("ok", [])


def test_texts_that_recur_across_splits_are_a_warning():
    texts = [LONG, f"{LONG} today", "nothing of this kind was ever heard", "a wholly other thing to say"]
    table = pd.DataFrame(
        {
            "segment": list("abcd"),
            "text": texts,
            "split": ["train", "test", "test", "train"],
            "emotion": "joy",
        }
    )
    near, runs = check_near_texts(table)
    assert (near.verdict, near.data["differ_in"]) == ("warning", ["split"])
    assert (runs.area, runs.verdict, runs.data["texts"]) == ("splits", "warning", 1)
    near, runs = check_near_texts(table.drop(index=0))
    assert (near.verdict, runs.verdict) == ("ok", "ok")


def test_two_corpora_share_sound_words_and_speakers(sounds):
    table = pd.DataFrame(
        {"segment": ["one/a", "one/b"], "speaker": ["x", "y"], "text": [LONG, "hm"], "corpus": "one"}
    )
    other = pd.DataFrame({"segment": ["two/a"], "speaker": ["x"], "text": [f"and {LONG}"], "corpus": "two"})
    found = check_against(
        table,
        other,
        name="two",
        prints=prints_of({"one/a": sounds[0], "one/b": sounds[1]}),
        other_prints=prints_of({"two/a": 0.3 * sounds[0]}),
    )
    verdicts = {one.name: one.verdict for one in found}
    assert verdicts == {
        "shares `speaker`": "warning",
        "shares sound": "problem",
        "nearly the same texts": "warning",
        "runs of 13 words": "warning",
    }
    (nothing,) = check_against(
        table, other.assign(speaker="z", text="quite another matter, that"), name="two"
    )
    assert (nothing.name, nothing.verdict) == ("apart from `two`", "ok")


def test_the_language_column_is_held_against_the_text(data_root):
    rows = xed.load(data_root / "xed")
    rows = rows[rows["text"].notna()].groupby("language").head(60)
    assert {one.data["tag"]: one.verdict for one in check_languages(rows)} == {"en": "ok", "fi": "ok"}
    swapped = rows.assign(language=rows["language"].map({"en": "fi", "fi": "en"}))
    assert {one.verdict for one in check_languages(swapped)} == {"warning"}
    (unsaid,) = check_languages(rows[rows["language"] == "fi"].drop(columns="language"))
    assert (unsaid.verdict, "`fi` 100%" in unsaid.text) == ("note", True)


def test_tables_without_words_have_no_findings_on_them():
    table = pd.DataFrame({"segment": ["a"], "text": pd.Series([None], dtype="string")})
    assert check_near_texts(table) == check_languages(table) == check_near_copies(table, {}) == []
