"""Read any audformat database."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from mien.core.errors import ConfigError, DataError
from mien.core.labels import LabelSpace
from mien.core.nearest import did_you_mean
from mien.core.optional import require
from mien.core.tables import from_audformat
from mien.corpora.labelled_files import Missing, locate_files, segment_table
from mien.corpora.split import PARTS

FACTS: dict[str, tuple[str, ...]] = {
    "speaker": ("speaker",),
    "text": ("transcription", "transcript", "text"),
    "sex": ("gender", "sex"),
    "age": ("age",),
    "language": ("language",),
}
"""Column of the segment table → names of columns or schemes of a database that hold it."""


def read_audformat(
    root: str | Path,
    *,
    table: str | Sequence[str] | None = None,
    column: str | Sequence[str] | None = None,
    to_shared: Mapping[str, str | None] | None = None,
    corpus: str | None = None,
    missing: Missing = "raise",
) -> pd.DataFrame:
    """Read tables of an audformat database as a segment table with labels, one row per row.

    Use it for a database that audb fetched, or that you wrote with audformat. Speakers, sexes, ages and words
    are taken from the table itself, from a table of whole files, or from the speaker table. Neither pickled
    tables nor Python tags in the header are read: both could run code.

    Args:
        root: folder with `db.yaml`, `db.<table>.csv` or `.parquet`, and the recordings.
        table: table to read, or several that follow each other (such as the train and test part); by default
            `emotion`, or the only one.
        column: column with labels, and columns with ratings or yes and no; by default `emotion`, or the only
            one.
        to_shared: label → category of `SHARED_EMOTIONS`, or None to leave it out; by default, labels that
            are named as a shared category have that one, others none.
        corpus: prefix of segments and speakers; by default the name of the database.
        missing: `raise`: a listed file that is not there is an error; `drop`: its rows are left out, and a
            warning says how many files that were.

    Returns:
        Segment table with `emotion` and `category` where the column has labels, `label.<column>` (boolean)
        for yes and no, one float64 column per rating, `split` (`train`, `dev`, `test` or null), `language`
        (BCP 47), `corpus`, and `sex`, `age` (years) and `text_id` where the database has them.

    Raises:
        DataError: no database there, a label that its scheme does not know, a rating off its scale, files
            are missing, or a segment is listed twice.
        ConfigError: no such table or column, or several that could be meant.
        MissingExtra: audformat is not installed.

    Source:
        audformat 1.4, specification of the header and of tables.
    """
    folder = Path(root).resolve()
    database = _open(folder)
    names = _chosen_tables(database, table)
    columns = {name: _chosen_columns(database, name, column) for name in names}
    parts = [_labelled(database, folder, name, columns[name]) for name in names]
    rows = pd.concat(parts, ignore_index=True)
    rows["file"], there = locate_files(rows["file"], folder, missing=missing)
    classes = {str(label): None for name in names for label in _classes(database, name, columns[name])}
    return segment_table(
        rows[there].reset_index(drop=True),
        folder,
        corpus=corpus or str(database.name),
        language=_tag(database.languages[0]) if len(database.languages) == 1 else None,
        classes=tuple(classes),
        to_shared=to_shared,
    )


def _open(folder: Path) -> Any:
    """Return the database that a header describes, its tables empty."""
    audformat, yaml = require("audformat", "study"), require("yaml", "study")
    path = folder / "db.yaml"
    if not path.is_file():
        raise DataError(
            f"Got no `db.yaml` in `{folder}`, expected an audformat database; pass the folder that holds it."
        )
    try:
        # audformat.Database.load would run what a Python tag in the header says
        header = yaml.safe_load(path.read_text(encoding="utf-8"))
        return audformat.Database.load_header_from_yaml(header)
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"Got `{path}`, which is no audformat header; write it again. ({error})") from error


def _load(database: Any, folder: Path, name: str) -> pd.DataFrame:
    """Read one table; labels that its schemes do not know are errors, where audformat makes them null."""
    if name in database.tables:
        for scheme in {one.scheme_id for one in database[name].columns.values()} - {None}:
            if database.schemes[scheme].uses_table:
                _load(database, folder, database.schemes[scheme].labels)
    stored = [folder / f"db.{name}.{ending}" for ending in ("parquet", "csv")]
    found = next((path for path in stored if path.is_file()), None)
    if found is None:
        raise DataError(
            f"Got no `{stored[0].name}` or `{stored[1].name}` in `{folder}`, expected one of them; save the "
            "database as CSV or Parquet (pickled tables are not read: they can run code)."
        )
    try:
        if found == stored[0]:
            written = pd.read_parquet(found, dtype_backend="numpy_nullable")
        else:
            written = pd.read_csv(found, dtype="string")
        with TemporaryDirectory() as place:  # audformat would take a pickle that lies beside the table
            copied = Path(shutil.copy(found, place))
            database[name].load(str(copied.with_suffix("")))
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise DataError(f"Got `{found}`, which cannot be read; save it again. ({error})") from error
    for column, about in database[name].columns.items():
        labels = database.schemes[about.scheme_id].labels_as_list if about.scheme_id else []
        if labels:
            LabelSpace(tuple(map(str, labels))).check(written[column].dropna().astype(str))
    return pd.DataFrame(database[name].df)


def _chosen_tables(database: Any, table: str | Sequence[str] | None) -> list[str]:
    known = list(database.tables)
    if table is None:
        if "emotion" not in known and len(known) != 1:
            raise ConfigError(
                f"Got no table, expected one or more of {', '.join(known) or 'none'}; pass table=…."
            )
        return ["emotion"] if "emotion" in known else known
    names = [table] if isinstance(table, str) else list(table)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"Got table `{name}`, expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )
    return names


def _chosen_columns(database: Any, name: str, column: str | Sequence[str] | None) -> list[str]:
    """Return the columns to read; at most one has labels."""
    known = list(database[name].columns)
    if column is None:
        facts = _fact_columns(database, name).values()
        free = [one for one in known if one not in facts]
        chosen = ["emotion"] if "emotion" in free else free
        if len(chosen) != 1:
            raise ConfigError(
                f"Got no column of table `{name}`, expected one of {', '.join(known) or 'none'}; "
                "pass column=…."
            )
    else:
        chosen = [column] if isinstance(column, str) else list(column)
    for one in chosen:
        if one not in known:
            raise ConfigError(
                f"Got column `{one}` of table `{name}`, expected one of {', '.join(known)}."
                f"{did_you_mean(one, known)}"
            )
    labelled = [one for one in chosen if _kind(database, name, one) == "labels"]
    if len(labelled) > 1:
        raise ConfigError(
            f"Got {' and '.join(f'`{one}`' for one in labelled)}, which both have labels, expected one such "
            "column; read the other one on its own."
        )
    return chosen


def _kind(database: Any, name: str, column: str) -> str:
    """Return `labels`, `number` or `truth`: what a column holds by its scheme."""
    scheme_id = database[name].columns[column].scheme_id
    scheme = database.schemes[scheme_id] if scheme_id else None
    if scheme is not None and scheme.labels is not None:
        return "labels"
    kinds = {"float": "number", "int": "number", "bool": "truth"}
    if scheme is None or scheme.dtype not in kinds:
        raise ConfigError(
            f"Got column `{column}` of table `{name}`, whose scheme has neither labels nor numbers, "
            "expected one with labels, float, int or bool; choose another column."
        )
    return kinds[scheme.dtype]


def _classes(database: Any, name: str, columns: Sequence[str]) -> list[Any]:
    labelled = [one for one in columns if _kind(database, name, one) == "labels"]
    schemes = [database.schemes[database[name].columns[one].scheme_id] for one in labelled]
    return [label for scheme in schemes for label in scheme.labels_as_list]


def _labelled(database: Any, folder: Path, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return `file`, `start`, `end`, the labels and ratings, the facts that the table itself has, `split`."""
    frame = _load(database, folder, name)
    rows = from_audformat(frame.index)[["file", "start", "end"]]
    for column in columns:
        values = frame[column].reset_index(drop=True)
        kind = _kind(database, name, column)
        if kind == "labels":
            rows["label"] = _text(values)
        elif kind == "truth":
            rows[f"label.{column}"] = values.astype("boolean")
        else:
            rows[column] = _on_scale(values.astype("float64"), database, name)
    for fact, column in _fact_columns(database, name).items():
        rows[fact] = _text(frame[column]).to_numpy()
    split = database[name].split
    rows["split"] = pd.Series(split.type if split and split.type in PARTS else None, rows.index, "string")
    # the words of a whole file are not those of one of its segments
    further = FACTS if database[name].is_filewise else [fact for fact in FACTS if fact != "text"]
    return _with_facts(rows, [fact for fact in further if fact not in rows], database, folder)


