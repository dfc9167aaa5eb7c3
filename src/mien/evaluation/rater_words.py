"""What the figures of a rater study mean, in sentences."""

from collections.abc import Mapping

import pandas as pd

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's marks for alpha: from the first, labels may carry conclusions; below the second, none."""


MOSTLY_SAME = 0.8
"""Share of equal answers from which a low alpha is one of items that hardly differ."""


def study_sentences(tables: Mapping[str, pd.DataFrame], *, anonymous: bool) -> tuple[str, ...]:
    """Return what a reader should take from a rater study.

    Args:
        tables: those of `mien.evaluation.rater_study.RaterStudy`.
        anonymous: True where raters are only numbered within an item.

    Source:
        Marks for alpha: K. Krippendorff, Content Analysis, 2nd edition, 2004, chapter 11.
    """
    agreement = tables["agreement"].set_index("measure")["value"].astype("float64")
    counts = tables["counts"].set_index("what")["value"]
    found = []
    alpha = agreement[agreement.index.str.startswith("Krippendorff")].dropna()
    if len(alpha):
        found.append(_of_alpha(float(alpha.iloc[0]), agreement.get("two raters give the same answer")))
    single = agreement.get("one rater against the mean of the others, pearson")
    halves = agreement.get("reliability of the mean, split halves")
    if single is not None and halves is not None and pd.notna(single) and pd.notna(halves):
        found.append(
            f"A single person reaches r = {single:.2f} with the mean of the others, and the mean of them all "
            f"would be found again with r = {halves:.2f}: a model may be better than one person and yet be "
            "far from the mean."
        )
    found += _of_ceiling(tables["ceiling"])
    found += _of_raters(tables["raters"], anonymous=anonymous)
    found += _of_gold(tables["gold"])
    if "moments" in counts:
        found.append(
            f"Moments of one recording are alike: intervals draw the {counts['segments']} recordings anew, "
            "and the beginning, where raters have not moved yet, is in."
        )
    return tuple(found)


def _of_alpha(alpha: float, same: float | None) -> str:
    if alpha < TENTATIVE and same is not None and same >= MOSTLY_SAME:
        return (
            f"Alpha is only {alpha:.3f} although two raters give the same answer {100 * same:.0f} % of the "
            "time: nearly all answers are alike, so chance alone agrees nearly as often, and what is left "
            "hardly tells items apart."
        )
    if alpha >= RELIABLE:
        meaning = f"single ratings agree well (at least {RELIABLE}): conclusions may rest on them"
    elif alpha >= TENTATIVE:
        meaning = (
            f"single ratings agree fairly ({TENTATIVE} to {RELIABLE}): conclusions from them are tentative"
        )
    else:
        meaning = (
            f"single ratings agree little (below {TENTATIVE}): take many raters' mean or votes, never one "
            "rater's answer, as the label"
        )
    rest = "" if alpha >= RELIABLE else " Who sees something else is not in error for that."
    return f"Alpha is {alpha:.3f}: {meaning}.{rest}"


def _of_ceiling(ceiling: pd.DataFrame) -> list[str]:
    known = ceiling.dropna(subset=["value"])
    found = []
    for row in known[known["score"] == "pearson"].to_dict("records"):
        found.append(
            f"Against {row['against']}, no model can be expected to exceed r = {row['value']:.2f}: the rest "
            "is noise of the raters."
        )
    further = known[(known["against"] == "one further rater") & (known["score"] == "accuracy")]
    if len(further):
        best = further.set_index("note")["value"]
        found.append(
            "The answer of one further rater cannot be foretold with an accuracy above "
            f"{best['at most']:.2f} (the ceiling lies between {best['at least']:.2f} and that)."
        )
    for row in known[known["score"] == "doubt, pearson"].to_dict("records"):
        found.append(
            "A model's doubt can follow the raters' measured disagreement with r = "
            f"{row['value']:.2f} at best."
        )
    return found


def _of_raters(raters: pd.DataFrame, *, anonymous: bool) -> list[str]:
    if anonymous:
        return ["Raters are unnamed: who rates badly cannot be known, nor can weights be given to raters."]
    flagged = raters[raters["flag"].notna()]
    worst = raters.iloc[0]
    told = (
        f"{len(flagged)} of {len(raters)} raters are flagged ({', '.join(sorted(set(flagged['flag'])))})"
        if len(flagged)
        else f"None of {len(raters)} raters is flagged as answering at random, alike or inverted"
    )
    if pd.isna(worst["agreement"]):
        return [f"{told}; of `{worst['rater']}` nothing is known: {worst['note']}."]
    return [f"{told}; `{worst['rater']}` agrees least with the others ({worst['agreement']:.2f})."]


def _of_gold(gold: pd.DataFrame) -> list[str]:
    pairs = gold.dropna(subset=["second", "agreement"])
    own = pairs[pairs["second"].str.startswith("the corpus' own")]
    found = []
    derived = pairs.drop(own.index)
    if len(derived):
        least = derived.sort_values("agreement").to_dict("records")[0]
        found.append(
            f"Of the gold standards derived here, {least['first']} and {least['second']} differ most "
            f"(agreement {least['agreement']:.3f})."
        )
    for row in own.head(1).to_dict("records"):
        found.append(
            f"The {row['first']} and {row['second']} differ on {row['differ']} of {row['items']} items."
        )
    return found
