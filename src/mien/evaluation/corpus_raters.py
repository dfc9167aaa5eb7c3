"""Study the raters of a corpus that mien knows: each target, in each part that was rated apart."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.ratings import check_ratings
from mien.evaluation.rater_study import RaterStudy, rater_study, thin_traces

EVERY_S = 1.0
"""Seconds between the moments of a trace that are studied."""


def corpus_raters(
    module: ModuleType, root: str | Path, *, every_s: float = EVERY_S, draws: int = 500, seed: int = 0
) -> Iterator[RaterStudy]:
    """Yield a study of each target of a corpus, and of each part that was rated apart.

    Args:
        module: of `mien.corpora`, with `ratings` or `traces`; parts are the values of its column
            `RATED_APART`.
        root: folder of the corpus.
        every_s: seconds between the moments of traces that are studied, above 0.
        draws: resamples of segments for intervals, at least 1.
        seed: seeds all chance.

    Raises:
        ConfigError: its raters' answers are not published, or an option is out of range.
        DataError: as `load` and `ratings` of the corpus.
    """
    read = getattr(module, "ratings", None) or getattr(module, "traces", None)
    name = module.__name__.rpartition(".")[2]
    if read is None:
        raise ConfigError(
            f"Got corpus `{name}`, of which no single raters' answers are published, expected one with them, "
            "such as icwsm2014."
        )
    table = module.load(root).set_index("segment")
    ratings = read(root)
    apart = getattr(module, "RATED_APART", None)
    part_of = ratings["segment"].map(table[apart]) if apart else pd.Series("", index=ratings.index)
    for part in dict.fromkeys(part_of):
        title = f"{name} {part}".strip()
        yield from table_raters(
            ratings[part_of == part],
            name=title,
            every_s=every_s,
            draws=draws,
            seed=seed,
            # one value of a whole segment is no gold standard of its moments
            own=None if ratings["time"].notna().any() else table,
            scales=module.CARD["dimensions"],
        )


def table_raters(
    ratings: pd.DataFrame,
    *,
    name: str,
    every_s: float = EVERY_S,
    draws: int = 500,
    seed: int = 0,
    own: pd.DataFrame | None = None,
    scales: Mapping[str, tuple[float, float]] | None = None,
) -> Iterator[RaterStudy]:
    """Yield a study of each target of a ratings table.

    Args:
        ratings: ratings table of one or several targets.
        name: of the whole, for headings.
        every_s: as in `corpus_raters`.
        draws: as in `corpus_raters`.
        seed: as in `corpus_raters`.
        own: gold standards that the corpus itself publishes: a column per target, indexed by segment.
        scales: target → lowest and highest value that raters could give.

    Raises:
        ConfigError: an option is out of range.
        DataError: not a ratings table, or one without rows.
    """
    checked = check_ratings(ratings)
    if not len(checked):
        raise DataError("Got a ratings table without rows, expected at least one rating; check the file.")
    for target, one in checked.groupby("target", sort=False):
        kept = thin_traces(one, every_s=every_s) if one["time"].notna().any() else one
        yield rater_study(
            kept,
            name=f"{name} {target}",
            scale=(scales or {}).get(str(target)),
            own=own[str(target)] if own is not None and str(target) in own else None,
            draws=draws,
            seed=seed,
        )
