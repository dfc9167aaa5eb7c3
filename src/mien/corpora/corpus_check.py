"""Check a corpus before anything is scored on it: counts, audio, copies, speakers, texts, rights."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mien.core.errors import DataError
from mien.corpora.audio_check import check_audio, check_copies, check_durations, seconds_of
from mien.corpora.card import SHELVES, CorpusCard
from mien.corpora.class_labels import class_members
from mien.corpora.duplicates import with_content
from mien.corpora.findings import CorpusCheck, Finding, Verdict
from mien.corpora.overlap import overlap
from mien.corpora.protocols import OwnSplit
from mien.corpora.speaker_check import check_people, check_speakers
from mien.corpora.text_check import check_texts


def check_corpus(
    table: pd.DataFrame,
    *,
    corpus: str | None = None,
    card: CorpusCard | None = None,
    scan: pd.DataFrame | None = None,
) -> CorpusCheck:
    """Find out whether a corpus is what its card says, and what would mislead a score made on it.

    Everything but rights and traps is found in the table and the audio, not read from the card.

    Args:
        table: corpus table, one row per segment.
        corpus: name; by default that in the table.
        card: what its owners say; without one, nothing is compared.
        scan: from `mien.corpora.duplicates.scan_audio`; without one, audio is not judged.

    Raises:
        DataError: a table without rows or without `segment`.

    Example:
        >>> table = pd.DataFrame({"segment": ["a", "b"], "speaker": ["x", "y"], "emotion": ["joy", "anger"]})
        >>> check_corpus(table, corpus="mine").problems[0].name
        'few speakers of `anger`'
    """
    if "segment" not in table or not len(table):
        raise DataError("Got a table without rows or without `segment`, expected one row per segment.")
    rows = table.reset_index(drop=True)
    if scan is not None:
        rows = with_content(rows, scan)
    name = corpus or _name_in(rows)
    found = [
        *_check_rights(card),
        *_check_counts(rows, card),
        *check_durations(rows, scan),
        *(check_audio(scan) if scan is not None else []),
        *(check_copies(rows, scan) if scan is not None else []),
        *check_speakers(rows),
        *check_people(rows),
        *_check_splits(rows),
        *check_texts(rows),
        *_check_scales(rows, card),
        *(Finding("trap", "its card warns", "note", trap, {}) for trap in (card["traps"] if card else [])),
    ]
    return CorpusCheck(
        name, card["title"] if card else name, tuple(found), class_table(rows, card, scan=scan)
    )


def class_table(
    table: pd.DataFrame, card: CorpusCard | None = None, *, scan: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return one row per class with what it rests on.

    Args:
        table: corpus table with `emotion`, or with one bool column `label.<name>` per class.
        card: gives the counts to compare with.
        scan: gives durations where the table has none.

    Returns:
        `class`, `segments`, `card`, `speakers`, `female`, `male` (segments), `duration_s`; null: unknown.
    """
    published = card["classes"] if card else {}
    members = class_members(table)
    seconds = seconds_of(table, scan)
    rows = []
    for label in [*members, *(one for one in published if one not in members)]:
        own = members.get(label, pd.Series(False, index=table.index))
        row: dict[str, object] = {"class": label, "segments": int(own.sum()), "card": published.get(label)}
        if "speaker" in table and table["speaker"].notna().any():
            row["speakers"] = table.loc[own, "speaker"].nunique()
        if "sex" in table and table["sex"].notna().any():
            row |= {sex: int((table.loc[own, "sex"] == sex).sum()) for sex in ("female", "male")}
        if seconds.notna().any():
            row["duration_s"] = float(seconds[own].sum())
        rows.append(row)
    columns = ["class", "segments", "card", "speakers", "female", "male", "duration_s"]
    whole = ["segments", "card", "speakers", "female", "male"]
    return pd.DataFrame(rows, columns=columns).astype(
        {"class": "string", "duration_s": "float64"} | dict.fromkeys(whole, "Int64")
    )


def _name_in(table: pd.DataFrame) -> str:
    names = [*table["corpus"].dropna().unique()] if "corpus" in table else []
    return str(names[0]) if len(names) == 1 else "table"


def _check_rights(card: CorpusCard | None) -> list[Finding]:
    if card is None:
        text = "no card: who may use it, and for what, is not known here"
        return [Finding("rights", "licence unknown", "note", text, {})]
    shelf = card["shelf"]
    text = f"{card['licence'].rstrip('.')}; shelf `{shelf}`: {SHELVES[shelf]}"
    verdict: Verdict = "warning" if shelf == "unlicensed" else "note" if shelf == "research" else "ok"
    name = "may train no weight" if shelf == "unlicensed" else "licence"
    return [Finding("rights", name, verdict, text, {"licence": card["licence"], "shelf": shelf})]


