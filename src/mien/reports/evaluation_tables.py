"""What an evaluation report shows: plain tables, checked once, read by every format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError

COLUMNS: dict[str, tuple[str, ...]] = {
    "scores": (
        *("corpus", "metric", "title", "value", "low", "high", "low_item", "high_item"),
        *("n", "speakers", "chance", "floor", "note"),
    ),
    "goals": ("id", "what", "corpus", "value", "low", "high", "goal", "met", "note"),
    "confusion": ("corpus", "truth", "prediction", "count"),
    "reliability": ("corpus", "bin", "confidence", "accuracy", "low", "high", "count"),
    "risk_coverage": ("corpus", "coverage", "risk", "ideal"),
    "groups": (
        *("corpus", "attribute", "group", "metric", "value", "low", "high"),
        *("n", "speakers", "note"),
    ),
    "gaps": ("corpus", "attribute", "metric", "gap", "low", "high", "best", "worst", "note"),
    "strip": ("corpus", "speaker", "sex", "value", "n"),
    "overlap": ("check", "shared", "verdict", "note"),
    "calibrators": ("corpus", "method", "nll", "ece", "accuracy", "note"),
    "conformal": (
        *("corpus", "target", "coverage", "low", "high", "same_speakers", "size", "categories"),
        *("group", "group_coverage", "note"),
    ),
    "guarantee": (
        *("corpus", "target", "confidence", "threshold", "answered", "risk", "low", "high", "note"),
    ),
    "doubts": (
        *("corpus", "doubt", "auroc", "low", "high", "aurc"),
        *("outside", "outside_low", "outside_high", "note"),
    ),
}
"""Table → columns it must have; others are allowed. `gaps` may add `by_chance`, `strip` a `note`."""

NUMBERS = frozenset(
    (
        *("value", "low", "high", "low_item", "high_item", "n", "speakers", "chance", "floor", "count"),
        *("confidence", "accuracy", "coverage", "risk", "ideal", "gap", "by_chance", "nll", "ece"),
        *(
            "target",
            "same_speakers",
            "size",
            "empty",
            "categories",
            "group_coverage",
            "threshold",
            "answered",
        ),
        *("auroc", "aurc", "aurc_low", "aurc_high", "outside", "outside_low", "outside_high"),
    )
)
SUMMARY_KEYS = ("title", "model", "protocol", "n", "speakers", "command")
EXPLAINED = {
    "scores": "value",
    "goals": "met",
    "groups": "value",
    "gaps": "gap",
    "calibrators": "ece",
    "conformal": "coverage",
    "guarantee": "threshold",
    "doubts": "auroc",
}
"""Table → the column that may be null only where the note says why."""


def empty_table(name: str) -> pd.DataFrame:
    """Return one of the tables without rows."""
    return pd.DataFrame(columns=list(COLUMNS[name]))


@dataclass(frozen=True, eq=False)
class EvaluationTables:
    """Hold the numbers of one evaluation, as every report format shows them.

    Shares, gaps and gains are fractions (.712, not 71.2). A null is shown as a dash with the row's note.

    Attributes:
        summary: `title`, `model`, `protocol` (name and version), `n`, `speakers`, `command`, and where known
            `held_out`, `corpora`, `files`, `seeds`, `date`, `licence`, `sha256`, `items` (what an item is
            called, such as `clips`), `floor` (what the floor is), `probabilities` (whether they were scaled
            before they were stored), `cross_fitting` (on whom things were fitted and on whom judged); further
            entries are listed as they are.
        scores: one row per corpus and metric, the first metric being the headline's; `low` and `high` are the
            95 % interval by speaker, `low_item` and `high_item` by item; `floor` may be null.
        goals: one row per goal and corpus; `goal` is text such as `≤ .05` or `≥ 4 points`; `met` is True,
            False or null.
        confusion: counts per true and predicted category.
        reliability: one row per corpus and bin of confidence.
        risk_coverage: error rate among the `coverage` share of items that the model is surest of.
        groups: one row per corpus, attribute, group and metric.
        gaps: the largest difference per corpus and attribute.
        strip: one row per speaker.
        overlap: what training and test share; `verdict` is `ok`, `warning`, `fail` or other words.
        calibrators: one row per corpus and way to scale probabilities, the first being `none`; `ece` is
            debiased, the note says whether scaling helps or hurts.
        conformal: one row per corpus and share `target` of sets that shall hold the truth: share that does,
            for speakers apart from those fitted on (`coverage`) and for clips dealt by chance
            (`same_speakers`), mean `size` of a set of so many `categories`, and the group that is covered
            least.
        guarantee: one row per corpus and `target`, the share of errors that may not be exceeded with
            probability `confidence`: answer below the `threshold` of doubt (nats); `answered` and `risk` are
            shares, found on speakers apart from those fitted on.
        doubts: one row per corpus and kind of doubt: areas under the ROC curve for own errors (`auroc`) and
            for sounds without speech (`outside`), and under the risk-coverage curve (`aurc`).
        notes: what else a reader must know.

    Raises:
        DataError: a column or entry is missing, a number is infinite, or a null has no reason.
    """

    summary: Mapping[str, Any]
    scores: pd.DataFrame
    goals: pd.DataFrame = field(default_factory=partial(empty_table, "goals"))
    confusion: pd.DataFrame = field(default_factory=partial(empty_table, "confusion"))
    reliability: pd.DataFrame = field(default_factory=partial(empty_table, "reliability"))
    risk_coverage: pd.DataFrame = field(default_factory=partial(empty_table, "risk_coverage"))
    groups: pd.DataFrame = field(default_factory=partial(empty_table, "groups"))
    gaps: pd.DataFrame = field(default_factory=partial(empty_table, "gaps"))
    strip: pd.DataFrame = field(default_factory=partial(empty_table, "strip"))
    overlap: pd.DataFrame = field(default_factory=partial(empty_table, "overlap"))
    calibrators: pd.DataFrame = field(default_factory=partial(empty_table, "calibrators"))
    conformal: pd.DataFrame = field(default_factory=partial(empty_table, "conformal"))
    guarantee: pd.DataFrame = field(default_factory=partial(empty_table, "guarantee"))
    doubts: pd.DataFrame = field(default_factory=partial(empty_table, "doubts"))
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        missing = [key for key in SUMMARY_KEYS if key not in self.summary]
        if missing:
            raise DataError(f"Got a summary without {', '.join(missing)}, expected it; add it.")
        for name in COLUMNS:
            _check(name, getattr(self, name))
        if not len(self.scores):
            raise DataError("Got no score, expected at least one row; a score without a value has a note.")

    @property
    def corpora(self) -> list[str]:
        """Return the corpora in the order of their scores."""
        return [str(name) for name in self.scores["corpus"].unique()]

    @property
    def headline(self) -> pd.DataFrame:
        """Return the rows of the first metric, one per corpus."""
        return self.scores[self.scores["metric"] == self.scores["metric"].iloc[0]]

    @property
    def items(self) -> str:
        """Return what an item is called, in the plural."""
        return str(self.summary.get("items") or "items")


def _check(name: str, table: pd.DataFrame) -> None:
    lacking = [column for column in COLUMNS[name] if column not in table]
    if lacking:
        raise DataError(
            f"Got table `{name}` without {', '.join(lacking)}, expected columns {', '.join(COLUMNS[name])}; "
            "add what is missing."
        )
    for column in sorted(NUMBERS & set(table)):
        if np.isinf(pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)).any():
            raise DataError(f"Got an infinite `{column}` in `{name}`, expected a number or null with a note.")
    if name in EXPLAINED:
        unexplained = table[EXPLAINED[name]].isna() & table["note"].fillna("").eq("")
        if unexplained.any():
            row = table[unexplained].iloc[0]
            raise DataError(
                f"Got a row of `{name}` without `{EXPLAINED[name]}` and without a note "
                f"({', '.join(str(value) for value in row.iloc[:4])}), expected the reason; add it."
            )
