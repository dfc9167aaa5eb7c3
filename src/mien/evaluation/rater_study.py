"""What a corpus' raters are worth: agreement, each rater, gold standards, ceilings, disagreement."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import ConfigError, DataError, UndefinedScore
from mien.core.ratings import RatingArrays, rating_arrays
from mien.evaluation.agreement import Level, cohen_kappa, fleiss_kappa
from mien.evaluation.agreement_interval import (
    alpha_interval,
    one_against_rest_interval,
    same_answer_share,
)
from mien.evaluation.ceiling import category_ceiling, correlation_ceiling, disagreement_ceiling
from mien.evaluation.dawid_skene import dawid_skene
from mien.evaluation.gold_standard import evaluator_weighted, majority, maximum_likelihood, mean_rating
from mien.evaluation.intervals import Interval
from mien.evaluation.rater_correlation import MEASURES, agreement_of_two, pairwise_agreement, split_half
from mien.evaluation.rater_reliability import rater_reliability
from mien.evaluation.rater_words import study_sentences

STEPS_UP_TO = 20
"""Numbers of so few different values count as a scale of steps, whose order alone is judged as well."""

DISPUTED = 5

APART = 0.05
"""How far two gold standards of numbers may differ before an item counts as differing, in their unit."""


@dataclass(frozen=True)
class RaterStudy:
    """One target that was rated, as plain tables.

    Attributes:
        name: what was rated, such as `icwsm2014 movie valence`.
        tables: `counts`: `what`, `value`: items, raters and ratings.
            `agreement`: `measure`, `value`, `low`, `high` (95 % over segments), `note` (why no value).
            `raters`: as `rater_reliability`, worst first; no rows where raters are unnamed.
            `gold`: pairs of gold standards: `first`, `second`, `items` that both have, `agreement` (numbers:
            Pearson's correlation; categories: Cohen's kappa), `differ` (items with other values, numbers by
            more than `APART`), `largest` (numbers: largest difference), `note`.
            `ceiling`: `score`, `against`, `value`, `note`: what no model can exceed.
            `disagreement`: `what`, `value`: how the spread of items is distributed (numbers: standard
            deviation, categories: entropy in nats).
            `disputed`: `segment`, `time`, `spread`, `raters` of the items that raters differ on most.
        sentences: what the tables mean, in words.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    sentences: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return the study as plain values, ready for JSON; null where something is unknown."""
        tables = {
            name: table.astype(object).where(table.notna(), None).to_dict("records")
            for name, table in self.tables.items()
        }
        return {"name": self.name, "sentences": list(self.sentences), **tables}


def rater_study(
    ratings: pd.DataFrame,
    *,
    name: str,
    scale: tuple[float, float] | None = None,
    own: "pd.Series[Any] | None" = None,
    draws: int = 500,
    seed: int = 0,
) -> RaterStudy:
    """Describe the raters of one target and what their disagreement means for models.

    Args:
        ratings: ratings table of one target; numbers or categories, by named or unnamed raters. Thin traces
            first (`thin_traces`): neighbouring moments say the same.
        name: what was rated, for headings.
        scale: lowest and highest value that raters could give.
        own: segment → the gold standard that the corpus itself publishes, compared with those derived here.
        draws: resamples of segments for intervals, at least 1.
        seed: seeds all chance.

    Raises:
        ConfigError: no draw.
        DataError: not such a table.
    """
    if draws < 1:
        raise ConfigError(f"Got {draws} draws, expected at least 1, e.g. 500.")
    arrays = rating_arrays(ratings)
    yes_or_no = not arrays.categories and set(np.unique(arrays.value)) <= {0.0, 1.0}
    spread = arrays.spread()
    tables = {
        "counts": _counts(arrays),
        "agreement": _agreement(ratings, arrays, yes_or_no=yes_or_no, draws=draws, seed=seed),
        "raters": _raters(ratings, arrays, scale),
        "gold": _compared(_golds(ratings, arrays, own), categories=bool(arrays.categories)),
        "ceiling": _ceiling(ratings, arrays, seed=seed),
        "disagreement": _disagreement(arrays, spread),
        "disputed": _disputed(arrays, spread),
    }
    return RaterStudy(name, tables, sentences=study_sentences(tables, anonymous=arrays.anonymous))


def thin_traces(traces: pd.DataFrame, *, every_s: float) -> pd.DataFrame:
    """Keep the first moment of each span of a trace table, so that moments are fewer and less alike.

    Args:
        traces: trace table with raters; `time` in seconds.
        every_s: length of a span in seconds, above 0.

    Raises:
        ConfigError: a length that is not above 0.

    Example:
        >>> traces = pd.DataFrame({"segment": "a", "target": "valence", "rater": "x",
        ...                        "value": [1.0, 2.0, 3.0], "time": [0.0, 0.5, 1.0]})
        >>> thin_traces(traces, every_s=1.0)["value"].tolist()
        [1.0, 3.0]
    """
    if not every_s > 0:
        raise ConfigError(f"Got a moment every {every_s} s, expected more than 0, e.g. 1.")
    span = np.floor(traces["time"] / every_s + 1e-9)
    first = traces.groupby([traces["segment"], traces["target"], traces["rater"], span])["time"]
    return traces[traces["time"] == first.transform("min")].reset_index(drop=True)


def _counts(arrays: RatingArrays) -> pd.DataFrame:
    low, middle, high = np.percentile(arrays.counts, [0, 50, 100])
    segments = arrays.items["segment"].nunique()
    rows: list[tuple[str, object]] = [("segments", segments)]
    if len(arrays.items) > segments:
        rows.append(("moments", len(arrays.items)))
    rows += [
        ("raters", "unnamed" if arrays.anonymous else len(arrays.raters)),
        ("ratings", len(arrays.item)),
        ("ratings per item, fewest", int(low)),
        ("ratings per item, median", float(middle)),
        ("ratings per item, most", int(high)),
    ]
    return pd.DataFrame(rows, columns=["what", "value"], dtype="object")


def _agreement(
    ratings: pd.DataFrame, arrays: RatingArrays, *, yes_or_no: bool, draws: int, seed: int
) -> pd.DataFrame:
    """Return every measure of agreement that fits the level of the ratings."""
    options: dict[str, Any] = {"draws": draws, "seed": seed}
    nominal = bool(arrays.categories) or yes_or_no
    steps = len(np.unique(arrays.value)) <= STEPS_UP_TO
    levels: list[Level] = ["nominal"] if nominal else ["interval", "ordinal"] if steps else ["interval"]
    rows = [
        _measured(f"Krippendorff's alpha, {level}", partial(alpha_interval, ratings, level=level, **options))
        for level in levels
    ]
    if nominal:
        rows.append(_measured("Fleiss' kappa", partial(fleiss_kappa, ratings)))
    if nominal or steps:
        rows.append(_measured("two raters give the same answer", partial(same_answer_share, arrays)))
    if arrays.categories:
        return _measures(rows)
    for measure in MEASURES:
        title = f"one rater against the mean of the others, {measure}"
        found = partial(one_against_rest_interval, ratings, measure=measure, **options)
        rows.append(_measured(title, found))
    rows.append(_measured("reliability of the mean, split halves", partial(split_half, ratings, seed=seed)))
    if not arrays.anonymous:
        rows += [
            _measured(f"two raters, mean {one}", partial(_mean_of_pairs, ratings, one)) for one in MEASURES
        ]
    return _measures(rows)


def _mean_of_pairs(ratings: pd.DataFrame, measure: str) -> float:
    known = pairwise_agreement(ratings)[measure].dropna()
    if not len(known):
        raise UndefinedScore("No two raters have 3 items in common on which both vary.")
    return float(known.mean())


def _measures(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "note"])


def _measured(title: str, measure: Callable[[], Interval | float]) -> tuple[object, ...]:
    """Return a row of agreement; a measure without value says why."""
    try:
        found = measure()
    except DataError as error:
        return (title, None, None, None, str(error))
    if isinstance(found, Interval):
        return (title, found.value, found.low, found.high, None)
    return (title, found, None, None, None)


def _raters(ratings: pd.DataFrame, arrays: RatingArrays, scale: tuple[float, float] | None) -> pd.DataFrame:
    """Return each rater, the one who agrees least with the others first."""
    if arrays.anonymous:
        return pd.DataFrame()
    found = rater_reliability(ratings, scale=scale)
    return found.sort_values("agreement", kind="stable", na_position="first", ignore_index=True)


def _golds(
    ratings: pd.DataFrame, arrays: RatingArrays, own: "pd.Series[Any] | None"
) -> "Iterator[tuple[str, pd.Series[Any] | str]]":
    """Yield the name of each gold standard and its value by item, or the reason why there is none."""
    methods: dict[str, Callable[[], pd.DataFrame]] = (
        {"majority": lambda: majority(ratings), "Dawid-Skene": lambda: dawid_skene(ratings).labels}
        if arrays.categories
        else {
            "mean": lambda: mean_rating(ratings),
            "standardized mean": lambda: mean_rating(ratings, standardize=True),
            "EWE": lambda: evaluator_weighted(ratings),
            "maximum likelihood": lambda: maximum_likelihood(ratings),
        }
    )
    for name, method in methods.items():
        if arrays.anonymous and name not in ("mean", "majority"):
            yield name, "needs to know who rated; raters are unnamed"
            continue
        try:
            yield name, method().set_index(["segment", "time"])["value"]
        except DataError as error:
            yield name, str(error)
    if own is not None:
        items = pd.MultiIndex.from_frame(arrays.items[["segment", "time"]])
        yield (
            f"the corpus' own {own.name}",
            pd.Series(own.reindex(items.get_level_values(0)).to_numpy(), index=items),
        )


def _compared(golds: "Iterator[tuple[str, pd.Series[Any] | str]]", *, categories: bool) -> pd.DataFrame:
    """Return a row per pair of gold standards, and one per gold standard that cannot be made."""
    made: list[tuple[str, pd.Series[Any]]] = []
    rows: list[tuple[object, ...]] = []
    for name, found in golds:
        if isinstance(found, str):
            rows.append((name, None, None, None, None, None, found))
        else:
            made.append((name, found))
    for (first, one), (second, two) in combinations(made, 2):
        both = pd.DataFrame({"one": one, "two": two}).dropna()
        pair = (both["one"].to_numpy(), both["two"].to_numpy())
        apart = None if categories else np.abs(pair[0].astype(float) - pair[1].astype(float))
        differ = int((pair[0] != pair[1]).sum() if apart is None else (apart > APART + 1e-9).sum())
        largest = None if apart is None or not len(apart) else float(apart.max())
        try:
            value, note = _alike(pair, categories=categories), None
        except DataError as error:
            value, note = None, str(error)
        rows.append((first, second, len(both), value, differ, largest, note))
    columns = ["first", "second", "items", "agreement", "differ", "largest", "note"]
    return pd.DataFrame(rows, columns=columns).astype({"items": "Int64", "differ": "Int64"})


def _alike(pair: tuple[Any, Any], *, categories: bool) -> float:
    if categories:
        return cohen_kappa(pair[0].astype(str), pair[1].astype(str))
    return agreement_of_two(pair[0].astype(float), pair[1].astype(float), measure="pearson")


def _ceiling(ratings: pd.DataFrame, arrays: RatingArrays, *, seed: int) -> pd.DataFrame:
    """Return what no model can exceed, or why that is not known."""
    several = arrays.counts >= 2
    rated = arrays.items["segment"][several]
    try:
        if arrays.categories:
            found = category_ceiling(ratings[ratings["segment"].isin(rated)], draws=20, seed=seed)
        else:
            found = correlation_ceiling(ratings, seed=seed)
    except DataError as error:
        found = pd.DataFrame(
            {"score": ["any"], "against": ["the raters"], "value": [np.nan], "note": [str(error)]}
        )
    try:
        value, note = disagreement_ceiling(ratings, seed=seed), "root of the reliability of items' spread"
    except UndefinedScore as error:
        value, note = np.nan, str(error)
    doubt = {"score": "doubt, pearson", "against": "the raters' spread", "value": value, "note": note}
    return pd.concat([found, pd.DataFrame([doubt])], ignore_index=True)


def _disagreement(arrays: RatingArrays, spread: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Return how the items' spread is distributed."""
    there = spread[np.isfinite(spread) & (arrays.counts >= 2)]
    if not len(there):
        return pd.DataFrame({"what": ["items with two ratings"], "value": [0.0]})
    unit = "entropy of the votes (nats)" if arrays.categories else "standard deviation"
    rows = [(f"{unit}, mean", float(there.mean()))]
    for name, value in zip(
        ("least", "first quartile", "median", "third quartile", "most"),
        np.percentile(there, [0, 25, 50, 75, 100]),
        strict=True,
    ):
        rows.append((f"{unit}, {name}", float(value)))
    rows.append(("share of items on which all agree", float((there < 1e-12).mean())))
    if arrays.categories:
        votes = arrays.votes()
        tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
        rows.append(("share of items with a tie", float(tied.mean())))
    return pd.DataFrame(rows, columns=["what", "value"])


def _disputed(arrays: RatingArrays, spread: np.ndarray[Any, Any]) -> pd.DataFrame:
    found = arrays.items.assign(spread=spread, raters=arrays.counts)
    most = found.dropna(subset=["spread"]).sort_values("spread", ascending=False, kind="stable")
    # moments of one segment would fill the list
    return most.drop_duplicates("segment").head(DISPUTED).reset_index(drop=True)
