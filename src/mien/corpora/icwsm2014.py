"""ICWSM-2014: English snippets of four domains with every rater's score of their sentiment."""

from pathlib import Path

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.core.ratings import check_ratings, number_raters
from mien.corpora.card import CorpusCard
from mien.corpora.sentences import on_scale, read_cells, read_layout, read_tabbed, text_table

CARD: CorpusCard = {
    "title": "ICWSM-2014 rated texts (ground truth of VADER)",
    "citation": "C. J. Hutto, E. Gilbert. VADER: A Parsimonious Rule-based Model for Sentiment Analysis of "
    "Social Media Text. ICWSM 2014.",
    "year": 2014,
    "licence": "MIT, as the package that holds it.",
    "shelf": "open",
    "language": "en",
    "url": "https://github.com/cjhutto/vaderSentiment",
    "modality": ["words"],
    "size": 23703,
    "classes": {},
    "dimensions": {"valence": (-4.0, 4.0)},
    "material": "Tweets, and sentences of film reviews, product reviews and newspaper editorials.",
    "labelled_by": "Raters whom the owners tested and trained first, on a scale from -4 to 4, mostly 20 a "
    "snippet, all of whose scores are given (`mien corpora raters icwsm2014`).",
    "use": [
        "Sentiment as a number, with the raters' noise known.",
        "How well doubt of a model follows disagreement of people.",
    ],
    "traps": [
        "183 of 4200 tweets have a published mean that differs by more than 0.05, up to 1.13, from the mean "
        "of the published ratings: outliers were taken out of the mean, not out of the list.",
        "`ratings.csv.gz` has no ratings of the first product snippet (`product/1_1`): the published file "
        "begins with a byte order mark, which hid its name. In the published files it has its 20.",
        "15 to 29 raters a movie snippet, 20 to 99 a tweet, 20 elsewhere. Raters have no names, and the "
        "place in the list is not a person; in movie snippets, early places are lower on average.",
        "The VADER lexicon was made on the tweets: judge it on the other three domains.",
        "Product and newspaper snippets are the sentences of 300 reviews and 498 articles (309 and 500 "
        "originally): keep a `document` on one side of a split.",
        "One rater reaches r = .86, .88, .90 and .71 with the mean of the others (tweets, movie, product, "
        "newspaper); a model that predicts the mean can be better than that.",
    ],
    "limits": [
        "Emotions: the scale is sentiment alone.",
        "Which rater is good: raters have no names.",
        "A claim about the VADER lexicon from the tweets that it was made on.",
    ],
}

DOMAINS = {
    "tweets": "tweets",
    "movie": "movieReviewSnippets",
    "product": "amazonReviewSnippets",
    "newspaper": "nytEditorialSnippets",
}
"""Our name of a domain → how its published files begin."""

RATED_APART = "domain"
"""Column whose values were rated by different people; agreement is judged within each."""

_COLUMNS = ["domain", "id", "mean", "ratings", "text"]


def load(root: str | Path) -> pd.DataFrame:
    """Read the texts as a segment table, one row per snippet.

    Args:
        root: folder with `ratings.csv.gz`, or with the eight files `<name>_GroundTruth.txt` and
            `<name>_anonDataRatings.txt` as their owners publish them (`hutto_ICWSM_2014`).

    Returns:
        Segment table with `domain` (a key of `DOMAINS`), `document` (null for tweets and movie snippets),
        `valence` (the published mean, -4 very negative to 4 very positive) and `raters`, the number of
        published ratings. For targets without the trap of the 183 means, derive them from `ratings`.

    Raises:
        DataError: no such files there, an unknown domain, or a mean off the scale.

    Source:
        Hutto and Gilbert, ICWSM 2014.
    """
    rows = _read(root)
    low, high = CARD["dimensions"]["valence"]
    split = rows["domain"].isin(["product", "newspaper"])
    document = "icwsm2014/" + rows["domain"] + "/" + rows["id"].str.partition("_")[0]
    table = rows[["segment", "text", "domain"]].assign(
        document=document.where(split),
        valence=on_scale(rows, "mean", low=low, high=high),
        raters=[len(one.split()) for one in rows["ratings"]],
    )
    return text_table(table, corpus="icwsm2014", language=CARD["language"])


def ratings(root: str | Path) -> pd.DataFrame:
    """Read every rater's score as a ratings table.

    Raters are unnamed: `#3` is the third score in an item's list, not a person, and methods that follow a
    rater over items refuse the table.

    Args:
        root: as for `load`.

    Returns:
        Ratings table with the target `valence`, -4 to 4, whole numbers.

    Raises:
        DataError: as `load`, or a rating off the scale.

    Source:
        Hutto and Gilbert, ICWSM 2014.
    """
    rows = _read(root)
    number = np.array([len(one.split()) for one in rows["ratings"]], dtype=np.int64)
    low, high = CARD["dimensions"]["valence"]
    try:
        scores = np.array(" ".join(rows["ratings"]).split(), dtype=np.float64)
    except ValueError as error:
        raise DataError(f"Got a rating that is no number, expected {low:g} to {high:g}. ({error})") from error
    item, rater = number_raters(number)
    off = ~((scores >= low) & (scores <= high))
    if off.any():
        first = int(off.argmax())
        raise DataError(
            f"Got rating `{scores[first]:g}` of `{rows['segment'].iloc[item[first]]}`, expected {low:g} to "
            f"{high:g}; copy the file again."
        )
    segment = ("icwsm2014/" + rows["segment"]).iloc[item].reset_index(drop=True)
    table = pd.DataFrame({"segment": segment, "target": "valence", "rater": rater, "value": scores})
    return check_ratings(table)


def _read(root: str | Path) -> pd.DataFrame:
    """Return `segment` and `_COLUMNS` as text; `ratings` separated by spaces."""
    layouts = {"ratings.csv.gz": _packed, "tweets_anonDataRatings.txt": _published}
    rows = read_layout(root, layouts, title=CARD["title"])
    for name in rows["domain"].unique():
        if name not in DOMAINS:
            raise DataError(
                f"Got domain `{name}`, expected one of {', '.join(DOMAINS)}; copy the file again."
            )
    return rows.assign(segment=rows["domain"] + "/" + rows["id"])


def _packed(path: Path) -> pd.DataFrame:
    return read_cells(path, columns=_COLUMNS)


def _published(path: Path) -> pd.DataFrame:
    parts = []
    for domain, name in DOMAINS.items():
        texts = read_tabbed(path.with_name(f"{name}_GroundTruth.txt"), columns=["id", "mean", "text"])
        scores = read_tabbed(
            path.with_name(f"{name}_anonDataRatings.txt"), columns=["id", "mean", "deviation", "ratings"]
        )
        scores["id"] = scores["id"].str.removeprefix("\ufeff")
        if set(scores["id"]) != set(texts["id"]):
            raise DataError(
                f"Got texts and ratings of {domain} that are not of the same snippets in `{path.parent}`, "
                "expected the files as published; copy the folder again."
            )
        both = texts.merge(scores[["id", "ratings"]], on="id", validate="one_to_one")
        both["ratings"] = both["ratings"].str.strip("[]").str.replace(",", " ")
        parts.append(both.assign(domain=domain))
    return pd.concat(parts, ignore_index=True)[_COLUMNS]
