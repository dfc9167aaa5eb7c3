"""Everything that a reader of a score should know about a corpus, measured and told."""

from dataclasses import dataclass

import pandas as pd

from mien.corpora.audio_check import seconds_of
from mien.corpora.card import SHELVES, CorpusCard
from mien.corpora.corpus_check import check_corpus
from mien.corpora.findings import Finding

LANGUAGES = {
    "de": "German",
    "en": "English",
    "fi": "Finnish",
    "pl": "Polish",
    "ur": "Urdu",
    "zxx": "none",
}
"""BCP 47 tag → name, of the languages that the known corpora have."""

PERCEIVED = {
    "voice": "the voice",
    "words": "the words",
    "face": "the face",
    "body": "the body",
    "none": "nothing of people but their ratings, or sounds without people",
}
"""Modality of a corpus card → what there is to perceive."""

_TOLD = ("rights", "trap")  # areas of a check that only repeat the card


@dataclass(frozen=True)
class DataCard:
    """A corpus on one page.

    Attributes:
        name: as users write it.
        title: as its owners write it.
        facts: what its owners say of it: name of the fact, text.
        classes: one row per class, as `mien.corpora.corpus_check.class_table` counts them.
        people: one row per sex: `sex`, `speakers`, `segments`, `hours` and the ages in years, null where
            unknown; no rows where nobody is known.
        measured: what a check found in the folder.
        use: what it is good for.
        traps: what misleads people who score models on it.
        limits: what may not be concluded.
    """

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    classes: pd.DataFrame
    people: pd.DataFrame
    measured: tuple[Finding, ...]
    use: tuple[str, ...]
    traps: tuple[str, ...]
    limits: tuple[str, ...]


def data_card(
    table: pd.DataFrame, card: CorpusCard, *, name: str, scan: pd.DataFrame | None = None
) -> DataCard:
    """Put together what the owners say of a corpus and what its folder holds.

    Args:
        table: corpus table, one row per segment.
        card: what its owners say.
        name: as users write it.
        scan: from `mien.corpora.duplicates.scan_audio`; without one, audio and copies are not judged.

    Raises:
        DataError: a table without rows.
    """
    check = check_corpus(table, corpus=name, card=card, scan=scan)
    return DataCard(
        name=name,
        title=card["title"],
        facts=_facts(table, card, scan),
        classes=check.classes,
        people=people_table(table, scan=scan),
        measured=tuple(one for one in check.findings if one.area not in _TOLD),
        use=tuple(card["use"]),
        traps=tuple(card["traps"]),
        limits=tuple(card["limits"]),
    )


def people_table(table: pd.DataFrame, *, scan: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count speakers, segments, hours and ages per sex.

    Args:
        table: corpus table; `speaker`, `sex` and `age` (years) are looked at where they are there.
        scan: gives durations where the table has none.

    Returns:
        `sex` (`female`, `male`, `unknown`), `speakers`, `segments`, `hours`, `youngest`, `median_age`,
        `oldest`; no rows for a table without speakers and sexes.

    Example:
        >>> people_table(pd.DataFrame({"segment": ["a", "b"], "speaker": ["x", "x"]}))["speakers"].tolist()
        [1]
    """
    columns = ["sex", "speakers", "segments", "hours", "youngest", "median_age", "oldest"]
    known = [name for name in ("speaker", "sex") if name in table and table[name].notna().any()]
    if not known:
        return pd.DataFrame(columns=columns)
    unknown = pd.Series(pd.NA, index=table.index)
    rows = table.assign(
        sex=table["sex"].fillna("unknown") if "sex" in known else "unknown",
        speaker=table.get("speaker", unknown),
        age=table.get("age", unknown).astype("Float64"),
        hours=seconds_of(table, scan) / 3600,
    )
    found = []
    for sex, own in rows.groupby("sex"):
        ages = own.drop_duplicates("speaker")["age"].dropna().astype(float)
        hours = own["hours"].sum() if own["hours"].notna().any() else None
        years = (ages.min(), ages.median(), ages.max()) if len(ages) else (None, None, None)
        found.append((str(sex), own["speaker"].nunique(), len(own), hours, *years))
    return pd.DataFrame(found, columns=columns)


def _facts(table: pd.DataFrame, card: CorpusCard, scan: pd.DataFrame | None) -> tuple[tuple[str, str], ...]:
    here, whole = len(table), card["size"]
    tags = sorted(table["language"].dropna().unique()) if "language" in table else [card["language"]]
    languages = ", ".join(f"{LANGUAGES[tag]} (`{tag}`)" if tag in LANGUAGES else f"`{tag}`" for tag in tags)
    hours = seconds_of(table, scan).sum() / 3600
    return (
        ("Owners and paper", card["citation"]),
        ("Year", str(card["year"])),
        ("Published at", card["url"]),
        ("Licence", card["licence"]),
        ("Shelf", f"`{card['shelf']}`: {SHELVES[card['shelf']]}"),
        ("Language", languages),
        ("There to perceive", ", ".join(PERCEIVED[one] for one in card["modality"])),
        ("Material", card["material"]),
        ("Labels by", card["labelled_by"]),
        (
            "Segments here",
            f"{here}, the whole corpus" if here == whole else f"{here} of {whole} in the whole corpus",
        ),
        ("Hours here", f"{hours:.2f}" if hours else "no recordings"),
    )
