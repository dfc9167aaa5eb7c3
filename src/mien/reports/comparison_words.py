"""What a comparison says in plain sentences, each derived from its numbers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mien.reports.comparison_tables import POOLED, ComparisonTables
from mien.reports.evaluation_numbers import between, is_share, known, plain_number, shown
from mien.reports.plain_words import NO_BREAK, count, listed

SIGNIFICANT = 0.05
MOST_FIRST = 5
"""Rows that are put into sentences first; of more, those that matter most."""
TEST_WORDS = {
    "permutation": "paired permutation tests that swap the answers of whole speakers between two systems "
    "({swaps:,} random swaps, or all where there are fewer)",
    "bootstrap": "bootstrap tests that draw whole speakers ({swaps:,} draws)",
}
CORRECTION_WORDS = {
    "holm": "corrected after Holm over {tests}",
    "bh": "corrected after Benjamini and Hochberg over {tests}",
    "none": "not corrected ({tests})",
}


def comparison_sentences(tables: ComparisonTables) -> list[str]:
    """Return one sentence per row: who is better, by how much, and how far that can be trusted."""
    return [row_sentence(row, tables) for row in tables.rows.to_dict("records")]


def main_rows(tables: ComparisonTables) -> pd.DataFrame:
    """Return the rows that come first: all if few, else the first score's, over all corpora."""
    rows = tables.rows
    if len(rows) <= MOST_FIRST:
        return rows
    rows = rows[rows["metric"] == rows["metric"].iloc[0]]
    pooled = rows[rows["corpus"] == POOLED]
    return (pooled if len(pooled) else rows).head(MOST_FIRST)


def plain_sentences(tables: ComparisonTables) -> list[str]:
    """Return the sentences with ordinary spaces, for terminals and programs."""
    return [one.replace(NO_BREAK, " ") for one in comparison_sentences(tables)]


def row_sentence(row: Mapping[str, Any], tables: ComparisonTables) -> str:
    """Return what one row says, for readers who run no tests themselves.

    Args:
        row: of `tables.rows`.
        tables: the whole comparison.
    """
    where = _where(row)
    if not known(row["difference"]):
        return f"{row['first']} and {row['second']} cannot be compared {where}: {row['note']}."
    parts = [f"{_lead(row, where)} {_interval(row)}", _verdict(row, tables)]
    if known(row["low_seeds"]):
        low, high = (shown(row[name], row["metric"]) for name in ("low_seeds", "high_seeds"))
        parts.append(f"for other speakers and other training runs the interval is {between(low, high)}")
    return _capitalized(f"{'; '.join(parts)}.", row)


def shown_p(p: float) -> str:
    """Return a p-value as papers print it.

    Example:
        >>> shown_p(0.01234), shown_p(0.0002), shown_p(1.0)
        ('.012', '<.001', '1.000')
    """
    return "<.001" if known(p) and p < 0.0005 else plain_number(p)


def method_words(tables: ComparisonTables) -> str:
    """Return how the systems were compared, in words that a methods section can take over."""
    summary = tables.summary
    test = TEST_WORDS[summary["test"]].format(swaps=summary["swaps"])
    tests = int(summary["tests"])
    named = "none" if tests < 2 else summary["correction"]
    correction = CORRECTION_WORDS[named].format(tests=count(tests, "test"))
    seeds = (
        " Scores and differences are means over training seeds; ± is the standard deviation between them."
        if tables.with_seeds
        else ""
    )
    bootstrap = (
        " This test finds too much: with 10 speakers it calls 10 % of equal pairs different at the 5 % level."
        if summary["test"] == "bootstrap"
        else ""
    )
    return (
        f"A difference is the score of {summary['reference']} minus that of the other system on the same "
        f"{tables.items}. Systems were compared with {test}; p-values were {correction} "
        f"(* p ≤ .05, ** p ≤ .02, *** p ≤ .01).{bootstrap} Square brackets are 95{NO_BREAK}% bootstrap "
        f"intervals over speakers ({summary['draws']:,} draws, widened for few speakers).{seeds}"
    )


def _where(row: Mapping[str, Any]) -> str:
    corpus = str(row["corpus"])
    return f"over {corpus}" if corpus == POOLED else f"on {corpus}"


def _lead(row: Mapping[str, Any], where: str) -> str:
    first, second, metric = str(row["first"]), str(row["second"]), str(row["metric"])
    size, title = shown(abs(row["difference"]), metric), str(row["title"])
    unit = f"{NO_BREAK}points" if is_share(metric) else ""
    if size == shown(0.0, metric):
        return f"{first} and {second} have the same {title} {where}"
    more = row["difference"] > 0
    if metric == "uar":
        return f"{first} recalls {size}{unit} {'more' if more else 'less'} than {second} {where}"
    better = "better" if more == bool(row["higher_is_better"]) else "worse"
    hint = "" if row["higher_is_better"] else f" ({better})"
    height = "higher" if more else "lower"
    return f"the {title} of {first} is {size}{unit} {height}{hint} than that of {second} {where}"


def _interval(row: Mapping[str, Any]) -> str:
    ends, kind = (("low", "high"), "") if known(row["low"]) else (("low_item", "high_item"), " by item only")
    low, high = (shown(row[name], row["metric"]) for name in ends)
    return f"{between(low, high)}{kind}"


def _verdict(row: Mapping[str, Any], tables: ComparisonTables) -> str:
    if not known(row["p"]):
        return str(row["note"])
    people = count(int(row["speakers"]), "speaker")
    if known(row["smallest_p"]) and row["smallest_p"] > SIGNIFICANT:
        return (
            f"with {people} no difference, however large, can be told from chance at the 5{NO_BREAK}% level "
            f"(smallest possible p: {shown_p(row['smallest_p'])})"
        )
    told = shown_p(row["p_corrected"])
    p = f"p {told[0]} {told[1:]}" if told.startswith("<") else f"p = {told}"
    if tables.summary["correction"] != "none" and tables.summary["tests"] > 1:
        p += f", corrected over {tables.summary['tests']} tests"
    if row["p_corrected"] <= SIGNIFICANT:
        return f"chance alone would seldom give so much ({p})"
    said = f"chance alone could give so much ({p})"
    if row["p"] <= SIGNIFICANT:
        alone = f"one test alone would count it as found (p = {shown_p(row['p'])})"
        said = f"{alone}, but among so many {said}"
    if known(row["detectable"]):
        unit = f"{NO_BREAK}points" if is_share(row["metric"]) else ""
        said += (
            f"; with {people}, a true difference below {shown(row['detectable'], row['metric'])}{unit} "
            "would be missed in more than one of five studies like this"
        )
    return said


def _capitalized(sentence: str, row: Mapping[str, Any]) -> str:
    """Return a sentence with a capital letter, unless it begins with the first system's name."""
    return sentence if sentence.startswith(str(row["first"])) else sentence[0].upper() + sentence[1:]


def systems_words(tables: ComparisonTables) -> str:
    """Return who was compared with whom."""
    return f"{tables.summary['reference']} with {listed(list(dict.fromkeys(tables.rows['second'])))}"
