"""What an ablation says of each link, in words that follow from its numbers."""

from collections.abc import Mapping
from typing import Any

from mien.reports.evaluation_numbers import between, is_share, known, plain_number, shown, whole

LEVEL = 0.05
EARNS, HARMS, OPEN, UNTOLD, UNFIT, NO_ANSWER = (
    "earns its place",
    "does harm",
    "no difference shown",
    "cannot be told",
    "does not apply",
    "not judged",
)
LIMITS = (
    "That a link is useless because no difference was shown: look at the size that could have been seen.",
    "That a link which earns its place here does so with another system, or all links together: each was "
    "changed alone, the rest as it is.",
    "That it does so elsewhere: other rooms, languages and everyday speech were not tested unless a corpus "
    "here has them.",
)


def verdict(row: Mapping[str, Any]) -> str:
    """Return what a link is worth on these data.

    Args:
        row: of `mien.reports.ablation_tables.ROW_COLUMNS`, but `stars` and `verdict`.

    Example:
        >>> tested = {"difference": 0.04, "low": 0.01, "high": 0.07, "p": 0.01, "p_corrected": 0.02}
        >>> verdict(tested | {"higher_is_better": True, "metric": "uar", "smallest_p": 0.002})
        'earns its place'
    """
    if not known(row["difference"]):
        note = str(row["note"])
        return note if note.startswith(UNFIT) else f"{NO_ANSWER}: {note}"
    if not known(row["p_corrected"]):
        return f"{UNTOLD}: {row['note'] or 'who speaks is not known'}"
    if row["p_corrected"] <= LEVEL:
        return EARNS if (row["difference"] > 0) == bool(row["higher_is_better"]) else HARMS
    people = f"{whole(row['speakers'])} speakers"
    if known(row["smallest_p"]) and row["smallest_p"] > LEVEL:
        return f"{UNTOLD}: {people} cannot show any difference at the 5 % level"
    if row["difference"] == row["low"] == row["high"] == 0:
        return f"{OPEN}: the score is the same with and without"
    if not known(row.get("detectable")):
        return OPEN
    unit = " points" if is_share(str(row["metric"])) else " nats" if row["metric"] == "nll" else ""
    least = shown(row["detectable"], str(row["metric"]))
    alone = f"among so many tests, though alone p = {plain_number(row['p'])}; " if row["p"] <= LEVEL else ""
    return f"{OPEN} ({alone}would need ≥ {least}{unit} to be seen with {people})"


def sentence(row: Mapping[str, Any]) -> str:
    """Return what one row says, for readers who run no tests themselves.

    Args:
        row: of `mien.reports.ablation_tables.AblationTables`.
    """
    what = f"{row['title']} on {row['corpus']}"
    if not known(row["difference"]):
        return f"{what}: {row['verdict']}."
    metric = str(row["metric"])
    unit = " points" if is_share(metric) else ""
    size = shown(abs(row["difference"]), metric)
    more = "more" if row["difference"] > 0 else "less"
    better = "" if row["higher_is_better"] else f" ({'worse' if row['difference'] > 0 else 'better'})"
    ends = between(shown(row["low"], metric), shown(row["high"], metric))
    seen = f" {ends}" if known(row["low"]) else ""
    labelled = f"; it {row['condition']}" if row["condition"] else ""
    return f"{what} {row['verdict']}: {size}{unit} {more} {row['metric_title']}{better}{seen}{labelled}."


def verdict_key(said: str) -> str:
    """Return the beginning of a verdict that all of its kind share."""
    return next(one for one in (EARNS, HARMS, OPEN, UNTOLD, UNFIT, NO_ANSWER) if said.startswith(one))


def cost_words(cost_ms: Any) -> str:
    """Return milliseconds per clip; what lies within the noise of the clock as about nothing.

    Example:
        >>> cost_words(12.34), cost_words(0.2), cost_words(-3.0), cost_words(None)
        ('12', '< 1', '−3', '–')
    """
    if not known(cost_ms):
        return "–"
    return "< 1" if abs(cost_ms) < 1 else f"{cost_ms:.0f}".replace("-", "−")
