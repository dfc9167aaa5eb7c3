"""A dictionary of text: the words, or sequences of words or characters, that a text can have."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mien.core.errors import DataError
from mien.features.bags.counting import Occurrences
from mien.features.bags.options import Terms


@dataclass(frozen=True)
class TermBook:
    """Hold the terms that are counted.

    Attributes:
        options: how they were found.
        terms: in small letters, sorted.
    """

    options: Terms
    terms: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the column that a table must have."""
        return (self.options.column,)

    @property
    def names(self) -> list[str]:
        """Return the name of each term."""
        return [f"{self.options.name}.{term}" for term in self.terms]

    def occurrences(self, texts: Sequence[str]) -> Occurrences:
        """Return the known terms of each text; others are passed over.

        Args:
            texts: one per row.
        """
        place = {term: number for number, term in enumerate(self.terms)}
        found = [[place[term] for term in terms_of(text, self.options) if term in place] for text in texts]
        begins = np.concatenate([[0], np.cumsum([len(one) for one in found])]).astype(np.int64)
        words = np.fromiter((number for one in found for number in one), np.int32, int(begins[-1]))
        return Occurrences(words, np.ones(words.size, np.float32), begins)


def learn_terms(texts: Sequence[str], options: Terms) -> TermBook:
    """Collect the terms of training text that occur often enough, and not too often.

    Args:
        texts: one per row.
        options: which terms.

    Raises:
        DataError: there are none.
    """
    counts = Counter(term for text in texts for term in terms_of(text, options))
    most = options.most or np.inf
    terms = sorted(term for term, count in counts.items() if options.least <= count <= most)
    if not terms:
        raise DataError(
            f"Got {len(counts)} terms in {len(texts)} texts, none of which occurs {options.least} to "
            f"{most} times; give more text or widen these bounds."
        )
    return TermBook(options, tuple(terms))


def terms_of(text: str, options: Terms) -> Iterator[str]:
    """Yield the terms of a text, repeated as often as they occur.

    Example:
        >>> list(terms_of("So, so good!", Terms(n_grams=2)))
        ['so', 'so', 'good', 'so so', 'so good']
        >>> list(terms_of("so good", Terms(n_grams=0, characters=3)))
        ['goo', 'ood']
    """
    words = text.casefold().translate(dict.fromkeys(map(ord, options.removed))).split()
    for length in range(1, options.n_grams + 1):
        for begin in range(len(words) - length + 1):
            yield " ".join(words[begin : begin + length])
    if options.characters:
        for word in words:
            for begin in range(len(word) - options.characters + 1):
                yield word[begin : begin + options.characters]
