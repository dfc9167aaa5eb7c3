"""SST-5: sentences of film reviews on five levels of sentiment."""

from pathlib import Path

import pandas as pd

from mien.corpora.card import CorpusCard
from mien.corpora.sentences import number_in_split, on_scale, read_cells, read_layout, text_table

CARD: CorpusCard = {
    "title": "Stanford Sentiment Treebank, five levels (SST-5), sentences",
    "citation": "R. Socher, A. Perelygin, J. Wu, J. Chuang, C. D. Manning, A. Ng, C. Potts. Recursive Deep "
    "Models for Semantic Compositionality over a Sentiment Treebank. EMNLP 2013.",
    "year": 2013,
    "licence": "None stated by its authors; in wide research use.",
    "shelf": "unlicensed",
    "language": "en",
    "url": "https://nlp.stanford.edu/sentiment",
    "modality": ["words"],
    "size": 11855,
    "classes": {},
    "dimensions": {"sentiment": (0.0, 4.0)},
    "material": "Sentences of film reviews, written by critics.",
    "labelled_by": "Three crowd raters a sentence says the data set's public card; their positivity from 0 "
    "to 1 is cut into five equal steps. Single answers are not in the files.",
    "use": [
        "Sentiment of sentences on five ordered levels, with its official splits.",
    ],
    "traps": [
        "Sentiment towards a film, not emotion: it has no place among the shared categories.",
        "Levels are ordered (1510, 3140, 2242, 3111 and 1852 sentences, from very negative to very "
        "positive): report a correlation beside the usual accuracy over five levels.",
        "Whole sentences only: published scores with the treebank's 215,154 labelled phrases had far more "
        "to learn from.",
        "Words are split from punctuation and lower-cased (`wo n't`): ordinary writing looks different.",
        "2 of 2210 test and 2 of 1101 dev sentences occur word for word in train.",
        "Two classes (SST-2) leave level 2 out.",
        "No licence: trains no shipped weight.",
    ],
    "limits": [
        "Emotions: a sentence about a sad film can be praise.",
        "Texts of other kinds than reviews.",
    ],
}

LEVELS = ("very negative", "negative", "neutral", "positive", "very positive")
"""Names of the levels 0 to 4."""


def load(root: str | Path) -> pd.DataFrame:
    """Read SST-5 as a segment table, one row per sentence.

    Use it for sentiment as a dimension or as five ordered levels (`LEVELS`), not for emotion.

    Args:
        root: folder with `sentences.csv.gz`. The parse trees of its owners are not read.

    Returns:
        Segment table with `split` and `sentiment` (0 very negative to 4 very positive); segments are numbered
        in their split.

    Raises:
        DataError: no such file there, or a level outside 0 to 4.

    Source:
        Socher et al., EMNLP 2013.
    """
    rows = read_layout(root, {"sentences.csv.gz": _packed}, title=CARD["title"])
    rows["segment"] = number_in_split(rows["split"])
    low, high = CARD["dimensions"]["sentiment"]
    rows["sentiment"] = on_scale(rows, "sentiment", low=low, high=high)
    return text_table(rows, corpus="sst5", language="en")


def _packed(path: Path) -> pd.DataFrame:
    cells = read_cells(path, columns=["split", "text", "sentiment_0to4"])
    return cells.rename(columns={"sentiment_0to4": "sentiment"})
