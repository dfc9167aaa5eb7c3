"""Judge links by the answers with and without each: paired, by speaker, corrected over links."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.evaluation.corrections import holm
from mien.evaluation.paired_systems import compare_answers
from mien.evaluation.significance import stars
from mien.reports.ablation_tables import NUMBERS, ROW_COLUMNS, TEXTS
from mien.reports.ablation_words import verdict

WITH, WITHOUT = "with the link", "without it"
TAKEN = ("difference", "low", "high", "p", "smallest_p", "detectable", "n", "speakers")


def compare_sides(with_it: pd.DataFrame, without: pd.DataFrame, *, metric: str, draws: int) -> dict[str, Any]:
    """Return how the answers with a link differ from those without.

    Args:
        with_it: answers as from `mien.evaluation.answers.with_truth`, with a column `seed`.
        without: likewise, on the same clips.
        metric: see `mien.evaluation.summed_scores.find_score`.
        draws: resamples per interval; ten times as many swaps per p-value.

    Returns:
        Numbers of `mien.reports.ablation_tables.ROW_COLUMNS`; p is not yet corrected.
    """
    try:
        found = compare_answers(
            with_it, {WITHOUT: without}, name=WITH, metrics=(metric,), correction="none", draws=draws
        )
    except DataError as error:
        return {"metric": metric, "note": str(error)}
    # over all corpora, where one's own table names several
    row = found.rows.iloc[-1].astype(object).replace({pd.NA: np.nan})
    sides = {
        f"{end}_{side}": row[f"{end}_{which}"]
        for side, which in (("with", "first"), ("without", "second"))
        for end in ("value", "low", "high")
    }
    told = {"metric": metric, "metric_title": row["title"], "higher_is_better": bool(row["higher_is_better"])}
    seeds = max(int(row["seeds_first"]), int(row["seeds_second"])) if pd.notna(row["seeds_first"]) else np.nan
    return {**told, **sides, "seeds": seeds, "note": row["note"], **{name: row[name] for name in TAKEN}}


def judge_links(found: Sequence[dict[str, Any]]) -> tuple[pd.DataFrame, int]:
    """Correct the p-values of a corpus' links together (Holm) and give each link its verdict.

    Args:
        found: rows, each from `compare_sides` or a note alone, with `corpus`, `link` and further texts.

    Returns:
        Rows with `ROW_COLUMNS` in the order given, and the number of tests.
    """
    rows = pd.DataFrame(list(found), columns=list(ROW_COLUMNS))
    rows = rows.astype(dict.fromkeys(NUMBERS, float))
    rows[list(TEXTS)] = rows[list(TEXTS)].astype(object).fillna("").astype(str)
    rows["higher_is_better"] = rows["higher_is_better"].astype("boolean")
    for _, own in rows[rows["p"].notna()].groupby("corpus"):
        rows.loc[own.index, "p_corrected"] = holm(own["p"].to_numpy(dtype=float))
    rows["stars"] = [stars(p) if pd.notna(p) else "" for p in rows["p_corrected"]]
    rows["verdict"] = [verdict(row) for row in rows.to_dict("records")]
    return rows, int(rows["p"].notna().sum())