def _on_scale(values: "pd.Series[float]", database: Any, name: str) -> "pd.Series[float]":
    scheme = database.schemes[database[name].columns[values.name].scheme_id]
    low = float("-inf") if scheme.minimum is None else float(scheme.minimum)
    high = float("inf") if scheme.maximum is None else float(scheme.maximum)
    off = values[(values < low) | (values > high)]
    if len(off):
        raise DataError(
            f"Got {off.iloc[0]:g} as `{values.name}` in table `{name}`, expected {low:g} to {high:g}; "
            "correct the value or the scheme."
        )
    return values


def _fact_columns(database: Any, name: str) -> dict[str, str]:
    """Return fact → column of a table that holds it."""
    found: dict[str, str] = {}
    for column, about in database[name].columns.items():
        for fact, names in FACTS.items():
            if column in names or about.scheme_id in names:
                found.setdefault(fact, column)
    return found


def _with_facts(rows: pd.DataFrame, wanted: list[str], database: Any, folder: Path) -> pd.DataFrame:
    """Add what other tables say about a whole file, and what the speaker table says about speakers."""
    for name, table in database.tables.items():
        facts = _fact_columns(database, name) if table.is_filewise else {}
        new = [fact for fact in wanted if fact in facts and fact not in rows]
        if new:
            frame = _load(database, folder, name)
            for fact in new:
                rows[fact] = rows["file"].map(_text(frame[facts[fact]])).astype("string")
    for fact, of_speaker in _speaker_facts(database, folder).items():
        if fact in wanted and fact not in rows and "speaker" in rows:
            rows[fact] = rows["speaker"].map(of_speaker).astype("string")
    words = database.schemes["transcription"].labels if "transcription" in database.schemes else None
    if "text" in rows and isinstance(words, dict) and all(isinstance(one, str) for one in words.values()):
        rows["text_id"], rows["text"] = rows["text"], rows["text"].map(words).astype("string")
    if "age" in rows:
        rows["age"] = pd.to_numeric(rows["age"]).round().astype("Int64")
    if "language" in rows:
        rows["language"] = rows["language"].map(_tag, na_action="ignore").astype("string")
    return rows


