"""What a whole report on a corpus holds: findings, balance, recordings, shortcuts, doubtful labels."""

from dataclasses import dataclass

import pandas as pd

from mien.corpora.findings import CorpusCheck


@dataclass(frozen=True)
class DoubtfulLabels:
    """Labels to look at first.

    Attributes:
        table: the most doubtful first: `segment`, `file`, `start`, `end`, `speaker`, `text`, `given`,
            `suggested`, `p_given`, `p_suggested`; no rows where the list is worth nothing.
        judged: labels that were ranked.
        counted: labels that confident learning takes for wrong; with a weak model, most of them are merely
            hard.
        how: model and folds, in words.
        uar: unweighted average recall of the model on held-out speakers; None where there was none.
        precision: share of labels swapped on purpose among the first of the list; None likewise.
        by_chance: the same for a list in random order.
        planted: number of labels swapped.
        reason: why there is no list; empty where there is one.
    """

    table: pd.DataFrame
    judged: int = 0
    counted: int = 0
    how: str = ""
    uar: float | None = None
    precision: float | None = None
    by_chance: float | None = None
    planted: int = 0
    reason: str = ""


@dataclass(frozen=True)
class CorpusStudy:
    """Everything that a corpus report shows.

    Attributes:
        check: all findings and the class table.
        people: one row per speaker (the largest first), one column per class: segments.
        spread: quartiles of level, duration, background and bandwidth per class.
        shortcuts: one row per measure: `measure`, `uar`, `by_chance`, `high_by_chance`, `p`, `room` (bool: no
            voice should tell in it), `note`.
        doubtful: labels to look at first.
        licence: in words.
        failures: file → why it could not be read.
        command: what made the report.
    """

    check: CorpusCheck
    people: pd.DataFrame
    spread: pd.DataFrame
    shortcuts: pd.DataFrame
    doubtful: DoubtfulLabels
    licence: str
    failures: dict[str, str]
    command: str
