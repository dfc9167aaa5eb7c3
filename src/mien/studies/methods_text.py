"""The paragraph that a methods section can quote: protocol, n, tests, seeds, versions."""

from collections.abc import Mapping, Sequence
from typing import Any

from mien.studies.learners import FIND
from mien.studies.system_words import SystemWords

TUNED = {
    "probe": "a frozen encoder with trained heads",
    "lora": "an encoder with low-rank additions",
    "full": "an encoder of which every weight was trained",
}


def methods_text(summary: Mapping[str, Any], systems: Sequence[SystemWords]) -> str:
    """Return how a study was made, in words for a paper.

    Args:
        summary: of `StudyTables`.
        systems: that were judged.
    """
    sentences = [_corpora(summary), *_learning(systems), _scores(summary)]
    if summary["reference"]:
        sentences.append(_tests(summary))
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    return " ".join([*sentences, f"Software: {versions}."])


def _corpora(summary: Mapping[str, Any]) -> str:
    parts = []
    for name, about in summary["corpora"].items():
        people = f" by {about['speakers']} speakers" if about["speakers"] else ""
        protocol = summary["protocols"][name].partition(":")[2].strip()
        parts.append(
            f"{name} ({about['segments']:,} segments{people}, {about['classes']} classes of "
            f"`{about['label']}`; {protocol})"
        )
    return f"Systems were judged on {_listed(parts)}."


def _learning(systems: Sequence[SystemWords]) -> list[str]:
    every = [part for system in systems for part in (system, *system.parts)]
    found = []
    classical = list(dict.fromkeys(FIND[one.learner].title for one in every if one.kind == "learned"))
    if classical:
        found.append(
            f"{_listed(classical).capitalize()} took streams whose columns were z-normalized by the training "
            "rows; settings were chosen, and probabilities calibrated by temperature, on inner folds of "
            "whole speakers (or on the corpus' own dev part) of the training rows alone."
        )
    ways = list(dict.fromkeys(TUNED[one.learner] for one in every if one.kind == "tuned"))
    if ways:
        found.append(
            f"{_listed(ways).capitalize()} chose the epoch on held-out training speakers or on the dev part."
        )
    if any(one.per_speaker for one in every):
        found.append(
            "Systems marked `speaker` z-normalized every column by speaker, which looks at all clips of a "
            "test speaker, though not at their labels; they are a condition of their own."
        )
    if any(one.kind == "late" for one in every):
        found.append(
            "Weights of late fusion were learned on training rows that the fused systems had not seen."
        )
    return found


def _scores(summary: Mapping[str, Any]) -> str:
    seeds = f"mean over {summary['seeds']} seeds; " if summary["seeds"] > 1 else "one seed; "
    draws = f"95 % intervals from {summary['draws']:,} resamples of speakers"
    return f"Scores are {summary['metric']} ({seeds}{draws})."


def _tests(summary: Mapping[str, Any]) -> str:
    return (
        f"Differences from {summary['reference']} were tested on paired answers by swapping whole speakers "
        f"({10 * summary['draws']:,} permutations, two-sided), p-values corrected over all "
        f"{summary['tests']} tests (Holm): * p ≤ .05, ** p ≤ .02, *** p ≤ .01."
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
