"""What a study says in plain sentences: a verdict per corpus, its method, its limits."""

from typing import Any

from mien.reports.comparison_words import shown_p
from mien.reports.evaluation_headline import with_unit
from mien.reports.evaluation_numbers import between, is_share, known, shown
from mien.reports.plain_words import NO_BREAK, count, listed
from mien.reports.printed_cells import Row
from mien.reports.study_blocks import SIGNIFICANT, Block, blocks
from mien.reports.study_columns import compact, falls, significant
from mien.reports.study_tables import StudyTables

STARS = "* p ≤ .05, ** p ≤ .02, *** p ≤ .01"
LIMITS = (
    "That two systems are equal because no star stands there.",
    "Which system is best, from the largest of many scores: it is large by chance, too.",
    "That the better system is better elsewhere: other languages, ages, rooms and everyday speech were not "
    "tested unless a corpus here has them.",
    "That a number here equals one in a paper with another protocol: other speakers held out, other classes "
    "or other segments change a score more than most methods do.",
    "What anyone felt. Scores compare with labels of affect that is expressed.",
)
COSTS = (
    ("parameters", compact, "parameters"),
    ("size_mb", significant, "MB"),
    ("latency_ms", significant, "ms to answer"),
    ("core_s", significant, "core seconds"),
)


def verdicts(tables: StudyTables) -> list[tuple[Block, list[str]]]:
    """Return, per corpus, which system is best, whether surely, at what cost, and what to beware of.

    Args:
        tables: the study.
    """
    return [(block, _verdict(block, str(tables.summary["reference"]), tables)) for block in blocks(tables)]


def _verdict(block: Block, reference: str, tables: StudyTables) -> list[str]:
    missing = len(block.rows) - len(block.scored)
    none = (
        f"{count(missing, 'system')} of {len(block.rows)} {'has' if missing == 1 else 'have'} no score here."
    )
    if not block.scored:
        return ["No system has a score here; the table says why."]
    best = block.scored[0]
    said = [_first(best, block), *_beside(best, block)]
    said += [_against(best, block, reference, tables)] if reference else []
    said += [_cost(best, block, reference), *([none] if missing else []), block.few]
    return [one for one in said if one]


def _first(best: Row, block: Block) -> str:
    ends = ""
    if known(best["low"]) and known(best["high"]):
        low, high = (shown(best[name], block.metric) for name in ("low", "high"))
        ends = f" (95{NO_BREAK}% interval {low} to {high}; {block.sizes})"
    tied = [str(row["system"]) for row in block.scored if row["value"] == best["value"]]
    names = f"{listed(tied)} score alike and best" if len(tied) > 1 else f"{best['system']} scores best"
    return f"{names}: {block.title} {with_unit(best['value'], block.metric)}{ends or f' ({block.sizes})'}."


def _beside(best: Row, block: Block) -> list[str]:
    """Return what sets the best system apart, and the best without it."""
    if not best["condition"]:
        return []
    plain = [row for row in block.scored if not row["condition"]]
    rest = ""
    if plain:
        value = f"{with_unit(plain[0]['value'], block.metric)} {_interval(plain[0], block.metric)}"
        rest = f" Of those that do without, {plain[0]['system']} is best: {value}."
    return [f"It is a condition of its own: it {best['condition']}.{rest}"]


