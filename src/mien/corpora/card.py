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
        language: BCP 47 tag of the language; `mul` for several, `zxx` for none.
        url: where its owners publish it.
        modality: what is there to perceive of people: `voice`, `words`, `face`, `body`, or `none` where only
            ratings or sounds without people are.
        size: segments in the whole corpus, as its owners publish it.
        classes: own label → number of segments in the whole corpus; empty without categories.
        dimensions: own dimension → lowest and highest value of its scale; empty without dimensions.
        material: what people did there, and how it came to be: acted, unprompted, written …
        labelled_by: who gave the labels, how many they were and how far they agree, as far as is known.
        use: what it is good for.
        traps: what misleads people who score models on it.
        limits: what may not be concluded from scores on it.
    """

    title: str
    citation: str
    year: int
    licence: str
    shelf: Literal["open", "research", "unlicensed"]
    language: str
    url: str
    modality: list[Literal["voice", "words", "face", "body", "none"]]
    size: int
    classes: dict[str, int]
    dimensions: dict[str, tuple[float, float]]
    material: str
    labelled_by: str
    use: list[str]
    traps: list[str]
    limits: list[str]


SHELVES = {
    "open": "may train weights for any use",
    "research": "non-commercial",
    "unlicensed": "trains no shipped weight",
}
"""Shelf → what may be done with weights that are trained on it."""
