"""Study a corpus before anything is trained on it: all that a check finds, and what needs a model."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from mien.core.errors import DataError, MissingExtra, UndefinedScore
from mien.core.optional import require
from mien.corpora.card import SHELVES, CorpusCard
from mien.corpora.class_labels import class_members
from mien.corpora.corpus_check import check_corpus
from mien.corpora.corpus_study import CorpusStudy, DoubtfulLabels
from mien.corpora.duplicates import scan_audio, with_content
from mien.corpora.findings import Finding, Verdict
from mien.corpora.language_check import check_languages
from mien.corpora.leakage import check_against, check_near_copies, check_near_texts
from mien.corpora.recording_check import check_recordings, spread_by_class
from mien.corpora.sound import Sounds, listen, sound_of
from mien.corpora.split import plain_column
from mien.evaluation.label_errors import PlantedTrial, doubtful_labels, planted_trial
from mien.evaluation.shortcuts import find_shortcut
from mien.studies.held_out_labels import LabelTask, held_out_probabilities, label_task

LISTED = 60
"""Doubtful labels that are listed."""
WORTH_LOOKING = 2.0
"""How many times better than chance the list must find swapped labels to be shown."""
MANY = 2000
"""With more rows than this, labels are swapped once only, to save time."""
SURE_P = 0.01
TELLS_FROM, HINTS_FROM, VOICE_FROM = 0.5, 0.1, 0.3
"""Share of the way from chance to certainty from which a shortcut is a problem or a warning; the last one for
level and duration, which affect changes as well."""

MEASURES = {
    "level": (("level_db", "peak_db"), False),
    "duration": (("duration_s",), False),
    "background": (("noise_db",), True),
    "bandwidth": (("bandwidth_hz", "rate_hz"), True),
    "offset": (("offset",), True),
}
"""Shortcut → its measures, and whether it is of the room alone."""

_NO_SOUND = Sounds(pd.DataFrame({"segment": pd.Series(dtype="string")}), {}, {})


class Other(NamedTuple):
    """A second corpus that the first is compared with.

    Attributes:
        table: its rows.
        name: as users write it.
    """

    table: pd.DataFrame
    name: str


def study_corpus(
    table: pd.DataFrame,
    *,
    name: str,
    card: CorpusCard | None = None,
    other: Other | None = None,
    audio: bool = True,
    labels: bool = True,
    workers: int = 1,
    command: str = "",
) -> CorpusStudy:
    """Find copies, doubtful labels, shortcuts, leaks and gaps of a corpus.

    One broken file never stops it: it is listed with its reason.

    Args:
        table: corpus table, one row per segment.
        name: of the corpus.
        card: what its owners say; None for a table of one's own.
        other: a corpus that would train where this one tests.
        audio: decode every clip.
        labels: fit models to rank labels; the slowest part.
        workers: processes that decode and describe.
        command: what the report says it was made by.

    Raises:
        DataError: a table without rows or without `segment`.
    """
    spoken = audio and {"file", "start", "end"} <= set(table) and bool(table["file"].notna().any())
    scan = scan_audio(table, workers=workers) if spoken else None
    sounds = listen(table, workers=workers) if spoken else _NO_SOUND
    rows = (table if scan is None else with_content(table, scan)).reset_index(drop=True)
    check = check_corpus(table, corpus=name, card=card, scan=scan)
    shortcuts = _shortcuts(rows, sounds.facts)
    doubtful = _doubtful(rows, workers) if labels else _nothing("not asked for")
    found = [
        *check_recordings(rows, sounds.facts),
        *_shortcut_findings(shortcuts),
        *check_near_copies(rows, sounds.prints),
        *check_near_texts(rows),
        *check_languages(rows),
        _label_finding(doubtful),
        *(_against(rows, sounds, other, workers) if other else []),
    ]
    shelf = "" if card is None else f" Shelf `{card['shelf']}`: {SHELVES[card['shelf']]}."
    return CorpusStudy(
        check=replace(check, findings=(*check.findings, *found)),
        people=_people(rows),
        spread=spread_by_class(rows, sounds.facts) if len(sounds.facts) else pd.DataFrame(),
        shortcuts=shortcuts,
        doubtful=doubtful,
        licence="not known: no card" if card is None else f"{card['licence']}{shelf}",
        failures=sounds.failures,
        command=command,
    )


def _against(table: pd.DataFrame, sounds: Sounds, other: Other, workers: int) -> list[Finding]:
    """Compare with a second corpus, by sound where both have recordings."""
    theirs, heard = other.table, _NO_SOUND
    if sounds.prints and "file" in theirs and theirs["file"].notna().any():
        heard = listen(theirs, workers=workers)
        theirs = with_content(theirs, scan_audio(theirs, workers=workers))
    return check_against(table, theirs, name=other.name, prints=sounds.prints, other_prints=heard.prints)


def _people(table: pd.DataFrame) -> pd.DataFrame:
    """Count segments per speaker and class, the largest speaker first."""
    members = class_members(table)
    if "speaker" not in table or table["speaker"].isna().all() or not members:
        return pd.DataFrame()
    speaker = table["speaker"].astype("string")
    counts = pd.DataFrame({label: own.groupby(speaker).sum() for label, own in members.items()})
    return counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _shortcuts(table: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Say for each measure how well it alone tells the class."""
    columns = ["measure", "uar", "by_chance", "high_by_chance", "p", "room", "note"]
    if not len(facts) or "emotion" not in table:
        return pd.DataFrame(columns=columns)
    heard, label = sound_of(table, facts), plain_column(table, "emotion")
    speaker = plain_column(table, "speaker")
    who = np.array([one or name for one, name in zip(speaker, table["segment"], strict=True)], dtype=object)
    labelled = np.array([one is not None for one in label])
    rows = []
    for measure, (names, room) in MEASURES.items():
        values = heard[list(names)].to_numpy(dtype=np.float64)
        use = labelled & np.isfinite(values).all(axis=1)
        try:
            found = find_shortcut(values[use], label[use], who[use])
        except UndefinedScore as reason:
            rows.append((measure, np.nan, np.nan, np.nan, np.nan, room, str(reason)))
            continue
        rows.append((measure, *found, room, ""))
    return pd.DataFrame(rows, columns=columns)


