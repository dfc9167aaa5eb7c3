"""What a check of a corpus found, for people and for machines."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pandas as pd

Verdict = Literal["ok", "note", "warning", "problem"]


class Finding(NamedTuple):
    """One line of a corpus check.

    Attributes:
        area: rights, counts, audio, recording, copies, speakers, people, shortcuts, splits, texts, languages,
            labels, scales, between or trap.
        name: the finding in a few words.
        verdict: `ok`; `note`: worth knowing; `warning`: changes what a score means; `problem`: must be dealt
            with before anything is scored.
        text: the finding as a sentence with its numbers.
        data: its numbers.
    """

    area: str
    name: str
    verdict: Verdict
    text: str
    data: dict[str, Any]


@dataclass(frozen=True)
class CorpusCheck:
    """Everything that a check found.

    Attributes:
        corpus: name of the corpus or table.
        title: as its owners write it; the name where it has no card.
        findings: in the order of the areas.
        classes: one row per class: `class`, `segments`, `card` (count that the card gives, null without),
            `speakers`, `female`, `male` (segments; null where unknown), `duration_s`.
    """

    corpus: str
    title: str
    findings: tuple[Finding, ...]
    classes: pd.DataFrame

    @property
    def problems(self) -> list[Finding]:
        """Return the findings that must be dealt with."""
        return [one for one in self.findings if one.verdict == "problem"]

    @property
    def summary(self) -> str:
        """Return the verdict on the whole corpus, in one line."""
        warnings = [one for one in self.findings if one.verdict == "warning"]
        parts = [
            f"{len(found)} {word}{'s' * (len(found) > 1)}: {'; '.join(one.name for one in found)}"
            for found, word in ((self.problems, "problem"), (warnings, "warning"))
            if found
        ]
        return f"{self.corpus}: {'. '.join(parts) or 'nothing to worry about'}."

    def record(self) -> dict[str, Any]:
        """Return the check as plain values, ready for JSON; null where something is unknown."""
        classes = self.classes.astype(object).where(self.classes.notna(), None)
        return {
            "corpus": self.corpus,
            "title": self.title,
            "summary": self.summary,
            "problems": len(self.problems),
            "findings": [one._asdict() for one in self.findings],
            "classes": classes.to_dict("records"),
        }
