"""Does the speaker tell the label? Who speaks in a corpus, and in which classes."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import UndefinedScore
from mien.corpora.findings import Finding, Verdict

TELLS_FROM = 0.5
HINTS_FROM = 0.2
"""Share of the way from chance to certainty that a guess by speaker goes: a problem, a warning."""

FEW_SPEAKERS = 3
SHUFFLES = 100
_RARE_SEX = 0.1


class SpeakerGuess(NamedTuple):
    """How well the speaker alone tells the class.

    Attributes:
        uar: unweighted average recall of guessing each speaker's most frequent class, 0 to 1; a tie counts as
            the mean over its classes.
        by_chance: its mean when classes are dealt to the clips at random, which takes into account that a
            speaker with few clips has one most frequent class by chance.
    """

    uar: float
    by_chance: float

    @property
    def excess(self) -> float:
        """Return the share of the way from chance to certainty, at most 1; about 0 where there is no link."""
        return (self.uar - self.by_chance) / (1 - self.by_chance) if self.by_chance < 1 else 0.0


def guess_by_speaker(
    speaker: NDArray[np.object_], label: NDArray[np.object_], *, shuffles: int = SHUFFLES, seed: int = 0
) -> SpeakerGuess:
    """Say how well a class can be guessed from knowing nothing but who speaks.

    A model that is tested on speakers of its training can score this much without listening to affect.

    Args:
        speaker: `(rows,)`.
        label: `(rows,)` classes.
        shuffles: random deals for the chance level.
        seed: seeds them.

    Raises:
        UndefinedScore: fewer than two classes or speakers.

    Example:
        >>> guess = guess_by_speaker(np.array(["x", "x", "y", "y"]), np.array(["a", "a", "b", "b"]))
        >>> guess.uar
        1.0
    """
    classes, of_label = np.unique(label.astype(str), return_inverse=True)
    names, of_speaker = np.unique(speaker.astype(str), return_inverse=True)
    if len(classes) < 2 or len(names) < 2:
        raise UndefinedScore(
            f"Got {len(classes)} class(es) of {len(names)} speaker(s), expected at least 2 of both."
        )
    shape = (len(names), len(classes))
    generator = np.random.default_rng(seed)
    dealt = [_majority_uar(of_speaker, generator.permutation(of_label), shape) for _ in range(shuffles)]
    return SpeakerGuess(_majority_uar(of_speaker, of_label, shape), float(np.mean(dealt)))


def check_speakers(table: pd.DataFrame) -> list[Finding]:
    """Find out how many speakers there are, how even they are, and whether they tell the label.

    Args:
        table: corpus table with `speaker` and, where there are classes, `emotion`.
    """
    speakers = table["speaker"].dropna() if "speaker" in table else pd.Series(dtype="string")
    unknown = len(table) - len(speakers)
    if not len(speakers):
        spoken = "file" in table and table["file"].notna().any()
        text = f"no {'speaker' if spoken else 'author'} is known: training and test may share them"
        level: Verdict = "warning" if spoken else "note"
        return [Finding("speakers", "speakers unknown", level, text, {"speakers": 0, "unknown": unknown})]
    sizes = speakers.value_counts()
    data = {"speakers": len(sizes), "unknown": unknown, "largest": {str(sizes.index[0]): int(sizes.iloc[0])}}
    least, most = int(sizes.min()), int(sizes.max())
    text = f"{len(sizes)} speaker{'s' * (len(sizes) > 1)} with "
    text += f"{least} segments each" if least == most else f"{least} to {most} segments"
    text += f" (median {sizes.median():g}); `{sizes.index[0]}` has the most" if least < most else ""
    text += f"; {unknown} segments without speaker" if unknown else ""
    verdict: Verdict = "warning" if unknown or len(sizes) < 2 else "ok"
    counted = Finding("speakers", "some speakers unknown" if unknown else "number", verdict, text, data)
    if "emotion" not in table:
        return [counted]
    labelled = table[table["speaker"].notna() & table["emotion"].notna()]
    if labelled["emotion"].nunique() < 2 or labelled["speaker"].nunique() < 2:
        return [counted]
    return [counted, _link(labelled), *_thin_classes(labelled)]


def check_people(table: pd.DataFrame) -> list[Finding]:
    """Find out how sexes and ages are spread over speakers and classes.

    Args:
        table: corpus table; `sex`, `age` (years) and `speaker` are looked at where they are there.
    """
    found = []
    if all(name not in table or table[name].isna().all() for name in ("speaker", "sex", "age")):
        return []
    people = table.drop_duplicates("speaker") if "speaker" in table else table
    if "sex" in table and table["sex"].notna().any():
        found.append(_sexes(table, people))
    else:
        found.append(Finding("people", "sex unknown", "note", "sex of the speakers is not known", {}))
    ages = people["age"].dropna().astype(float) if "age" in table else pd.Series(dtype="float64")
    if len(ages):
        text = (
            f"{len(ages)} of {len(people)} speakers of known age: {ages.min():g} to {ages.max():g} years "
            f"(median {ages.median():g})"
        )
        data = {"known": len(ages), "youngest": ages.min(), "median": ages.median(), "oldest": ages.max()}
        found.append(Finding("people", "age", "ok" if len(ages) == len(people) else "note", text, data))
    else:
        found.append(Finding("people", "age unknown", "note", "age of the speakers is not known", {}))
    return found


def _majority_uar(
    of_speaker: NDArray[np.int64], of_label: NDArray[np.int64], shape: tuple[int, int]
) -> float:
    """Return the UAR of each speaker's most frequent class, from the table of speakers by classes."""
    counts = np.bincount(of_speaker * shape[1] + of_label, minlength=shape[0] * shape[1]).reshape(shape)
    chosen = counts == counts.max(axis=1, keepdims=True)
    right = (counts * chosen / chosen.sum(axis=1, keepdims=True)).sum(axis=0)
    return float((right / counts.sum(axis=0)).mean())