def _speaker_facts(database: Any, folder: Path) -> dict[str, "pd.Series[str]"]:
    """Return fact → speaker → value, from the labels of the scheme `speaker`."""
    scheme = database.schemes["speaker"] if "speaker" in database.schemes else None
    if scheme is None or scheme.labels is None:
        return {}
    if scheme.uses_table:
        about = _load(database, folder, scheme.labels)
        facts = _fact_columns(database, scheme.labels)
    else:
        entries = scheme.labels if isinstance(scheme.labels, dict) else {}
        about = pd.DataFrame.from_dict(
            {name: entry for name, entry in entries.items() if isinstance(entry, dict)}, orient="index"
        )
        facts = {fact: name for fact, names in FACTS.items() for name in names if name in about}
    about.index = about.index.astype("string")
    return {fact: _text(about[name]) for fact, name in facts.items() if fact != "speaker"}


def _text(values: "pd.Series[Any]") -> "pd.Series[str]":
    """Return values as text; a category 3 beside nulls stays `3`, where pandas would write `3.0`."""
    return values.astype(object).map(str, na_action="ignore").astype("string")


def _tag(language: str) -> str:
    """Return the BCP 47 tag of a language that audformat writes in ISO 639-3."""
    iso639 = require("iso639", "study")
    try:
        return str(iso639.Lang(language).pt1 or language)
    except iso639.exceptions.InvalidLanguageValue:
        return language
