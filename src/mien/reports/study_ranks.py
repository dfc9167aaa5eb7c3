"""Mean ranks over corpora, as a table and how to read it."""

from collections.abc import Mapping
from typing import Any

from mien.reports.comparison_words import shown_p
from mien.reports.plain_words import listed
from mien.reports.printed_cells import Cell, PrintedTable

SURE = 0.05


def rank_table(summary: Mapping[str, Any]) -> PrintedTable | None:
    """Return a row per system, best first; nothing where a study has no ranks.

    Args:
        summary: of `StudyTables`.
    """
    ranks = summary.get("ranks")
    if not ranks:
        return None
    rows = tuple((Cell(name), Cell(f"{rank:.2f}")) for name, rank in ranks["mean_rank"].items())
    columns = ("System", "Mean rank")
    return PrintedTable("ranks", "Ranks over corpora", columns, (False, True), rows, (), _reading(ranks))


def _reading(ranks: Mapping[str, Any]) -> str:
    """Return whether ranks differ, how alike they are, and how far apart two must be."""
    differ = "differ" if ranks["p"] <= SURE else "do not surely differ"
    p = shown_p(ranks["p"])
    return (
        f"Over {listed(ranks['corpora'])}; 1 is best. The ranks {differ} (Friedman test after Iman and "
        f"Davenport, p {p if p.startswith('<') else f'= {p}'}; Kendall’s W = {ranks['agreement']:.2f}). Two "
        f"systems whose mean ranks lie less than {ranks['critical_difference']:.2f} apart cannot be told "
        "apart by ranks (Nemenyi, 5 %). Ranks do not care how large a difference is."
    )
