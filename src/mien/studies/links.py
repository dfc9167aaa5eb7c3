"""The links of a chain from recording to answer: what each is, whom it suits, and how to go without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from mien.core.errors import ConfigError, DataError
from mien.core.nearest import did_you_mean
from mien.studies.changed_cell import UNTRAINED, Change
from mien.studies.streams import known_streams, modality_of
from mien.studies.study_corpora import VOICE, StudyCorpus
from mien.studies.system_words import SystemWords

COPIES = 2
SEES_SPEAKERS = "sees each test speaker's unlabelled clips"
SECOND = {"svm": "logistic"}
"""Learner → the one it is fused with; any other is fused with the support vector machine."""


class Side(NamedTuple):
    """Say what is judged on one side of a link."""

    system: SystemWords
    change: Change = Change()


Sides = Callable[[SystemWords, StudyCorpus], tuple[Side, Side]]


@dataclass(frozen=True)
class Link:
    """Say what one link of the chain is.

    Attributes:
        title: its name for people.
        on: what is done with it.
        off: what is done without it, all else equal.
        sides: (system, corpus) → the system with the link and without; raises `DataError` where it does not
            apply.
        metric: by which it is judged; empty for that of the study.
        condition: what sets it apart from a system that knows nothing of the test speakers.
    """

    title: str
    on: str
    off: str
    sides: Sides
    metric: str = ""
    condition: str = ""


def find_links(names: Sequence[str] | None) -> dict[str, Link]:
    """Return links by name, cheapest first; all of them without names.

    Args:
        names: some of `LINKS`.

    Raises:
        ConfigError: a name that no link has, or none.

    Example:
        >>> list(find_links(["augmentation", "calibration"]))
        ['calibration', 'augmentation']
    """
    for name in names or ():
        if name not in LINKS:
            hint = did_you_mean(name, LINKS)
            raise ConfigError(f"Got link `{name}`, expected one of {', '.join(LINKS)}.{hint}")
    if names is not None and not names:
        raise ConfigError(f"Got no link, expected some of {', '.join(LINKS)}.")
    return {name: link for name, link in LINKS.items() if names is None or name in names}


def _calibration(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    return Side(system), Side(system, Change(calibrated=False))


def _scaling(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    if system.per_speaker:
        raise DataError("columns are z-normalized by speaker already")
    if set(system.streams) <= {"tfidf"}:
        raise DataError("word counts are not scaled")
    return Side(system), Side(system, Change(scaled=False))


def _choice(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    from mien.studies.learners import FIND

    if len(FIND[system.learner].settings) < 2:
        raise DataError(f"{system.learner} has one setting only")
    return Side(system), Side(system, Change(chosen=False))


def _by_speaker(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    if corpus.table["speaker"].isna().any():
        raise DataError(f"who speaks is not known for every clip of {corpus.name}")
    if set(system.streams) & {"tfidf"}:
        raise DataError("word counts are not normalized")
    bare = system.name.replace("+speaker", "")
    off = replace(system, name=bare, per_speaker=False)
    return Side(replace(off, name=_with_speaker(bare), per_speaker=True)), Side(off)


def _with_speaker(name: str) -> str:
    heard, _, learner = name.rpartition("+")
    return f"{heard}+speaker+{learner}"


def _sound(sound: str) -> Sides:
    def sides(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
        _check_heard(system)
        return Side(system, Change(sound=sound)), Side(system)

    return sides


def _augmentation(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    _check_heard(system)
    words = [name for name in system.streams if modality_of(name) != VOICE]
    if words:
        raise DataError(f"{words[0]} reads words, which are not degraded")
    return Side(system, Change(copies=COPIES)), Side(system)


def _pretraining(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    learned = [name for name in system.streams if name in UNTRAINED]
    if not learned:
        known = ", ".join(UNTRAINED)
        raise DataError(
            f"{', '.join(system.streams)} is not trained, or has no twin with random weights ({known} has)"
        )
    return Side(system), Side(system, Change(untrained=True))


def _more_streams(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    if len(system.streams) < 2:
        raise DataError("there is one stream only")
    first = system.streams[0]
    name = system.name.replace(",".join(system.streams), first)
    return Side(system), Side(replace(system, name=name, streams=(first,)))


def _ensemble(system: SystemWords, corpus: StudyCorpus) -> tuple[Side, Side]:
    learner = SECOND.get(system.learner, "svm")
    second = replace(system, name=f"{system.name.rpartition('+')[0]}+{learner}", learner=learner)
    fused = SystemWords(f"late({system.name},{second.name})", "late", parts=(system, second))
    return Side(fused), Side(system)


def _check_heard(system: SystemWords) -> None:
    """Refuse what cannot be described from changed samples."""
    if all(modality_of(name) != VOICE for name in system.streams):
        raise DataError(f"{', '.join(system.streams)} hears nothing")
    bags = [name for name in system.streams if name.endswith("-bag") and name in known_streams()]
    if bags:
        raise DataError(f"frames of {bags[0]} are described from files as recorded only")


LINKS: dict[str, Link] = {
    "calibration": Link(
        "Calibration",
        "a temperature fitted on training rows that did not train",
        "softmax of the learner's scores as they are",
        _calibration,
        metric="nll",
    ),
    "scaling": Link(
        "Scaling of columns",
        "every column z-normalized by the training rows",
        "columns as described, all divided by one number",
        _scaling,
    ),
    "speaker-normalization": Link(
        "Normalization by speaker",
        "every column z-normalized within each speaker",
        "no speaker's clips looked at together",
        _by_speaker,
        condition=SEES_SPEAKERS,
    ),
    "level": Link(
        "Level",
        "every clip brought to -26 dB of full scale where it sounds",
        "clips as loud as recorded",
        _sound("levelled"),
    ),
    "voice-activity": Link(
        "Voice activity",
        "silent ends of clips cut off",
        "whole clips",
        _sound("only-sounding"),
    ),
    "choice": Link(
        "Choice of settings",
        "the learner's setting chosen on inner folds",
        "the middle setting",
        _choice,
    ),
    "ensemble": Link(
        "Ensemble",
        "answers fused with those of a second learner, weights learned on inner folds",
        "one learner",
        _ensemble,
    ),
    "more-streams": Link("More streams", "all streams", "the first stream alone", _more_streams),
    "pretraining": Link(
        "Pretraining",
        "the encoder with its trained weights",
        "the same network with random weights",
        _pretraining,
    ),
    "augmentation": Link(
        "Augmentation",
        f"training clips also as {COPIES} degraded copies; test clips as recorded",
        "training clips as recorded",
        _augmentation,
    ),
}
"""Name → link, cheapest first: next to nothing per clip, what works on samples, what describes anew."""
