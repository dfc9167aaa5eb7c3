"""The columns of a study: what each is called, how it is read, and which way is better."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from mien.reports.comparison_words import shown_p
from mien.reports.evaluation_numbers import (
    NOTHING,
    between,
    is_share,
    known,
    percent_points,
    plain_number,
    shown,
    whole,
)
from mien.reports.html_page import shortened
from mien.reports.printed_cells import Row

MORE, LESS, AS_SCORE, NEITHER = "more", "less", "score", ""
"""Which way is better; `score`: as the score itself."""
FALLING = ("brier", "nll", "rmse", "mae")
"""Scores of which less is better, by the last part of their name."""
SCORE, DIFFERENCE, DOUBT, GROUPS, ROBUSTNESS, COST = (
    *("Score", "Against the reference", "Doubt (U1–U4)", "Groups (U5)"),
    *("Degraded (U6)", "Cost"),
)
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
LONGEST_LIST = 46


@dataclass(frozen=True)
class Column:
    """Describe one column.

    Attributes:
        name: in the rows of a study.
        group: that stands above it.
        title: its heading.
        better: `more`, `less`, `score` or empty.
        read: row and metric → text.
        meaning: for the reading guide.
    """

    name: str
    group: str
    title: str
    better: str
    read: Callable[[Row, str], str]
    meaning: str


def falls(metric: str) -> bool:
    """Return whether less of a score is better.

    Example:
        >>> falls("uar"), falls("brier"), falls("valence.rmse"), falls("valence.ccc")
        (False, True, True, False)
    """
    return metric.rpartition(".")[2] in FALLING


def significant(value: float | None) -> str:
    """Return a quantity with three digits that count.

    Example:
        >>> [significant(one) for one in (0.06507, 6.9558, 86.66, 571.3, 12345.0, 0.0, None)]
        ['0.0651', '6.96', '86.7', '571', '12,345', '0', '–']
    """
    if not known(value):
        return NOTHING
    number = float(value or 0.0)
    if abs(number) >= 100 or number == 0:
        return f"{number:,.0f}"
    return f"{number:.3g}" if abs(number) >= 1e-4 else f"{number:.1e}"


def compact(value: float | None) -> str:
    """Return a large count with a prefix.

    Example:
        >>> [compact(one) for one in (812345, 3.4e9, 950, None)]
        ['812 k', '3.4 G', '950', '–']
    """
    if not known(value):
        return NOTHING
    number = float(value or 0.0)
    for size, prefix in PREFIXES:
        if number >= size:
            return f"{significant(number / size)} {prefix}"
    return significant(number)


def score_text(row: Row, metric: str) -> str:
    """Return a score with its interval."""
    value, low, high = (shown(row[name], metric) for name in ("value", "low", "high"))
    return f"{value} {between(low, high)}" if known(row["value"]) else NOTHING


def _difference(row: Row, metric: str) -> str:
    if not known(row["difference"]):
        return NOTHING
    value, low, high = (shown(row[f"difference{end}"], metric) for end in ("", "_low", "_high"))
    plus = "+" if row["difference"] > 0 else ""
    return f"{plus}{value}{row['stars'] or ''} {between(low, high)}"


def _with_word(row: Row, _: str, *, name: str, word: str) -> str:
    of = f" ({row[word]})" if known(row[word]) and str(row[word]) else ""
    return percent_points(row[name]) + (of if known(row[name]) else "")


def _in(read: Callable[[float | None], str], name: str, row: Row, _: str) -> str:
    return read(row[name])


def _by_metric(name: str, row: Row, metric: str) -> str:
    return shown(row[name], metric)


def _degraded(row: Row, metric: str) -> str:
    of = f" ({row['worst_condition']})" if known(row["worst_condition"]) else ""
    value = shown(row["worst_condition_value"], metric)
    return value + (of if value != NOTHING else "")


def _settings(row: Row, _: str) -> str:
    return shortened(str(row["chosen"]), LONGEST_LIST) if known(row["chosen"]) and row["chosen"] else NOTHING


def _plain(name: str, group: str, title: str, better: str, read: Callable[..., str], meaning: str) -> Column:
    """Return a column that reads one number without regard to the metric."""
    return Column(name, group, title, better, partial(_in, read, name), meaning)


COLUMNS = (
    Column(
        *("value", SCORE, "Score [95 %]", AS_SCORE, score_text),
        "Over all test segments together, the mean over seeds; in brackets what other speakers could give.",
    ),
    Column(
        *("sd_seeds", SCORE, "± seeds", LESS, partial(_by_metric, "sd_seeds")),
        "Standard deviation between training runs with other seeds. 0 where nothing is left to chance.",
    ),
    _plain("seeds", SCORE, "Seeds", NEITHER, whole, "Training runs."),
    _plain("n", SCORE, "n", NEITHER, whole, "Test segments."),
    _plain("speakers", SCORE, "Speakers", NEITHER, whole, "Speakers among the test segments."),
    _plain("folds", SCORE, "Folds", NEITHER, whole, "Parts that were tested one after the other."),
    Column(
        *("difference", DIFFERENCE, "Difference [95 %]", AS_SCORE, _difference),
        "The system less the reference on the same segments. It is known better than either score: look at "
        "its own interval, not at whether the intervals of the two scores overlap.",
    ),
    _plain(
        *("p", DIFFERENCE, "p", LESS, shown_p),
        "How often chance would give a difference at least as large, if it did not matter which system is "
        "which. Whole speakers change sides.",
    ),
    _plain(
        *("p_corrected", DIFFERENCE, "p corrected", LESS, shown_p),
        "Made larger for the number of tests in the whole study (Holm). Stars go by it.",
    ),
    _plain(
        *("calibration_error", DOUBT, "U1 calibration error", LESS, plain_number),
        "How far stated confidence lies from how often it is right. Goal: ≤ .05.",
    ),
    _plain(
        *("error_auroc", DOUBT, "U2 own errors, AUROC", MORE, plain_number),
        "How well doubt tells wrong answers from right ones; .5 is guessing. Goal: ≥ .70.",
    ),
    _plain(
        *("non_speech_auroc", DOUBT, "U3 unfamiliar sounds, AUROC", MORE, plain_number),
        "How well doubt tells sounds that are no speech; .5 is guessing. Goal: ≥ .90.",
    ),
    _plain(
        *("abstain_gain", DOUBT, "U4 abstaining, points", MORE, percent_points),
        "Recall gained by leaving out the fifth of answers that it doubts most. Goal: ≥ 4 points.",
    ),
    Column(
        *("worst_gap", GROUPS, "Largest gap, points", LESS),
        partial(_with_word, name="worst_gap", word="worst_gap_of"),
        "Between the best and the worst group of people, by the attribute in brackets. Goal: ≤ 5 points.",
    ),
    _plain(
        *("worst_decile", GROUPS, "Worst tenth of speakers, %", MORE, percent_points),
        "Recall among the tenth of speakers that it serves worst.",
    ),
    _plain(
        *("kept_when_degraded", ROBUSTNESS, "Kept, %", MORE, percent_points),
        "Share of the clean score that is left on degraded segments, the mean over all conditions.",
    ),
    Column(
        *("worst_condition_value", ROBUSTNESS, "Worst condition", AS_SCORE, _degraded),
        "Score under the degradation that harms most, named in brackets.",
    ),
    _plain("parameters", COST, "Parameters", LESS, compact, "Numbers that were learned."),
    _plain("size_mb", COST, "Size, MB", LESS, significant, "On disk."),
    _plain(
        "multiply_adds",
        COST,
        "Multiply-adds",
        LESS,
        compact,
        "For one second of sound, or one text of 20 words.",
    ),
    _plain(
        "latency_ms",
        COST,
        "Latency, ms",
        LESS,
        significant,
        "Median time of one core from samples or words to the answer.",
    ),
    _plain(
        *("times_real_time", COST, "× real time", MORE, significant),
        "Seconds of sound that one core answers in a second.",
    ),
    _plain(
        "peak_mb",
        COST,
        "Peak memory, MB",
        LESS,
        significant,
        "Most memory of the process, with its packages.",
    ),
    _plain(
        *("core_s", COST, "Core seconds", LESS, significant),
        "Seconds × cores for learning and answering all folds and seeds. Columns and embeddings that were "
        "computed beforehand and kept are not counted.",
    ),
    _plain("energy_wh", COST, "Energy, Wh", LESS, significant, "An estimate, not a measurement."),
    Column(
        *("label_area", COST, "Label area", AS_SCORE, partial(_by_metric, "label_area")),
        "Mean score over the learning curve: high where few labels go far.",
    ),
    Column(
        *("chosen", COST, "Chosen inside folds", NEITHER, _settings),
        "Settings that the training part of each fold preferred.",
    ),
)
"""In the order of the report."""


def columns_with_values(rows: pd.DataFrame) -> list[Column]:
    """Return the columns in which any row has a value, the score always among them."""
    return [one for one in COLUMNS if one.name == "value" or _any(rows[one.name])]


def titled(column: Column, metric: str | None) -> str:
    """Return a column's heading with its unit.

    Args:
        column: one of `COLUMNS`.
        metric: of the whole table; None where its rows have several.
    """
    if metric is None or not is_share(metric):
        return column.title
    units = {"value": "Score, % [95 %]", "difference": "Difference, points [95 %]"}
    units |= {"sd_seeds": "± seeds, points", "worst_condition_value": "Worst condition, %"}
    return units.get(column.name, column.title)


def _any(values: "pd.Series[float]") -> bool:
    return bool((values.notna() & values.ne("")).any())