def _check_counts(table: pd.DataFrame, card: CorpusCard | None) -> list[Finding]:
    members = class_members(table)
    counts = {label: int(own.sum()) for label, own in members.items()}
    text = f"{len(table)} segments"
    if counts:
        labels = list(counts)
        most, least = counts[labels[0]], counts[labels[-1]]
        text += f" in {len(counts)} class{'es' * (len(counts) > 1)}"
        text += f" of {most}" if most == least else f", {least} (`{labels[-1]}`) to {most} (`{labels[0]}`)"
    data: dict[str, object] = {"segments": len(table), "classes": counts}
    unlabelled = len(table) - int(np.any(list(members.values()), axis=0).sum()) if members else 0
    found = []
    if unlabelled:
        text_unlabelled = f"{unlabelled} of {len(table)} segments without a class"
        found.append(
            Finding("counts", "segments without class", "note", text_unlabelled, {"segments": unlabelled})
        )
    if card is None:
        return [Finding("counts", "segments", "ok", text, data), *found]
    return [_against_card(counts, card, text=text, data=data, total=len(table)), *found]


def _against_card(
    counts: Mapping[str, int], card: CorpusCard, *, text: str, data: dict[str, object], total: int
) -> Finding:
    """Compare counts with the card: whole, a part of it, or something else."""
    published = card["classes"]
    size = card["size"]
    data |= {"card_segments": size, "card_classes": published}
    unknown = [label for label in counts if published and label not in published]
    too_many = [label for label, count in counts.items() if count > published.get(label, count)]
    missing = [label for label in published if not counts.get(label)]
    fewer = [label for label, count in published.items() if counts.get(label, 0) < count]
    if unknown or too_many or total > size:
        labels = ", ".join(f"`{one}`" for one in [*unknown, *too_many]) or "all"
        text += f"; its card has {size} and fewer of {labels}: files of something else lie in the folder"
        return Finding("counts", "more than the card says", "problem", text, data)
    if missing:
        text += f"; the card's {', '.join(f'`{one}`' for one in missing)} "
        text += "are missing" if len(missing) > 1 else "is missing"
        return Finding("counts", "classes missing", "warning", text, data)
    if fewer or total < size:
        text += f": {total / size:.0%} of the {size} on its card"
        return Finding("counts", "a part of the corpus", "note", text, data)
    return Finding("counts", "as on its card", "ok", f"{text}: as on its card", data)


def _check_splits(table: pd.DataFrame) -> list[Finding]:
    """Say what the owners' parts hold, and what they share."""
    if "split" not in table or table["split"].isna().all():
        return []
    counts = {str(part): int(count) for part, count in table["split"].value_counts().items()}
    text = ", ".join(f"{part} {count}" for part, count in counts.items())
    try:
        folds = OwnSplit().folds(table)
    except DataError as error:
        return [Finding("splits", "split cannot be used", "warning", f"{text}: {error}", {"counts": counts})]
    found = [Finding("splits", "parts", "ok", text, {"counts": counts})]
    for row in overlap(table, folds).to_dict("records"):
        if row["verdict"] in ("leak", "expected"):
            share = row["rows"] / counts["test"]
            values = f"{row['shared']} of its {row['test']} values of `{row['check']}`"
            text = f"test shares {values} with train or dev"
            text += f" ({share:.1%} of its rows): {row['examples']}"
            verdict: Verdict = "problem" if row["verdict"] == "leak" else "note"
            name = f"test shares `{row['check']}`"
            found.append(Finding("splits", name, verdict, text, {str(k): v for k, v in row.items()}))
    return found


def _check_scales(table: pd.DataFrame, card: CorpusCard | None) -> list[Finding]:
    """Describe each dimension, and find values off its scale."""
    found = []
    for name, (low, high) in (card["dimensions"] if card else {}).items():
        values = table[name].dropna().astype(float) if name in table else pd.Series(dtype="float64")
        if not len(values):
            text = f"`{name}` is on the card, but no segment has it"
            found.append(Finding("scales", f"`{name}` missing", "problem", text, {}))
            continue
        quartiles = np.percentile(values, [0, 25, 50, 75, 100])
        off = int(((values < low) | (values > high)).sum())
        text = (
            f"`{name}` from {quartiles[0]:.3g} to {quartiles[4]:.3g} on a scale of {low:g} to {high:g}, half "
            f"between {quartiles[1]:.3g} and {quartiles[3]:.3g}; {len(values)} segments"
        ) + (f"; {off} off the scale" if off else "")
        verdict: Verdict = "problem" if off else "ok"
        data = {"quartiles": quartiles.tolist(), "off": off, "segments": len(values)}
        found.append(Finding("scales", f"`{name}`" + (" off its scale" if off else ""), verdict, text, data))
    return found
