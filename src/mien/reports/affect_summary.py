"""What a prediction table says of one recording, in a few numbers and sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mien.reports.columns import find_columns, values_of
from mien.reports.plain_words import clock, count, length, listed, percent

WORTH_NAMING = 0.05
"""Share of speech time below which a category is left out of the sentence."""


@dataclass(frozen=True)
class AffectSummary:
    """Hold the overview of one recording, or of several together.

    Attributes:
        duration_s: length of the recording.
        speech_s: time covered by segments; overlap counts once.
        segments: number of segments.
        shares: category → share of segment time in [0, 1] where it is strongest and not abstained from,
            the largest first.
        abstained: share of segment time in [0, 1] for which the model abstains.
        doubt: mean doubt by segment time, as a share of the most there can be; NaN where unknown.
    """

    duration_s: float
    speech_s: float
    segments: int
    shares: dict[str, float] = field(default_factory=dict)
    abstained: float = 0.0
    doubt: float = math.nan

    @property
    def strongest(self) -> str:
        """Return the category with the largest share, or an empty string."""
        return next((name for name, share in self.shares.items() if share > 0), "")


def covered_s(starts: np.ndarray, ends: np.ndarray) -> float:
    """Return how much time segments cover, in seconds; overlap counts once.

    Args:
        starts: shape (segments,), seconds.
        ends: shape (segments,), seconds.

    Example:
        >>> covered_s(np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 6.0]))
        4.0
    """
    if not len(starts):
        return 0.0
    order = np.argsort(starts, kind="stable")
    first, last = starts[order], ends[order]
    reached = np.concatenate([first[:1], np.maximum.accumulate(last)[:-1]])
    return float(np.clip(last - np.maximum(first, reached), 0, None).sum())


def doubt_shares(table: pd.DataFrame) -> np.ndarray:
    """Return each segment's doubt as a share of the most there can be, ln K for K categories.

    Doubt is `aleatoric.category + epistemic.category` (nats).

    Returns:
        shape (segments,), in [0, 1]; NaN where the table has no doubt.
    """
    count_of_categories = len(find_columns(table).categories)
    names = [name for name in ("aleatoric.category", "epistemic.category") if name in table]
    if not names or count_of_categories < 2:
        return np.full(len(table), np.nan)
    total = values_of(table, names).sum(axis=1)
    return np.asarray(np.clip(total / math.log(count_of_categories), 0, 1))


def abstained(table: pd.DataFrame) -> np.ndarray:
    """Return which segments the model abstains from; shape (segments,), bool."""
    if "abstain" not in table:
        return np.zeros(len(table), dtype=bool)
    return table["abstain"].fillna(False).to_numpy().astype(bool)


def summarize(table: pd.DataFrame, duration_s: float = math.nan) -> AffectSummary:
    """Return the overview of one recording's prediction table.

    Args:
        table: rows of one file.
        duration_s: length of the recording; NaN takes the last segment's end.
    """
    if not len(table):
        return AffectSummary(duration_s, speech_s=0.0, segments=0)
    starts, ends = table["start"].to_numpy(float), table["end"].to_numpy(float)
    if not math.isfinite(duration_s):
        duration_s = float(ends.max())
    weight = np.clip(ends - starts, 1e-9, None)
    total = weight.sum()
    withheld = abstained(table)
    names = find_columns(table).categories
    shares: dict[str, float] = {}
    if names:
        best = values_of(table, (f"p.{name}" for name in names)).argmax(axis=1)
        raw = {name: float(weight[(best == k) & ~withheld].sum() / total) for k, name in enumerate(names)}
        shares = dict(sorted(raw.items(), key=lambda item: -item[1]))
    doubt = doubt_shares(table)
    known = np.isfinite(doubt)
    return AffectSummary(
        duration_s=duration_s,
        speech_s=covered_s(starts, ends),
        segments=len(table),
        shares=shares,
        abstained=float(weight[withheld].sum() / total),
        doubt=float(np.average(doubt[known], weights=weight[known])) if known.any() else math.nan,
    )


def together(summaries: list[AffectSummary]) -> AffectSummary:
    """Return the overview of several recordings, each weighing by its speech time."""
    speech_s = sum(one.speech_s for one in summaries)
    weights = [one.speech_s / speech_s if speech_s else 0.0 for one in summaries]
    names = dict.fromkeys(name for one in summaries for name in one.shares)
    shares = {
        name: sum(w * one.shares.get(name, 0.0) for w, one in zip(weights, summaries, strict=True))
        for name in names
    }
    doubts = [(w, one.doubt) for w, one in zip(weights, summaries, strict=True) if math.isfinite(one.doubt)]
    known = sum(w for w, _ in doubts)
    return AffectSummary(
        duration_s=sum(one.duration_s for one in summaries if math.isfinite(one.duration_s)),
        speech_s=speech_s,
        segments=sum(one.segments for one in summaries),
        shares=dict(sorted(shares.items(), key=lambda item: -item[1])),
        abstained=sum(w * one.abstained for w, one in zip(weights, summaries, strict=True)),
        doubt=sum(w * doubt for w, doubt in doubts) / known if known else math.nan,
    )


def ranking(summary: AffectSummary) -> str:
    """Return the strongest categories with their shares, as part of a sentence; empty where none stands out.

    Example:
        >>> shares = {"neutral": 0.6, "anger": 0.3, "fear": 0.01}
        >>> ranking(AffectSummary(10.0, 9.0, 4, shares)).replace("\u00a0", " ")
        'neutral (60 % of the speech), followed by anger (30 %)'
    """
    named = [(name, share) for name, share in summary.shares.items() if share >= WORTH_NAMING][:4]
    if not named:
        return ""
    first = f"{named[0][0]} ({percent(named[0][1])} of the speech)"
    rest = listed([f"{name} ({percent(share)})" for name, share in named[1:]])
    return f"{first}, followed by {rest}" if rest else first


def sentences(summary: AffectSummary, *, subject: str = "The recording") -> list[str]:
    """Return what the overview says, in plain sentences (no markup).

    Args:
        summary: the overview.
        subject: how the text names what was analyzed.
    """
    if not summary.segments:
        return [f"{subject} lasts {length(summary.duration_s)}. No speech was found in it."]
    part = ""
    if math.isfinite(summary.duration_s) and summary.duration_s > 0:
        part = f", {percent(min(summary.speech_s / summary.duration_s, 1.0))} of the time"
    pieces = "in one piece" if summary.segments == 1 else f"in {count(summary.segments, 'segment')}"
    said = [
        f"{subject} lasts {length(summary.duration_s)}; "
        f"speech was found for {length(summary.speech_s)}{part}, {pieces}."
    ]
    return said + findings(summary, subject="The voice", verb="expresses")


def findings(summary: AffectSummary, *, subject: str, verb: str) -> list[str]:
    """Return what is expressed and what is abstained from; what holds for most of the speech comes first."""
    if summary.abstained >= 1:
        return ["The model abstains throughout: it is too unsure to name any expression here."]
    most = summary.abstained > 0.5
    named, said = ranking(summary), []
    if named:
        opening = f"Elsewhere {subject[0].lower()}{subject[1:]}" if most else subject
        said.append(f"{opening} most often {verb} {named}.")
    if summary.abstained > 0:
        scope = "For most of the speech, " if most else "For "
        said.append(
            f"{scope}{percent(summary.abstained)}{',' if most else ' of the speech'} the model abstains: "
            "it is too unsure to name an expression."
        )
    return said[::-1] if most else said


def duration_of(file_row: Mapping[str, Any]) -> float:
    """Return the recording's length in seconds from its row of the file table; NaN where unknown."""
    value = file_row.get("duration_s")
    try:
        return float(value) if value is not None else math.nan
    except (TypeError, ValueError):
        return math.nan


def describe_moment(start: float, end: float) -> str:
    """Return a span of time as text.

    Example:
        >>> describe_moment(2.0, 3.5)
        '0:02.0–0:03.5'
    """
    return f"{clock(start, tenths=True)}–{clock(end, tenths=True)}"