def _against(best: Row, block: Block, reference: str, tables: StudyTables) -> str:
    if best["system"] == reference:
        return _others(block, reference)
    if not known(best["difference"]):
        return f"It was not compared with {reference}: {_reason(block, best, reference)}."
    size = shown(abs(best["difference"]), block.metric) + _unit(block.metric)
    ends = _interval(best, block.metric, "difference_")
    p = best["p_corrected"] if known(best["p_corrected"]) else best["p"]
    better = (best["difference"] < 0) == falls(block.metric) and best["difference"] != 0
    if not better or not known(p):
        return f"It is not better than {reference} by the paired test (difference {size} {ends})."
    told = shown_p(p)
    told = f"p {told[0]} {told[1:]}" if told.startswith("<") else f"p = {told}"
    told += f", corrected over {tables.summary['tests']} tests" if tables.summary["tests"] > 1 else ""
    lead = f"It is better than {reference} by {size} {ends}"
    if p <= SIGNIFICANT:
        return f"{lead}, and surely so: chance alone would seldom give so much ({told})."
    if known(best["p"]) and best["p"] <= SIGNIFICANT:
        alone = f"one test alone would count it as found (p = {shown_p(best['p'])})"
        return f"{lead}, but not surely: {alone}, but among so many chance alone could give so much ({told})."
    return f"{lead}, but not surely: chance alone could give so much ({told})."


def _others(block: Block, reference: str) -> str:
    """Return which systems are surely worse than the reference, where that is best."""
    tested = [row for row in block.scored if known(row["p_corrected"]) and row["system"] != reference]
    if not tested:
        return "It is the reference; nothing was compared with it here."
    worse = [str(row["system"]) for row in tested if row["p_corrected"] <= SIGNIFICANT]
    unclear = [str(row["system"]) for row in tested if row["p_corrected"] > SIGNIFICANT]
    if not worse:
        return f"It is the reference, and not surely better than {listed(unclear)}."
    rest = f"; of {listed(unclear)} that cannot be said" if unclear else ""
    return f"It is the reference, and surely better than {listed(worse)}{rest}."


def _reason(block: Block, best: Row, reference: str) -> str:
    base = [row for row in block.rows if row["system"] == reference]
    if not base or not known(base[0]["value"]):
        return "the reference has no score here"
    return str(best["note"]).rstrip(".") or "no reason was given"


def _cost(best: Row, block: Block, reference: str) -> str:
    parts = [f"{read(best[name])}{NO_BREAK}{unit}" for name, read, unit in COSTS if known(best[name])]
    if not parts:
        return ""
    base = [row for row in block.rows if row["system"] == reference and row is not best]
    beside = ""
    for name in ("latency_ms", "core_s"):
        if base and known(base[0][name]) and known(best[name]) and base[0][name] > 0:
            unit = {"latency_ms": "latency", "core_s": "core seconds"}[name]
            times = significant(float(best[name]) / float(base[0][name]))
            beside = f", {times} times the {unit} of {reference}"
            break
    return f"Its cost: {listed(parts)}{beside}."


def _interval(row: Row, metric: str, kind: str = "") -> str:
    return between(*(shown(row[f"{kind}{end}"], metric) for end in ("low", "high")))


def _unit(metric: str) -> str:
    return f"{NO_BREAK}points" if is_share(metric) else ""


def protocol_sentences(summary: Any) -> list[str]:
    """Return the protocol of each corpus, corpora with the same one together.

    Args:
        summary: of a study.
    """
    told: dict[str, list[str]] = {}
    for corpus, words in summary["protocols"].items():
        told.setdefault(str(words).replace(": ", ", ", 1), []).append(str(corpus))
    return [f"{listed(corpora)}: {words}" for words, corpora in told.items()]


def star_words(summary: Any) -> str:
    """Return how differences were tested, or nothing where there was no reference."""
    if not summary["reference"]:
        return ""
    tests = count(int(summary["tests"]), "test")
    return (
        f"Stars: difference from {summary['reference']} in paired permutation tests that swap whole "
        f"speakers, two-sided, corrected after Holm over {tests} ({STARS})."
    )


def interval_words(summary: Any) -> str:
    """Return what brackets and bold numbers stand for, and how often training was repeated."""
    seeds = int(summary["seeds"])
    repeated = f"means over {count(seeds, 'seed')}" if seeds > 1 else "one seed"
    return (
        f"Square brackets: 95{NO_BREAK}% bootstrap intervals over speakers ({int(summary['draws']):,} "
        f"draws); {repeated}. Bold: the best score of a corpus."
    )
