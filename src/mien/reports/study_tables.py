"""What a study shows: one row per corpus and system, checked once, for every format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mien.core.errors import DataError

ROW_COLUMNS = (
    *("corpus", "system", "condition", "metric", "title", "value", "low", "high", "seeds", "sd_seeds"),
    *(
        "n",
        "speakers",
        "folds",
        "difference",
        "difference_low",
        "difference_high",
        "p",
        "p_corrected",
        "stars",
    ),
    *("calibration_error", "error_auroc", "non_speech_auroc", "abstain_gain", "worst_gap", "worst_gap_of"),
    *("worst_decile", "kept_when_degraded", "worst_condition", "worst_condition_value"),
    *("parameters", "size_mb", "multiply_adds", "latency_ms", "times_real_time", "peak_mb", "core_s"),
    *("energy_wh", "label_area", "chosen", "note"),
)
NUMBERS = tuple(
    name
    for name in ROW_COLUMNS
    if name
    not in (
        "corpus",
        "system",
        "condition",
        "metric",
        "title",
        "stars",
        "worst_gap_of",
        "worst_condition",
        "note",
    )
    and name != "chosen"
)
SUMMARY_KEYS = ("title", "protocols", "reference", "metric", "seeds", "draws", "tests", "command", "versions")
STRIP_COLUMNS = ("corpus", "system", "speaker", "value", "n")
RISK_COLUMNS = ("corpus", "system", "coverage", "risk")


@dataclass(frozen=True, eq=False)
class StudyTables:
    """Hold the numbers of a study, as every report format shows them.

    Shares and their differences are fractions (.031, not 3.1); intervals are 95 %, over speakers.

    Attributes:
        summary: `title`, `protocols` (corpus → words), `reference` (name of a system, or empty), `metric`,
            `seeds`, `draws`, `tests` (how many p-values were corrected together), `command`, `versions`
            (package → version), and where known `corpora` (corpus → label, classes, segments, speakers,
            licence), `cpu`, `methods` (the text that a paper can quote).
        rows: one row per corpus and system with `ROW_COLUMNS`. `difference` is the system less the reference;
            what is null is explained in `note`.
        strips: `STRIP_COLUMNS`, the score of each speaker.
        risk: `RISK_COLUMNS`, errors among the share of clips that are answered.
        matrix: scores from one corpus to another: `system`, `train`, `test`, `value`, `low`, `high`, `n`;
            empty where the study has none.
        notes: what a reader must know besides.

    Raises:
        DataError: a column or entry is missing, or a score is null without a note.
    """

    summary: Mapping[str, Any]
    rows: pd.DataFrame
    strips: pd.DataFrame
    risk: pd.DataFrame
    matrix: pd.DataFrame
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        lacking = [key for key in SUMMARY_KEYS if key not in self.summary]
        lacking += [name for name in ROW_COLUMNS if name not in self.rows]
        if lacking:
            raise DataError(
                f"Got a study without {', '.join(lacking)}, expected what `mien.studies` returns."
            )
        unexplained = self.rows["value"].isna() & self.rows["note"].eq("")
        if unexplained.any():
            row = self.rows[unexplained].iloc[0]
            raise DataError(
                f"Got no score of {row['system']} on {row['corpus']} without a note; add the reason."
            )

    @property
    def corpora(self) -> list[str]:
        """Return the corpora, in the order of the study."""
        return list(dict.fromkeys(self.rows["corpus"]))

    @property
    def systems(self) -> list[str]:
        """Return the systems, in the order of the study."""
        return list(dict.fromkeys(self.rows["system"]))