def _shortcut_findings(shortcuts: pd.DataFrame) -> list[Finding]:
    found = []
    for row in shortcuts.dropna(subset=["uar"]).to_dict("records"):
        excess = (row["uar"] - row["by_chance"]) / max(1 - row["by_chance"], 1e-9)
        tells = row["p"] <= SURE_P and excess > 0
        numbers = (
            f"unweighted average recall {row['uar']:.1%} on speakers not fitted on; chance "
            f"{row['by_chance']:.1%}, one in twenty random deals exceeds {row['high_by_chance']:.1%}"
        )
        text = f"`{row['measure']}` alone does not tell the class ({numbers})"
        verdict: Verdict = "ok"
        if tells:
            text = f"`{row['measure']}` alone tells the class ({numbers})"
        if tells and row["room"]:
            verdict = "problem" if excess >= TELLS_FROM else "warning" if excess >= HINTS_FROM else "note"
            text += ": as a rule of the recording, not the voice; a model can learn it in place of affect"
        elif tells:
            verdict = "warning" if excess >= VOICE_FROM else "note"
            text += ": a cue of affect, or of how it was recorded; these data cannot tell which"
        name = f"`{row['measure']}` tells the class" if tells else f"`{row['measure']}`"
        found.append(
            Finding("shortcuts", name, verdict, text, {str(key): value for key, value in row.items()})
        )
    return found


def _doubtful(table: pd.DataFrame, workers: int) -> DoubtfulLabels:
    """Rank labels, and try the list on labels swapped on purpose."""
    try:
        require("cleanlab.filter", "study")
        task = label_task(table, workers=workers)
        thought = held_out_probabilities(task, task.given)
        ranked = doubtful_labels(task.given, thought, categories=task.categories)
        trials = 3 if len(task.rows) <= MANY else 1
        trial = planted_trial(task.given, lambda given: held_out_probabilities(task, given), trials=trials)
    except (UndefinedScore, MissingExtra, DataError) as reason:
        return _nothing(str(reason))
    guess = np.array(task.categories, dtype=object)[thought.argmax(axis=1)]
    uar = float(np.mean([(guess[task.given == one] == one).mean() for one in task.categories]))
    return _listed(table, task, ranked, trial, uar=uar)


def _listed(
    table: pd.DataFrame, task: LabelTask, ranked: pd.DataFrame, trial: PlantedTrial, *, uar: float
) -> DoubtfulLabels:
    """Put names to the first of the list, or say why it is not shown."""
    worth = trial.lift >= WORTH_LOOKING
    first = ranked[ranked["counted"]].head(LISTED if worth else 0)
    names = [one for one in ("segment", "file", "start", "end", "speaker", "text") if one in table]
    own = table.iloc[task.rows[first["row"].to_numpy()]][names].reset_index(drop=True)
    listed = pd.concat([own, first.drop(columns=["row", "counted"]).reset_index(drop=True)], axis=1)
    return DoubtfulLabels(
        table=listed,
        judged=len(ranked),
        counted=int(ranked["counted"].sum()),
        how=f"{task.how}; {task.apart}",
        uar=uar,
        precision=trial.precision,
        by_chance=trial.by_chance,
        planted=trial.planted,
        reason="" if worth else "the model is too weak to find labels that were swapped on purpose",
    )


def _nothing(reason: str) -> DoubtfulLabels:
    return DoubtfulLabels(pd.DataFrame(), reason=reason)


def _label_finding(doubtful: DoubtfulLabels) -> Finding:
    if doubtful.precision is None or doubtful.by_chance is None:
        return Finding(
            "labels", "labels not ranked", "note", f"labels were not ranked: {doubtful.reason}", {}
        )
    trial = (
        f"of {doubtful.planted} labels swapped on purpose, {doubtful.precision:.0%} stand among the first "
        f"{doubtful.planted} of the list (by chance {doubtful.by_chance:.0%})"
    )
    data: dict[str, object] = {
        "counted": doubtful.counted,
        "judged": doubtful.judged,
        "precision": doubtful.precision,
        "by_chance": doubtful.by_chance,
    }
    if doubtful.reason:
        return Finding("labels", "labels cannot be ranked", "note", f"{doubtful.reason} ({trial})", data)
    text = (
        f"{len(doubtful.table)} of {doubtful.judged} labels are listed to look at first; {trial}. Confident "
        f"learning counts {doubtful.counted} as doubtful, most of which are hard rather than wrong"
    )
    return Finding("labels", "labels to look at first", "note", text, data)
