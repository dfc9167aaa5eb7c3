import pytest

from mien.core.errors import DataError
from mien.features.text.texts import check_texts, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("can't, won't, it's", ["ca", "n't", ",", "wo", "n't", ",", "it", "'s"]),
        ("wo n't", ["wo", "n't"]),  # as SST-5 writes it
        ("They’ll don’t", ["they", "'ll", "do", "n't"]),
        ("GOOD good Good", ["good"] * 3),
        ("what?!", ["what", "?", "!"]),
        ("❤️ ❤", ["❤", "❤"]),
        ("👍🏽", ["👍", "🏽"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("这部电影很好！", ["这部电影很好", "!"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("ＦＵＬＬ １２", ["full", "12"]),
        (" \n\t", []),
        ("", []),
    ],
)
def test_words_and_signs_of_many_scripts(text, words):
    assert split_words(text) == words


def test_no_letter_or_sign_is_lost():
    text = "Oh, I can't (really) say: #wow @you 3.5 % of 'em — naïve café"
    assert "".join(split_words(text)) == "".join(text.split()).lower()


def test_a_word_of_many_letters_is_cut_in_time_that_grows_with_its_length():
    assert split_words("a" * 100_000) == ["a" * 100_000]


def test_a_single_text_nothing_and_null_are_refused():
    with pytest.raises(DataError, match="single text"):
        check_texts("hello")
    with pytest.raises(DataError, match="no texts"):
        check_texts([])
    with pytest.raises(DataError, match="None at place 1"):
        check_texts(["a", None])
    with pytest.raises(DataError, match="nan at place 0"):
        check_texts([float("nan")])
