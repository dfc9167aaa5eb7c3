"""What a comparison of systems shows: one row per pair, corpus and score, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mien.core.errors import DataError

POOLED = "all corpora"
"""Stands in place of a corpus for all items together."""
ROW_COLUMNS = (
    *("first", "second", "corpus", "metric", "title", "higher_is_better", "n", "speakers"),
    *("value_first", "low_first", "high_first", "seeds_first", "sd_first"),
    *("value_second", "low_second", "high_second", "seeds_second", "sd_second"),
    *("difference", "low", "high", "low_item", "high_item", "low_seeds", "high_seeds"),
    *("p", "p_corrected", "stars", "p_item", "smallest_p", "detectable", "note"),
)
WHOLE = ("n", "speakers", "seeds_first", "seeds_second")
WORDS = ("first", "second", "corpus", "metric", "title", "higher_is_better", "stars", "note")
SUMMARY_KEYS = ("title", "reference", "test", "correction", "tests", "draws", "swaps", "seed", "command")


@dataclass(frozen=True, eq=False)
class ComparisonTables:
    """Hold the numbers of one comparison, as every report format shows them.

    Shares and their differences are fractions (.031, not 3.1).

    Attributes:
        summary: `title`, `reference` (name of the first system), `test` (`permutation` or `bootstrap`),
            `correction` (`holm`, `bh` or `none`), `tests` (how many p-values were corrected together),
            `draws` (resamples per interval), `swaps` (draws per p-value), `seed`, `command`, and where known
            `protocol` and `items` (what an item is called, such as `clips`).
        rows: one row per pair, corpus and score, with `ROW_COLUMNS`. Differences are first minus second;
            `low`, `high` and `p` are by speaker, `low_item`, `high_item` and `p_item` by item;
            `low_seeds` and `high_seeds` by speaker and seed; `detectable` is the difference that a test of
            as many speakers would find with 80 % power; what is null is explained in `note`.
        notes: what a reader must know besides.

    Raises:
        DataError: a column or entry is missing, or a difference is null without a note.
    """

    summary: Mapping[str, Any]
    rows: pd.DataFrame
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        lacking = [key for key in SUMMARY_KEYS if key not in self.summary]
        lacking += [name for name in ROW_COLUMNS if name not in self.rows]
        if lacking or not len(self.rows):
            what = f"without {', '.join(lacking)}" if lacking else "without rows"
            raise DataError(f"Got a comparison {what}, expected what `compare_answers` returns.")
        unexplained = self.rows["difference"].isna() & self.rows["note"].eq("")
        if unexplained.any():
            row = self.rows[unexplained].iloc[0]
            raise DataError(
                f"Got no difference of {row['first']} and {row['second']} on {row['corpus']} and no note, "
                "expected the reason; add it."
            )

    @property
    def items(self) -> str:
        """Return what an item is called, in the plural."""
        return str(self.summary.get("items") or "items")

    @property
    def with_seeds(self) -> bool:
        """Return whether any system was trained with several seeds."""
        return bool((self.rows[["seeds_first", "seeds_second"]].max() > 1).any())
