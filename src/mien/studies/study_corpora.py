"""Read the corpora of a study: one table each, with the label that is learned."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.core.errors import ConfigError, DataError
from mien.core.files import sha256_of
from mien.core.registry import find, names
from mien.core.tables import read_table
from mien.corpora.read_label_table import SYNONYMS, read_label_table
from mien.corpora.split import label_column
from mien.evaluation.answers import PERSON_COLUMNS

TABLES = (".csv", ".tsv", ".parquet")
VOICE, TEXT = "voice", "words"


@dataclass(frozen=True)
class StudyCorpus:
    """Hold labelled segments that every system of a study is judged on.

    Attributes:
        name: of the corpus or table.
        table: segment table; `label` is what is learned.
        label: column that `label` was taken from.
        modality: what there is of each segment: `voice`, `words`.
        notes: what a reader must know, such as rows left out.
        licence: of the corpus; empty where the table is the user's own.
    """

    name: str
    table: pd.DataFrame
    label: str
    modality: tuple[str, ...]
    notes: tuple[str, ...] = ()
    licence: str = ""

    @property
    def classes(self) -> list[str]:
        """Return the labels that occur, sorted."""
        return sorted(set(self.table["label"]))

    @property
    def truth(self) -> NDArray[np.int64]:
        """Return the class number of each segment, `(rows,)`."""
        return np.searchsorted(self.classes, self.table["label"].to_numpy(dtype=str)).astype(np.int64)

    @property
    def groups(self) -> NDArray[np.object_]:
        """Return what inner folds keep together, `(rows,)`: speakers; else dialogues; else each row alone."""
        for column in ("speaker", "dialogue", "segment"):
            if column in self.table and self.table[column].notna().all():
                return self.table[column].to_numpy(dtype=object)
        return np.arange(len(self.table)).astype(object)

    def keys(self, modality: str) -> list[str]:
        """Return a hash of what is heard (bytes, start, end) or read of each segment, `(rows,)`."""
        if modality == TEXT:
            said = self.table["text"].fillna("").astype(str)
        else:
            spans = self.table.reindex(columns=["start", "end"]).astype(str)
            said = self._bytes_of_files + " " + spans["start"] + " " + spans["end"]
        return [hashlib.sha256(one.encode()).hexdigest()[:32] for one in said]

    @cached_property
    def _bytes_of_files(self) -> "pd.Series[str]":
        hashes = {file: sha256_of(file) for file in self.table["file"].unique()}
        return self.table["file"].map(hashes)

    @cached_property
    def content(self) -> str:
        """Return a hash of what is heard and read: bytes of recordings, where segments lie, words."""
        digest = hashlib.sha256()
        if VOICE in self.modality:
            digest.update("\n".join(self._bytes_of_files).encode())
        spans = self.table.reindex(columns=["segment", "start", "end", "text"]).astype("string").fillna("")
        digest.update(pd.util.hash_pandas_object(spans, index=False).to_numpy().tobytes())
        return digest.hexdigest()

    def people(self) -> pd.DataFrame:
        """Return `segment` and what is known of who speaks, one row per segment."""
        known = self.table.reindex(columns=["segment", *PERSON_COLUMNS]).drop(columns="fold")
        return known


def read_corpora(
    given: Sequence[str], *, data: Path | None, label: str | None = None, shared: bool = False
) -> list[StudyCorpus]:
    """Read corpora by name, or tables of one's own.

    Args:
        given: names of corpora, of which the beginning is enough where it fits one only, and tables with
            columns `file` or `text`, a label and, where known, `speaker`, `sex`, `split`.
        data: folder that holds the corpora.
        label: column to learn; by default the corpus' own classes.
        shared: learn the classes that all corpora share (`category`), for scores from one to another.

    Raises:
        ConfigError: a name that no corpus has, or a corpus without its folder.
        DataError: no labels, or fewer than two classes.
    """
    found = [
        _read(word, data=data, label="category" if shared and label is None else label) for word in given
    ]
    called = [one.name for one in found]
    if not found or len(set(called)) < len(called):
        raise ConfigError(f"Got corpora {', '.join(called) or 'none'}, expected each once: --corpus emodb.")
    return found


def _read(word: str, *, data: Path | None, label: str | None) -> StudyCorpus:
    if Path(word).suffix.lower() in TABLES:
        name, table, licence = Path(word).stem, _own_table(Path(word), label), ""
        label = "emotion"
    else:
        name = _full_name(word)
        if data is None:
            raise ConfigError(f"Got corpus `{name}` without its folder; pass --data, the folder of corpora.")
        component = find("corpora", name)
        table, licence = component.load(data / name.replace("-", "_")), str(component.CARD["licence"])
    column = label or label_column(table)
    if column is None or column not in table:
        columns = ", ".join(str(one) for one in table)
        raise DataError(f"Got `{name}` without a column `{column or 'emotion'}`, expected one of {columns}.")
    return _labelled(name, table, column, licence)


def _own_table(path: Path, label: str | None) -> pd.DataFrame:
    """Return the user's own table of recordings, or of texts alone, with the label as `emotion`."""
    raw = read_table(path)
    if "text" not in raw or any(str(name).lower() in SYNONYMS["file"] for name in raw):
        return read_label_table(path, columns={"label": label} if label else None)
    found = label or next((name for name in ("emotion", "label", "category", "class") if name in raw), None)
    if found not in raw:
        columns = ", ".join(str(name) for name in raw)
        raise DataError(f"Got `{path}` without a column `{found or 'label'}`, expected one of {columns}.")
    table = raw.reindex(columns=dict.fromkeys((*raw, "segment", "file", "start", "end", "speaker")))
    segments = [f"{path.stem}/{number}" for number in range(len(raw))]
    table["segment"] = table["segment"].astype(object).fillna(pd.Series(segments)).astype(str)
    return table.assign(emotion=raw[found])


def _labelled(name: str, table: pd.DataFrame, column: str, licence: str) -> StudyCorpus:
    """Return the rows that have a label."""
    known = table[column].notna()
    notes = (
        () if known.all() else (f"{name}: {int((~known).sum())} of {len(table)} rows have no `{column}`.",)
    )
    kept = table[known].reset_index(drop=True)
    kept["label"] = kept[column].astype(str)
    kept["corpus"] = name
    if kept["label"].nunique() < 2:
        raise DataError(
            f"Got `{name}` with {kept['label'].nunique()} class(es) in `{column}`, expected at least two; "
            "choose another column with --label."
        )
    modality = tuple(
        kind
        for kind, need in ((VOICE, "file"), (TEXT, "text"))
        if need in kept and kept[need].nunique() > 1 and (kind == TEXT or kept[need].notna().all())
    )
    return StudyCorpus(name, kept, column, modality, notes, licence)


def _full_name(word: str) -> str:
    """Return the corpus that a word names or begins."""
    known, wanted = names("corpora"), word.replace("_", "-")
    begun = [one for one in known if one.startswith(wanted)]
    if wanted not in known and len(begun) == 1:
        return begun[0]
    find("corpora", word)
    return wanted