def _link(table: pd.DataFrame) -> Finding:
    """Say how many speakers occur in one class only, and how far knowing the speaker goes."""
    classes = table.groupby("speaker")["emotion"].nunique()
    sizes = table.groupby("speaker").size()
    only, single = int((classes == 1).sum()), int((sizes == 1).sum())
    guess = guess_by_speaker(table["speaker"].to_numpy(dtype=object), table["emotion"].to_numpy(dtype=object))
    data = {
        "one_class_speakers": only,
        "one_segment_speakers": single,
        "speakers": len(classes),
        "guess_uar": guess.uar,
        "guess_uar_by_chance": guess.by_chance,
    }
    tells = guess.excess >= TELLS_FROM
    verdict: Verdict = "problem" if tells else "warning" if guess.excess >= HINTS_FROM else "ok"
    name = {"problem": "speaker tells the label", "warning": "speaker hints at the label"}.get(
        verdict, "classes per speaker"
    )
    text = (
        f"{only} of {len(classes)} speakers occur in one class only"
        + (f" ({single} of them with one segment)" if single else "")
        + f"; a majority-class-per-speaker guess reaches UAR {guess.uar:.2f} "
        f"({guess.by_chance:.2f} were classes dealt by chance)" + (f": {name}" if verdict != "ok" else "")
    )
    return Finding("speakers", name, verdict, text, data)


def _thin_classes(table: pd.DataFrame) -> list[Finding]:
    """Name classes that rest on few speakers."""
    found = []
    for label, group in table.groupby("emotion"):
        sizes = group["speaker"].value_counts()
        if len(sizes) > FEW_SPEAKERS and sizes.iloc[:2].sum() <= len(group) / 2:
            continue
        if len(sizes) > FEW_SPEAKERS and table["speaker"].nunique() <= 2 * FEW_SPEAKERS:
            continue  # with so few speakers, two of them always hold much of a class
        leading = " and ".join(f"`{name}`" for name in sizes.index[:2])
        text = (
            f"`{label}` is spoken by {len(sizes)} of {table['speaker'].nunique()} speakers; {leading} speak "
            f"{sizes.iloc[:2].sum()} of its {len(group)} segments"
        )
        data = {"class": label, "speakers": len(sizes), "share_of_two": sizes.iloc[:2].sum() / len(group)}
        verdict: Verdict = "problem" if len(sizes) == 1 else "warning"
        found.append(Finding("speakers", f"few speakers of `{label}`", verdict, text, data))
    return found


def _sexes(table: pd.DataFrame, people: pd.DataFrame) -> Finding:
    """Say how many people and segments each sex has, and in which classes one is rare."""
    counts = {str(sex): int(count) for sex, count in people["sex"].value_counts().sort_index().items()}
    segments = {str(sex): int(count) for sex, count in table["sex"].value_counts().sort_index().items()}
    text = ", ".join(f"{counts[sex]} {sex} ({segments[sex]} segments)" for sex in counts)
    unknown = int(people["sex"].isna().sum())
    text += f", {unknown} unknown" if unknown else ""
    data: dict[str, object] = {"speakers": counts, "segments": segments, "unknown": unknown}
    rare: list[str] = []
    if "emotion" in table and len(counts) > 1:
        shares = pd.crosstab(table["emotion"], table["sex"], normalize="index")
        data["share_by_class"] = {str(label): row.to_dict() for label, row in shares.iterrows()}
        usual = table["sex"].value_counts(normalize=True)
        rare = [
            f"{sex} `{label}` ({share:.0%})"
            for label, row in shares.iterrows()
            for sex, share in row.items()
            if share < min(_RARE_SEX, usual[str(sex)] / 2)
        ]
        text += f"; hardly any {', '.join(rare)}" if rare else ""
    name = "sex tells some classes" if rare else "sex"
    return Finding("people", name, "warning" if rare else "ok", text, data)
