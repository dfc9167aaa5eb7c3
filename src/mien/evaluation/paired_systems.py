"""Compare systems on the same items: paired differences, corrected tests, and what these would miss."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.evaluation.corrections import benjamini_hochberg, holm
from mien.evaluation.paired_scores import LEVEL, TESTS, Testing, compare_scores
from mien.evaluation.pairing import Pair, pair_answers
from mien.evaluation.resampling import check_draws
from mien.evaluation.significance import stars
from mien.evaluation.summed_scores import find_score
from mien.reports.comparison_tables import POOLED, ROW_COLUMNS, WHOLE, WORDS, ComparisonTables

CORRECTIONS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
    "none": np.asarray,
}


def compare_answers(
    reference: pd.DataFrame,
    others: Mapping[str, pd.DataFrame],
    *,
    name: str = "reference",
    metrics: Sequence[str] = ("uar",),
    test: str = "permutation",
    correction: str = "holm",
    missing: str = "refuse",
    draws: int = 1000,
    seed: int = 0,
    summary: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> ComparisonTables:
    """Compare one system with others on the items that they share, per corpus and over all corpora.

    Use it wherever "better" is claimed: the same items, whole speakers swapped, p-values corrected over all
    rows, and beside each the difference that so few speakers could have shown. The test by item is given
    too; it treats the clips of a speaker as strangers and finds differences that other speakers will not
    show. The interval by speaker speaks of these trained systems; with several seeds, that by speaker and
    seed of others trained alike.

    With a column `seed`, scores and differences are means over seeds. In a swap, a speaker's answers change
    sides for all seeds at once. A detectable difference is one that a paired t test at 5 % would find in
    four of five such studies. Permutation tests of 10 speakers found such ones in 71 to 78 % of 500
    simulations, corrected tests find fewer: it is the least that must be reckoned with.

    Args:
        reference: answers of one system as from `mien.evaluation.answers`; with a column `seed` where there
            are several training runs.
        others: name → answers of another system.
        name: of the reference.
        metrics: see `mien.evaluation.summed_scores.find_score`.
        test: `permutation` (preferred) or `bootstrap`.
        correction: `holm` (no false star), `bh` (few among the stars) or `none`.
        missing: `refuse` or `drop` items of one system alone; see `pair_answers`.
        draws: resamples per interval, at least 1; ten times as many swaps per p-value.
        seed: seeds resamples and swaps.
        summary: further entries of the tables' summary, e.g. `command`.
        notes: what a reader must know besides.

    Returns:
        The tables that `mien.reports.comparison_report` shows; the order of rows does not matter.

    Raises:
        DataError: answers that do not fit each other, or nothing that can be compared.
        ConfigError: unknown metric, test, correction or `missing`, no other system, or fewer than 1 draw.
    """
    _check_choice("test", test, TESTS)
    _check_choice("correction", correction, CORRECTIONS)
    check_draws(draws)
    if not others or not metrics:
        raise ConfigError("Got nothing to compare with, expected at least one other system and one metric.")
    options, rows, said = Testing(test, draws, seed), [], list(notes)
    for other, answers in others.items():
        pair = pair_answers(reference, answers, names=(name, other), missing=missing)
        said += [note for note in (*pair.notes, *_odd_categories(pair, (name, other))) if note not in said]
        scores = [find_score(metric, pair.first[0]) for metric in metrics]
        for corpus, part in _parts(pair):
            rows += [
                {"first": name, "second": other, "corpus": corpus} | compare_scores(part, score, options)
                for score in scores
            ]
    table, tests = _corrected(rows, correction)
    about: dict[str, Any] = {"title": f"{name} against {', '.join(others)}", "reference": name}
    about |= {
        "others": list(others),
        "test": test,
        "correction": correction,
        "tests": tests,
        "draws": draws,
        "swaps": options.swaps,
    }
    about |= {"seed": seed, "command": "mien.evaluation.paired_systems.compare_answers", **(summary or {})}
    return ComparisonTables(about, table, said)


def _check_choice(what: str, given: str, known: Mapping[str, object]) -> None:
    if given not in known:
        raise ConfigError(
            f"Got {what} `{given}`, expected one of {', '.join(known)}.{did_you_mean(given, list(known))}"
        )


def _odd_categories(pair: Pair, names: tuple[str, str]) -> list[str]:
    """Say which categories only one system answers with, all of them wrong here."""
    truth = set(pair.first[0]["truth"])
    notes = []
    for side, name in zip((pair.first, pair.second), names, strict=True):
        answers = pd.concat([one["prediction"] for one in side])
        odd = answers[~answers.isin(truth)]
        if len(odd):
            notes.append(
                f"{name} also answers {', '.join(sorted(set(odd)))}, which is never true here: "
                f"{len(odd):,} of {len(answers):,} answers, counted as wrong."
            )
    return notes


def _parts(pair: Pair) -> Iterator[tuple[str, Pair]]:
    """Yield each corpus, then all together."""
    corpora = sorted(set(pair.items["corpus"]))
    for corpus in corpora:
        yield corpus, pair.part(np.flatnonzero(pair.items["corpus"] == corpus))
    if len(corpora) > 1:
        yield POOLED, pair


def _corrected(rows: Sequence[Mapping[str, Any]], correction: str) -> tuple[pd.DataFrame, int]:
    """Return the rows with p-values corrected over all of them, and the number of these."""
    table = pd.DataFrame(rows, columns=list(ROW_COLUMNS))
    numbers = {name: float for name in ROW_COLUMNS if name not in (*WHOLE, *WORDS)}
    table = table.astype(numbers | {name: "Int64" for name in WHOLE})
    if table["difference"].isna().all():
        raise DataError(f"Got nothing that can be compared: {table['note'].iloc[0]}.")
    tested = table["p"].notna()
    if tested.any():
        table.loc[tested, "p_corrected"] = CORRECTIONS[correction](table.loc[tested, "p"].to_numpy())
        narrow = (table["smallest_p"] <= LEVEL) & (table["smallest_p"] * tested.sum() > LEVEL)
        table.loc[narrow & (correction != "none"), "note"] += (
            f"; corrected over {tested.sum()} tests, even the smallest p-value that so few speakers can give "
            "may be too large"
        )
        table["note"] = table["note"].str.removeprefix("; ")
    table["stars"] = [stars(p) if pd.notna(p) else "" for p in table["p_corrected"]]
    return table, int(tested.sum())
