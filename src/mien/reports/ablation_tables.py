"""What an ablation shows: one row per corpus and link, checked once, for every format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mien.core.errors import DataError

TEXTS = (
    "corpus",
    "link",
    "title",
    "on",
    "off",
    "condition",
    "metric",
    "metric_title",
    "stars",
    "verdict",
    "note",
)
NUMBERS = (
    *("value_with", "low_with", "high_with", "value_without", "low_without", "high_without"),
    *("difference", "low", "high", "p", "p_corrected", "smallest_p", "detectable"),
    *("n", "speakers", "seeds", "cost_ms"),
)
ROW_COLUMNS = (*TEXTS[:8], "higher_is_better", *NUMBERS, *TEXTS[8:])
SUMMARY_KEYS = ("title", "system", "protocols", "metric", "seeds", "draws", "tests", "command", "versions")


@dataclass(frozen=True, eq=False)
class AblationTables:
    """Hold the numbers of an ablation, as every report format shows them.

    Attributes:
        summary: `title`, `system`, `protocols` (corpus → words), `metric`, `seeds`, `draws`, `tests`
            (p-values, corrected together for each corpus), `command`, `versions`;
            where known `corpora` and `cpu`.
        rows: one row per corpus and link with `ROW_COLUMNS`, cheapest link first. `difference` is the score
            with the link less that without; intervals are 95 %, over speakers; `detectable` is the true
            difference that one test of as many speakers finds in four of five studies; `cost_ms` are
            milliseconds of a core per clip that the link takes; what is null is explained in `note`.
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
        if lacking:
            raise DataError(
                f"Got an ablation without {', '.join(lacking)}, expected what `mien ablate` makes."
            )
        unexplained = self.rows["difference"].isna() & self.rows["note"].eq("")
        if unexplained.any():
            row = self.rows[unexplained].iloc[0]
            raise DataError(
                f"Got no difference by {row['link']} on {row['corpus']} and no note, expected the reason; "
                "add it."
            )
