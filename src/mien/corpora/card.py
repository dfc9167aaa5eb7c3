"""What every corpus must say about itself."""

from typing import Literal, TypedDict


class CorpusCard(TypedDict):
    """Facts about a corpus that a reader needs before trusting a number made with it.

    Attributes:
        title: name as its owners write it.
        citation: the paper to cite.
        year: year of publication.
        licence: licence in its owners' words.
        shelf: `open` (may train weights for any use), `research` (non-commercial) or
            `unlicensed` (trains no shipped weight).
        language: BCP 47 tag of the spoken language.
        url: where its owners publish it.
        classes: own label → number of clips in the whole corpus.
        traps: what misleads people who score models on it.
    """

    title: str
    citation: str
    year: int
    licence: str
    shelf: Literal["open", "research", "unlicensed"]
    language: str
    url: str
    classes: dict[str, int]
    traps: list[str]
